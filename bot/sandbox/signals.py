"""Waking whoever waits for news, across threads and event loops; what the news is, is not known here."""

from __future__ import annotations

import asyncio
import threading


class Signal:
    """A bell: `ring` wakes everyone who is waiting in `wait`, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def ring(self) -> None:
        """Wake all who wait now."""
        with self._lock:
            waiters, self._waiters = self._waiters, []
        for loop, event in waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def listen(self) -> asyncio.Event:
        """An event that the next ring sets; take it before looking, so that no news is missed."""
        event = asyncio.Event()
        with self._lock:
            self._waiters.append((asyncio.get_running_loop(), event))
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Stop listening."""
        with self._lock:
            self._waiters = [waiter for waiter in self._waiters if waiter[1] is not event]

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait until `event` is set or `seconds` have gone by; whether it was set."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await event.wait()
        except TimeoutError:
            return False
        finally:
            self.forget(event)
        return True
