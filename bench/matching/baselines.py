"""What others ship: imagehash's pHash, and PDQ of the whole picture, as it is and in eight positions."""

from __future__ import annotations

import io
from typing import Final

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.matching.distractors import Distractors
from bot.matching.index import HammingIndex
from bot.media import pdq

FAR: Final = 999
"""For a picture that has too little detail to be compared (PDQ quality below 50)."""

LEAST_QUALITY = 50
_BLOCK: Final = 1 << 16

Words = NDArray[np.uint64]


class Baselines:
    """The plain methods against one list of others; distances in bits, by the name of the method."""

    NAMES: Final = ("pHash", "PDQ", "PDQ ×8")

    def __init__(self, others: Distractors) -> None:
        self._phash = np.ascontiguousarray(others.phash).view(np.uint64).T.copy()
        self._pdq = np.ascontiguousarray(others.pdq).view(np.uint64).T.copy()
        self._index = HammingIndex(256)
        self._index.add(np.arange(len(others.pdq)), others.pdq)

    def nearest(self, data: bytes) -> dict[str, int]:
        """How near each method finds the nearest of the others (beyond 80 bits PDQ ×8 finds none)."""
        phash, turns, quality = hashes(data)
        found = {"pHash": _nearest(self._phash, phash), "PDQ": FAR, "PDQ ×8": FAR}
        if quality >= LEAST_QUALITY:
            near = self._index.loose(turns[None], 80).distance
            found |= {"PDQ": _nearest(self._pdq, turns[0]), "PDQ ×8": int(near.min()) if near.size else FAR}
        return found


def hashes(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8], int]:
    """The pHash (8 bytes), the PDQ hashes (8, 32) and the PDQ quality of the picture in `data`."""
    with Image.open(io.BytesIO(data)) as file:
        picture = file.convert("RGB")
    turns, quality = pdq.dihedral(np.asarray(picture))
    return np.packbits(imagehash.phash(picture).hash), np.frombuffer(b"".join(turns), np.uint8).reshape(8, 32), quality


def distances(data: bytes, phash: NDArray[np.uint8], code: NDArray[np.uint8]) -> dict[str, int]:
    """How far each method finds the picture in `data` from one listed picture's hashes."""
    own, turns, quality = hashes(data)
    found = {"pHash": _bits(own, phash), "PDQ": FAR, "PDQ ×8": FAR}
    if quality >= LEAST_QUALITY:
        found |= {"PDQ": _bits(turns[0], code), "PDQ ×8": min(_bits(one, code) for one in turns)}
    return found


def _bits(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(one ^ other).sum())


def _nearest(columns: Words, code: NDArray[np.uint8]) -> int:
    """The least distance of `code` from a row of `columns` (words, rows)."""
    words = np.ascontiguousarray(code).view(np.uint64)
    least = FAR
    for start in range(0, columns.shape[1], _BLOCK):
        counts = np.zeros(min(_BLOCK, columns.shape[1] - start), np.uint16)
        for column, word in zip(columns, words, strict=True):
            counts += np.bitwise_count(column[start : start + _BLOCK] ^ word)
        least = min(least, int(counts.min()))
    return least
