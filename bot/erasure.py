"""People who asked to be forgotten: erased at once, and again until nothing of them is left. The store knows how."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from bot.store import erasure, expiry, traces
from bot.store.db import Database
from bot.store.erasure import Left, Request

BATCH = 500
"""Rows of a queue that are changed in one transaction."""

SOON, SELDOM, LATER = 0.5, 30.0, 3600.0
"""Seconds between rounds: while a queue holds something of somebody from the first to the second, and otherwise."""


class Eraser:
    """Works through the requests; each is kept until strikes, open cases and limits have let go of the person."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that somebody asked."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        pause = SOON
        while True:
            if self._wake.is_set():
                pause = SOON
                self._wake.clear()
            pause = LATER if await self.round() else min(2 * pause, SELDOM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def round(self) -> bool:
        """Erase everybody who asked as far as it can be done now; say whether the queues and the log hold no more."""
        async with self._database.read() as connection:
            requests = await erasure.requests(connection)
        erased = [request for request in requests if await self._erase(request)]
        over = [request for request in erased if not await self._left(request)]
        if over or any(request.names for request in erased):
            await self._clear_traces()
        for request in erased:
            await self._database.write(partial(erasure.forget_names, request=request))
        for request in over:
            await self._database.write(partial(erasure.close, request=request))
        is_emptied = not requests or await self._database.truncate_log()
        return len(erased) == len(requests) and is_emptied

    async def _erase(self, request: Request) -> bool:
        """Erase somebody; say whether nothing of theirs waits in a queue, which ends within moments."""
        while keys := await self._updates(request, waiting=False):
            await self._database.write(partial(erasure.empty_updates, keys=keys))
        while keys := await self._calls(request, waiting=False):
            await self._database.write(partial(erasure.drop_calls, keys=keys))
        await self._database.write(partial(erasure.erase, request=request))
        return not (await self._updates(request, waiting=True) or await self._calls(request, waiting=True))

    async def _left(self, request: Request) -> Left:
        async with self._database.read() as connection:
            return await erasure.left(connection, request.user_id, request.asked_at)

    async def _clear_traces(self) -> None:
        """Make the indexes anew in which numbers of those who were erased may stand, one at a time for others wait."""
        async with self._database.read() as connection:
            indexes = await traces.kept_in(connection, erasure.INDEXED, besides=erasure.INDEXES_BESIDES)
        for index in indexes:
            await self._database.write(partial(traces.remake, index=index))

    async def _updates(self, request: Request, *, waiting: bool) -> expiry.Keys:
        async with self._database.read() as connection:
            return await erasure.updates_about(connection, request, BATCH, waiting=waiting)

    async def _calls(self, request: Request, *, waiting: bool) -> expiry.Keys:
        async with self._database.read() as connection:
            return await erasure.calls_about(connection, request, BATCH, waiting=waiting)
