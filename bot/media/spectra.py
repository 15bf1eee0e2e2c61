"""Cells to PDQ hashes, many at once by matrix products; which cells, and the exact reference, live beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot.media.cells import Cells
from bot.media.pdq import DCT, GRADIENTS_PER_POINT, MEDIAN, SIGNS

Frequencies = NDArray[np.float32]


def frequencies(seen: Cells) -> Frequencies:
    """The 16 x 16 lowest frequencies of each of `seen`, (..., 64, 64)."""
    return np.asarray(DCT @ seen @ DCT.T, np.float32)


def all_turns(plain: Frequencies) -> Frequencies:
    """The frequencies `plain`, (n, 16, 16), of the 8 mirror images and turns, (n, 8, 16, 16), as `hashes.DIHEDRAL`."""
    return turns_of(plain, plain, plain, plain)


def turns_of(plain: Frequencies, left: Frequencies, up: Frequencies, both: Frequencies) -> Frequencies:
    """As `all_turns`, of four looks at each picture: past its middles to the right and below as the reference does,
    to the left, above, and both, which is how the reference looks at the mirror images.
    """  # noqa: D205 - the four need naming
    sideways, upside_down, round_ = left * SIGNS, up * SIGNS[:, None], both * SIGNS * SIGNS[:, None]
    transposed = [np.swapaxes(one, -1, -2) for one in (plain, sideways, upside_down, round_)]
    order = (plain, transposed[1], round_, transposed[2], upside_down, sideways, transposed[0], transposed[3])
    return np.stack(order, axis=-3)


def hashes(found: Frequencies) -> NDArray[np.uint8]:
    """One hash for each set of frequencies (..., 16, 16), as 32 bytes (..., 32), the lowest frequency last."""
    sets = found.reshape((*found.shape[:-2], found.shape[-2] * found.shape[-1]))
    above = sets > np.partition(sets, MEDIAN, axis=-1)[..., MEDIAN, None]
    return np.packbits(above[..., ::-1], axis=-1)


def qualities(seen: Cells) -> NDArray[np.int64]:
    """PDQ's quality of each of `seen`, (..., 64, 64): 0 to 100."""
    steps = (np.diff(seen, axis=axis) * np.float32(100 / 255) for axis in (-2, -1))
    total = sum(np.abs(step.astype(np.int32)).sum(axis=(-2, -1)) for step in steps)
    return np.minimum(100, np.asarray(total, np.int64) // GRADIENTS_PER_POINT)
