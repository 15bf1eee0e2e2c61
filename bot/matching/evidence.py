"""Evidence: where one file's fingerprint meets entries of the indexes. Whether their lists count is the matcher's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bot.matching.index import ExactIndex, HammingIndex
from bot.matching.segments import Hit
from bot.matching.tiers import GOOD_QUALITY, PDQ_NEAR, PDQ_REVIEW, PHASH_REVIEW
from bot.model import Evidence, Fingerprint, Frame, Part, SignalKind, Tier

BY_PHASH = "resembles (pHash)"
PHASH_AGREED = "resembles (pHash), and PDQ agrees"
"""How an entry of a pHash list matches, and how it does when PDQ sees a listed picture in the same frame."""

_UPRIGHT = "full frame"


def covered(frames: Mapping[int, Frame], vouched: set[int | None]) -> set[int | None]:
    """`vouched`, and the parts of those frames: what is allowed is allowed with a border, too."""
    moments = {frame.at for number, frame in frames.items() if number in vouched}
    return vouched | {n for n, frame in frames.items() if frame.part is not Part.WHOLE and frame.at in moments}


def good_frames(fingerprint: Fingerprint | None) -> dict[int, Frame]:
    """The frames with enough in them to be compared, by their number. None: only exact hashes can match."""
    frames = fingerprint.frames if fingerprint else ()
    return {number: frame for number, frame in enumerate(frames) if frame.quality >= GOOD_QUALITY}


def exact(
    indexes: Mapping[SignalKind, ExactIndex], file_unique_id: str | None, fingerprint: Fingerprint | None
) -> Iterator[Evidence]:
    """Entries with the file's own hash or Telegram's own id."""
    if fingerprint:
        how = "exact file" if good_frames(fingerprint) else "exact file, too plain for a near match"
        for kind, value in ((SignalKind.SHA256, fingerprint.sha256), (SignalKind.MD5, fingerprint.md5)):
            for entry_id in indexes[kind].query(value):
                yield Evidence(entry_id, Tier.T0, how)
    if file_unique_id:
        for entry_id in indexes[SignalKind.FILE].query(file_unique_id.encode()):
            yield Evidence(entry_id, Tier.T0, "same upload")


def near(indexes: Mapping[SignalKind, HammingIndex], fingerprint: Fingerprint) -> Iterator[Evidence]:
    """Entries that a picture, or any frame of a clip, resembles."""
    frames = good_frames(fingerprint)
    if not frames:
        return
    is_still = len({frame.at for frame in fingerprint.frames}) == 1  # something transparent is seen in several ways
    yield from _turned(indexes[SignalKind.PDQ], frames, is_still=is_still)
    if is_still:
        yield from _upright(indexes[SignalKind.PDQ], frames)
    codes = [frame.phash for frame in frames.values()]
    numbers = list(frames)
    for hit in indexes[SignalKind.PHASH].query(codes, PHASH_REVIEW.radius):
        yield Evidence(hit.entry_id, PHASH_REVIEW.tier, BY_PHASH, hit.distance, numbers[hit.query])


def agrees(evidence: Evidence) -> bool:
    """Whether this may raise what pHash says of the same frame: PDQ met an entry, surely or in the plain stage.

    A window that is for review alone may have matched through what frames all pictures of one app.
    """
    by_pdq = evidence.frame is not None and evidence.how != BY_PHASH
    return by_pdq and (evidence.tier <= Tier.T2 or evidence.how == _UPRIGHT)


def raised(evidence: Evidence, agreeing: Collection[int | None]) -> Evidence:
    """`evidence`, with a pHash's tier raised to T2 in frames where PDQ is `agreeing`.

    Unrelated pictures meet a pHash of a million within 5 bits once in 1,000; none of 19,000 met a PDQ hash of a million
    within 40 (docs/LISTS.md, "Thresholds"). If the two err independently, both at once is beyond what T2 asks for.
    """
    if evidence.how != BY_PHASH or evidence.frame not in agreeing:
        return evidence
    return evidence._replace(tier=Tier.T2, how=PHASH_AGREED)


def _turned(index: HammingIndex, frames: Mapping[int, Frame], *, is_still: bool) -> Iterator[Evidence]:
    """Any frame in any mirror image or turn; one frame is enough, for a clip may show a listed picture once.

    The still picture as it was posted is left to `_upright`, which looks further.
    """
    places = [
        (number, turn) for number, frame in frames.items() for turn in range(1 if is_still else 0, len(frame.pdq))
    ]
    codes = [frames[number].pdq[turn] for number, turn in places]
    for hit in index.query(codes, PDQ_NEAR.radius):
        number, turn = places[hit.query]
        how = _stage(turn) if is_still else f"frame at {_clock(frames[number].at)}"
        yield _met(hit, how, number, frames[number])


def _upright(index: HammingIndex, frames: Mapping[int, Frame]) -> Iterator[Evidence]:
    """The still picture as it was posted, also further away than punishes."""
    numbers = list(frames)
    for hit in index.query([frame.pdq[0] for frame in frames.values()], PDQ_REVIEW.radius):
        number = numbers[hit.query]
        if hit.distance <= PDQ_NEAR.radius:
            yield _met(hit, _stage(0), number, frames[number])
        else:
            yield Evidence(hit.entry_id, PDQ_REVIEW.tier, _stage(0), hit.distance, number)


def _met(hit: Hit, how: str, number: int, frame: Frame) -> Evidence:
    """A frame that is near enough to punish for; a part of one is not."""
    tier = PDQ_NEAR.tier if frame.part is Part.WHOLE else Tier.T2
    return Evidence(hit.entry_id, tier, how, hit.distance, number)


def _stage(turn: int) -> str:
    return "mirrored or turned" if turn else _UPRIGHT


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
