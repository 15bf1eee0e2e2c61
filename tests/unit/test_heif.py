"""What a HEIC shows, and what it may claim: alpha, other pictures, films, lies about sizes, tiles and places."""

from __future__ import annotations

import contextlib
import struct
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media.boxes import Reader, read_album
from bot.media.hashes import distance
from bot.media.heif import decode_still
from bot.media.images import Decoded, decode_image
from bot.media.limits import Limits
from bot.media.look import DENSE, PLAIN
from bot.media.refusal import Refusal
from bot.media.videos import decode_video
from bot.model import Fingerprint
from bot.searching import is_still
from tests.clips import clip, shots
from tests.mosaics import with_film
from tests.stills import Piece, album, box, coded, extent, full, grid, single, tiled, tiles, with_alpha
from tests.texture import encode, texture
from tests.zoo import mp4

LIMITS = Limits()
PICTURE = texture(11, 320, 240)
PIECE = coded([PICTURE])[0]
TILED = tiled(PICTURE, 96)


def see(data: bytes, look: str = PLAIN, limits: Limits = LIMITS) -> Decoded:
    """What is seen, with all the time it wants."""
    seen = decode_still(data, limits, time.monotonic() + 60, look)
    assert seen
    return seen


def refusal(data: bytes, limits: Limits = LIMITS) -> str:
    """The reason for which the file is refused."""
    with pytest.raises(Refusal) as error:
        see(data, limits=limits)
    return error.value.reason.value


def off(seen: Decoded, picture: Image.Image) -> list[int]:
    """How many bits each frame is away from the same frame of `picture` as PNG."""
    same = decode_image(encode(picture, "png"), "png", LIMITS, time.monotonic() + 60)
    pairs = zip(seen.frames, same.frames, strict=True)
    return [distance(one.pdq[0], other.pdq[0]) for one, other in pairs]


# --- what is shown -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_weighted", [False, True])
def test_transparency_is_seen_on_both_papers(is_weighted: bool) -> None:
    """What is transparent is seen on white and on black, whether its colours are weighted by alpha or not."""
    alpha = texture(5, 320, 240).convert("L")
    seen = see(with_alpha(PICTURE, alpha, is_weighted=is_weighted))
    whole = PICTURE.copy()
    whole.putalpha(alpha)
    assert len(seen.frames) == 2
    assert max(off(seen, whole)) <= 10


def test_exif_does_not_turn_it_again() -> None:
    """The turn that EXIF tells as well is left to the properties."""
    assert b"Exif" in TILED
    assert off(see(TILED), PICTURE)[0] <= 10


def test_a_colour_profile_is_honoured() -> None:
    """A picture under a profile that changes it much is seen with and without it."""
    from tests.forms import profile  # noqa: PLC0415 - forms imports the table of this container

    assert len(see(single(PICTURE, box(b"colr", b"prof", profile(1.0)))).frames) == 2


def test_a_close_look_surveys_it() -> None:
    """Parts of it are searched for like those of any picture."""
    assert len(see(TILED, DENSE).surveys) == 1


def test_it_is_a_still() -> None:
    """It is searched for in collages and windows like any picture."""
    seen = see(TILED, DENSE)
    for kind in ("heic", "avif"):
        whole = Fingerprint(
            sha256=bytes(32), md5=bytes(16), format=kind, width=320, height=240, frames=tuple(seen.frames)
        )
        assert is_still(whole)


def test_other_pictures_make_it_partly_seen() -> None:
    """A file of several pictures is hashed by the first that it is about, and is said not to be seen whole."""
    other = replace(PIECE, data=coded([texture(12, 320, 240)])[0].data)
    seen = see(album([other, PIECE], primary=2))
    assert off(seen, PICTURE)[0] <= 10
    assert seen.damaged
    assert not see(album([PIECE, replace(other, is_hidden=True)])).damaged


def test_a_film_is_none() -> None:
    """A film under a picture's brand is left to the decoder of films."""
    assert decode_still(clip(shots(1, 64, 48), each=2), LIMITS, time.monotonic() + 60, PLAIN) is None
    assert decode_still(TILED + box(b"moov"), LIMITS, time.monotonic() + 60, PLAIN) is None


@pytest.mark.parametrize("picture", [TILED, album([PIECE])])
def test_a_film_is_seen_behind_a_picture(picture: bytes) -> None:
    """A film that has a picture's boxes in front of its own is what players show, and what is hashed."""
    files = mp4(), with_film(picture, b"isom")
    film, mixed = (decode_video(data, "mp4", LIMITS, time.monotonic() + 60) for data in files)
    assert (mixed.width, mixed.height) == (160, 120)
    assert mixed.frames == film.frames


def test_what_lies_behind_the_boxes_is_passed_over() -> None:
    """Some phones put bytes of their own behind the last box."""
    assert not see(TILED + b"SEFT" + bytes(33)).damaged


# --- what is refused -----------------------------------------------------------------------------


def _grid_of(count: int, columns: int, rows: int, size: tuple[int, int], piece: Piece = PIECE) -> bytes:
    """A grid of `count` copies of a piece that claims `columns`, `rows` and a `size`."""
    return album([grid(size, columns, rows), *[piece] * count], [(b"dimg", 1, tuple(range(2, 2 + count)))])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_grid_of(1, 2, 1, (640, 240)), "broken"),  # a tile is missing
        (_grid_of(2, 2, 1, (320, 240)), "broken"),  # a tile is out of sight
        (_grid_of(2, 2, 1, (641, 240)), "broken"),  # the tiles do not reach
        (_grid_of(2, 2, 1, (0, 240)), "dimensions"),
        (_grid_of(2, 2, 1, (640, 240), replace(PIECE, properties=PIECE.properties[:1])), "broken"),  # of no size
        (_grid_of(2, 2, 1, (640, 240), replace(PIECE, properties=(extent(320, 240),))), "broken"),  # of no decoder
        (_grid_of(2, 2, 1, (640, 240), replace(PIECE, data=b"\0\0\0\2\x26\1")), "broken"),
        (_grid_of(256, 256, 1, (25_600, 10), replace(PIECE, properties=(extent(100, 10),))), "dimensions"),
        (album([replace(PIECE, properties=(PIECE.properties[0], extent(7000, 8000)))]), "dimensions"),
        (album([replace(PIECE, properties=(PIECE.properties[0], extent(640, 480)))]), "broken"),  # it is smaller
        (album([PIECE, replace(PIECE, data=b"")], primary=2), "broken"),  # of no bytes, at the end of the file
        (album([replace(PIECE, kind=b"iovl")]), "type"),
        (album([replace(PIECE, kind=b"jpeg")]), "broken"),
        (album([grid((320, 240), 1, 1)], [(b"dimg", 1, (1,))]), "broken"),  # a grid of itself
        (album([PIECE], primary=9), "broken"),
        (single(PICTURE, box(b"clap", struct.pack(">IIIIiIiI", 9, 0, 9, 1, 0, 1, 0, 1))), "broken"),
        (single(PICTURE, box(b"clap", struct.pack(">IIIIiIiI", 9, 1, 9, 1, 9999, 1, 0, 1))), "broken"),
        (album([PIECE] * 1001), "streams"),
        (TILED.replace(b"pitm", b"free"), "broken"),
        (TILED[: TILED.index(b"mdat") + 99], "broken"),
    ],
)
def test_lies_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    """A file that claims what is not so is refused, before anything of it is decoded where that can be told."""
    assert refusal(data) == reason


def test_an_unseen_tile_refuses_the_picture() -> None:
    """A picture of which one tile cannot be decoded is not hashed without it."""
    whole, parts = tiles(PICTURE, 160)
    parts[3] = replace(parts[3], data=b"\0\0\0\4" + bytes(4))
    assert refusal(album([whole, *parts], [(b"dimg", 1, (2, 3, 4, 5))])) == "broken"


@pytest.mark.parametrize("share", [0.9, 0.1])
def test_a_slice_cut_short_is_not_made_up(share: float) -> None:
    """A picture whose last unit was cut, and says so, is refused rather than hashed with what the decoder guesses."""
    at = 0
    while (end := at + 4 + int.from_bytes(PIECE.data[at : at + 4], "big")) < len(PIECE.data):
        at = end
    left = int((end - at - 4) * share)
    data = PIECE.data[:at] + struct.pack(">I", left) + PIECE.data[at + 4 : at + 4 + left]
    assert refusal(album([replace(PIECE, data=data)])) == "broken"


def test_time_and_counts_are_limits() -> None:
    """More items than the limit, or no time left before the next tile, refuse the picture."""
    assert refusal(TILED, Limits(max_items=5)) == "streams"
    with pytest.raises(Refusal, match="timeout"):
        decode_still(TILED, LIMITS, time.monotonic() - 1, PLAIN)


def test_many_items_of_the_same_bytes_cost_nothing() -> None:
    """Items that all claim the whole file are not copied."""
    data = album([PIECE, *[Piece(b"hvc1", bytes(1000), ())] * 900])
    found = read_album(data, 1000)
    assert found
    assert all(isinstance(piece, memoryview) for item in found.items.values() for piece in item.pieces)


@given(st.binary(max_size=200))
def test_boxes_of_anything_end(data: bytes) -> None:
    """Whatever the bytes are, reading boxes ends, or is refused."""
    for source in (data, full(b"meta", 0, data), album([PIECE])[:40] + data):
        with contextlib.suppress(Refusal):
            list(Reader(memoryview(source)).boxes())
        with contextlib.suppress(Refusal):
            read_album(source, 1000)
