"""The writer's thread and the connections' threads: what they run as, and that nobody waits for one that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.store.db import Database
from bot.store.driver import AHEAD, Connection

PATIENCE = 60


class Ended(BaseException):
    """What ends a thread that nobody guards."""


async def nothing(_connection: AsyncConnection) -> str:
    """A write that changes nothing."""
    return "done"


async def ending(_connection: AsyncConnection) -> None:
    """A write that no handler of errors expects."""
    raise Ended


async def bound(_connection: AsyncConnection) -> dict[str, Any]:
    """What each line of the log names while a write runs."""
    return structlog.contextvars.get_contextvars()


async def test_nobody_waits_for_a_writer_that_ended(database: Database) -> None:
    """When the writer's thread is ended by what nobody foresaw, all who write are told so, then and later."""
    async with asyncio.timeout(PATIENCE):
        jobs = [database.write(nothing), database.write(ending), database.write(nothing)]
        results: list[object] = list(await asyncio.gather(*jobs, return_exceptions=True))
        assert [type(result) for result in results] == [StoreError] * 3
        with pytest.raises(StoreError, match="Ended"):
            await database.write(nothing)
        assert "Ended" in str(await database.trouble())
        await database.stop()


async def test_a_closed_database_takes_nothing(database: Database) -> None:
    """A write after the stop is told so at once instead of waiting for ever; so is one that no start came for."""
    assert await database.write(nothing) == "done"
    await database.stop()
    unopened = Database(f"sqlite+aiosqlite:///{database.path}")
    waiting = asyncio.create_task(unopened.write(nothing))
    await asyncio.sleep(0)
    await unopened.stop()
    async with asyncio.timeout(PATIENCE):
        for late in (database.write(nothing), waiting, unopened.write(nothing)):
            with pytest.raises(StoreError, match="closed"):
                await late


async def test_a_stop_is_finished_however_often_it_is_cancelled(database: Database) -> None:
    """Who stops the database and loses patience with it is told only when nothing works on the file any more."""
    other = sqlite3.connect(database.path or "", isolation_level=None, timeout=0)
    other.execute("begin immediate")
    waiting = asyncio.create_task(database.write(nothing))
    stopping = asyncio.create_task(database.stop())
    for _ in range(3):
        await asyncio.sleep(0.01)
        stopping.cancel()
    other.execute("rollback")
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not any(thread.name == "store-writer" for thread in threading.enumerate())
    with contextlib.suppress(StoreError):  # on a slow machine: it is waited for a second
        assert await waiting == "done"


async def test_a_write_is_logged_as_its_askers(database: Database) -> None:
    """Writes that share a commit log each what was bound where it was asked for, such as its update."""

    async def ask(number: int) -> dict[str, Any]:
        with structlog.contextvars.bound_contextvars(update_id=number):
            return await database.write(bound)

    assert await asyncio.gather(*map(ask, range(5))) == [{"update_id": number} for number in range(5)]
    assert await database.write(bound) == {}


async def test_a_fetch_that_is_given_up_is_waited_for(tmp_path: Path) -> None:
    """A connection rolls back only when its thread is done with the rows that somebody stopped waiting for."""
    fetching, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(number: int) -> int:
        if number == AHEAD + 2:  # one comes ahead of those that are asked for
            loop.call_soon_threadsafe(fetching.set)
            may_end.wait(PATIENCE)
        return number

    connection = Connection(str(tmp_path / "rows.db"))
    await connection
    await connection.create_function("slow", 1, slow)
    connection.begin_reading()
    cursor = await connection.cursor()
    rows = "with recursive c(x) as (select 1 union all select x + 1 from c limit ?) select slow(x) from c"
    await cursor.execute(rows, [AHEAD + 3])
    job = asyncio.create_task(cursor.fetchall())
    await fetching.wait()
    job.cancel()
    rolling = asyncio.create_task(connection.rollback())
    await asyncio.wait([rolling], timeout=0.05)
    assert not rolling.done()
    may_end.set()
    await rolling
    assert not connection.in_transaction
    await connection.close()
