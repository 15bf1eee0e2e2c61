"""The one writer: a thread that takes what waits and commits it together. No statement of the product lives here."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreBusy, StoreError

T = TypeVar("T")
Write = Callable[[AsyncConnection], Awaitable[T]]

log = structlog.get_logger(__name__)

GROUP = 64
"""Writes that one commit takes in at most: bounds how long the first one waits for the last."""

STOP_SECONDS = 1.0
"""How long it is tried again once the process is told to stop, which is to take ten seconds in all."""

CLOSED = "the database is closed"

PASSING = ("database is locked", "database or disk is full", "database table is locked", "disk i/o error")


@dataclass(slots=True)
class _Job:
    work: Write[Any]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    context: Context = field(default_factory=copy_context)  # of whoever asks: what lines of the log name


class Writer:
    """Runs writes in a thread and an event loop of its own, so that a statement waits for nothing but the database.

    Writes that wait when the last commit is done share the next one. A locked or full database is tried again for
    `busy_seconds`.
    """

    def __init__(self, engine: AsyncEngine, busy_seconds: float) -> None:
        self._engine = engine
        self._busy_seconds = busy_seconds
        self._gives_up_at = math.inf
        self._waiting: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._fresh: list[_Job] = []
        self._thread: Thread | None = None
        self._in_hand: list[_Job] = []
        self._is_closed = False
        self._is_last = False  # the thread's: what it takes last, it has taken
        self.broken: StoreError | None = None
        self.written_at: float | None = None

    def start(self) -> None:
        """Start the thread."""
        self._is_closed = self._is_last = False
        self._thread = Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finish the writes that wait, and close the connection; a locked database is waited for `STOP_SECONDS`."""
        self._gives_up_at = time.monotonic() + STOP_SECONDS
        self._hand_over()
        if not self._is_closed:
            self._is_closed = True
            self._waiting.put(None)
        if self._thread is None:
            self._refuse(StoreError(CLOSED))
            await self._engine.dispose()
            return
        await asyncio.to_thread(self._thread.join)
        self._thread = None

    async def write(self, work: Write[T]) -> T:
        """Run `work` in a transaction and return its result once it is durable. Raises `StoreError` after the stop."""
        if self._is_closed:
            raise self.broken or StoreError(CLOSED)
        job = _Job(work)
        if not self._fresh:  # all that is asked for in one turn of the loop goes over together
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._fresh.append(job)
        result: T = await asyncio.shield(job.done)
        return result

    def _hand_over(self) -> None:
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._waiting.put(fresh)

    # --- in the thread --------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._work(runner)
        except BaseException as error:  # noqa: BLE001 - else all who write would wait for ever
            log.error("store.ended", error=type(error).__name__)  # noqa: TRY400 - its words may be people's
            self.broken = StoreError(f"the database takes no writes: its writer ended by {type(error).__name__}")
            _settle(self._in_hand, error=self.broken)
            self._refuse(self.broken)

    def _work(self, runner: asyncio.Runner) -> None:
        try:
            while jobs := self._next():
                self._in_hand = jobs
                for first in range(0, len(jobs), GROUP):
                    runner.run(self._commit(jobs[first : first + GROUP]))
        finally:
            runner.run(self._engine.dispose())

    def _next(self) -> list[_Job]:
        """All that waits, about as much as one commit takes; once nothing comes any more, nothing."""
        jobs: list[_Job] = []
        while not self._is_last and len(jobs) < GROUP:
            try:
                more = self._waiting.get(block=not jobs)
            except Empty:
                break
            self._is_last = more is None
            jobs += more or []
        return jobs

    def _refuse(self, error: StoreError) -> None:
        """Tell all who write why nothing will come of it, until the stop."""
        while jobs := self._next():
            _settle(jobs, error=error)

    async def _commit(self, batch: list[_Job]) -> None:
        """Commit all of `batch` together; when one of them fails, each on its own, so that only that one fails."""
        try:
            results = await self._attempt(batch)
        except StoreBusy as error:  # it will take the next ones no more than these: nobody waits for it again
            self.broken = error
            _settle(batch, error=error)
        except Exception as error:  # noqa: BLE001 - whatever a write raises belongs to its caller
            if len(batch) == 1:
                _settle(batch, error=error)
                return
            for job in batch:
                await self._commit([job])
        else:
            _settle(batch, results)

    async def _attempt(self, batch: list[_Job]) -> list[Any]:
        if self.broken is not None:
            raise self.broken
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                async with self._engine.begin() as connection:
                    results = [await _run(job, connection) for job in batch]
            except DBAPIError as error:
                if not _is_passing(error):
                    raise
                if time.monotonic() > min(deadline, self._gives_up_at):
                    raise StoreBusy(f"the database takes no writes: {error.orig}") from error
                log.warning("store.busy", error=str(error.orig))
                await asyncio.sleep(0.2)
            else:
                self.written_at = time.monotonic()
                return results


async def _run(job: _Job, connection: AsyncConnection) -> Any:
    """What the work of a job returns, with the context variables of whoever asks for it."""

    async def run() -> Any:
        return await job.work(connection)

    return await asyncio.create_task(run(), context=job.context)


def _settle(batch: list[_Job], results: list[Any] | None = None, *, error: Exception | None = None) -> None:
    """Tell those who wait, in their event loop, what came of their writes."""
    with contextlib.suppress(RuntimeError, IndexError):  # a loop that is closed, or no batch: nobody waits
        batch[0].done.get_loop().call_soon_threadsafe(_answer, batch, results, error)


def _answer(batch: list[_Job], results: list[Any] | None, error: Exception | None) -> None:
    for number, job in enumerate(batch):
        if job.done.done():  # given up, or settled before the thread ended
            continue
        if results is None:
            job.done.set_exception(error or StoreBusy("no answer"))
        else:
            job.done.set_result(results[number])


def _is_passing(error: DBAPIError) -> bool:
    """Whether waiting may help: another process writes, or somebody makes room on the disk."""
    return isinstance(error, OperationalError) and any(word in str(error.orig).lower() for word in PASSING)
