"""Inbox rows to the handlers: done, tried again, or buried with their error. What handlers do is not known here."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update
from telegram.ext import Application

from bot import metrics
from bot.errors import StoreError, Unreachable
from bot.log import describe
from bot.store import inbox
from bot.store.db import Database
from bot.telegram.feed import Feed
from bot.telegram.lanes import Lanes
from bot.telegram.reading import read
from bot.telegram.turn import Turn, current

log = structlog.get_logger(__name__)

AnyApplication = Application[Any, Any, Any, Any, Any, Any]
Rescue = Callable[[Turn], Awaitable[None]]

DRAIN_SECONDS = 4.0
"""How long a stop waits for updates in hand; those left over are taken up again at the next start."""

PARTS = {inbox.QUICK: 8, inbox.MEDIA: 4, inbox.WORDS: 8}
"""Parts of the updates in memory that the lines have room for."""

MARKED = 500
"""Updates that one statement marks as done at most."""

LARGE = 1 << 18
"""Characters of an update from which it is read in a thread, so that the others go on."""

QUICK_SHARE = 4
"""Workers for what people ask, by those for the rest: they wait for Telegram's answers, which costs nothing."""

FIRST_PAUSE = 0.2
"""Seconds before an update is tried again; the double after each further failure."""

SLOWEST = 5.0
"""Seconds between tries of an update at most, when it failed by itself."""

SLOWEST_IN_SILENCE = 15.0
"""Seconds between tries at most while Telegram cannot be asked: one question each, which is no load."""

SILENCE_SECONDS = 10 * 60.0
"""How long an update waits for Telegram to answer: most outages and flood waits are shorter, and its chat waits too."""


@dataclass(slots=True)
class _Silence:
    """How long Telegram has been failing to answer what one update asks."""

    started: float = field(default_factory=time.monotonic)
    tries: int = 0

    @property
    def is_too_long(self) -> bool:
        """Whether the update has waited as long as it may."""
        return self.tries > 0 and time.monotonic() - self.started >= SILENCE_SECONDS

    def pause(self) -> float:
        """Count a try that Telegram did not answer; return the seconds until the next."""
        if self.tries == 0:
            self.started = time.monotonic()
        self.tries += 1
        return _pause(self.tries - 1, SLOWEST_IN_SILENCE)


class Unreadable(ValueError):
    """A payload that is no JSON object, or that only a part can be read of."""


class Dispatch:
    """Feeds the handlers from the inbox, a bounded number of rows at a time.

    Each line has workers of its own. Rows of a chat are handled in order but for posts with media: each of those is
    handled on its own, as soon as it has been scanned, and the next ones are scanned meanwhile.

    `rescue` scans the media of an update that the library cannot parse; `committed` is told after every commit.
    """

    def __init__(
        self,
        application: AnyApplication,
        database: Database,
        *,
        rescue: Rescue,
        committed: Callable[[], None],
        lanes: int,
        inflight: int,
        attempts: int,
    ) -> None:
        self._application = application
        self._database = database
        self._rescue = rescue
        self._committed = committed
        self._attempts = attempts
        self._lanes: dict[int, Lanes[inbox.Row]] = {line: Lanes(self._handle) for line in inbox.LINES}
        at_once = {inbox.QUICK: lanes * QUICK_SHARE, inbox.MEDIA: 2 * inflight, inbox.WORDS: lanes}
        self._slots = {line: asyncio.Semaphore(count) for line, count in at_once.items()}
        # Twice the room is the most that a feed takes, so the parts add up to what may be in memory. One chat's posts
        # may fill it: those that are to be searched wait there, and the known ones behind them need not.
        rooms = {line: max(1, inflight // part) for line, part in PARTS.items()}
        each = {line: room if line == inbox.MEDIA else max(1, room // 4) for line, room in rooms.items()}
        self._feeds = {
            line: Feed(database, line, room=room, each=each[line], put=self._put) for line, room in rooms.items()
        }
        self._at_work = 0
        self._idle = asyncio.Event()
        self._done: asyncio.Queue[inbox.Row] = asyncio.Queue()
        self._is_stopping = False

    def wake(self, lines: Iterable[int] = inbox.LINES) -> None:
        """Say that there may be new rows in the inbox, in which of its lines."""
        for line in lines:
            self._feeds[line].wake()

    async def run(self) -> None:
        """Work until cancelled."""
        bot_id = self._application.bot.id
        async with asyncio.TaskGroup() as group:
            for line in inbox.LINES:
                group.create_task(self._lanes[line].run(), name=f"dispatch-lanes-{line}")
                group.create_task(self._feeds[line].run(bot_id), name=f"dispatch-feed-{line}")
            group.create_task(self._mark_done(), name="dispatch-done")

    async def drain(self) -> None:
        """Take no more rows and wait for those that are being handled, up to `DRAIN_SECONDS`."""
        self._is_stopping = True
        self._idle.clear()
        if self._at_work or not self._done.empty():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._idle.wait()

    def _put(self, row: inbox.Row) -> None:
        """Queue a row behind those that it must not overtake."""
        self._lanes[row.line].put(row.update_id if row.line == inbox.MEDIA else row.chat_id, row)

    async def _handle(self, row: inbox.Row) -> None:
        """Handle a row; every line of the log meanwhile names its update."""
        with structlog.contextvars.bound_contextvars(update_id=row.update_id):
            await self._settle(row)

    async def _settle(self, row: inbox.Row) -> None:
        """Handle a row, again after a failure, until it is done or buried; its chat waits, so order is kept.

        That Telegram cannot be asked is no failure of the row's: it is waited out, and only then comes a last try.
        """
        silence = _Silence()
        while not self._is_stopping:
            is_over = silence.is_too_long
            try:
                async with self._working(row.line):
                    await self._attempt(row, is_last_try=is_over or row.attempts + 1 >= self._attempts)
            except StoreError:
                raise  # the database takes nothing more: the process stops, and the row is there at the next start
            except Exception as error:  # noqa: BLE001 - one bad update must not stop the others
                if isinstance(error, Unreachable) and not is_over:
                    await self._wait(row, error, silence)
                    continue
                if await self._fail(row, error, attempts=1 if is_over else self._attempts):
                    break
                await asyncio.sleep(_pause(row.attempts, SLOWEST))
                row = replace(row, attempts=row.attempts + 1)
            else:
                break

    @contextlib.asynccontextmanager
    async def _working(self, line: int) -> AsyncIterator[None]:
        """Hold one of a line's workers; a row that waits between its tries holds none."""
        async with self._slots[line]:
            self._at_work += 1
            try:
                yield
            finally:
                self._at_work -= 1
                self._rest()

    async def _wait(self, row: inbox.Row, error: Unreachable, silence: _Silence) -> None:
        log.warning("dispatch.unreachable", update_id=row.update_id, error=str(error))
        metrics.UPDATES.labels("failed").inc()
        await asyncio.sleep(silence.pause())

    async def _attempt(self, row: inbox.Row, *, is_last_try: bool) -> None:
        is_large = len(row.payload) >= LARGE
        value, wrong = await asyncio.to_thread(read, row.payload) if is_large else read(row.payload)
        raw = value if isinstance(value, dict) else {}
        turn = Turn(self._database, row, raw, is_last_try=is_last_try, committed=self._committed)
        current.set(turn)
        update = Unreadable(wrong or "no update") if wrong or not raw else self._parse(raw)
        if isinstance(update, Exception):
            await self._bury(turn, update)
        else:
            await self._process(turn, update)

    def _parse(self, raw: dict[str, Any]) -> Update | Exception:
        try:
            return Update.de_json(raw, self._application.bot)
        except Exception as error:  # noqa: BLE001 - whatever a malformed update makes the library raise
            return error

    async def _process(self, turn: Turn, update: Update) -> None:
        await self._application.process_update(update)
        if turn.error is not None and not turn.is_done:
            raise turn.error
        if turn.error is not None:  # what it changed is durable: there is nothing to try again
            log.warning("dispatch.failed_after", update_id=turn.row.update_id, error=describe(turn.error))
        await turn.finish()
        if turn.is_done:
            self._release(turn.row)
        else:
            self._done.put_nowait(turn.row)
        metrics.UPDATES.labels("handled").inc()

    async def _bury(self, turn: Turn, error: Exception) -> None:
        """Set an unparsable update aside, after its media were scanned all the same."""
        await self._rescue(turn)
        words = describe(error)

        async def bury(connection: AsyncConnection) -> None:
            await inbox.bury(connection, turn.row, words)

        turn.close = bury
        await turn.finish()
        log.warning("dispatch.buried", update_id=turn.row.update_id, error=type(error).__name__)
        metrics.UPDATES.labels("buried").inc()
        self._release(turn.row)

    async def _fail(self, row: inbox.Row, error: Exception, *, attempts: int) -> bool:
        """Count the failure; say whether it was the last of `attempts` and the row is buried now."""
        words = describe(error)

        async def fail(connection: AsyncConnection) -> bool:
            return await inbox.fail(connection, row, words, attempts=attempts)

        is_buried = await self._database.write(fail)
        log.warning("dispatch.failed", update_id=row.update_id, buried=is_buried, error=words)
        metrics.UPDATES.labels("buried" if is_buried else "failed").inc()
        if is_buried:
            self._release(row)
        return is_buried

    async def _mark_done(self) -> None:
        """Mark updates that changed nothing as done, many with one statement."""
        while True:
            batch = [await self._done.get()]
            while len(batch) < MARKED and not self._done.empty():
                batch.append(self._done.get_nowait())

            async def finish(connection: AsyncConnection, batch: list[inbox.Row] = batch) -> None:
                await inbox.finish(connection, batch[0].bot_id, [row.update_id for row in batch])

            await self._database.write(finish)
            for row in batch:
                self._release(row)
            self._rest()

    def _release(self, row: inbox.Row) -> None:
        self._feeds[row.line].release(row)

    def _rest(self) -> None:
        """Say so if nothing is being handled any more."""
        if not self._at_work and self._done.empty():
            self._idle.set()


def _pause(failures: int, slowest: float) -> float:
    """Return the seconds before the next try, after a number of failures before this one."""
    return float(min(FIRST_PAUSE * 2 ** min(failures, 16), slowest))
