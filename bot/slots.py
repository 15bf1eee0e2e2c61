"""A few pieces of work at once, in turn by who wants them. What the work is, is not known here."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator


class Slots:
    """`count` slots. Who waits is let in by turns of `whom`, so that one who wants many does not delay the others."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @contextlib.asynccontextmanager
    async def hold(self, whom: int) -> AsyncIterator[None]:
        """Have a slot while the context is open."""
        await self._enter(whom)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, whom: int) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whom, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        """Give the slot to the next in turn, or keep it free."""
        while self._waiting:
            whom, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[whom] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
