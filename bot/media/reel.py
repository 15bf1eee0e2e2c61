"""The pictures of a clip as they come, to a bounded number of hashed frames; how they were decoded is unknown here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.media.cells import Box, Grey, texture
from bot.media.hashes import distance, hash_grey
from bot.media.spectra import all_turns, frequencies, hashes, qualities
from bot.media.survey import LEAST_QUALITY, LEAST_TEXTURE
from bot.model import Frame, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.media.limits import Limits

SIDE: Final = 256
"""Pixels of the longest side of the grey pictures that a reel takes: four for each of PDQ's cells."""

_PADS: Final = (1 / 18, 1 / 38)  # of each side: give back what cropping by a tenth and by a twentieth took away
_EDGE: Final = 1 / 20  # of each side: without it, the picture is as cropping by a tenth leaves it
_FLAT: Final = 28  # grey levels within which a border's line, or a place that never changes, stays after compression
_LEAST, _MOST = 0.3, 0.97  # of a side: what is inside a border is at least this, and less than that
_RIM: Final = 0.02  # of a line at each end, and of its places, that may differ: blocks bleed across an edge

T = TypeVar("T")
Pixels = NDArray[np.uint8]


class _Still(NamedTuple):
    """One picture that was kept."""

    at: float
    grey: Image.Image
    frame: Frame


class Reel:
    """Takes the pictures of one clip, drops those that repeat the one before, and says what is to be compared."""

    def __init__(self, limits: Limits) -> None:
        """Start empty."""
        self._limits = limits
        self._stills: list[_Still] = []
        self._darkest: Pixels | None = None
        self._brightest: Pixels | None = None

    def add(self, grey: Image.Image, at: float) -> None:
        """Take a picture (mode L, longest side about `SIDE`, all of one size) seen `at` seconds into the clip."""
        frame = hash_grey(Grey(grey), at)
        same = self._limits.same_bits
        if self._stills and distance(frame.pdq[0], self._stills[-1].frame.pdq[0]) <= same:
            return
        self._stills.append(_Still(at, grey, frame))
        pixels = np.asarray(grey)
        if self._darkest is None or self._brightest is None or self._darkest.shape != pixels.shape:
            self._darkest, self._brightest = pixels, pixels
        self._darkest, self._brightest = np.minimum(self._darkest, pixels), np.maximum(self._brightest, pixels)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken yet."""
        return not self._stills

    def frames(self) -> list[Frame]:
        """The distinct frames in the order of time, each with what it may have been made from; at least one, if any."""
        stills = sorted(self._stills, key=lambda still: still.at)
        good = [still for still in stills if still.frame.quality >= LEAST_QUALITY]
        if not good:
            return [still.frame for still in stills[:1]]
        chosen = _distinct(spread(good, 2 * self._limits.frames), self._limits.same_bits)
        chosen = spread(chosen, self._limits.frames)
        boxes = self._boxes()
        windows = [frame for still in spread(chosen, self._limits.windows) for frame in _windows(still, boxes)]
        return sorted([*(still.frame for still in chosen), *windows], key=lambda frame: frame.at)

    def _boxes(self) -> list[Box]:
        """What may be inside a border: of one colour, or one that never changes while the rest does."""
        if self._darkest is None or self._brightest is None:
            return []
        spreads = [np.ptp(np.asarray(still.grey), axis=axis) for axis in (1, 0) for still in self._stills]
        count = len(self._stills)
        plain = [_inner(np.max(spreads[:count], axis=0)), _inner(np.max(spreads[count:], axis=0))]
        change = self._brightest - self._darkest
        still = [_inner(_loudest(change)), _inner(_loudest(change.T))]
        boxes = [(x[0], y[0], x[1], y[1]) for y, x in (plain, still) if y and x]
        height, width = self._darkest.shape
        return [box for box in dict.fromkeys(boxes) if box != (0, 0, width, height)]


def _windows(still: _Still, boxes: Sequence[Box]) -> Iterator[Frame]:
    """What the picture may have been made from, or become in a copy, where there is enough to tell."""
    grey = Grey(still.grey)
    views = [(Part.INSIDE, box) for box in boxes]
    views += [(Part.CROPPED, _drawn_out(grey, share)) for share in _PADS]
    views.append((Part.MIDDLE, _drawn_out(grey, -_EDGE)))
    seen = np.stack([grey.cells(box) for _, box in views])
    fit = (qualities(seen) >= LEAST_QUALITY) & (texture(seen) >= LEAST_TEXTURE)
    codes = hashes(all_turns(frequencies(seen)))
    for number in np.flatnonzero(fit).tolist():
        turned = tuple(code.tobytes() for code in codes[number])
        yield replace(still.frame, pdq=turned, quality=int(qualities(seen[number])), part=views[number][0])


def _drawn_out(grey: Grey, share: float) -> Box:
    """All of the picture and as much more at each side, or less, as is that share of it."""
    across, down = grey.width * share, grey.height * share
    return -across, -down, grey.width + across, grey.height + down


def _loudest(change: Pixels) -> NDArray[np.uint8]:
    """How much each line changes, the few places aside that change most: a line of a border may be bled into."""
    return np.percentile(change, 100 * (1 - 2 * _RIM), axis=1).astype(np.uint8)


def _inner(loudness: NDArray[np.uint8]) -> tuple[int, int] | None:
    """The first line that is not of a border and the first behind the last; None when the border is nearly all."""
    lines = np.flatnonzero(loudness > _FLAT)
    if not lines.size:
        return None
    first, last = int(lines[0]), int(lines[-1]) + 1
    share = (last - first) / len(loudness)
    if share < _LEAST:
        return None
    return (0, len(loudness)) if share > _MOST else (first, last)


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of `items`, evenly chosen, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def _distinct(stills: Sequence[_Still], bits: int) -> list[_Still]:
    """Those that differ by more than `bits` from each one kept before them."""
    kept: list[_Still] = []
    for still in stills:
        if all(distance(still.frame.pdq[0], other.frame.pdq[0]) > bits for other in kept):
            kept.append(still)
    return kept
