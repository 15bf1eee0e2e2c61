"""The sandbox's own time: real time plus what a test has advanced it by; nothing sleeps here."""

from __future__ import annotations

import time


class Clock:
    """Unix time that can be moved forward, so that 48 hours pass in a test."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> int:
        """Unix time in whole seconds, as Telegram gives dates."""
        return int(time.time() + self._ahead)

    def advance(self, seconds: float) -> int:
        """Let `seconds` pass at once and return the new time; time does not go back."""
        if seconds < 0:
            raise ValueError("the clock only goes forward: seconds must not be negative")
        self._ahead += seconds
        return self.now()
