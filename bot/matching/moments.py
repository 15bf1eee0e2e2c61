"""The moments of a listed video: which of its hashes are compared, and what shows the same moment. No index here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.matching.tiers import GOOD_QUALITY
from bot.sequence import Shown, unpack

SAME_BITS: Final = 8
"""Bits within which two frames of an entry are one: compression alone moves 8 (measured)."""

DISTINCT_BITS: Final = 20
"""Bits beyond which two frames are different pictures; a card that stands still is not two."""

MOST_VIEWS: Final = 4
"""Hashes of one moment at most: all of the picture, inside two borders, without its edges."""

_USUAL_BITS: Final = range(97, 160)  # set in a PDQ hash of a picture with anything in it: 128, fewer or more in ties


class Moments(NamedTuple):
    """What of an entry is compared: hashes, the moment that each shows, and which of the hashes each moment shows.

    Without `views` every hash is a moment of its own, as in lists by others: there may be millions of those.
    """

    codes: tuple[bytes, ...] = ()
    numbers: Sequence[int] = ()
    views: tuple[tuple[int, ...], ...] = ()

    @property
    def total(self) -> int:
        """How many moments are compared."""
        return len(set(self.numbers))

    def resemble(self, one: int, others: Iterable[int]) -> bool:
        """Whether a moment is the same picture as any of the others, in any view of either.

        A card that stands still is one picture, and so are all of it and its middle.
        """
        known = [code for other in others for code in self._shown(other)]
        apart = _words(self._shown(one))[:, None] ^ _words(known)
        return bool((np.bitwise_count(apart).sum(axis=2) <= DISTINCT_BITS).any())

    def _shown(self, number: int) -> list[bytes]:
        return [self.codes[place] for place in self.views[number]] if self.views else [self.codes[number]]


def telling(value: bytes) -> Moments:
    """Of packed frames those that have enough in them, and of these each picture once."""
    moments = _moments([frame for frame in unpack(value) if _is_fit(frame)])
    codes: list[bytes] = []
    numbers: list[int] = []
    views: list[tuple[int, ...]] = []
    kept = np.empty((0, 4), np.uint64)
    for number, moment in enumerate(moments):
        shown = []
        for frame in moment:
            same = np.flatnonzero(np.bitwise_count(kept ^ _words([frame.pdq])).sum(axis=1) <= SAME_BITS)
            shown.append(int(same[0]) if same.size else len(codes))
            if not same.size:
                codes.append(frame.pdq)
                numbers.append(number)
                kept = np.vstack([kept, _words([frame.pdq])])
        views.append(tuple(shown))
    if len(views) == sum(map(len, moments)):
        return Moments(tuple(codes), range(len(codes)))
    return Moments(tuple(codes), tuple(numbers), tuple(views))


def _words(codes: Sequence[bytes]) -> NDArray[np.uint64]:
    """The hashes as rows of four words."""
    return np.frombuffer(b"".join(codes), np.uint64).reshape(-1, 4)


def _is_fit(frame: Shown) -> bool:
    return frame.quality >= GOOD_QUALITY and int.from_bytes(frame.pdq).bit_count() in _USUAL_BITS


def _moments(frames: Iterable[Shown]) -> list[list[Shown]]:
    """The frames by their time; each by itself where more have one time than a moment has views: it says nothing."""
    times: defaultdict[int, list[Shown]] = defaultdict(list)
    for frame in frames:
        times[frame.millis].append(frame)
    found: list[list[Shown]] = []
    for moment in times.values():
        found += [moment] if len(moment) <= MOST_VIEWS else [[frame] for frame in moment]
    return found
