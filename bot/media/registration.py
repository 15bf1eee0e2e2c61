"""Registration: whether a window, moved, scaled and turned a little, becomes a listed picture. Runs in the decoder.

A window that was guessed is rarely all of the listed picture and nothing else. Of a true copy the hash comes nearer
with every step towards the right place; of another picture it does not: of 6,823 false candidates within 70 bits none
came within 31 (docs/LISTS.md, "How a posted picture is searched").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.media.cells import Box, Grey, texture
from bot.media.pdq import MEDIAN, SIGNS
from bot.media.spectra import frequencies
from bot.media.survey import LEAST_TEXTURE

NOWHERE: Final = 256
"""The distance of a window that came to rest where nothing is to be compared."""

_STEPS: Final = ((0.06, 4.0), (0.03, 2.0), (0.015, 1.0), (0.0075, 0.5))  # shares of the sides, and degrees
_ROUNDS: Final = 3  # of each step size
_LOOKS: Final = 120  # most; some 68 are usual
_NEAR_ENOUGH: Final = 12  # bits: as near as an untouched copy
_LEAST: Final = 16.0  # pixels of a side
_PAD: Final = 0.3  # share of the sides by which edges are drawn out
_SCALE: Final = 1.5  # of a step, when it changes a size instead of a place
_MOVES: Final = (  # across, down, wider, higher, turned
    (1, 0, 0, 0, 0),
    (0, 1, 0, 0, 0),
    (0, 0, 1, 0, 0),
    (0, 0, 0, 1, 0),
    (0, 0, 1, 1, 0),
    (0, 0, 0, 0, 1),
)


class Candidate(NamedTuple):
    """A window of a survey, by its box, its angle and the turn of it (0 to 7), and the hash that it may be."""

    box: Box
    angle: float
    turn: int
    target: bytes


class _Pose(NamedTuple):
    """Where a window is: its middle and size in pixels, its angle in degrees."""

    x: float
    y: float
    wide: float
    high: float
    angle: float

    @property
    def box(self) -> Box:
        """Left, top, right and bottom before it is turned."""
        return self.x - self.wide / 2, self.y - self.high / 2, self.x + self.wide / 2, self.y + self.high / 2


def register(picture: Image.Image, candidates: list[Candidate]) -> list[int]:
    """How near, in bits, each candidate's window of `picture` (mode L) comes to its hash."""
    across, down = int(picture.width * _PAD), int(picture.height * _PAD)
    pixels = np.pad(np.asarray(picture), ((down, down), (across, across)), mode="edge")
    grey = Grey(Image.fromarray(pixels))
    return [_Climb(grey, one, across, down).run() for one in candidates]


class _Climb:
    """The search for the best place of one candidate's window."""

    def __init__(self, grey: Grey, one: Candidate, across: int, down: int) -> None:
        left, top, right, bottom = one.box
        self._grey = grey
        self._turn = one.turn
        self._target = np.unpackbits(np.frombuffer(one.target, np.uint8))[::-1].astype(np.bool_)
        middle = (left + right) / 2 + across, (top + bottom) / 2 + down
        self._pose = _Pose(*middle, right - left, bottom - top, one.angle)
        self._looks = 0
        self._best = self._distance(self._pose)

    def run(self) -> int:
        """The least distance found, or NOWHERE when the window shows too little there."""
        for step, degrees in _STEPS:
            for _ in range(_ROUNDS):
                if self._best <= _NEAR_ENOUGH or self._looks >= _LOOKS or not self._improve(step, degrees):
                    break
        seen = self._grey.turned(self._pose.box, self._pose.angle)
        return self._best if texture(seen) >= LEAST_TEXTURE else NOWHERE

    def _improve(self, step: float, degrees: float) -> bool:
        """Take every move, one way or the other, that brings the hash nearer; whether any did."""
        is_better = False
        for move in _MOVES:
            for pose in self._tries(move, step, degrees):
                distance = self._distance(pose)
                if distance < self._best:
                    self._best, self._pose, is_better = distance, pose, True
                    break
        return is_better

    def _tries(self, move: tuple[int, ...], step: float, degrees: float) -> Iterator[_Pose]:
        """Where a move leads, ahead and back."""
        x, y, wide, high, turn = move
        for sign in (step, -step):
            pose = self._pose
            new = _Pose(
                pose.x + sign * x * pose.wide,
                pose.y + sign * y * pose.high,
                pose.wide * (1 + sign * wide * _SCALE),
                pose.high * (1 + sign * high * _SCALE),
                pose.angle + turn * (degrees if sign > 0 else -degrees),
            )
            if min(new.wide, new.high) >= _LEAST:
                yield new

    def _distance(self, pose: _Pose) -> int:
        self._looks += 1
        found = _turned(frequencies(self._grey.turned(pose.box, pose.angle)), self._turn).ravel()
        above = found > np.partition(found, MEDIAN)[MEDIAN]
        return int(np.count_nonzero(above != self._target))


def _turned(plain: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """The frequencies (16, 16) of one mirror image or turn, by its number in `hashes.DIHEDRAL`."""
    if turn in {1, 2, 5, 7}:
        plain = plain * SIGNS
    if turn in {2, 3, 4, 7}:
        plain = plain * SIGNS[:, None]
    return plain.T if turn in {1, 3, 6, 7} else plain
