"""Dispatch with a real inbox and the library's application: what is tried again, for how long, and what is given up."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from telegram import Update
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler

from bot import log
from bot.errors import Unreachable
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.store import inbox
from bot.store.db import Database
from bot.store.tables import inbox as rows
from bot.telegram import dispatch
from bot.telegram.dispatch import Dispatch
from bot.telegram.gateway import Gateway
from bot.telegram.turn import Turn, current
from handlers import failures
from handlers.context import Context
from tests.contract import arrivals
from tests.contract.stage import TOKEN

AnyApplication = Application[Any, Any, Any, Any, Any, Any]
Handle = Callable[[Turn], None]

ROW = inbox.Row(4242, 7, -1001, json.dumps({"update_id": 7}))


@pytest.fixture
async def application() -> AsyncIterator[AnyApplication]:
    """The library's application, for a bot of the sandbox."""
    async with Server(World(TOKEN)) as server:
        gateway = Gateway(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot")
        contexts = ContextTypes(context=Context)
        built = ApplicationBuilder().bot(gateway.bot).updater(None).job_queue(None).context_types(contexts).build()
        await gateway.start()
        await built.initialize()
        built.add_error_handler(failures.note)
        yield built
        await gateway.stop()


def dispatching(application: AnyApplication, database: Database, *handles: Handle) -> Dispatch:
    """A dispatch whose handlers call `handles` with the turn, each in a group of its own; five tries for a row."""
    for group, handle in enumerate(handles):
        application.add_handler(TypeHandler(Update, _handler(handle)), group=group)

    async def rescue(_turn: Turn) -> None:
        raise AssertionError("every update can be parsed")

    return Dispatch(application, database, rescue=rescue, committed=lambda: None, lanes=1, inflight=10, attempts=5)


def _handler(handle: Handle) -> Any:
    async def run(_update: Update, _context: Context) -> None:
        handle(current.get())

    return run


async def state(database: Database) -> tuple[int, int]:
    """The row's state and how many failures were counted."""
    async with database.read() as connection:
        row = (await connection.execute(select(rows.c.state, rows.c.attempts))).one()
    return row.state, row.attempts


async def put(database: Database) -> None:
    """Have the row in the inbox."""
    await database.write(lambda connection: arrivals.put(connection, 4242, {"update_id": 7}))


async def test_silence_is_waited_out(
    application: AnyApplication, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram's silence counts as no failure, however often it is met: the row is tried until it is done."""
    monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.0)
    tries: list[bool] = []

    def handle(turn: Turn) -> None:
        tries.append(turn.is_last_try)
        if len(tries) < 9:
            raise Unreachable("Bad Gateway")

    await put(database)
    await dispatching(application, database, handle)._handle(ROW)
    assert tries == [False] * 9
    assert await state(database) == (inbox.PENDING, 0)  # done rows are marked many at a time, by `run`


async def test_silence_ends_with_a_last_try(
    application: AnyApplication, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When Telegram was silent for too long there is one last try, known as such, and then the row is buried."""
    monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(dispatch, "SILENCE_SECONDS", 0.0)
    tries: list[bool] = []

    def handle(turn: Turn) -> None:
        tries.append(turn.is_last_try)
        raise Unreachable("Bad Gateway")

    await put(database)
    await dispatching(application, database, handle)._handle(ROW)
    assert tries == [False, True]
    assert await state(database) == (inbox.BURIED, 1)


async def test_other_failures_are_counted(
    application: AnyApplication, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure of the bot's own is tried five times, the fifth known as the last, and buried."""
    monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.0)
    tries: list[bool] = []

    def handle(turn: Turn) -> None:
        tries.append(turn.is_last_try)
        raise ValueError("a bug")

    await put(database)
    await dispatching(application, database, handle)._handle(ROW)
    assert tries == [False] * 4 + [True]
    assert await state(database) == (inbox.BURIED, 5)


async def test_after_a_failed_handler_no_other_is_called(
    application: AnyApplication, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handlers after one that failed are not reached: they could commit what the failed one owes."""
    monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.0)
    called: list[str] = []

    def fail(_turn: Turn) -> None:
        called.append("first")
        raise ValueError("a bug")

    await put(database)
    await dispatching(application, database, fail, lambda _turn: called.append("second"))._handle(ROW)
    assert called == ["first"] * 5


async def test_a_failed_turn_commits_nothing(database: Database) -> None:
    """A turn whose handler failed raises that error instead of committing."""
    await put(database)
    turn = Turn(database, ROW, {}, committed=lambda: None, error=Unreachable("Bad Gateway"))
    with pytest.raises(Unreachable):
        await turn.commit(lambda connection: inbox.finish(connection, 4242, [7]))
    assert await state(database) == (inbox.PENDING, 0)


async def test_every_line_of_the_log_names_its_update(
    application: AnyApplication,
    database: Database,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever logs while an update is handled, a library too, does so with the update's number; later nobody does."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back at the end, as is the next
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log.setup(format="json")
    try:
        await put(database)
        handle = lambda _turn: logging.getLogger("some.library").warning("odd")  # noqa: E731 - a name would only repeat it
        await dispatching(application, database, handle)._handle(ROW)
        logging.getLogger("some.library").warning("late")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["event"]: line.get("update_id") for line in lines} == {"odd": 7, "late": None}
