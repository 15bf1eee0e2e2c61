"""The list of others: a million hashes of random crops of the bench's pictures, and of which picture each is."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bench.matching.originals import FOLDS, Original, folds, present
from bench.matching.packages import DATA
from bench.matching.progress import Progress
from bot.media import spectra
from bot.media.cells import SHIFT

SIDE: Final = 256  # pixels to which a picture is reduced before it is cropped
CELLS, BATCH = 64, 64
LEAST_QUALITY = 50
SPARE: Final = 1.25
"""Crops made for each one that is wanted: some are too plain, and each fold's list lacks a tenth."""


@dataclass(frozen=True, slots=True)
class Distractors:
    """Hashes as rows of bytes, and the number of the picture that each is a crop of."""

    pdq: NDArray[np.uint8]
    phash: NDArray[np.uint8]
    source: NDArray[np.int32]

    def outside(self, fold: int, count: int) -> Distractors:
        """The first `count` that are crops of pictures outside the fold, in an order without meaning."""
        rows = np.flatnonzero(folds()[self.source] != fold)[:count]
        return Distractors(self.pdq[rows], self.phash[rows], self.source[rows])

    def first(self, count: int) -> Distractors:
        """The first `count`."""
        return Distractors(self.pdq[:count], self.phash[:count], self.source[:count])


def distractors(count: int, processes: int = 2) -> Distractors:
    """The list that leaves `count` for every fold, made once."""
    path = DATA / f"distractors-{count}.npz"
    if not path.is_file():
        made = _make(count, processes)
        np.savez(path, pdq=made.pdq, phash=made.phash, source=made.source)
    with np.load(path) as file:
        return Distractors(file["pdq"], file["phash"], file["source"])


def _make(count: int, processes: int) -> Distractors:
    pictures = present()
    each = -(-int(count * SPARE) // len(pictures))
    pdq, phash, source = [], [], []
    with (
        get_context("fork").Pool(processes) as pool,
        Progress(f"crops for a list of {count:,}", len(pictures)) as progress,
    ):
        for number, one, other in pool.imap_unordered(_crops, [(picture, each) for picture in pictures]):
            pdq.append(one)
            phash.append(other)
            source.append(np.full(len(one), number, np.int32))
            progress.step()
    order = np.argsort([one[0] for one in source])  # the processes finish in any order
    joined = [np.concatenate([part[place] for place in order]) for part in (pdq, phash, source)]
    shuffled = np.random.default_rng(1).permutation(len(joined[2]))
    made = Distractors(*(part[shuffled] for part in joined))
    least = min(int((folds()[made.source] != fold).sum()) for fold in range(FOLDS))
    if least < count:
        raise RuntimeError(f"only {least:,} of {count:,} crops have detail enough")
    return made


def _crops(asked: tuple[Original, int]) -> tuple[int, NDArray[np.uint8], NDArray[np.uint8]]:
    """The hashes of the crops of one picture that have detail enough."""
    picture, count = asked
    grey = picture.open(SIDE).convert("L")
    chance = np.random.default_rng([2, picture.number])
    greys = (grey, ImageOps.mirror(grey))
    kept: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
    for start in range(0, count, BATCH):
        boxes = [
            (greys[int(chance.random() < 0.5)], random_box(chance, grey.size)) for _ in range(start, start + BATCH)
        ]
        seen = np.stack([np.asarray(_cells(*one)) for one in boxes]).astype(np.float32)
        seen = seen[spectra.qualities(seen) >= LEAST_QUALITY]
        if len(seen):
            kept.append((spectra.hashes(spectra.frequencies(seen)), phashes(seen)))
    none = np.empty((0, 32), np.uint8), np.empty((0, 8), np.uint8)
    pdq, phash = (np.concatenate(part) for part in zip(none, *kept, strict=True))
    return picture.number, pdq, phash


def random_box(chance: np.random.Generator, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """A box of 40 to 100 % of each side, each on its own, anywhere."""
    w, h = size
    across, down = w * chance.uniform(0.4, 1), h * chance.uniform(0.4, 1)
    left, top = chance.uniform(0, w - across), chance.uniform(0, h - down)
    return left, top, left + across, top + down


def _cells(picture: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """What PDQ sees of a box: it looks a little past the middle of each cell."""
    left, top, right, bottom = box
    across, down = (right - left) / CELLS * SHIFT, (bottom - top) / CELLS * SHIFT
    shifted = left + across, top + down, min(right + across, picture.width), min(bottom + down, picture.height)
    return picture.resize((CELLS, CELLS), Image.Resampling.HAMMING, shifted)


def phashes(seen: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What imagehash.phash makes of pictures reduced to 64 x 64, (n, 64, 64), as (n, 8) bytes, but for 2 bits or so."""
    half = CELLS // 2
    small = seen.reshape(-1, half, 2, half, 2).mean(axis=(2, 4))
    angles = np.pi / half * np.arange(8)[:, None] * (np.arange(half)[None] + 0.5)
    matrix = np.cos(angles).astype(np.float32)
    low = (matrix @ small @ matrix.T).reshape(len(seen), 64)
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1)


if __name__ == "__main__":
    distractors(1_000_000)
