"""HEIC files put together by hand, box by box (ISO/IEC 23008-12), for want of an encoder; no files live here."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import av

from tests.clips import clip

if TYPE_CHECKING:
    from PIL import Image


def heic(picture: Image.Image, tiles: int = 1) -> bytes:
    """`picture` as HEIC: whole, or of more than one tile as a row of that many copies in a grid."""
    decoder, data = _coded(picture)
    grid = bytes([0, 0, 0, tiles - 1]) + struct.pack(">HH", picture.width * tiles, picture.height)
    head = _box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    start = len(head) + len(_meta(picture, tiles, decoder, (0, len(data)))) + 8
    return head + _meta(picture, tiles, decoder, (start, len(data))) + _box(b"mdat", data, grid if tiles > 1 else b"")


def _coded(picture: Image.Image) -> tuple[bytes, bytes]:
    """The decoder's configuration box and the one coded picture, taken out of a video."""
    video = clip([picture], "hevc", each=4)
    at = video.index(b"hvcC") - 4
    with av.open(io.BytesIO(video), "r", format="mov") as container:
        data = bytes(next(container.demux(video=0)))
    return video[at : at + int.from_bytes(video[at : at + 4], "big")], data


def _meta(picture: Image.Image, tiles: int, decoder: bytes, place: tuple[int, int]) -> bytes:
    """The box that says what the items are, how large, where, and that the last is the grid of all others."""
    items = list(range(1, tiles + 1))
    grid = [tiles + 1] if tiles > 1 else []
    kinds = [_item(number, b"hvc1") for number in items] + [_item(number, b"grid") for number in grid]
    parts = [
        _full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
        _full(b"pitm", 0, struct.pack(">H", grid[0] if grid else 1)),
        _full(b"iinf", 0, struct.pack(">H", len(kinds)), *kinds),
        _properties(picture, tiles, decoder),
        _places(items, grid, place),
    ]
    if grid:
        parts.append(_full(b"iref", 0, _box(b"dimg", struct.pack(f">HH{tiles}H", grid[0], tiles, *items))))
    return _full(b"meta", 0, *parts)


def _properties(picture: Image.Image, tiles: int, decoder: bytes) -> bytes:
    """The configuration and sizes, and which item has which."""
    sizes = [_full(b"ispe", 0, struct.pack(">II", picture.width * many, picture.height)) for many in (1, tiles)]
    links = [struct.pack(">HBBB", number, 2, 0x81, 2) for number in range(1, tiles + 1)]
    links += [struct.pack(">HBB", tiles + 1, 1, 3)] if tiles > 1 else []
    linked = _full(b"ipma", 0, struct.pack(">I", len(links)), *links)
    return _box(b"iprp", _box(b"ipco", decoder, *sizes), linked)


def _places(items: list[int], grid: list[int], place: tuple[int, int]) -> bytes:
    """Where each item's bytes are: the tiles share theirs, the grid's follow them."""
    places = [struct.pack(">HHHHII", number, 0, 0, 1, *place) for number in items]
    places += [struct.pack(">HHHHII", number, 0, 0, 1, sum(place), 8) for number in grid]
    return _full(b"iloc", 1, b"\x44\0", struct.pack(">H", len(places)), *places)


def _item(number: int, kind: bytes) -> bytes:
    """One item's entry."""
    return _full(b"infe", 2, struct.pack(">HH4s", number, 0, kind), b"\0")


def _full(name: bytes, version: int, *parts: bytes) -> bytes:
    """A box with a version."""
    return _box(name, bytes([version, 0, 0, 0]), *parts)


def _box(name: bytes, *parts: bytes) -> bytes:
    """A box."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, name) + body
