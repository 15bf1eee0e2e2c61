"""Telegram's updates into the inbox: stored first, acknowledged after. What they mean is not known here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog

from bot import metrics
from bot.errors import Conflict, Unreachable
from bot.store import inbox
from bot.store.db import Database
from bot.telegram.gateway import Gateway
from bot.telegram.polling import MARGIN, Flooded, Hung, Poll, Raw, single
from bot.telegram.sorting import arrival

log = structlog.get_logger(__name__)

ALLOWED = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
]
"""Asked for explicitly at every start: Telegram remembers an earlier list, and its default leaves out chat_member."""

CONFLICTS = 3
"""Conflicts in a row after which another copy surely polls: one may be an earlier process's last poll."""

SLOWEST = 15.0
"""Seconds between tries when Telegram cannot be reached."""


class Intake:
    """The polling loop, and the way in for updates by webhook.

    `arrived` is called with the lines in which there are new rows.
    """

    def __init__(
        self,
        gateway: Gateway,
        poll: Poll,
        database: Database,
        *,
        poll_seconds: int,
        arrived: Callable[[set[int]], None],
    ) -> None:
        self._gateway = gateway
        self._poll = poll
        self._database = database
        self._poll_seconds = poll_seconds
        self._arrived = arrived
        self.last_poll = 0.0

    async def run(self) -> None:
        """Poll until cancelled. Raises `Conflict`, `BadToken` or `StoreError`: nothing unstored is acknowledged."""
        async with self._database.read() as connection:
            offset = await inbox.offset(connection, self._gateway.id)
        failures = conflicts = 0
        while True:
            try:
                if not self.last_poll:
                    await self._gateway.ask("deleteWebhook", {})  # Telegram answers no poll while one is set
                # The first poll does not wait for news: it shows at once whether Telegram answers.
                seconds = self._poll_seconds if self.last_poll else 0
                batch = await self._poll.updates(offset, seconds, ALLOWED)
            except Conflict:
                conflicts += 1
                if conflicts >= CONFLICTS:
                    raise
                await asyncio.sleep(1)
                continue
            except Unreachable as error:
                failures += 1
                await self._rest(error, failures)
                continue
            failures = conflicts = 0
            self.answered()
            if batch:
                offset = await self._take(batch, offset)

    async def receive(self, body: bytes) -> None:
        """Store the update that Telegram sent to the webhook; on disk when this returns. Raises `StoreError`."""
        await self._store([single(body.decode("utf-8", "replace"))], None)

    def answered(self) -> None:
        """Note that Telegram answers at this moment."""
        self.last_poll = time.time()
        metrics.LAST_POLL.set(self.last_poll)

    async def _rest(self, error: Unreachable, failures: int) -> None:
        """Say that a poll failed, and wait a moment; one that hung has taken its time."""
        if isinstance(error, Hung):
            metrics.POLLS_CUT.inc()
            log.warning("intake.hung", seconds=self._poll_seconds + MARGIN, failures=failures)
            return
        log.warning("intake.unreachable", error=str(error), failures=failures)
        patience = error.seconds if isinstance(error, Flooded) else 0.0
        await asyncio.sleep(max(patience, min(0.2 * 2 ** min(failures, 10), SLOWEST)))

    async def _take(self, batch: list[Raw], offset: int | None) -> int | None:
        """Store a batch together with the offset that acknowledges it, and return that."""
        numbers = [raw.value["update_id"] for raw in batch if _has_number(raw.value)]
        if not numbers:  # what cannot be acknowledged comes again at once
            await asyncio.sleep(1)
        offset = max(numbers) + 1 if numbers else offset
        await self._store(batch, offset)
        return offset

    async def _store(self, batch: list[Raw], offset: int | None) -> None:
        arrivals = [arrival(raw.value, raw.text) for raw in batch]
        await self._database.write(lambda connection: inbox.put(connection, self._gateway.id, arrivals, offset))
        metrics.UPDATES.labels("received").inc(len(arrivals))
        self._arrived({one.line for one in arrivals})


def _has_number(value: Any) -> bool:
    return isinstance(value, dict) and inbox.is_number(value.get("update_id"))
