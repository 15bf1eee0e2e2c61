"""Work in lanes: the items of one lane one after the other, all lanes at once. What the work is, is not known here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Runs `work` on items, never on two of one lane together.

    How many lanes work at once is up to `work`, which waits where it has to: a lane that waits costs next to nothing.
    """

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: dict[int, deque[T]] = {}
        self._group: asyncio.TaskGroup | None = None

    def put(self, lane: int, item: T) -> None:
        """Add an item at the end of its lane."""
        if lane in self._waiting:
            self._waiting[lane].append(item)
            return
        self._waiting[lane] = deque([item])
        if self._group is not None:
            self._group.create_task(self._serve(lane), name="lane")

    async def run(self) -> None:
        """Work until cancelled; an error that `work` lets through ends it."""
        async with asyncio.TaskGroup() as self._group:
            for lane in self._waiting:
                self._group.create_task(self._serve(lane), name="lane")
            await asyncio.Event().wait()

    async def _serve(self, lane: int) -> None:
        items = self._waiting[lane]
        while items:
            await self._work(items.popleft())
        del self._waiting[lane]
