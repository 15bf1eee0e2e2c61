"""HEIC and AVIF files put together box by box (ISO/IEC 23008-12), for want of an encoder; no files live here."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ENCODERS = {
    b"hvc1": ("libx265", b"hvcC", {"preset": "ultrafast", "x265-params": "log-level=none:keyint=1", "crf": "18"}),
    b"av01": ("libsvtav1", b"av1C", {"preset": "12", "crf": "18", "svtav1-params": "lp=1"}),
}
_ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
_FULL, _LIMITED = 0x80, 0  # the range of the numbers
_BLACK = Image.new("RGB", (64, 64))


@dataclass(frozen=True)
class Piece:
    """One item of a file: what it is, its bytes, its property boxes, and whether it is hidden."""

    kind: bytes
    data: bytes
    properties: tuple[bytes, ...]
    is_hidden: bool = False


Reference = tuple[bytes, int, tuple[int, ...]]
"""A kind, the number of an item, counted from 1, and the numbers of those that it refers to."""


def album(pieces: Sequence[Piece], references: Sequence[Reference] = (), primary: int = 1) -> bytes:
    """A file of all `pieces`, which is about number `primary`."""
    head = box(b"ftyp", b"heic" if all(piece.kind != b"av01" for piece in pieces) else b"avif", bytes(4), b"mif1heic")
    start = len(head) + len(_meta(pieces, references, primary, 0)) + 8
    return head + _meta(pieces, references, primary, start) + box(b"mdat", *(piece.data for piece in pieces))


def coded(pictures: Sequence[Image.Image], kind: bytes = b"hvc1", form: str = "yuv420p") -> list[Piece]:
    """Each of the `pictures`, all of one size, coded by itself in FFmpeg's pixel format `form`."""
    encoder, name, options = _ENCODERS[kind]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream(encoder, rate=10, options=options)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt, stream.thread_count, stream.gop_size = form, 1, 1
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")))
        container.mux(stream.encode(None))
    video = file.getvalue()
    at = video.index(name) - 4
    properties = video[at : at + int.from_bytes(video[at : at + 4], "big")], extent(*pictures[0].size), nclx(_LIMITED)
    with av.open(io.BytesIO(video), "r", format="mov") as container:
        return [Piece(kind, bytes(packet), properties) for packet in container.demux(video=0) if packet.size]


def tiles(picture: Image.Image, side: int, kind: bytes = b"hvc1", form: str = "yuv420p") -> tuple[Piece, list[Piece]]:
    """`picture` as a grid, and its tiles of `side` pixels, those at the right and lower edge filled up."""
    columns, rows = -(-picture.width // side), -(-picture.height // side)
    places = [(column * side, row * side) for row in range(rows) for column in range(columns)]
    parts = coded([picture.crop((x, y, x + side, y + side)) for x, y in places], kind, form)
    return grid(picture.size, columns, rows), parts


def grid(size: tuple[int, int], columns: int, rows: int, *properties: bytes) -> Piece:
    """What puts tiles together."""
    return Piece(b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size), (extent(*size), *properties))


def tiled(picture: Image.Image, side: int, kind: bytes = b"hvc1", form: str = "yuv420p", *more: bytes) -> bytes:
    """`picture` in tiles of `side` pixels, with `more` properties, as phones write it: with EXIF and a thumbnail."""
    whole, parts = tiles(picture, side, kind, form)
    whole = Piece(whole.kind, whole.data, whole.properties + more)
    small = coded([_BLACK], kind)
    exif = Piece(b"Exif", bytes(4) + b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", ())
    pieces = [whole, *small, exif, *(Piece(one.kind, one.data, one.properties, is_hidden=True) for one in parts)]
    numbers = tuple(range(4, 4 + len(parts)))
    return album(pieces, [(b"dimg", 1, numbers), (b"thmb", 2, (1,)), (b"cdsc", 3, (1,))])


def single(picture: Image.Image, *more: bytes, kind: bytes = b"hvc1", form: str = "yuv420p") -> bytes:
    """`picture` whole, with `more` properties."""
    (piece,) = coded([picture], kind, form)
    return album([Piece(piece.kind, piece.data, piece.properties + more)])


def heic(picture: Image.Image, count: int = 1) -> bytes:
    """`picture` as HEIC: whole, or as a row of that many copies in a grid."""
    (piece,) = coded([picture])
    if count == 1:
        return album([piece])
    row = grid((picture.width * count, picture.height), count, 1)
    return album([row, *[piece] * count], [(b"dimg", 1, tuple(range(2, 2 + count)))])


def with_alpha(picture: Image.Image, alpha: Image.Image, *, is_weighted: bool = False) -> bytes:
    """`picture` with its transparency as a second picture; its colours are weighted by it already if `is_weighted`."""
    shown = picture
    if is_weighted:
        shown = Image.merge("RGB", Image.merge("RGBA", (*picture.split(), alpha)).convert("RGBa").split()[:3])
    pieces = coded([shown]) + coded([alpha])
    pieces[1] = Piece(b"hvc1", pieces[1].data, (*pieces[1].properties, full(b"auxC", 0, _ALPHA)))
    return album(pieces, [(b"auxl", 2, (1,)), *([(b"prem", 1, (2,))] if is_weighted else [])])


def forms(picture: Image.Image) -> dict[str, tuple[str, Callable[[], bytes]]]:
    """The forms of `picture` in this container: by name, the format and what makes the bytes."""
    wider = Image.new("RGB", (picture.width + 32, picture.height + 64), "red")
    wider.paste(picture, (8, 48))
    clap = struct.pack(">IIIIiIiI", picture.width, 1, picture.height, 1, -8, 1, 16, 1)
    turn = Image.Transpose
    return {
        "heic": ("heic", lambda: heic(picture)),
        "heic, of 10 bits": ("heic", lambda: single(picture, form="yuv420p10le")),
        "heic, colour not reduced": ("heic", lambda: single(picture, form="yuv444p")),
        "heic, cropped": ("heic", lambda: single(wider, box(b"clap", clap))),
        "heic, opaque alpha": ("heic", lambda: with_alpha(picture, Image.new("L", picture.size, 255))),
        "heic, mirrored": ("heic", lambda: single(picture.transpose(turn.FLIP_LEFT_RIGHT), box(b"imir", b"\1"))),
        "heic, upside down": ("heic", lambda: single(picture.transpose(turn.FLIP_TOP_BOTTOM), box(b"imir", b"\0"))),
        "heic, turned": ("heic", lambda: single(picture.transpose(turn.ROTATE_270), box(b"irot", b"\1"))),
        "heic, turned and mirrored": (
            "heic",
            lambda: single(picture.transpose(turn.TRANSPOSE), box(b"irot", b"\1"), box(b"imir", b"\0")),
        ),
        "heic, in tiles": ("heic", lambda: tiled(picture, 160)),
        "heic, in tiles of odd rest": ("heic", lambda: tiled(picture, 192)),
        "heic, in tiles of 10 bits": ("heic", lambda: tiled(picture, 256, b"hvc1", "yuv420p10le")),
        "heic, in tiles and turned": (
            "heic",
            lambda: tiled(picture.transpose(turn.ROTATE_90), 192, b"hvc1", "yuv420p", box(b"irot", b"\3")),
        ),
        "avif": ("avif", lambda: single(picture, kind=b"av01")),
        "avif, in tiles": ("avif", lambda: tiled(picture, 192, b"av01")),
    }


# --- boxes ---------------------------------------------------------------------------------------


def box(name: bytes, *parts: bytes) -> bytes:
    """A box."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, name) + body


def full(name: bytes, version: int, *parts: bytes) -> bytes:
    """A box with a version."""
    return box(name, bytes([version, 0, 0, 0]), *parts)


def extent(width: int, height: int) -> bytes:
    """The property that tells a size."""
    return full(b"ispe", 0, struct.pack(">II", width, height))


def nclx(scale: int) -> bytes:
    """The property that tells what the numbers mean."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", 1, 13, 6, scale))


def _meta(pieces: Sequence[Piece], references: Sequence[Reference], primary: int, start: int) -> bytes:
    """The box that says what the items are, which properties they have, and where, from `start` on, their bytes are."""
    entries = [
        box(b"infe", bytes([2, 0, 0, piece.is_hidden]), struct.pack(">HH4s", number, 0, piece.kind), b"\0")
        for number, piece in enumerate(pieces, 1)
    ]
    known = list(dict.fromkeys(one for piece in pieces for one in piece.properties))
    links = [
        struct.pack(">HB", number, len(piece.properties)) + bytes(known.index(one) + 1 for one in piece.properties)
        for number, piece in enumerate(pieces, 1)
    ]
    places = []
    for number, piece in enumerate(pieces, 1):
        places.append(struct.pack(">HHHHII", number, 0, 0, 1, start, len(piece.data)))
        start += len(piece.data)
    linked = [box(kind, struct.pack(f">HH{len(to)}H", source, len(to), *to)) for kind, source, to in references]
    return full(
        b"meta",
        0,
        full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
        full(b"pitm", 0, struct.pack(">H", primary)),
        full(b"iinf", 0, struct.pack(">H", len(entries)), *entries),
        box(b"iprp", box(b"ipco", *known), full(b"ipma", 0, struct.pack(">I", len(links)), *links)),
        full(b"iloc", 1, b"\x44\0", struct.pack(">H", len(places)), *places),
        full(b"iref", 0, *linked),
    )
