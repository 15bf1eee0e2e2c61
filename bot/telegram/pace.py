"""How often the bot may speak: Telegram's limits on messages, by chat and over all. Nothing is sent here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Limits

GROUP_SECONDS = 60.0
"""Telegram counts what is said in a group by the minute (core.telegram.org/bots/faq)."""

PRIVATE_SECONDS = 5.0
"""One message a second to a person, with short bursts allowed (the same page): so many together are let through."""


class Rate:
    """At most `count` in any `seconds`."""

    def __init__(self, count: int, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=count)

    def is_full(self, now: float) -> bool:
        """Whether one more would be too many."""
        return len(self._times) == self._times.maxlen and now - self._times[0] < self._seconds

    def is_idle(self, now: float) -> bool:
        """Whether nothing that was counted matters any more."""
        return not self._times or now - self._times[-1] >= self._seconds

    def take(self, now: float) -> None:
        """Count one."""
        self._times.append(now)


class Pace:
    """Counts words only: deletes, bans and restrictions are none of Telegram's messages and wait for no one.

    `clock` gives seconds that never go back.
    """

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._all = Rate(limits.words_per_second, 1.0)
        self._chats: dict[int, Rate] = {}

    @property
    def is_full(self) -> bool:
        """Whether nothing may be said anywhere for now."""
        return self._all.is_full(self._clock())

    def full(self) -> list[int]:
        """Return the chats in which nothing may be said for now."""
        now = self._clock()
        self._chats = {chat_id: rate for chat_id, rate in self._chats.items() if not rate.is_idle(now)}
        return [chat_id for chat_id, rate in self._chats.items() if rate.is_full(now)]

    def take(self, chat_id: int) -> bool:
        """Count one message for a chat; False, and nothing counted, when that would be too many."""
        now = self._clock()
        rate = self._chats.get(chat_id) or self._rate(chat_id)
        if self._all.is_full(now) or rate.is_full(now):
            return False
        self._all.take(now)
        rate.take(now)
        self._chats[chat_id] = rate
        return True

    def _rate(self, chat_id: int) -> Rate:
        if chat_id < 0:  # groups and channels have negative ids
            return Rate(self._limits.words_per_minute_in_groups, GROUP_SECONDS)
        return Rate(round(self._limits.words_per_second_in_private * PRIVATE_SECONDS), PRIVATE_SECONDS)
