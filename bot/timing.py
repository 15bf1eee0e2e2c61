"""How long each stage of a look at one file took, for the operator's terminal; nothing is measured unless asked."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Timing:
    """One stage by its name, and the seconds that it took."""

    stage: str
    seconds: float


class Stopwatch:
    """Collects the times of stages in the order in which they first ran; a stage that runs again adds up."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens within."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Count `seconds`, measured elsewhere, as part of the stage `name`."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    @property
    def timings(self) -> list[Timing]:
        """Every stage so far."""
        return [Timing(name, seconds) for name, seconds in self._seconds.items()]
