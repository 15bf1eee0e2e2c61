"""A small upright RGB picture to its perceptual hashes; how the picture came about lives with the decoders."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from bot.media import pdq
from bot.media.cells import Grey
from bot.media.phash import phash
from bot.media.survey import reduced
from bot.media.whole import hash_whole
from bot.model import Frame

SIDE: Final = 512
"""Pixels of the longest side of a decoded picture, larger ones reduced and smaller ones enlarged to it."""

EXACT_SIDE: Final = 2048
"""Pixels of the longest side of a picture that is hashed as the reference does: above, its shift is nothing."""

DIHEDRAL: Final = (
    "itself",
    "turned 90° counter-clockwise",
    "turned 180°",
    "turned 270° counter-clockwise",
    "mirrored top to bottom",
    "mirrored left to right",
    "mirrored at the main diagonal",
    "mirrored at the other diagonal",
)
"""What each of the eight hashes in `Frame.pdq` is the hash of, in order."""


def hash_picture(picture: Image.Image, at: float = 0.0, grey: Image.Image | None = None) -> Frame:
    """The hashes of `picture` (mode RGB or L), seen `at` seconds into its file: those to search with.

    `grey` is the picture reduced, where that was done already.
    """
    return hash_grey(Grey(grey or reduced(picture)), at)


def hash_grey(grey: Grey, at: float = 0.0) -> Frame:
    """As `hash_picture` of a picture that was reduced."""
    whole = hash_whole(grey)
    return Frame(pdq=whole.turned, quality=whole.quality, phash=whole.phash, at=at)


def hash_exactly(picture: Image.Image) -> Frame:
    """As `hash_picture`, to the last bit what the reference makes of `picture` (mode RGB): those to list."""
    turned, quality = pdq.dihedral(np.asarray(picture))
    return Frame(pdq=turned, quality=quality, phash=phash(picture), at=0.0)


def fit(width: int, height: int, side: int = SIDE) -> tuple[int, int]:
    """The size, longest side `side` and no side under 1, to which a picture of `width` x `height` pixels is scaled."""
    longest = max(width, height)
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def distance(one: bytes, other: bytes) -> int:
    """The number of bits in which two hashes of the same length differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def distinct(frames: list[Frame], bits: int, most: int) -> list[Frame]:
    """The first `most` of `frames` that differ by more than `bits` of PDQ from each one kept before them."""
    kept: list[Frame] = []
    for frame in frames:
        if all(distance(frame.pdq[0], other.pdq[0]) > bits for other in kept):
            kept.append(frame)
    return kept[:most]
