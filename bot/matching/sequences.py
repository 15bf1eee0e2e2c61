"""Videos as sequences of frames: which entries show some frames of a clip, and how much that says. No lists here.

What counts is how many different frames are found, never which share of the clip they are: a listed clip may be
trimmed, sped up, or stand inside a longer upload. A frame that several unrelated entries show (title cards,
intros) says nothing, nor does one of an allowed video.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bot.matching.index import ExactIndex, HammingIndex
from bot.matching.tiers import GOOD_QUALITY, PDQ_NEAR, PDQ_REVIEW
from bot.model import Frame, ListKind, Tier
from bot.sequence import unpack

WIDTH = 1 << 13  # more than the frames of an entry: a row of the index is numbered entry * WIDTH + frame
_USUAL_BITS = range(97, 160)  # set in a PDQ hash of a picture with anything in it: 128, fewer or more where values tie

SAME_BITS = 8  # within which two frames of an entry are one: compression alone moves 8 (measured)
DISTINCT_BITS = 20  # beyond which two frames are different pictures; a card that stands still is not two
FRAMES, ALTERED_FRAMES = 2, 3  # different frames that convict: near ones, and those as far as a caption moves them
RELATED = 0.5  # share of either of two entries that the other shows: from here on they are the same video twice
COMMON = 2  # unrelated entries that show a frame: from here on it says nothing
MOST = 16  # entries that one clip is judged against, those with the most meetings

KindOf = Callable[[int], ListKind | None]
"""The kind of an entry's list, None where that list does not count."""


class Meeting(NamedTuple):
    """A frame of a clip, by its number and time, that is near to a frame of an entry."""

    entry_id: int
    part: int
    frame: int
    at: float
    distance: int


class Judgement(NamedTuple):
    """What an entry's meetings amount to: how sure, in words, and the nearest of those that count."""

    tier: Tier
    how: str
    best: Meeting


class SequenceIndex(ExactIndex):
    """Video entries: by equality, as every kind, and by each of their frames that tells something."""

    def __init__(self) -> None:
        """Make an empty index."""
        super().__init__()
        self.frames = HammingIndex(256)
        self._codes: dict[int, tuple[bytes, ...]] = {}

    def add(self, ids: Iterable[int], values: Iterable[bytes]) -> None:
        """Add each id with its packed frames. Raises ValueError when bytes are of anything else."""
        rows = [(entry_id, value, telling(value)) for entry_id, value in zip(ids, values, strict=True)]
        super().add([entry_id for entry_id, _, _ in rows], [value for _, value, _ in rows])
        self._codes |= {entry_id: codes for entry_id, _, codes in rows}
        numbers = [entry_id * WIDTH + part for entry_id, _, codes in rows for part in range(len(codes))]
        self.frames.add(numbers, [code for _, _, codes in rows for code in codes])

    def remove(self, ids: Iterable[int]) -> None:
        """Forget `ids`; unknown ones are passed over."""
        gone = [int(entry_id) for entry_id in ids]
        super().remove(gone)
        counts = [(entry_id, len(self._codes.pop(entry_id, ()))) for entry_id in gone]
        self.frames.remove(entry_id * WIDTH + part for entry_id, count in counts for part in range(count))

    def near(self, codes: Sequence[bytes], radius: int = PDQ_NEAR.radius) -> Iterator[tuple[int, int, int, int]]:
        """The number of a code, and entry, frame and distance of each that is within `radius` bits of it."""
        for hit in self.frames.query(codes, radius) if codes else ():
            entry_id, part = divmod(hit.entry_id, WIDTH)
            yield hit.query, entry_id, part, hit.distance

    def codes(self, entry_id: int) -> tuple[bytes, ...]:
        """The frames of an entry that tell something, none if it is gone."""
        return self._codes.get(entry_id, ())

    def judge(self, meetings: Sequence[Meeting], kind_of: KindOf) -> Judgement | None:
        """What the meetings with one entry amount to, None if nothing."""
        shared = self._shared(meetings[0].entry_id, kind_of)
        own = [one for one in meetings if not shared[one.part]]
        near = [one for one in own if one.distance <= PDQ_NEAR.radius]
        if (count := self._different(near)) >= FRAMES:
            return Judgement(Tier.T1, f"{count} frames of a listed video", _nearest(near))
        if (count := self._different(own)) >= ALTERED_FRAMES:
            return Judgement(Tier.T2, f"{count} frames of a listed video, altered", _nearest(own))
        if near:
            return Judgement(Tier.T3, "a frame of a listed video", _nearest(near))
        rest = [one for one in meetings if shared[one.part] < COMMON and one.distance <= PDQ_NEAR.radius]
        if self._different(rest) >= FRAMES:
            return Judgement(Tier.T3, "frames that another listed video shows too", _nearest(rest))
        return None

    def _different(self, meetings: Sequence[Meeting]) -> int:
        """How many moments of the clip show frames of the entry that are not the same picture."""
        codes = self._codes.get(meetings[0].entry_id, ()) if meetings else ()
        counted: list[bytes] = []
        moments: set[float] = set()
        for one in sorted(meetings, key=lambda meeting: meeting.distance):
            code = codes[one.part]
            if one.at not in moments and all(_bits(code, other) > DISTINCT_BITS for other in counted):
                counted.append(code)
                moments.add(one.at)
        return len(counted)

    def _shared(self, entry_id: int, kind_of: KindOf) -> Mapping[int, int]:
        """Of each frame of an entry that others show, how many unrelated ones do; an allowed video's weighs nothing."""
        mine: defaultdict[int, set[int]] = defaultdict(set)
        theirs: defaultdict[int, set[int]] = defaultdict(set)
        codes = self.codes(entry_id)
        for number, other, part, _ in self.near(codes):
            if other != entry_id:
                mine[other].add(number)
                theirs[other].add(part)
        shared: defaultdict[int, int] = defaultdict(int)
        for other, parts in mine.items():
            kind = kind_of(other)
            share = max(len(parts) / len(codes), len(theirs[other]) / max(1, len(self.codes(other))))
            weight = COMMON if kind is ListKind.ALLOW else int(kind is not None and share < RELATED)
            for part in parts if weight else ():
                shared[part] += weight
        return shared


def meet(index: SequenceIndex, frames: Mapping[int, Frame]) -> list[Meeting]:
    """Where frames of a clip, or a still picture, resemble frames of entries, in any mirror image or turn."""
    places = [(number, code) for number, frame in frames.items() for code in frame.pdq]
    best: dict[tuple[int, int, int], Meeting] = {}
    for query, entry_id, part, distance in index.near([code for _, code in places], PDQ_REVIEW.radius):
        number = places[query][0]
        key = entry_id, part, number
        if key not in best or distance < best[key].distance:
            best[key] = Meeting(entry_id, part, number, frames[number].at, distance)
    return list(best.values())


def grouped(meetings: Iterable[Meeting]) -> list[list[Meeting]]:
    """The meetings of each entry, most first, of so many entries as are judged."""
    groups: defaultdict[int, list[Meeting]] = defaultdict(list)
    for one in meetings:
        groups[one.entry_id].append(one)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].entry_id))[:MOST]


def telling(value: bytes) -> tuple[bytes, ...]:
    """The hashes of the packed frames that have enough in them and are not the same picture again."""
    kept: list[bytes] = []
    words = np.empty((0, 4), np.uint64)
    for frame in unpack(value):
        word = np.frombuffer(frame.pdq, np.uint64)
        is_fit = frame.quality >= GOOD_QUALITY and int.from_bytes(frame.pdq).bit_count() in _USUAL_BITS
        if is_fit and not (np.bitwise_count(words ^ word).sum(axis=1) <= SAME_BITS).any():
            kept.append(frame.pdq)
            words = np.vstack([words, word])
    return tuple(kept)


def _nearest(meetings: Sequence[Meeting]) -> Meeting:
    return min(meetings, key=lambda meeting: (meeting.distance, meeting.frame))


def _bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
