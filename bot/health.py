"""How the bot is doing: database, queues, lists, last poll, decoders. Facts only; the health card is in `handlers`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from bot import metrics
from bot.errors import StoreError
from bot.store import entries, inbox, outbox

if TYPE_CHECKING:
    from bot.lists.sync import ListFeed
    from bot.media.decoder import Decoders
    from bot.model import HashList
    from bot.store.db import Database
    from bot.telegram.gateway import Gateway
    from bot.telegram.intake import Intake

STALE_SECONDS = 120
"""Time without a successful poll after which the bot does not count as ready: two long polls and their retries."""


@dataclass(frozen=True, slots=True)
class State:
    """A moment's facts. Ages in seconds; `store_trouble` says why the database takes no writes, None when it does.

    A list's size is how many of its entries are in force: none before all are loaded.
    """

    inbox: inbox.Depth
    outbox_waiting: int
    outbox_failed: int
    poll_age: float | None
    lists: tuple[HashList, ...]
    lists_ready: bool
    decoder_level: str
    outbox_oldest: float = 0.0
    decoders: int = 1
    store_trouble: str | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Why posts are not being judged, in words; nothing when they are."""
        return tuple(self._problems())

    @property
    def is_ready(self) -> bool:
        """Whether posts are being judged."""
        return not self.problems

    def _problems(self) -> Iterator[str]:
        if self.store_trouble is not None:
            yield self.store_trouble
        if not self.lists_ready:
            yield "the lists are still being loaded"
        if self.poll_age is None:
            yield "Telegram has not answered a poll yet"
        elif self.poll_age >= STALE_SECONDS:
            yield f"Telegram has not answered a poll for {self.poll_age:.0f} s"
        if not self.decoders:
            yield "no decoder process lives"


class Health:
    """Measures the running bot."""

    def __init__(
        self, *, database: Database, gateway: Gateway, intake: Intake, feed: ListFeed, decoders: Decoders
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._intake = intake
        self._feed = feed
        self._decoders = decoders

    async def state(self) -> State:
        """Return the facts of this moment, and set the gauges by them. Raises `StoreError` when nothing can be read."""
        try:
            async with self._database.read() as connection:
                depth = await inbox.depth(connection, self._gateway.id)
                waiting, failed = await outbox.depth(connection)
                oldest = await outbox.oldest(connection)
                lists = await entries.bare_lists(connection)
        except DBAPIError as error:
            metrics.READY.set(0)
            raise StoreError(f"the database cannot be read: {error.orig}") from error
        polled, sizes = self._intake.last_poll, await self._feed.sizes()
        state = State(
            inbox=depth,
            outbox_waiting=waiting,
            outbox_failed=failed,
            poll_age=time.time() - polled if polled else None,
            lists=tuple(replace(one, size=sizes.get(one.id, 0)) for one in lists),
            lists_ready=self._feed.ready.is_set(),
            decoder_level=self._decoders.level,
            outbox_oldest=oldest,
            decoders=self._decoders.living,
            store_trouble=await self._database.trouble(),
        )
        _show(state)
        metrics.DECODER_MEMORY.set(sum(_resident(self._decoders.pids)))
        return state


def _show(state: State) -> None:
    """Set the gauges."""
    metrics.READY.set(state.is_ready)
    metrics.INBOX_DEPTH.set(state.inbox.waiting)
    metrics.INBOX_OLDEST.set(state.inbox.oldest_seconds)
    metrics.INBOX_BURIED.set(state.inbox.buried)
    metrics.OUTBOX_DEPTH.set(state.outbox_waiting)
    metrics.OUTBOX_OLDEST.set(state.outbox_oldest)
    metrics.OUTBOX_FAILED.set(state.outbox_failed)
    metrics.DECODERS.set(state.decoders)
    now = time.time()
    metrics.list_ages({one.id: now - one.updated_at.timestamp() for one in state.lists if one.chat_id is None})


def _resident(pids: Iterable[int]) -> Iterator[int]:
    """The resident memory of each process that is still there, in bytes."""
    for pid in pids:
        with contextlib.suppress(OSError):
            pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
            yield int(pages) * os.sysconf("SC_PAGE_SIZE")
