"""The breaker for what keeps stopping decoders: whose files, and which, are not decoded for a while. In memory only."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

FAILURES: Final = 3
"""Decoders that one poster, or one file, may stop before the breaker opens."""
WINDOW: Final = 3600.0
"""Seconds for which a stopped decoder is held against them: after a pause one more is enough."""
PAUSE: Final = 600.0
"""Seconds for which nothing of theirs is decoded."""
MOST: Final = 4096
"""Posters and files that are remembered, those that failed last."""


@dataclass(slots=True)
class _Record:
    """When decoders were stopped, the last few times, and until when the breaker is open."""

    failures: deque[float]
    open_until: float = 0.0


class Breaker:
    """Counts stopped decoders by whoever, and whatever, stopped them; any hashable value can be blamed."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing against anybody; `now` is a clock in seconds."""
        self._now = now
        self._records: OrderedDict[Hashable, _Record] = OrderedDict()

    def is_open(self, *suspects: Hashable) -> bool:
        """Whether any of `suspects` is not to be decoded for now."""
        now = self._now()
        return any(record.open_until > now for one in suspects if (record := self._records.get(one)) is not None)

    def blame(self, *suspects: Hashable) -> bool:
        """A decoder was stopped by `suspects`. Returns whether that opened the breaker for one of them."""
        opened = [self._blame(one) for one in suspects]  # all of them, whatever the first says
        return any(opened)

    def _blame(self, suspect: Hashable) -> bool:
        now = self._now()
        record = self._records.setdefault(suspect, _Record(deque(maxlen=FAILURES)))
        self._records.move_to_end(suspect)
        while len(self._records) > MOST:
            self._records.popitem(last=False)
        was_open = record.open_until > now
        record.failures.append(now)
        if len(record.failures) < FAILURES or record.failures[0] <= now - WINDOW:
            return False
        record.open_until = now + PAUSE
        return not was_open
