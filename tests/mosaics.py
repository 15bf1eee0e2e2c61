"""Hostile HEIC and AVIF files made by code: tiles that are not there, too many, too large, or of each other."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tests.stills import Piece, album, box, coded, extent, full, grid, heic, single, tiled
from tests.texture import texture
from tests.zoo import ANY, Beast, mp4, noise

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def good() -> bytes:
    """A good picture in six tiles."""
    return tiled(texture(4, 180, 120), 64)


@cache
def _piece(side: int = 64) -> Piece:
    return coded([texture(2, side, side)])[0]


def _patched(name: bytes, offset: int, value: bytes) -> Callable[[], bytes]:
    """The good picture with bytes replaced at an offset from the name of a box."""

    def make() -> bytes:
        at = good().index(name) + offset
        return good()[:at] + value + good()[at + len(value) :]

    return make


def _grids(depth: int) -> bytes:
    """A grid of a grid of a grid."""
    grids = [grid((64, 64), 1, 1)] * depth
    return album([*grids, _piece()], [(b"dimg", number, (number + 1,)) for number in range(1, depth + 1)])


def _claims(count: int) -> bytes:
    """A grid of many large tiles that are all the same bytes."""
    piece = _piece(640)
    shared = replace(piece, data=b"")
    wide = grid((min(20_000, 640 * (count // 4)), 640 * 4), count // 4, 4)
    data = album([wide, piece, *[shared] * (count - 1)], [(b"dimg", 1, tuple(range(2, 2 + count)))])
    start, size = data.index(piece.data), len(piece.data)
    # Items of no bytes lie behind the first one's.
    return data.replace(struct.pack(">II", start + size, 0), struct.pack(">II", start, size))


def _nested(depth: int) -> bytes:
    """Boxes in each other, where the list of items should be."""
    inside = b""
    for _ in range(depth):
        inside = box(b"meta", bytes(4), inside)
    return good()[:24] + inside


def with_film(picture: bytes, brand: bytes, *, is_first: bool = False) -> bytes:
    """A HEIC and a whole film in one file of that brand: the film's boxes behind the picture's, or `is_first`."""
    picture, film = picture[:8] + brand + picture[12:16] + brand * 2 + picture[24:], mp4()
    start, at = int.from_bytes(film[:4], "big"), film.index(b"stco") + 12
    before = picture[:24] if is_first else picture
    moved = int.from_bytes(film[at : at + 4], "big") + len(before) - start  # all samples lie in one piece
    film = film[:at] + struct.pack(">I", moved) + film[at + 4 :]
    return before + film[start:] + (picture[24:] if is_first else b"")


MOSAICS: dict[str, Beast] = {
    "heic before a film": (lambda: with_film(good(), b"heic"), {"type"}),
    "heic behind a film": (lambda: with_film(good(), b"heic", is_first=True), {"type", "broken"}),
    "mp4 behind tiles": (lambda: with_film(good(), b"isom"), {"seen"}),
    "mp4 before tiles": (lambda: with_film(good(), b"isom", is_first=True), {"seen", "broken"}),
    "heic of no bytes": (lambda: album([_piece(), replace(_piece(), data=b"")], primary=2), {"broken"}),
    "heic of a place that is not there": (
        lambda: heic(texture(2, 64, 48)).replace(b"mdat", b"free")[:-200],
        {"broken"},
    ),
    "heic of no first item": (lambda: heic(texture(2, 64, 48)).replace(b"pitm", b"free"), {"broken"}),
    "heic of 250 tiles": (lambda: heic(texture(2, 64, 48), 250), {"seen"}),
    "heic of 2,000 items": (lambda: album([_piece()] * 2000), {"streams"}),
    "heic of a grid of grids": (lambda: _grids(12), {"broken"}),
    "heic of a grid of itself": (lambda: album([grid((64, 64), 1, 1)], [(b"dimg", 1, (1,))]), {"broken"}),
    "heic of 120 tiles that are the same bytes": (lambda: _claims(120), {"seen", "timeout"}),
    "heic of 900 tiles that claim the same bytes": (lambda: _claims(900), {"dimensions"}),
    "heic of a tile of 100 megapixels": (
        lambda: album([replace(_piece(), properties=(_piece().properties[0], extent(10_000, 10_000)))]),
        {"dimensions"},
    ),
    "heic of 4 billion items": (_patched(b"iinf", 4, b"\1\0\0\0\xff\xff\xff\xff"), {"broken", "streams"}),
    "heic of 4 billion places": (_patched(b"iloc", 8, b"\xff\xff"), {"streams"}),
    "heic of numbers of no bytes": (_patched(b"iloc", 8, b"\0\0"), ANY),
    "heic of numbers of 15 bytes": (_patched(b"iloc", 8, b"\xff\xff"), {"streams", "broken"}),
    "heic of properties that are not there": (_patched(b"ipma", 8, bytes(3) + b"\1\0\1\4\x7f\x7f\x7f\x7f"), {"broken"}),
    "heic of a decoder of noise": (_patched(b"hvcC", 4, noise(8, 60)), ANY),
    "heic of tiles of noise": (_patched(b"mdat", 20, noise(9, 2000)), ANY),
    "heic of boxes in each other": (lambda: _nested(500), {"broken"}),
    "heic of 100,000 boxes": (lambda: good()[:24] + full(b"meta", 0, box(b"free") * 100_000), {"broken"}),
    "heic of an endless box": (lambda: good()[:24] + b"\0\0\0\0meta", {"broken"}),
    "heic of a box of 16 EB": (lambda: good()[:24] + struct.pack(">I4sQ", 1, b"meta", (1 << 64) - 1), ANY | {"type"}),
    "heic of a profile of noise": (lambda: single(texture(2, 64, 64), box(b"colr", b"prof", noise(7, 9000))), {"seen"}),
    "heic that is cropped to nothing": (lambda: single(texture(2, 64, 64), box(b"clap", bytes(32))), {"broken"}),
} | {
    f"heic in tiles cut at {part}/8": (lambda part=part: good()[: len(good()) * part // 8], ANY | {"type"})
    for part in range(1, 8)
}
"""Every one of them by a name that says what it is."""
