"""The database engine: one writer that groups commits, readers beside it. No statement of the product lives here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import ConfigError, StoreError
from bot.store import driver, upsert
from bot.store.tables import meta
from bot.store.writer import Write, Writer

__all__ = ["Database", "Write"]

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a locked or full database is tried again before the process gives up; SQLite itself waits 2 s a try."""

BUSY_MILLISECONDS = 2_000
"""How long SQLite itself waits for a lock at each try."""

FRESH_SECONDS = 5.0
"""Age up to which a commit proves that the database takes writes."""

PROOF_MILLISECONDS = 1_000
"""How long a proof waits for the lock: less than whoever asks for it."""

NO_DRIVER = (
    "store.url: PostgreSQL needs the driver asyncpg, which is not shipped: "
    "expected sqlite+aiosqlite:///PATH, or nothing"
)


class Database:
    """One database: SQLite in WAL mode with ``synchronous=FULL``.

    The statements are written for PostgreSQL too, but its driver is not shipped and nothing is tested with it yet.

    All writes go through `write`: those that are waiting when the writer is free share one commit,
    which is what makes an fsync for each of them affordable. Reads see the last commit.
    The writer works in a thread, so that it waits for nothing that goes on in the event loop.
    """

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._url = make_url(url)
        self._keep_private()
        self.writer = self._engine(write=True)
        self.readers = self._engine(write=False)
        self._writes = Writer(self.writer, busy_seconds)

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
        if not self.is_sqlite:
            await self.writer.dispose()  # a server's connections stay with the event loop that opened them
        self._writes.start()

    async def stop(self) -> None:
        """Finish the writes that are waiting, then close every connection.

        A locked database is waited for no longer than a second; what is not written raises `StoreError`. Whoever
        cancels this, however often, waits all the same: while the writer is at it the file is nobody else's.
        """
        stopping, cancelled = asyncio.create_task(self._stop(), name="store-stop"), None
        while not stopping.done():
            try:
                await asyncio.wait([stopping])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        stopping.result()

    async def _stop(self) -> None:
        await self._writes.stop()
        await self.readers.dispose()

    async def write(self, work: Write[T]) -> T:
        """Run `work` in a transaction and return its result once it is durable.

        `work` runs in another thread, and may run more than once (its transaction is rolled back in between), so it
        touches nothing but the connection that it is given. Raises what `work` raises, or `StoreError`.
        """
        return await self._writes.write(work)

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
        if self._writes.broken is not None:
            return str(self._writes.broken)
        written_at = self._writes.written_at
        if written_at is not None and time.monotonic() - written_at < FRESH_SECONDS:
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
            return self._server(pool_size=1 if write else 5)
        is_ours = self.path is not None and not self._url.query
        connect = partial(driver.connect_here if write else driver.connect, str(self.path))
        opened = {"async_creator": connect} if is_ours else {}
        engine = create_async_engine(self._url, pool_size=1 if write else 5, hide_parameters=True, **opened)
        event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
        begin = _begin_writing if write else _begin_reading if is_ours else _begin
        event.listen(engine.sync_engine, "begin", begin)
        return engine

    def _server(self, *, pool_size: int) -> AsyncEngine:
        try:
            return create_async_engine(self._url, pool_size=pool_size, hide_parameters=True)
        except ModuleNotFoundError as error:
            raise ConfigError(NO_DRIVER) from error


def _truncate_log(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
        try:
            is_busy = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
    return not is_busy


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=wal", "synchronous=full", f"busy_timeout={BUSY_MILLISECONDS}", "secure_delete=on"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_reading(connection: Connection) -> None:
    opened: Any = connection.connection.driver_connection
    opened.begin_reading()


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
