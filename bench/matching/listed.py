"""The list that one fold's posted pictures are compared with: a million others, and later the fold's own originals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.matching.distractors import Distractors
from bench.matching.originals import Original, present
from bot.matching.index import HammingIndex
from bot.matching.loose import Near, prepare
from bot.media import pdq

OWN = 100_000_000
"""Entry ids from here on are originals: their number and this."""


class Listed(HammingIndex):
    """The bot's index, which keeps what its loose question was last answered."""

    def __init__(self, others: Distractors) -> None:
        super().__init__(256)
        self._own: dict[int, bytes] = {}
        self.last: Near
        self.add(np.arange(1, len(others.pdq) + 1), others.pdq)
        self.compact()
        prepare()

    def add_originals(self, fold: int) -> None:
        """Put the fold's originals on the list, by the hash of the reference; once is enough."""
        if self._own:
            return
        own = [one for one in present() if one.fold == fold and one.is_photo]
        self._own = {OWN + one.number: code_of(one) for one in own}
        ids, codes = np.array(list(self._own)), np.frombuffer(b"".join(self._own.values()), np.uint8).reshape(-1, 32)
        self.add(ids, codes)

    def loose(self, codes: NDArray[np.uint8], radius: int, quarter_turns: NDArray[np.bool_] | None = None) -> Near:
        """As the bot's index answers."""
        self.last = super().loose(codes, radius, quarter_turns)
        return self.last


def code_of(original: Original) -> bytes:
    """The PDQ hash of an original at its full size."""
    return pdq.compute(np.asarray(original.open()))[0]
