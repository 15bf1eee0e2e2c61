"""All of a grey picture to its hashes: PDQ of its eight turns, with its quality, and pHash. No windows are cut here.

Whatever is asked of the whole picture is linear in its rows: one matrix product answers all of it, and small ones do
the rest. The matrices depend on the sizes alone and are kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.media.cells import SHIFT, Grey, whole_weights
from bot.media.pdq import DCT, LEAST
from bot.media.phash import phash_of_frequencies, projection
from bot.media.spectra import hashes, qualities, turns_of

_Matrix = NDArray[np.float32]

_BOTH: Final = 32  # frequencies of both looks, 16 each
_PHASH: Final = 8


class Hashes(NamedTuple):
    """Of one picture: PDQ's hashes of it, turned and mirrored, in the order of `hashes.DIHEDRAL`; quality; pHash."""

    turned: tuple[bytes, ...]
    quality: int
    phash: bytes


def hash_whole(grey: Grey) -> Hashes:
    """The hashes of all of `grey`.

    Each mirror image is looked at as the reference would look at it: past its own middles to the right and below.
    """
    down, across = _asked(grey.height), _asked(grey.width)
    rows = down @ grey.pixels
    phash = phash_of_frequencies(rows[_BOTH : _BOTH + _PHASH] @ across[_BOTH : _BOTH + _PHASH].T)
    if min(grey.width, grey.height) < LEAST:
        return Hashes((bytes(32),) * 8, 0, phash)
    looks = (rows[:_BOTH] @ across[:_BOTH].T).reshape(2, 16, 2, 16).swapaxes(1, 2)
    codes = hashes(turns_of(looks[0, 0], looks[0, 1], looks[1, 0], looks[1, 1]))
    cells = np.asarray(rows[_BOTH + _PHASH :] @ across[_BOTH + _PHASH :].T, np.float32)
    return Hashes(tuple(code.tobytes() for code in codes), int(qualities(cells)), phash)


@lru_cache(maxsize=48)  # pictures come in few sizes: 100 kB each, 5 MB at most
def _asked(count: int) -> _Matrix:
    """What is asked of lines of `count` pixels: PDQ's frequencies of looks to either side, pHash's, and PDQ's cells."""
    cells = whole_weights(count, SHIFT)
    parts = DCT @ cells, DCT @ whole_weights(count, -SHIFT), projection(count), cells
    return np.asarray(np.concatenate(parts), np.float32)
