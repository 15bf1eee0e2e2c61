"""The last try of an update in the real machine: what its picture asks for is done, whatever else of it fails."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import structlog
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update
from telegram.ext import TypeHandler

from bot import curation
from bot.app import App
from bot.errors import Unreachable
from bot.model import ListKind
from bot.sandbox.client import photo
from bot.sandbox.samples import sample
from bot.settings import Media, Settings, Telegram, Web
from bot.store import inbox
from bot.store.tables import cases, outbox, strikes
from bot.store.tables import inbox as rows
from bot.telegram import dispatch
from handlers import TALK
from handlers.context import Context
from tests.contract import arrivals
from tests.contract.stage import TOKEN, Stage, staged

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Please use 'Bot"),  # what the gateway asks for is lost with the first test
]

LATE = TALK + 1
"""A group of handlers after all of the bot's own."""


@dataclass(slots=True)
class Failing:
    """A last handler that fails at every try, and notes whether it was the last and whether it was too late to fail."""

    error: Exception
    tries: list[tuple[bool, bool]] = field(default_factory=list)

    async def __call__(self, _update: Update, context: Context) -> None:
        """Fail."""
        self.tries.append((context.turn.is_last_try, context.turn.is_done))
        raise self.error


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    """A sandbox with a group."""
    async with staged() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """The machine with everything but its loops, one picture listed, and no pauses between tries."""
    telegram = Telegram(
        token=SecretStr(TOKEN), base_url=f"{stage.url}/bot", base_file_url=f"{stage.url}/file/bot", poll_seconds=0
    )
    app = App(
        Settings(
            data_dir=tmp_path_factory.mktemp("bot"),
            telegram=telegram,
            web=Web(listen="off"),
            media=Media(image_workers=1, image_seconds=60),
        )
    )
    with pytest.MonkeyPatch.context() as patch, structlog.testing.capture_logs():  # drawing a traceback takes seconds
        patch.setattr(dispatch, "FIRST_PAUSE", 0.0)
        async with _ready(app):
            yield app


@contextlib.asynccontextmanager
async def _ready(app: App) -> AsyncIterator[None]:
    async with app._ready():
        fingerprint = await app.decoders.fingerprint(sample("listed-1").data())

        async def block(connection: AsyncConnection) -> None:
            files = [("known", fingerprint)]
            await curation.list_files(connection, files, kind=ListKind.BLOCK, chat_id=None, by=11)

        await app.database.write(block)
        feed = asyncio.create_task(app.feed.run())
        await app.feed.ready.wait()
        yield
        feed.cancel()
        await asyncio.wait([feed])


async def posted(stage: Stage, app: App, caption: str | None = None) -> inbox.Row:
    """Somebody new posts the listed picture; the update in the inbox."""
    poster = (await stage.people.create_user("Poster"))["id"]
    await stage.people.add_member(stage.group, poster)
    await stage.people.post(poster, stage.group, caption, [photo(sample("listed-1").data())])
    update = (await stage.bot.updates())[-1]
    bot_id = app.gateway.id
    await app.database.write(lambda connection: arrivals.put(connection, bot_id, update))
    async with app.database.read() as connection:
        return (await arrivals.pending(connection, bot_id))[-1]


async def outcome(app: App, row: inbox.Row) -> tuple[int, int, int]:
    """The update's state, how many strikes its poster has, and how many calls wait that delete the post."""
    message = json.loads(row.payload)["message"]
    key = f"delete:{row.chat_id}:{message['message_id']}"
    struck = select(func.count()).select_from(strikes).where(strikes.c.sender_id == message["from"]["id"])
    deleting = select(func.count()).select_from(outbox).where(outbox.c.key == key)
    async with app.database.read() as connection:
        state = await connection.scalar(select(rows.c.state).where(rows.c.update_id == row.update_id))
        return (state or 0, await connection.scalar(struck) or 0, await connection.scalar(deleting) or 0)


async def fail_until_the_last(app: App, row: inbox.Row, error: Exception) -> list[Any]:
    """Have the update handled, with a handler that fails after all others; what it saw."""
    failing = Failing(error)
    handler = TypeHandler(Update, failing)
    app.application.add_handler(handler, group=LATE)
    await app.dispatch._handle(row)
    app.application.remove_handler(handler, group=LATE)
    return failing.tries


async def test_a_match_is_judged_at_the_last_try_though_something_else_fails(stage: Stage, app: App) -> None:
    """Four tries leave nothing behind; at the fifth the verdict is durable before the other thing fails again."""
    row = await posted(stage, app)
    tries = await fail_until_the_last(app, row, ValueError("a bug"))
    assert tries == [(False, False)] * 4 + [(True, True)]
    assert await outcome(app, row) == (inbox.DONE, 1, 1)


async def test_a_match_is_judged_though_telegram_stays_silent(
    stage: Stage, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When Telegram does not answer something else that the update asks, the one last try judges the picture."""
    monkeypatch.setattr(dispatch, "SILENCE_SECONDS", 0.0)
    row = await posted(stage, app)
    tries = await fail_until_the_last(app, row, Unreachable("Bad Gateway"))
    assert tries == [(False, False), (True, True)]
    assert await outcome(app, row) == (inbox.DONE, 1, 1)


async def test_a_match_stays_judged_when_a_later_part_fails(stage: Stage, app: App) -> None:
    """A command in the caption that was answered took the verdict along: what fails after it is not tried again."""
    row = await posted(stage, app, "/help me")
    assert await fail_until_the_last(app, row, ValueError("a bug")) == [(False, True)]
    assert await outcome(app, row) == (inbox.DONE, 1, 1)


async def test_a_fault_of_the_bots_own_is_not_clean(stage: Stage, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture at which scanning itself fails at every try is unscannable at the last, and the admins are told why."""

    async def fail(*_: object) -> None:
        raise KeyError("file_path")

    monkeypatch.setattr(app.gateway, "fetch", fail)
    monkeypatch.setattr(app.scanner, "_known", _unknown)
    row = await posted(stage, app)
    await app.dispatch._handle(row)
    number = json.loads(row.payload)["message"]["message_id"]
    query = select(cases.c.kind, cases.c.state, cases.c.reason).where(cases.c.message_id == number)
    async with app.database.read() as connection:
        assert [*map(tuple, await connection.execute(query))] == [("unscannable", "open", "fault")]
        told = await connection.scalars(select(outbox.c.args).where(outbox.c.method == "sendMessage"))
        assert any("I made a mistake while reading it" in args for args in told)
    assert (await outcome(app, row))[0] == inbox.DONE


async def _unknown(_ref: object) -> None:
    """Nothing is known of any file."""
