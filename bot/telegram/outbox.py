"""Outbox rows to Telegram: deletes before bans before words, again until done. What to call is not decided here."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import InputFile

from bot import chart, metrics
from bot.calls import CARD, CHART, DELETE, RECEIPT, addressed, timed
from bot.errors import StoreError
from bot.log import describe
from bot.outcome import Done, Gone, Outcome, Refused, Wait
from bot.settings import Limits
from bot.store import outbox
from bot.store.db import Database
from bot.telegram.gateway import Gateway
from bot.telegram.pace import Pace

log = structlog.get_logger(__name__)

Record = Callable[[AsyncConnection, outbox.Row, Outcome], Awaitable[None]]

TRIES = 15
"""Tries after which a receipt or a notice that cannot be sent is given up."""

OLDEST = 48 * 3600.0
"""Seconds after which a removal is given up: Telegram lets no bot delete what is older."""

SLOWEST = 60.0
"""Seconds between tries at most."""


TOGETHER = 100
"""Messages that one deleteMessages takes (Bot API)."""

PATIENCE = 10.0
"""Seconds after which what waits for removals elsewhere to go first is made all the same, one call at a time."""

LOOK_SECONDS = 0.5
"""Time between looks at what is kept waiting."""

UNSENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Errors after which a call was surely not made: it never left this machine."""

EVERYWHERE = ("forbidden", "chat not found", "not enough rights", "chat_admin_required")
"""Words of a refusal that is about the chat; any other may be about one message of many."""


class Outbox:
    """Makes the calls that wait, `limits.outbox_lanes` at once: deletes before bans before words, in whichever chat.

    In a chat one call is made at a time, but a word on its way keeps no removal waiting. `record` writes down how a
    call ended, in the transaction that closes it.
    """

    def __init__(self, gateway: Gateway, database: Database, limits: Limits, *, record: Record) -> None:
        self._gateway = gateway
        self._database = database
        self._record = record
        self._lanes = limits.outbox_lanes
        self._pace = Pace(limits)
        self._in_hand: dict[int, outbox.Row] = {}
        self._looked = -math.inf  # when calls that are kept waiting were looked for
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be new calls."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                rows = await self._next()
                for row in rows:
                    self._empty.clear()
                    self._in_hand[row.id] = row
                    group.create_task(self._serve(row), name=f"outbox-{row.id}")
                if not rows or len(self._in_hand) >= self._lanes:  # else more may be due already
                    await self._rest()

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` until no call is in hand."""
        if self._in_hand:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._empty.wait()

    # --- what comes next ------------------------------------------------------------------------

    async def _next(self) -> list[outbox.Row]:
        """Choose the calls for the free lanes; of words no more than may be said now."""
        room = self._lanes - len(self._in_hand)
        if room <= 0:
            return []
        words = self._room_for_words()
        full = self._pace.full()
        below = CARD if words <= 0 or self._pace.is_full else outbox.EVERY
        busy = list(self._in_hand.values())  # taken before reading: what ends meanwhile is still open in what is read
        async with self._database.read() as connection:
            rows = await self._kept_waiting(connection, below, full)
            ceilings = _lowest((row.chat_id, _rank(row)) for row in (*busy, *rows))
            for chat_id in full:
                ceilings.setdefault(chat_id, CARD)
            rows += await outbox.due(connection, room - len(rows), ceilings=ceilings, below=below)
        chosen = []
        for row in rows:
            if row.rank >= CARD:
                if words <= 0 or not self._pace.take(row.chat_id):
                    continue
                words -= 1
            chosen.append(row)
        return chosen

    def _room_for_words(self) -> int:
        """Return how many more words may be on their way: some lanes are kept for removals and bans."""
        spoken = sum(row.rank >= CARD for row in self._in_hand.values())
        return max(1, self._lanes - self._lanes // 4) - spoken

    async def _kept_waiting(self, connection: AsyncConnection, below: int, full: list[int]) -> list[outbox.Row]:
        """Return a call that others have overtaken for too long, unless such a one is under way."""
        since, now = time.time() - PATIENCE, time.monotonic()
        if now - self._looked < LOOK_SECONDS or any(
            row.rank > DELETE and row.created_at < since for row in self._in_hand.values()
        ):
            return []
        self._looked = now
        ceilings = _lowest((row.chat_id, _rank(row)) for row in self._in_hand.values() if row.rank > DELETE)
        for chat_id in full:
            ceilings.setdefault(chat_id, CARD)
        row = await outbox.overdue(connection, since, ceilings=ceilings)
        return [row] if row is not None and row.rank < below else []

    async def _rest(self) -> None:
        """Sleep until there may be work: a new row, a free lane, or a chat whose pause is over."""
        # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes just as the wait is over.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._wake.wait()

    # --- making a call --------------------------------------------------------------------------

    async def _serve(self, row: outbox.Row) -> None:
        try:
            if row.rank == DELETE and row.method == "deleteMessage":
                await self._remove(row.chat_id)
            else:
                await self._make(row)
        finally:
            del self._in_hand[row.id]
            self._wake.set()
            if not self._in_hand:
                self._empty.set()

    async def _make(self, row: outbox.Row) -> None:
        if row.rank >= RECEIPT:
            await self._database.write(lambda connection: outbox.mark_sent(connection, row.id))
        args = addressed(await sendable(row), lambda: self._gateway.username)
        await self._end([row], await self._gateway.call(row.method, args))

    async def _remove(self, chat_id: int) -> None:
        """Delete the messages of a chat that wait together with one call.

        Telegram skips those that are gone, and refuses all for one that cannot be deleted: then each half is
        tried, down to single messages, so that every one gets its own answer.
        """
        async with self._database.read() as connection:
            parts = [await outbox.removals(connection, chat_id, TOGETHER)]
        while parts:
            rows = parts.pop()
            if not rows:  # they were withdrawn in the meantime
                return
            outcome = await self._delete(chat_id, rows)
            if len(rows) > 1 and _is_about_one(outcome):
                middle = len(rows) // 2
                parts += [rows[middle:], rows[:middle]]
                continue
            await self._end(rows, outcome)
            if isinstance(outcome, Wait) or (isinstance(outcome, Refused) and outcome.new_chat_id is not None):
                return  # what is left waits too, or has ended with the group

    async def _delete(self, chat_id: int, rows: list[outbox.Row]) -> Outcome:
        if len(rows) == 1:
            return await self._gateway.call(rows[0].method, rows[0].args)
        numbers = [row.args["message_id"] for row in rows]
        return await self._gateway.call("deleteMessages", {"chat_id": chat_id, "message_ids": numbers})

    async def _end(self, rows: list[outbox.Row], outcome: Outcome) -> None:
        """Write down how calls ended, all in one transaction."""
        pause = _pause(rows[0], outcome) if isinstance(outcome, Wait) else 0.0
        later = time.time() + pause  # the same for all, so that they stay together

        async def close(connection: AsyncConnection) -> None:
            for row in rows:
                await self._close(connection, row, outcome, later)

        try:
            await self._database.write(close)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one row that cannot be put on record must not stop the others
            words = describe(error)
            log.error("outbox.unrecorded", method=rows[0].method, rows=len(rows), error=words)  # noqa: TRY400 - no values
            await self._database.write(lambda connection: _give_up(connection, rows, outcome))
        for row in rows:
            metrics.ACTIONS.labels(row.method, type(outcome).__name__.lower()).inc()

    async def _close(self, connection: AsyncConnection, row: outbox.Row, outcome: Outcome, later: float) -> None:
        if isinstance(outcome, Wait) and self._is_worth(row):
            await self._wait(connection, row, outcome, later)
            return
        if isinstance(outcome, Refused) and outcome.new_chat_id is not None:
            await outbox.postpone(connection, row, later, outcome.reason)
        elif isinstance(outcome, Done | Gone):
            await outbox.finish(connection, row)
        else:
            await outbox.finish(connection, row, error=outcome.reason[:500])
            where = row.chat_id if row.chat_id < 0 else "private"  # a person's id would tell who reported something
            log.warning("outbox.failed", method=row.method, chat_id=where, reason=outcome.reason)
        await self._record(connection, row, outcome)

    @staticmethod
    def _is_worth(row: outbox.Row) -> bool:
        """Whether another try makes sense: for removals, bans and cards as long as Telegram would let them happen."""
        return (row.rank < RECEIPT and time.time() - row.created_at < OLDEST) or row.attempts + 1 < TRIES

    async def _wait(self, connection: AsyncConnection, row: outbox.Row, outcome: Wait, later: float) -> None:
        if row.rank >= RECEIPT and not outcome.is_flood and outcome.reason not in UNSENT:
            await outbox.finish(connection, row, error="no answer: it may or may not have been said")
            return
        if outcome.is_flood:
            await outbox.pause(connection, row.chat_id, _rank(row), later)
        await outbox.postpone(connection, row, later, outcome.reason)


async def _give_up(connection: AsyncConnection, rows: list[outbox.Row], outcome: Outcome) -> None:
    """Close calls whose cases could not be told how they ended."""
    error = None if isinstance(outcome, Done | Gone) else outcome.reason[:500]
    for row in rows:
        await outbox.finish(connection, row, error=error)


async def sendable(row: outbox.Row) -> dict[str, Any]:
    """Return a call's arguments as they are sent now, with the picture that is to be drawn."""
    args = timed(row.args)
    if CHART in args:
        drawn = await asyncio.to_thread(chart.draw, chart.of(args.pop(CHART)))
        args["photo"] = InputFile(drawn, filename=chart.FILENAME)
    return args


def _pause(row: outbox.Row, wait: Wait) -> float:
    """Return the seconds until the next try: what Telegram asks for, or longer after each failure."""
    if wait.is_flood:
        return wait.seconds + 0.1
    return min(0.2 * 2.0 ** min(row.attempts, 10), SLOWEST) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads the load


def _rank(row: outbox.Row) -> int:
    """Return the lowest rank that is held up with a call: words hold up all words, a removal everything."""
    return min(row.rank, CARD)


def _lowest(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest number of each chat."""
    found: dict[int, int] = {}
    for chat_id, rank in pairs:
        found[chat_id] = min(rank, found.get(chat_id, rank))
    return found


def _is_about_one(outcome: Outcome) -> bool:
    """Whether a refusal of many messages may be the fault of one of them."""
    if not isinstance(outcome, Refused | Gone):
        return False
    if isinstance(outcome, Refused) and outcome.new_chat_id is not None:
        return False
    return not any(words in outcome.reason.lower() for words in EVERYWHERE)
