"""How far something is, on one line that is overwritten; what is measured is written elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self


class Progress:
    """Counts steps on the terminal, with the time still to go; silent lines of tenths where there is none."""

    def __init__(self, what: str, steps: int) -> None:
        self.what, self.steps = what, steps
        self._done = 0
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spent = time.monotonic() - self._began
        self._say(f"{self.what}: {self._done:,} of {self.steps:,} in {spent:,.0f} s", end="\n")

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._shown >= (1 if sys.stderr.isatty() else 30):
            self._shown = now
            left = (now - self._began) / self._done * (self.steps - self._done)
            self._say(f"{self.what}: {self._done:,} of {self.steps:,}, {left / 60:.0f} min to go")

    def _say(self, line: str, end: str = "\r") -> None:
        if not sys.stderr.isatty():
            end = "\n"
        print(f"{line:<78}", end=end, file=sys.stderr, flush=True)
