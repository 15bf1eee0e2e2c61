"""One picture in every form that a file can store it in, each of which a viewer shows alike; no files live here."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tests import stills as albums
from tests.texture import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Turn = Image.Transpose

STORED = {
    1: None,
    2: Turn.FLIP_LEFT_RIGHT,
    3: Turn.ROTATE_180,
    4: Turn.FLIP_TOP_BOTTOM,
    5: Turn.TRANSPOSE,
    6: Turn.ROTATE_90,
    7: Turn.TRANSVERSE,
    8: Turn.ROTATE_270,
}
"""How a picture is stored that its EXIF orientation turns upright."""


def oriented(picture: Image.Image, orientation: int, kind: str, **options: Any) -> bytes:
    """`picture` stored turned, with the EXIF orientation that tells viewers how to turn it back."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = STORED[orientation]
    return encode(picture if turn is None else picture.transpose(turn), kind, exif=exif.tobytes(), **options)


def with_alpha(picture: Image.Image, alpha: int | Image.Image = 255) -> Image.Image:
    """`picture` with an alpha channel."""
    copy = picture.copy()
    copy.putalpha(alpha)
    return copy


# --- JPEG ----------------------------------------------------------------------------------------


def cmyk(picture: Image.Image, *, is_inverted: bool) -> bytes:
    """A JPEG of four inks: inverted and marked by Adobe, or as the standard has it, without a marker."""
    inks = picture.convert("CMYK")
    if is_inverted:
        return encode(inks, "jpeg", quality=90)
    return without_adobe(encode(Image.merge("CMYK", [ink.point(_invert) for ink in inks.split()]), "jpeg", quality=90))


def ycck(picture: Image.Image) -> bytes:
    """A JPEG of YCCK: three inks as brightness and colour, which decoding inverts, and Adobe's inverted black."""
    cyan, magenta, yellow, black = picture.convert("CMYK").split()
    channels = [*Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split(), black.point(_invert)]
    # The encoder inverts what it is given, so that what is stored is what is meant here.
    data = encode(Image.merge("CMYK", [channel.point(_invert) for channel in channels]), "jpeg", quality=90)
    at = data.index(b"Adobe") + 11
    return data[:at] + b"\x02" + data[at + 1 :]


def without_adobe(data: bytes) -> bytes:
    """The JPEG `data` without Adobe's marker."""
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def _invert(value: int) -> int:
    return 255 - value


# --- PNG -----------------------------------------------------------------------------------------


_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png(pixels: NDArray[Any], colour: int, *, is_interlaced: bool = False, **chunks: bytes) -> bytes:
    """`pixels`, (h, w, channels) of 8 or 16 bits, as a PNG of the `colour` type, with more `chunks` by their names.

    Written here for want of an encoder for sixteen bits of colour, and for interlacing.
    """
    height, width, count = pixels.shape
    assert count == _CHANNELS[colour]
    depth = pixels.dtype.itemsize * 8
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(is_interlaced))
    parts = [pixels[top::down, left::right] for top, left, down, right in _PASSES] if is_interlaced else [pixels]
    body = zlib.compress(b"".join(_lines(part) for part in parts), 1)
    middle = b"".join(_chunk(name.encode(), data) for name, data in chunks.items())
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + middle + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def deep(picture: Image.Image) -> NDArray[np.uint16]:
    """The pixels of `picture` in sixteen bits a channel."""
    pixels = np.asarray(picture).astype(np.uint16) * 257
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _lines(pixels: NDArray[Any]) -> bytes:
    """The rows of `pixels`, each behind a filter byte of none; nothing of an empty pass."""
    if not pixels.size:
        return b""
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(len(pixels), -1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# --- colour profiles -----------------------------------------------------------------------------


def profile(gamma: float, order: str = "RGB") -> bytes:
    """An ICC profile (version 2, matrix and curves) of sRGB's primaries in the `order` given, with another gamma.

    A negative `gamma` stores the picture as its own negative.
    """
    primaries = {"R": (0.4361, 0.2225, 0.0139), "G": (0.3851, 0.7169, 0.0971), "B": (0.1431, 0.0606, 0.7141)}
    tags = {b"desc": _description(), b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(0.9642, 1.0, 0.8249)}
    for name, primary in zip("rgb", order, strict=True):
        tags[name.encode() + b"XYZ"] = _xyz(*primaries[primary])
        tags[name.encode() + b"TRC"] = _curve(gamma)
    return _icc(tags)


def stored_under(picture: Image.Image, gamma: float, order: str = "RGB") -> Image.Image:
    """`picture` as a viewer that honours `profile(gamma, order)` turns it back into what it was, near enough."""
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    stored = linear ** (1 / abs(gamma))
    table = ((stored if gamma > 0 else 1 - stored) * 255).round().astype(np.uint8)
    pixels = table[np.asarray(picture.convert("RGB"))]
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ["RGB".index(one) for one in order]]))


def _curve(gamma: float) -> bytes:
    """Stored value to light, in 1,024 steps."""
    levels = np.linspace(0, 1, 1024)
    light = (levels if gamma > 0 else 1 - levels) ** abs(gamma)
    return b"curv" + bytes(4) + struct.pack(">I", 1024) + (light * 65535).round().astype(">u2").tobytes()


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in values))


def _description() -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)


def _icc(tags: dict[bytes, bytes]) -> bytes:
    """The header, the table of `tags` and their data."""
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + data


# --- the table -----------------------------------------------------------------------------------


def stills(picture: Image.Image) -> dict[str, tuple[str, Callable[[], bytes]]]:
    """The forms of a still, opaque `picture`: by name, the format and what makes the bytes."""
    grey = picture.convert("L")
    poster = picture.quantize(255)  # leaves a colour for transparency; what it loses is part of the table
    pixels = np.asarray(picture)
    quality = {"jpeg": {"quality": 90}, "webp": {"quality": 90}, "png": {}}
    turned = [("jpeg", number) for number in STORED] + [(kind, number) for kind in ("webp", "png") for number in (3, 6)]
    exif = {
        f"{kind}, exif {number}": (
            kind,
            lambda kind=kind, number=number: oriented(picture, number, kind, **quality[kind]),
        )
        for kind, number in turned
    }
    return {
        **exif,
        "jpeg": ("jpeg", lambda: encode(picture, "jpeg", quality=90)),
        "jpeg, weak": ("jpeg", lambda: encode(picture, "jpeg", quality=30)),
        "jpeg, colour not reduced": ("jpeg", lambda: encode(picture, "jpeg", quality=90, subsampling=0)),
        "jpeg, stored as rgb": ("jpeg", lambda: encode(picture, "jpeg", quality=90, keep_rgb=True)),
        "jpeg, progressive": ("jpeg", lambda: encode(picture, "jpeg", quality=90, progressive=True)),
        "jpeg, grey": ("jpeg", lambda: encode(grey, "jpeg", quality=90)),
        "jpeg, grey and progressive": ("jpeg", lambda: encode(grey, "jpeg", quality=90, progressive=True)),
        "jpeg, cmyk inverted by adobe": ("jpeg", lambda: cmyk(picture, is_inverted=True)),
        "jpeg, cmyk": ("jpeg", lambda: cmyk(picture, is_inverted=False)),
        "jpeg, ycck": ("jpeg", lambda: ycck(picture)),
        "png, interlaced": ("png", lambda: png(pixels, 2, is_interlaced=True)),
        "png, rgb of 16 bits": ("png", lambda: png(deep(picture), 2)),
        "png, rgb of 16 bits, interlaced": ("png", lambda: png(deep(picture), 2, is_interlaced=True)),
        "png, rgba": ("png", lambda: png(np.asarray(with_alpha(picture)), 6)),
        "png, rgba of 16 bits": ("png", lambda: png(deep(with_alpha(picture)), 6)),
        "png, rgb with an unused clear colour": ("png", lambda: png(pixels, 2, tRNS=bytes(6))),
        "png, grey": ("png", lambda: encode(grey, "png")),
        "png, grey of 16 bits": ("png", lambda: png(deep(grey), 0)),
        "png, grey of 16 bits, interlaced": ("png", lambda: png(deep(grey), 0, is_interlaced=True)),
        "png, grey with alpha": ("png", lambda: encode(with_alpha(grey), "png")),
        "png, grey with alpha of 16 bits": ("png", lambda: png(deep(with_alpha(grey)), 4)),
        "png, palette": ("png", lambda: encode(poster, "png")),
        "png, palette with transparency": ("png", lambda: encode(poster, "png", transparency=255)),
        "gif": ("gif", lambda: encode(poster, "gif", interlace=0)),
        "gif, interlaced": ("gif", lambda: encode(poster, "gif", interlace=1)),
        "gif, transparent": ("gif", lambda: encode(poster, "gif", transparency=255)),
        "gif, grey": ("gif", lambda: encode(grey, "gif")),
        "webp": ("webp", lambda: encode(picture, "webp", quality=80)),
        "webp, lossless": ("webp", lambda: encode(picture, "webp", lossless=True)),
        "webp, rgba": ("webp", lambda: encode(with_alpha(picture), "webp", lossless=True)),
        **albums.forms(picture),
    }


def read(data: bytes) -> Image.Image:
    """What a plain reader makes of `data`, as it is stored; to check a form by."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")
