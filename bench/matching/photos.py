"""The pictures inside unpacked packages: found, carved, reduced and told apart. Fetching lives elsewhere."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from bot.media import pdq

SIDE: Final = 1280
"""Pixels of the longest side of an original, as Telegram keeps it."""

LEAST: Final = 300
"""Pixels of the shortest side that a photo must have to be an original."""

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp"})
CARVED: Final = frozenset({".rcc"})
"""Files of the Qt resource compiler: pictures one after the other, some of them compressed."""

_HEAD = re.compile(rb"\xff\xd8\xff[\xe0\xe1\xdb]|RIFF....WEBPVP8", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """One picture file: its bytes, and the name under which the selection knows it."""

    name: str
    data: bytes


def search(folder: Path) -> Iterator[Found]:
    """Every picture file below `folder`, in the order of the paths."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        suffix = path.suffix.lower()
        if suffix in SUFFIXES:
            yield _found(path.read_bytes())
        elif suffix in CARVED:
            yield from _carve(path.read_bytes())


def _found(data: bytes) -> Found:
    return Found(hashlib.sha256(data).hexdigest()[:20], data)


def _carve(data: bytes) -> Iterator[Found]:
    """JPEG and WebP files that stand uncompressed inside another file."""
    for head in _HEAD.finditer(data):
        start = head.start()
        if data[start : start + 4] == b"RIFF":
            size = int.from_bytes(data[start + 4 : start + 8], "little") + 8
        else:
            size = int.from_bytes(data[start - 4 : start], "big")  # Qt writes the length before a file
        if 1000 < size <= len(data) - start:
            yield _found(data[start : start + size])


def load(data: bytes) -> Image.Image | None:
    """The picture upright, RGB, longest side at most SIDE; None when it is none, is small or has holes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
            if min(picture.size) < LEAST or _is_holed(picture):
                return None
            picture = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


def _is_holed(picture: Image.Image) -> bool:
    if not picture.has_transparency_data:
        return False
    alpha = np.asarray(picture.convert("RGBA"))[:, :, 3]
    return bool((alpha < 250).mean() > 0.01)


class Distinct:
    """Remembers pictures, in all eight positions, and knows those it has seen."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self._seen = np.zeros((0, 32), np.uint8)

    def is_new(self, picture: Image.Image) -> bool:
        """Whether no picture seen before is within `bits`, and this one has detail enough; from now on it is seen."""
        hashes, quality = pdq.dihedral(np.asarray(picture))
        if quality < 50:
            return False
        for one in hashes:
            own = np.frombuffer(one, np.uint8)
            if (np.bitwise_count(self._seen ^ own).sum(axis=1) <= self.bits).any():
                return False
        self._seen = np.vstack([self._seen, np.frombuffer(hashes[0], np.uint8)])
        return True
