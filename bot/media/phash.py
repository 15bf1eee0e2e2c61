"""A picture to the perceptual hash of imagehash (`imagehash.phash`, 64 bits); PDQ and what is compared are not here.

The picture in 32 x 32 points, of their discrete cosine transform the 8 x 8 lowest frequencies, a bit for each that is
above their median. imagehash itself brings scipy along, which every decoder process would have to load.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE: Final = 32
_LOBES: Final = 3  # of Lanczos' filter
_MIDDLE: Final = (31, 32)  # of 64 values in order
_DIGITS: Final = 6  # rounding errors behind them would make a pattern of a plain picture

_Matrix = NDArray[np.float64]


def phash(picture: Image.Image) -> bytes:
    """What imagehash makes of `picture`, 8 bytes: that to list."""
    points = np.asarray(picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), np.float64)
    return phash_of_frequencies((_DCT @ points @ _DCT.T).round(_DIGITS))


def phash_of_frequencies(low: NDArray[np.floating]) -> bytes:
    """The hash of a picture with the 8 x 8 lowest frequencies `low`, the first of all among them: a bit for each."""
    middle = np.partition(low.ravel(), _MIDDLE)[list(_MIDDLE)].mean()
    return np.packbits(low > middle).tobytes()


def _dct() -> _Matrix:
    """The 8 lowest rows of the matrix of the discrete cosine transform (DCT-II) of 32 values, (8, 32)."""
    places = np.arange(1, 2 * _SIDE, 2)
    return np.array([[2 * math.cos(math.pi / 2 / _SIDE * row * place) for place in places] for row in range(8)])


_DCT: Final = _dct()


def projection(count: int) -> NDArray[np.float32]:
    """A line of `count` pixels to the frequencies of its 32 points, (8, count): `_DCT` of Lanczos' filter.

    It times the columns and the rows of a grey picture is what `phash_of_frequencies` takes. The points between are not
    rounded to whole grey levels, so the hash is within two bits of `phash`'s (measured: 0.2 on average): to search
    with. Of a plain picture it is rounding errors; PDQ's quality keeps such from being compared.
    """
    step = max(1.0, count / _SIDE)  # a small picture is enlarged with the filter as it is
    middles = (np.arange(_SIDE) + 0.5) * count / _SIDE
    off = (np.arange(count) + 0.5 - middles[:, None]) / step
    weights = np.where(np.abs(off) < _LOBES, np.sinc(off) * np.sinc(off / _LOBES), 0)
    return np.asarray(_DCT @ (weights / weights.sum(axis=1, keepdims=True)), np.float32)
