"""A file of several films: a player may show any of them, so each is looked at, and all together cost what one may."""

from __future__ import annotations

import io
import struct
import time
from functools import cache

import av
import pytest
from av.stream import Disposition
from PIL import Image

from bot.curation import signals_of
from bot.matching.matcher import Matcher
from bot.media.images import Decoded
from bot.media.limits import Limits
from bot.media.refusal import Refusal
from bot.media.videos import decode_video
from bot.model import Entry, Fingerprint, Part, Tier
from tests.scenes import coded, film, reeled
from tests.unit.lineup import CHAT, listed, matcher

SIZE = (256, 144)


@cache
def mine() -> tuple[Image.Image, ...]:
    """The frames of the listed film."""
    return tuple(film(1, shots=3, seconds=2.0, size=SIZE))


@cache
def other(seed: int = 50) -> tuple[Image.Image, ...]:
    """Another film, of another size."""
    return tuple(film(seed, shots=1, seconds=4.0, size=(192, 108)))


def see(data: bytes, limits: Limits | None = None, *, dense: bool = True) -> Decoded:
    """What a decoder process sees in a file."""
    return decode_video(data, "mp4", limits or Limits(), time.monotonic() + 3600, dense=dense)


def printed(seen: Decoded) -> Fingerprint:
    """What the matcher is asked about."""
    return Fingerprint(b"s" * 32, b"m" * 16, "mp4", *SIZE, tuple(seen.frames))


@cache
def listing() -> Matcher:
    """The film on a list."""
    kind, value = signals_of(None, printed(see(coded(mine()))))[2]
    return matcher(listed(), Entry(1, 1, kind, value))


@pytest.mark.parametrize("default", [0, 1])
@pytest.mark.parametrize("place", [0, 1])
def test_a_listed_film_is_found_in_any_track(place: int, default: int) -> None:
    """A listed film beside another is found in whichever track it is, and whichever players are told to show."""
    films = (mine(), other()) if place == 0 else (other(), mine())
    seen = see(reeled(*films, default=default))
    assert [match.tier for match in listing().matches(CHAT, None, printed(seen))] == [Tier.T1]
    assert not seen.damaged
    assert [frame.at for frame in seen.frames] == sorted(frame.at for frame in seen.frames)


def test_the_first_look_sees_every_track() -> None:
    """Key frames of each film are among those that are looked at first, and more is said to be there."""
    seen = see(reeled(other(), mine()), dense=False)
    assert seen.sparse
    assert listing().matches(CHAT, None, printed(seen))[0].tier is Tier.T1


def test_films_share_what_one_file_may_cost() -> None:
    """Three films give no more frames than one, and each gives some."""
    limits = Limits(frames=24, windows=6)
    films = other(50), other(60), other(70)
    seen = see(reeled(*films), limits)
    whole = [frame for frame in seen.frames if frame.part is Part.WHOLE]
    assert len(whole) <= 24
    for one in films:
        alone = {frame.pdq[0] for frame in see(coded(one)).frames}
        assert len([frame for frame in whole if _is_near(frame.pdq[0], alone)]) >= 2


def _is_near(code: bytes, codes: set[bytes]) -> bool:
    return any((int.from_bytes(code) ^ int.from_bytes(one)).bit_count() <= 20 for one in codes)


def test_frames_of_two_films_are_never_one_moment() -> None:
    """What is shown at the same time in two tracks has two times: an allowed film spares nothing of another."""
    seen = see(reeled(other(50), other(60)))
    whole = [frame.at for frame in seen.frames if frame.part is Part.WHOLE]
    assert len(whole) == len(set(whole))


def test_a_cover_is_no_track() -> None:
    """A file's cover, which no client shows as a film, takes nothing from what is seen and leaves nothing unsaid."""
    alone, covered = see(coded(mine())), see(reeled(mine(), other()[:1], codecs=["libx264", "mjpeg"]))
    assert not covered.damaged
    assert len(covered.frames) == len(alone.frames)


def _with_chapters(data: bytes) -> bytes:
    """The file, whose first track says of the second that it holds pictures of its chapters."""
    grown = bytearray(data)
    reference = struct.pack(">I4sI4sI", 20, b"tref", 12, b"chap", 2)
    moov, trak = grown.index(b"moov") - 4, grown.index(b"trak") - 4
    end = trak + int.from_bytes(grown[trak : trak + 4], "big")
    grown[end:end] = reference
    for box in (moov, trak):
        size = int.from_bytes(grown[box : box + 4], "big") + len(reference)
        grown[box : box + 4] = size.to_bytes(4, "big")
    return bytes(grown)


def test_a_film_that_a_file_calls_something_else_is_seen() -> None:
    """Some players know no chapters: a film that a file calls pictures of them is looked at as any other."""
    data = _with_chapters(reeled(other(), mine()))
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.video[1].disposition & Disposition.attached_pic
    assert listing().matches(CHAT, None, printed(see(data)))[0].tier is Tier.T1


def test_a_track_that_cannot_be_decoded_is_said() -> None:
    """Beside a film, one that no client plays leaves the file partly checked; in front of it, unscannable."""
    seen = see(reeled(mine(), other(), codecs=["libx264", "mjpeg"]))
    assert seen.damaged
    assert listing().matches(CHAT, None, printed(seen))[0].tier is Tier.T1
    with pytest.raises(Refusal, match="codec"):
        see(reeled(other(), mine(), codecs=["mjpeg", "libx264"]))
