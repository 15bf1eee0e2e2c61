"""Small good files of every format that is decoded, and seeded ways to spoil them; judging the outcome is not here."""

from __future__ import annotations

import gzip
import json
import random
import re
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING, Final

from tests.clips import clip, shots
from tests.stills import tiled
from tests.texture import animate, encode, texture

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

_SIZE: Final = (64, 8)  # pixels: what is flat is enlarged to little, and hashed at little cost
_CLIP: Final = (64, 48)  # of anything smaller the HEVC encoder writes beyond its memory
_LONGEST: Final = 4096  # bytes that are removed, doubled or moved at once
_NAME: Final = re.compile(rb"[A-Za-z][A-Za-z0-9 ]{3}|\xff[\xc0-\xfe]")  # of a box, a chunk or a JPEG's segment
_NUMBERS: Final = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0", b"\0\0\xff\xff", b"\0\0\0\1")
_PNG: Final = b"\x89PNG\r\n\x1a\n"

Way = tuple[int, "Callable[[bytes, random.Random], bytes]"]
"""How often a way to spoil a file is taken, and the way."""


@cache
def seeds() -> dict[str, bytes]:
    """One small good file of each kind."""
    picture, frames = texture(3, *_SIZE), shots(2, *_CLIP)
    small = [_plain(texture(number, *_SIZE)) for number in (1, 2)]
    return {
        "jpeg": encode(picture, "jpeg", quality=50),
        "progressive": encode(picture, "jpeg", progressive=True, quality=50),
        "png": encode(_plain(picture), "png"),
        "apng": animate("png", small),
        "webp": encode(picture, "webp", quality=40),
        "animated webp": animate("webp", small, quality=30),
        "gif": animate("gif", small),
        "h264": clip(frames, each=2, g="2", crf="40"),
        "hevc": clip(frames, "hevc", each=2, g="2", crf="40"),
        "vp9": clip(frames, "vp9", each=2, g="2", crf="50"),
        "avif": encode(picture, "avif", quality=30),
        "heic": tiled(texture(4, 96, 60), 64),
        "tgs": gzip.compress(_STICKER, mtime=0),
    }


_STICKER: Final = json.dumps(
    {"v": "5.5.2", "fr": 60, "w": 512, "h": 512, "layers": [{"ty": 4, "nm": "a layer", "shapes": [[0.5, 1e3]] * 20}]}
).encode()


def _plain(picture: Image.Image) -> Image.Image:
    """`picture` in eight colours, which makes a small file."""
    return picture.quantize(8)


def mutation(kind: str, seed: int, number: int) -> bytes:
    """The `number`-th spoiled file of a kind: the same one for the same `seed`."""
    dice = random.Random(f"{seed} {kind} {number}")  # noqa: S311 - no secret
    data = seeds()[kind]
    if kind == "tgs" and dice.random() < 0.5:  # what is inside is reached through an unspoiled wrapper only
        return gzip.compress(_spoiled(_STICKER, dice), mtime=0)
    data = _spoiled(data, dice)
    return _mended(data) if data.startswith(_PNG) and dice.random() < 0.5 else data


def _spoiled(data: bytes, dice: random.Random) -> bytes:
    ways = [way for often, way in WAYS for _ in range(often)]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        data = dice.choice(ways)(data, dice) or data
    return data


# --- ways to spoil a file ------------------------------------------------------------------------


def _change_bytes(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice([1, 2, 4, 8, 32, 128])):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _flip_bits(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 8])):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _make_extreme(data: bytes, dice: random.Random) -> bytes:
    """Put an extreme number where a header has its own."""
    at = dice.randrange(min(len(data), 400))
    return data[:at] + dice.choice(_NUMBERS) + data[at + 4 :]


def _change_length(data: bytes, dice: random.Random) -> bytes:
    """Let a box or chunk claim another length: a little off, or absurd."""
    seams = _seams(data)
    at = dice.choice(seams) + dice.choice((-4, -4, 4, 2)) if seams else 0
    if not 0 <= at <= len(data) - 4:
        return data
    length = int.from_bytes(data[at : at + 4], "big") + dice.choice((-8, -1, 1, 8, 1 << 16, 1 << 24, 1 << 31))
    return data[:at] + struct.pack(">I", length & 0xFFFFFFFF) + data[at + 4 :]


def _double_chunk(data: bytes, dice: random.Random) -> bytes:
    """Repeat a box, chunk or segment, once or many times."""
    start, end = _chunk(data, dice)
    return data[:end] + data[start:end] * dice.choice((1, 2, 16)) + data[end:]


def _drop_chunk(data: bytes, dice: random.Random) -> bytes:
    start, end = _chunk(data, dice)
    return data[:start] + data[end:]


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(1, len(data) + 1)]


def _remove(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.randrange(1, _LONGEST) :]


def _double(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at : at + dice.randrange(1, _LONGEST)] + data[at:]


def _splice(data: bytes, dice: random.Random) -> bytes:
    """Go on with a stretch of another good file, of the same kind or not."""
    other = seeds()[dice.choice(list(seeds()))]
    start = dice.randrange(len(other))
    at = dice.randrange(len(data))
    return data[:at] + other[start : start + dice.randrange(1, _LONGEST)] + data[at:]


WAYS: Final[tuple[Way, ...]] = (
    (4, _change_bytes),
    (3, _flip_bits),
    (2, _make_extreme),
    (3, _change_length),
    (2, _double_chunk),
    (1, _drop_chunk),
    (1, _cut),
    (1, _remove),
    (1, _double),
    (2, _splice),
)


def _seams(data: bytes) -> list[int]:
    """Where something that looks like a name begins."""
    return [found.start() for found in _NAME.finditer(data)]


def _chunk(data: bytes, dice: random.Random) -> tuple[int, int]:
    """The stretch from before one name to before another, where the lengths are that stand before names."""
    seams = _seams(data) or [0]
    start, end = sorted((dice.choice(seams), dice.choice([*seams[-3:], *seams])))
    return max(0, start - 4), max(0, end - 4)


def _mended(png: bytes) -> bytes:
    """The PNG with its checksums made right, for a wrong one ends the reading at once."""
    parts, at = [_PNG], len(_PNG)
    while at + 12 <= len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body = png[at + 4 : at + 8 + length]
        parts += [png[at : at + 4], body, struct.pack(">I", zlib.crc32(body))]
        at += 12 + length
    return b"".join(parts)
