"""How often one person may ask for something dear. In memory only: a new start forgives. What it is, others know."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

KNOWN = 50_000
"""People who are remembered; beyond that those who asked first are forgotten before their time."""


class Allowance:
    """Lets each person ask `most` times within some seconds."""

    def __init__(self, most: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._seconds = seconds
        self._clock = clock
        self._asked: OrderedDict[int, dict[Hashable, float]] = OrderedDict()

    def take(self, user_id: int, what: Hashable) -> bool:
        """Say whether somebody may ask for `what`, and count it; what was counted before is not counted again."""
        now = self._clock()
        asked = {one: at for one, at in self._asked.get(user_id, {}).items() if now - at < self._seconds}
        is_allowed = what in asked or len(asked) < self.most
        if is_allowed:
            asked.setdefault(what, now)
        self._asked[user_id] = asked
        self._asked.move_to_end(user_id)
        if len(self._asked) > KNOWN:
            self._asked.popitem(last=False)
        return is_allowed

    def clear(self) -> None:
        """Forgive everybody."""
        self._asked.clear()
