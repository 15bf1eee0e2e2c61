"""SQLite's connections: aiosqlite's, with one trip to their thread for each statement. No statement lives here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import partial
from typing import Any

import aiosqlite
from aiosqlite.context import contextmanager

AHEAD = 256
"""Rows that come along with the statement itself: nearly every answer is shorter."""

CHUNK = 64
"""Rows that aiosqlite takes at a time when a cursor is iterated over; its own default."""

Rows = list[sqlite3.Row]


class Cursor(aiosqlite.Cursor):
    """A cursor that brings its first rows along, and closes without a trip to the thread.

    A trip costs 0.1 ms and up to 5 ms more while the event loop is busy, for the thread must first be given the
    interpreter; aiosqlite makes four for each query.
    """

    def __init__(self, connection: aiosqlite.Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._ahead: Rows = []
        self._has_more = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Cursor:
        """Execute a statement and fetch its first rows."""
        self._ahead = await self._execute(self._start, sql, parameters or ())  # type: ignore[no-untyped-call]  # its own
        self._has_more = len(self._ahead) == AHEAD
        return self

    async def fetchmany(self, size: int | None = None) -> Rows:
        """Fetch up to `size` rows."""
        wanted = self.arraysize if size is None else size
        rows, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        if len(rows) < wanted and self._has_more:
            rows += await super().fetchmany(wanted - len(rows))
        return rows

    async def fetchall(self) -> Rows:
        """Fetch all rows that are left."""
        rows, self._ahead = self._ahead, []
        return [*rows, *await super().fetchall()] if self._has_more else rows

    async def close(self) -> None:
        """Close the cursor; nothing of it runs in the thread by now."""
        self._cursor.close()

    def _start(self, sql: str, parameters: Any) -> Rows:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchmany(AHEAD) if self._cursor.description else []


class Connection(aiosqlite.Connection):
    """A connection with such cursors."""

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """Make a cursor; that takes no time."""
        return Cursor(self, self._conn.cursor())


async def connect(path: str) -> aiosqlite.Connection:
    """Open a database file."""
    connection = Connection(partial(sqlite3.connect, path, check_same_thread=False), CHUNK)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does: a thread must not outlive the program
    return await connection
