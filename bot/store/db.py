"""The database engine: one writer that groups commits, readers beside it. No statement of the product lives here."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StoreBusy, StoreError
from bot.store import driver, upsert
from bot.store.tables import meta

T = TypeVar("T")
Write = Callable[[AsyncConnection], Awaitable[T]]

log = structlog.get_logger(__name__)

GROUP = 64
"""Writes that one commit takes in at most: bounds how long the first one waits for the last."""

BUSY_SECONDS = 30.0
"""How long a locked or full database is tried again before the process gives up; SQLite itself waits 2 s a try."""

STOP_SECONDS = 1.0
"""How long it is tried again once the process is told to stop, which is to take ten seconds in all."""

BUSY_MILLISECONDS = 2_000
"""How long SQLite itself waits for a lock at each try."""

FRESH_SECONDS = 5.0
"""Age up to which a commit proves that the database takes writes."""

PROOF_MILLISECONDS = 1_000
"""How long a proof waits for the lock: less than whoever asks for it."""


@dataclass(slots=True)
class _Job:
    work: Write[Any]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Database:
    """One database, SQLite in WAL mode with ``synchronous=FULL`` by default.

    All writes go through `write`: those that are waiting when the writer is free share one commit,
    which is what makes an fsync for each of them affordable. Reads see the last commit.
    """

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._url = make_url(url)
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._busy_seconds = busy_seconds
        self._gives_up_at = math.inf
        self._task: asyncio.Task[None] | None = None
        self._broken: StoreBusy | None = None
        self._written_at: float | None = None
        self._keep_private()
        self.writer = self._engine(write=True)
        self.readers = self._engine(write=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether the engine is SQLite."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The database file, or None for a server or a database in memory."""
        name = self._url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    async def start(self) -> None:
        """Start the writer; call after the schema is up to date."""
        self._task = asyncio.create_task(self._run(), name="store-writer")

    async def stop(self) -> None:
        """Finish the writes that are waiting, then close every connection.

        A locked database is waited for no longer than `STOP_SECONDS`; what is not written raises `StoreError`.
        """
        if self._task:
            self._gives_up_at = asyncio.get_running_loop().time() + STOP_SECONDS
            await self._jobs.join()
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self.writer.dispose()
        await self.readers.dispose()

    async def write(self, work: Write[T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        `work` may run more than once (its transaction is rolled back in between), so it touches nothing
        but the connection that it is given. Raises what `work` raises, or `StoreError`.
        """
        job = _Job(work)
        self._jobs.put_nowait(job)
        result: T = await asyncio.shield(job.done)
        return result

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that sees the last commit."""
        async with self.readers.connect() as connection:
            yield connection

    async def trouble(self) -> str | None:
        """Say in words why nothing can be written at the moment, or None; takes a second or two when it cannot.

        A commit of the last seconds is proof enough; else a row of no meaning is written, beside the writer, whose
        patience ends the process.
        """
        if self._broken is not None:
            return str(self._broken)
        now = asyncio.get_running_loop().time()
        if self._written_at is not None and now - self._written_at < FRESH_SECONDS:
            return None
        try:
            async with self.readers.connect() as connection:
                await self._prove(connection)
        except DBAPIError as error:
            return f"the database takes no writes: {error.orig}"
        return None

    async def _prove(self, connection: AsyncConnection) -> None:
        if self.is_sqlite:
            await connection.exec_driver_sql(f"pragma busy_timeout={PROOF_MILLISECONDS}")
        try:
            await upsert.put(connection, meta, {"key": "written", "value": str(time.time())})
            await connection.commit()
        finally:
            if self.is_sqlite:
                await connection.exec_driver_sql(f"pragma busy_timeout={BUSY_MILLISECONDS}")

    async def truncate_log(self) -> bool:
        """Empty the write-ahead log, in which erased rows still stand; say whether that could be done at once.

        Somebody who reads an older state is in the way for as long as that takes.
        """
        return self.path is None or await asyncio.to_thread(_truncate_log, self.path)

    async def _run(self) -> None:
        while True:
            batch = [await self._jobs.get()]
            while len(batch) < GROUP and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            try:
                await self._commit(batch)
            finally:
                for _ in batch:
                    self._jobs.task_done()

    async def _commit(self, batch: list[_Job]) -> None:
        """Commit all of `batch` together; when one of them fails, each on its own, so that only that one fails."""
        try:
            results = await self._attempt(batch)
        except StoreBusy as error:  # it will take the next ones no more than these: nobody waits for it again
            self._broken = error
            for job in batch:
                _settle(job, error=error)
            return
        except Exception as error:  # noqa: BLE001 - whatever a write raises belongs to its caller
            if len(batch) == 1:
                _settle(batch[0], error=error)
                return
            for job in batch:
                await self._commit([job])
            return
        for job, result in zip(batch, results, strict=True):
            _settle(job, result=result)

    async def _attempt(self, batch: list[_Job]) -> list[Any]:
        if self._broken is not None:
            raise self._broken
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._busy_seconds
        while True:
            try:
                async with self.writer.begin() as connection:
                    results = [await job.work(connection) for job in batch]
            except DBAPIError as error:
                if not _is_passing(error):
                    raise
                if loop.time() > min(deadline, self._gives_up_at):
                    raise StoreBusy(f"the database takes no writes: {error.orig}") from error
                log.warning("store.busy", error=str(error.orig))
                await asyncio.sleep(0.2)
            else:
                self._written_at = loop.time()
                return results

    def _keep_private(self) -> None:
        """Create the database file for its owner alone, or take it from others: hashes and reports are in it."""
        if (path := self.path) is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            for one in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
                if one.exists() and one.stat().st_mode & 0o077:
                    one.chmod(0o600)
        except OSError as error:
            raise StoreError(f"store.url: cannot open {path} for writing: {error.strerror}") from error

    def _engine(self, *, write: bool) -> AsyncEngine:
        # Parameters are hidden from errors: they are people's words, reporters and hashes.
        if not self.is_sqlite:
            return create_async_engine(self._url, pool_size=1 if write else 5, hide_parameters=True)
        opened = {"async_creator": partial(driver.connect, str(self.path))} if self.path and not self._url.query else {}
        engine = create_async_engine(self._url, pool_size=1 if write else 5, hide_parameters=True, **opened)
        event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
        begin = "BEGIN IMMEDIATE" if write else "BEGIN"
        event.listen(engine.sync_engine, "begin", lambda connection: _sqlite_begin(connection, begin))
        return engine


def _truncate_log(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
        try:
            is_busy = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
    return not is_busy


def _settle(job: _Job, *, result: Any = None, error: Exception | None = None) -> None:
    if job.done.cancelled():
        return
    if error is not None:
        job.done.set_exception(error)
    else:
        job.done.set_result(result)


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _sqlite_begin, not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=wal", "synchronous=full", f"busy_timeout={BUSY_MILLISECONDS}", "secure_delete=on"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


PASSING = ("database is locked", "database or disk is full", "database table is locked", "disk i/o error")


def _is_passing(error: DBAPIError) -> bool:
    """Whether waiting may help: another process writes, or somebody makes room on the disk."""
    return isinstance(error, OperationalError) and any(word in str(error.orig).lower() for word in PASSING)
