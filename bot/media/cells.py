"""A grey picture, or a window of it, to the 64 x 64 cells that PDQ looks at; no hashing and no choice of windows here.

Each cell is weighed by a triangle as wide as the cell, which is what the reference's two passes of a box amount to, and
is looked at a little right of and below its middle, as the reference does through its rounding.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Cells = NDArray[np.float32]
Box = tuple[float, float, float, float]

SHIFT: Final = 0.08
"""Cells by which the reference looks past the middle: 0.19 at 512 pixels, 0.075 at 1280, 0.02 at 4000 (its rounding).

With it the hash is 4.8, 5.6 and 9.3 bits from the reference's on 1024, 4000 and 512 pixels; without it 8.1, 6.2 and
13.3 (means over 70 photos reduced to 320 pixels).
"""

_COUNT: Final = 64
_LEAST_STEP: Final = 0.75  # pixels of a level of the pyramid for each cell: fewer would alias
_EIGHTHS: Final = np.kron(np.eye(8, dtype=np.float32), np.full((1, 8), 1 / 8, np.float32))  # means of each 8 of 64
_NARROWEST: Final = 0.5  # pixels of half a triangle: a narrower one could fall between two pixels


class Grey:
    """A grey picture made ready for many looks at it."""

    def __init__(self, picture: Image.Image) -> None:
        """Take a picture of mode L."""
        self.width, self.height = picture.size
        self._pixels = np.asarray(picture).astype(np.float32)
        self._picture = picture
        self._rows: dict[tuple[float, float, float], Cells] = {}
        self._columns: dict[float, Cells] = {}

    @property
    def pixels(self) -> Cells:
        """The rows of the picture, 0 to 255."""
        return self._pixels

    def cells(self, box: Box, across: float = SHIFT, down: float = SHIFT) -> Cells:
        """The cells of the window `box`, looked at `across` and `down` cells past their middles.

        Beyond the picture its edges are drawn out. Windows that share their rows share the work on them, and so do
        those that are as wide as the picture.
        """
        left, top, right, bottom = box
        key = top, bottom, down
        if key not in self._rows and (left, right) == (0, self.width) and (top, bottom) != (0, self.height):
            if across not in self._columns:
                self._columns[across] = self._pixels @ _weights(self.width, left, right, across).T
            return np.asarray(_weights(self.height, top, bottom, down) @ self._columns[across])
        if key not in self._rows:
            self._rows[key] = _weights(self.height, top, bottom, down) @ self._pixels
        return np.asarray(self._rows[key] @ _weights(self.width, left, right, across).T)

    @cached_property
    def _levels(self) -> list[Image.Image]:
        """The picture at its full size, a half, a quarter and an eighth."""
        levels = [self._picture]
        for _ in range(3):
            last = levels[-1]
            levels.append(last.resize((max(8, last.width // 2), max(8, last.height // 2)), Image.Resampling.BOX))
        return levels

    def turned(self, box: Box, angle: float) -> Cells:
        """The cells of a window turned by `angle` degrees about its middle; beyond the picture it is black."""
        left, top, right, bottom = box
        wide, high = (right - left) / _COUNT, (bottom - top) / _COUNT
        level = 0
        while level + 1 < len(self._levels) and min(wide, high) / 2 ** (level + 1) >= _LEAST_STEP:
            level += 1
        picture = self._levels[level]
        fx, fy = picture.width / self.width, picture.height / self.height
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        a, b, d, e = wide * cosine * fx, -high * sine * fx, wide * sine * fy, high * cosine * fy
        half = _COUNT / 2
        x, y = (left + right) / 2 * fx - (a + b) * half, (top + bottom) / 2 * fy - (d + e) * half
        how = Image.Transform.AFFINE, (a, b, x, d, e, y), Image.Resampling.BILINEAR
        return np.asarray(picture.transform((_COUNT, _COUNT), *how)).astype(np.float32)


def texture(seen: Cells) -> NDArray[np.float32]:
    """The share of 8 x 8 blocks of `seen` (..., 64, 64) that are not flat, a deviation over 2 of 255: 0 to 1."""
    means = _EIGHTHS @ seen @ _EIGHTHS.T
    squares = _EIGHTHS @ (seen * seen) @ _EIGHTHS.T
    is_rough = squares - means * means > 4  # noqa: PLR2004 - as said above
    return np.asarray(is_rough.mean(axis=(-2, -1)), np.float32)


def whole_weights(count: int, shift: float) -> Cells:
    """How much each of `count` pixels in a line counts for each cell of the whole line, looked at so far aside."""
    return _weights(count, 0.0, float(count), shift)


@lru_cache(maxsize=256)  # most windows are shares of the picture, and pictures come in few sizes: 8 MB at most
def _weights(count: int, start: float, end: float, shift: float) -> Cells:
    """How much each of `count` pixels in a line counts for each cell that shares `start` to `end`; (64, count)."""
    size = (end - start) / _COUNT
    reach = max(size / 2, _NARROWEST)
    middles = start + (np.arange(_COUNT) + 0.5 + shift) * size
    before, after = max(0, math.ceil(reach - start)), max(0, math.ceil(end + reach - count)) + 1
    pixels = np.arange(-before, count + after) + 0.5
    found = np.maximum(0, 1 - np.abs(pixels - middles[:, None]) / reach)
    found /= found.sum(axis=1, keepdims=True)
    inside = found[:, before : before + count].astype(np.float32)
    inside[:, 0] += found[:, :before].sum(axis=1)
    inside[:, -1] += found[:, before + count :].sum(axis=1)
    return np.ascontiguousarray(inside)
