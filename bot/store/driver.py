"""SQLite's connections: aiosqlite's, with one trip to a thread for a statement or none. No statement lives here."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import Any

import aiosqlite
from aiosqlite.context import contextmanager

AHEAD = 256
"""Rows that come along with the statement itself: nearly every answer is shorter."""

CHUNK = 64
"""Rows that aiosqlite takes at a time when a cursor is iterated over; its own default."""

Rows = list[sqlite3.Row]
_Task = tuple[asyncio.Future[Any] | None, Callable[[], Any]]


class Cursor(aiosqlite.Cursor):
    """A cursor that brings its first rows along, and closes without a trip to the thread.

    A trip costs 0.1 ms and more while the event loop is busy, for the thread must first be given the interpreter and
    the loop come round to its answer; aiosqlite makes four for each query.
    """

    def __init__(self, connection: Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._opened = connection
        self._ahead: Rows = []
        self._has_more = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Cursor:
        """Execute a statement and fetch its first rows."""
        self._opened.asked += 1
        self._ahead = await self._execute(self._start, sql, parameters or ())  # type: ignore[no-untyped-call]  # its own
        self._has_more = len(self._ahead) == AHEAD
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Cursor:
        """Execute a statement for each of some parameters."""
        self._opened.asked += 1
        await self._execute(self._start_many, sql, parameters)  # type: ignore[no-untyped-call]  # its own
        return self

    async def fetchmany(self, size: int | None = None) -> Rows:
        """Fetch up to `size` rows."""
        wanted = self.arraysize if size is None else size
        rows, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        if len(rows) < wanted and self._has_more:
            rows += await self._more(self._cursor.fetchmany, wanted - len(rows))
        return rows

    async def fetchall(self) -> Rows:
        """Fetch all rows that are left."""
        rows, self._ahead = self._ahead, []
        return [*rows, *await self._more(self._cursor.fetchall)] if self._has_more else rows

    async def close(self) -> None:
        """Close the cursor; nothing of it runs in the thread by now."""
        self._cursor.close()

    async def _more(self, fetch: Callable[..., Rows], *size: int) -> Rows:
        """Fetch in the thread."""
        self._opened.asked += 1
        rows: Rows = await self._execute(self._fetched, fetch, *size)  # type: ignore[no-untyped-call]  # its own
        return rows

    def _fetched(self, fetch: Callable[..., Rows], *size: int) -> Rows:
        with self._opened.answering():
            return fetch(*size)

    def _start(self, sql: str, parameters: Any) -> Rows:
        with self._opened.answering():
            self._cursor.execute(sql, parameters)
            return self._cursor.fetchmany(AHEAD) if self._cursor.description else []

    def _start_many(self, sql: str, parameters: Any) -> None:
        with self._opened.answering():
            self._cursor.executemany(sql, parameters)


class Connection(aiosqlite.Connection):
    """A connection with such cursors, whose reading transactions begin and end without a trip of their own."""

    def __init__(self, path: str) -> None:
        super().__init__(partial(sqlite3.connect, path, check_same_thread=False), CHUNK)
        self._thread.daemon = True  # as SQLAlchemy does: a thread must not outlive the program
        self._is_due = self._is_reading = False
        self.asked = self._answered = 0

    def begin_reading(self) -> None:
        """Have a transaction begin with the next statement; nothing of it is seen any earlier."""
        self._is_due = True

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Answer a statement or fetch its rows, in the thread: first a transaction begins, if one is due."""
        try:
            if self._is_due:
                self._is_due, self._is_reading = False, True
                self._conn.execute("BEGIN")
            yield
        finally:
            self._answered += 1

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """Make a cursor; that takes no time."""
        return Cursor(self, self._conn.cursor())

    async def commit(self) -> None:
        """Commit, in the thread: it may wait for the disk."""
        self._is_due = self._is_reading = False
        await super().commit()

    async def rollback(self) -> None:
        """Roll back; what was only read, which takes no time, without a trip to the thread."""
        is_short = self._is_due or self._is_reading or not self._conn.in_transaction
        is_idle = self.asked == self._answered  # else who asked has gone, and the thread is still at it
        self._is_due = self._is_reading = False
        if not (is_short and is_idle):
            await super().rollback()
        elif self._conn.in_transaction:
            self._conn.rollback()


class Here(Connection):
    """A connection without a thread: for one that is a thread already, and may wait for the disk."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._tx = _AtOnce()  # type: ignore[assignment]  # all that is asked of a queue

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        """Connect; there is no thread to start."""
        return self._connect().__await__()


class _AtOnce:
    """A queue to nobody: what is put into it has been done when that returns."""

    def put_nowait(self, task: _Task) -> None:
        """Do `task`, and say in its future what came of it."""
        future, work = task
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whoever awaits the future gets it
            if future is not None:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


async def connect(path: str) -> aiosqlite.Connection:
    """Open a database file, for the event loop."""
    return await Connection(path)


async def connect_here(path: str) -> aiosqlite.Connection:
    """Open a database file, for a thread that does nothing else."""
    return await Here(path)
