"""PDQ, the perceptual hash of Meta's ThreatExchange, in numpy: pixels to 256 bits; no files and no scaling here.

Lists of hashes are exchanged, so every step rounds as the reference (pdq/cpp) does: single precision, sums added up
in its order. Whatever ought to be zero, as half the frequencies of a symmetric picture, is decided by that rounding.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_Floats = NDArray[np.float32]

LEAST: Final = 5
"""A picture with a side below this many pixels has the hash 0 and the quality 0 (the reference's MIN_HASHABLE_DIM)."""

_LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601
_SIDE: Final = 64  # of the reduced picture
_FREQUENCIES: Final = 16  # kept in each direction, from the first above the mean
GRADIENTS_PER_POINT: Final = 90  # quality is the sum of the gradients by this, at most 100
MEDIAN: Final = _FREQUENCIES * _FREQUENCIES // 2 - 1  # the lower of the two in the middle


def compute(picture: Pixels) -> tuple[bytes, int]:
    """The hash (32 bytes, most significant first) and quality (0 to 100) of `picture`, (h, w, 3) RGB or (h, w) grey.

    Raises ValueError on any other array.
    """
    luma = _luma(picture)
    if min(luma.shape) < LEAST:
        return bytes(32), 0
    # The reference takes what has the right size already as it is, here but not in its dihedral form.
    small = luma if luma.shape == (_SIDE, _SIDE) else _reduce(luma)
    return _bits(_dct(small)[None])[0], _quality(small)


def dihedral(picture: Pixels) -> tuple[tuple[bytes, ...], int]:
    """As `compute`, with the eight hashes of the picture turned and mirrored, in the order of `hashes.DIHEDRAL`."""
    luma = _luma(picture)
    if min(luma.shape) < LEAST:
        return (bytes(32),) * 8, 0
    small = _reduce(luma)
    return _bits(_turned(_dct(small))), _quality(small)


def _luma(picture: Pixels) -> _Floats:
    """The brightness of every pixel, 0 to 255."""
    if picture.dtype != np.uint8 or picture.ndim not in {2, 3} or picture.shape[2:] not in {(), (3,)}:
        raise ValueError(f"PDQ takes uint8 of (h, w, 3) or (h, w), not {picture.dtype} of {picture.shape}")
    if picture.ndim == 2:  # noqa: PLR2004 - rows and columns
        return picture.astype(np.float32)
    red, green, blue = (picture[:, :, i] * weight for i, weight in enumerate(_LUMA))
    return np.asarray(red + green + blue, np.float32)


# --- to 64 x 64 ----------------------------------------------------------------------------------


def _reduce(luma: _Floats) -> _Floats:
    """`luma` blurred by two passes of a box in each direction, then sampled at the middle of each of 64 x 64 cells."""
    rows, columns = _middles(len(luma)), _middles(luma.shape[1])
    once = _box(_box(luma.T).T)
    across = _box(once.T).take(columns, axis=0)  # what is not sampled is not worth the last pass
    return _box(across.T).take(rows, axis=0)


def _middles(side: int) -> NDArray[np.intp]:
    """The places in the middle of each of 64 cells that share `side` places."""
    return ((np.arange(_SIDE) + 0.5) * side / _SIDE).astype(np.intp)


def _box(lines: _Floats) -> _Floats:
    """Each line's mean with the lines around it, at the ends with those there are.

    The window is half a cell, rounded up; one of even length reaches further ahead than back.
    """
    count = len(lines)
    window = -(-count // (2 * _SIDE))
    reach = window // 2
    ends = np.arange(count) + reach + 1
    sizes = np.minimum(ends, count) - np.maximum(ends - window, 0)
    sums = _running_sums(np.ascontiguousarray(lines), window, reach)
    return np.divide(sums, sizes.astype(np.float32)[:, None], sums)


def _running_sums(lines: _Floats, window: int, reach: int) -> _Floats:
    """The sum of the `window` lines that end `reach` after each line.

    It is one sum that lines join and leave, never begun anew: the reference's rounding errors run along as well.
    """
    sums = np.empty_like(lines)
    total = np.zeros(lines.shape[1], np.float32)
    each, count = list(lines), len(lines)
    for place in range(-reach, count):
        joins, leaves = place + reach, place + reach - window
        if joins < count:
            np.add(total, each[joins], total)
        if leaves >= 0:
            np.subtract(total, each[leaves], total)
        if place >= 0:
            sums[place] = total
    return sums


def _quality(small: _Floats) -> int:
    """How much there is to tell the picture by: the gradients of at least 1 % between neighbours, summed."""
    steps = (np.diff(small, axis=axis) * np.float32(100) / np.float32(255) for axis in (0, 1))
    return min(100, sum(int(np.abs(step.astype(np.int64)).sum()) for step in steps) // GRADIENTS_PER_POINT)


# --- frequencies ---------------------------------------------------------------------------------


def _matrix() -> _Floats:
    """The rows 1 to 16 of the matrix of the discrete cosine transform (DCT-II) of 64 values."""
    angles = math.pi / 2 / _SIDE * np.arange(1, _FREQUENCIES + 1)[:, None] * np.arange(1, 2 * _SIDE, 2)
    cosines = np.array([[math.cos(angle) for angle in row] for row in angles])
    return (np.float64(np.float32(math.sqrt(2 / _SIDE))) * cosines).astype(np.float32)


DCT: Final = _matrix()
"""The 16 lowest frequencies but 0 of 64 values, (16, 64)."""

SIGNS: Final = np.tile(np.array([-1, 1], np.float32), _FREQUENCIES // 2)
"""What mirroring multiplies the frequencies by: it negates the odd ones."""


def _dct(small: _Floats) -> _Floats:
    """The 16 x 16 lowest frequencies of `small`, without those of 0."""
    return _product(_product(DCT, small.T), DCT)


def _product(one: _Floats, other: _Floats) -> _Floats:
    """`one` times `other` transposed, each sum added up from first to last, which no matrix product promises."""
    return np.add.accumulate(one[:, None, :] * other[None, :, :], axis=2)[:, :, -1]


def _turned(plain: _Floats) -> _Floats:
    """The frequencies `plain` as they are, and as those of the picture turned and mirrored; (8, 16, 16)."""
    upside_down, sideways = plain * SIGNS[:, None], plain * SIGNS
    both = upside_down * SIGNS
    return np.stack([plain, sideways.T, both, upside_down.T, upside_down, sideways, plain.T, both.T])


def _bits(frequencies: _Floats) -> tuple[bytes, ...]:
    """One hash for each set of frequencies, a bit for each that is above their median, the lowest frequency last."""
    sets = frequencies.reshape(len(frequencies), -1)
    above = sets > np.partition(sets, MEDIAN, axis=1)[:, MEDIAN, None]
    return tuple(row.tobytes() for row in np.packbits(above[:, ::-1], axis=1))
