"""The long poll of getUpdates: one at a time, the earlier one is told; the queue itself is in updates."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from bot.sandbox.updates import Update, Updates

LONGEST_POLL = 50  # seconds; the server's own limit
BRAKE_SECONDS, REPEAT_SECONDS, SHORTEST_POLL = 3.0, 0.5, 3
OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = "terminated by setWebhook request"
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


def conflict(words: str) -> Refusal:
    """A 409 in Telegram's words."""
    return Refusal(409, f"Conflict: {words}")


@dataclass(slots=True)
class Waiting:
    """A poll that waits for updates, until it is told why it must not."""

    words: str = ""


@dataclass(slots=True)
class Poller:
    """Who polls now, and how the last poll was. With `pacing`, a bot that asks the same again is slowed down."""

    updates: Updates
    pacing: bool = False
    waiting: Waiting | None = None
    is_closing: bool = False
    last_offset: int | None = None
    last_start: float = field(default=0.0)

    def abort(self, words: str) -> None:
        """End the poll that waits, with a conflict in these words."""
        if self.waiting is not None:
            self.waiting.words = words
            self.waiting = None
            self.updates.signal.ring()

    def close(self) -> None:
        """Let whoever polls go with what there is."""
        self.is_closing = True
        self.updates.signal.ring()

    async def poll(self, offset: int, limit: int, timeout: int) -> list[Update]:  # noqa: ASYNC109 - Telegram's own parameter
        """Up to `limit` updates from `offset` on, waiting `timeout` seconds for one; 409 when another poll comes."""
        limit, timeout = self._paced(offset, limit, timeout)
        news = self.updates.signal.listen()
        found = self.updates.take(offset, limit)
        if found or timeout <= 0 or self.is_closing:
            self.updates.signal.forget(news)
            return found
        self.abort(OTHER_POLL)
        mine = self.waiting = Waiting()
        try:
            return await self._wait(mine, news, max(offset, 0), limit, time.monotonic() + timeout)
        finally:
            self.updates.signal.forget(news)
            if self.waiting is mine:
                self.waiting = None

    async def _wait(self, mine: Waiting, news: asyncio.Event, offset: int, limit: int, end: float) -> list[Update]:
        while True:
            rung = await self.updates.signal.wait(news, end - time.monotonic())
            if mine.words:
                raise conflict(mine.words)
            news = self.updates.signal.listen()
            found = self.updates.take(offset, limit)
            if found or not rung or self.is_closing:
                self.updates.signal.forget(news)
                return found

    def _paced(self, offset: int, limit: int, timeout: int) -> tuple[int, int]:
        now, same = time.monotonic(), offset == self.last_offset
        if self.pacing and same and timeout < SHORTEST_POLL and now < self.last_start + BRAKE_SECONDS:
            timeout = SHORTEST_POLL
        if self.pacing and same and now < self.last_start + REPEAT_SECONDS:
            limit = 1
        self.last_offset, self.last_start = offset, now
        return limit, timeout
