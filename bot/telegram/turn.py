"""One update's turn: what handling it changes, committed together with “done”. What that is, is up to the handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.log import describe
from bot.store import inbox
from bot.store.db import Database, Write

log = structlog.get_logger(__name__)

T = TypeVar("T")

current: ContextVar[Turn] = ContextVar("turn")
"""The turn of the update that is being handled; a handler reaches it through its context."""


@dataclass(slots=True)
class Turn:
    """The unit of work of one update.

    Handlers `add` writes or `commit` one whose result they need at once; whatever was added is committed in the
    same transaction as the mark that the update is done, so a crash at any moment repeats all of it or nothing.
    """

    database: Database
    row: inbox.Row
    raw: dict[str, Any]
    committed: Callable[[], None]  # told after every commit: there may be calls to make
    is_last_try: bool = False
    error: Exception | None = None
    is_done: bool = False
    close: Write[Any] | None = None  # how the row is closed when it is not simply done
    _writes: list[Write[Any]] = field(default_factory=list)
    _after: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def add(self, write: Write[Any]) -> None:
        """Have `write` run when the turn is committed."""
        self._writes.append(write)

    def afterwards(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have `work` run once the turn is durable: for answers that may be lost, such as a button's toast."""
        self._after.append(work)

    async def commit(self, write: Write[T]) -> T:
        """Commit everything added so far, then `write`, together with “done”; return what `write` returns.

        Raises the error of a handler that failed before anything was committed: its part would be lost.
        """
        if self.error is not None and not self.is_done:
            raise self.error
        writes, self._writes = self._writes, []

        async def together(connection: AsyncConnection) -> T:
            for one in writes:
                await one(connection)
            result = await write(connection)
            await self._close(connection)
            return result

        result = await self.database.write(together)
        self.is_done = True
        self.committed()
        return result

    async def _close(self, connection: AsyncConnection) -> None:
        if self.close is not None:
            await self.close(connection)
        else:
            await inbox.finish(connection, self.row.bot_id, [self.row.update_id])

    async def finish(self) -> None:
        """Commit what is left, then do what was put off until afterwards."""
        if self._writes or self.close is not None:
            await self.commit(_nothing)
        for work in self._after:
            try:
                await work()
            except Exception as error:
                if not self.is_done:
                    raise
                log.warning(
                    "turn.afterwards", error=describe(error)
                )  # what it follows is durable: nothing to try again


async def _nothing(_connection: AsyncConnection) -> None:
    return None
