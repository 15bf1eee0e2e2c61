"""The running bot, watched at every commit: what an update changes becomes durable together with its end, or not."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event

from bot import app as bot_app
from bot.app import App
from bot.sandbox.client import PATIENCE, medium, photo
from bot.sandbox.samples import sample
from bot.settings import Settings, Telegram, Web
from tests.contract.stage import TOKEN, Stage, staged
from tests.crash.nursery import late_decoders

EFFECTS = ("audit", "cases", "case_actions", "strikes", "reports", "buttons", "chats", "people", "outbox")
"""Tables in which something new is what came of an update; how calls end is another transaction's business."""

Json = dict[str, Any]
State = tuple[frozenset[int], tuple[int, ...]]
"""The updates that are done or buried, and how many rows each table of `EFFECTS` has."""


@dataclass
class Watch:
    """A bot at work and the states of its database between commits."""

    stage: Stage
    path: Path
    states: list[State] = field(default_factory=list)
    ahead: list[tuple[int, int]] = field(default_factory=list)  # offsets beyond, or behind, what is in the inbox

    def look(self, *_: object) -> None:
        """Note the state of the database as it is on disk."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            acknowledged = connection.execute("select value from meta where key like 'offset:%'").fetchone()
            highest = connection.execute("select coalesce(max(update_id), 0) from inbox").fetchone()[0]
            done = connection.execute("select update_id from inbox where state<>0").fetchall()
            counts = [connection.execute(f"select count(*) from {table}").fetchone()[0] for table in EFFECTS]  # noqa: S608
        if acknowledged is not None and int(acknowledged[0]) != highest + 1:
            self.ahead.append((int(acknowledged[0]), highest))
        self.states.append((frozenset(number for (number,) in done), tuple(counts)))

    async def settle(self) -> None:
        """Wait until all updates are done and all calls made."""
        waiting = "select (select count(*) from inbox where state=0) + (select count(*) from outbox where state<2)"
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
                    left = connection.execute(waiting).fetchone()[0]
                if not left and not self.stage.world.pending():
                    return
                await asyncio.sleep(0.02)

    async def follow(self, happen: Callable[[], Awaitable[object]]) -> dict[str, int]:
        """Let something happen; return how many rows it added, all of them together with an update's end."""
        await self.settle()
        self.states.clear()
        self.look()
        await happen()
        await self.settle()
        self.look()
        for (done, before), (then_done, after) in zip(self.states, self.states[1:], strict=False):
            assert before == after or then_done > done, "something was committed before its update was done"
        first, last = self.states[0][1], self.states[-1][1]
        return {table: new - old for table, old, new in zip(EFFECTS, first, last, strict=True) if new > old}


@pytest.fixture
async def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    """A bot that runs in a group of its own."""
    monkeypatch.setattr(bot_app, "decoders", late_decoders)
    async with staged() as stage:
        await stage.people.start_bot(stage.owner)
        telegram = Telegram(
            token=SecretStr(TOKEN), base_url=f"{stage.url}/bot", base_file_url=f"{stage.url}/file/bot", poll_seconds=1
        )
        app = App(Settings(data_dir=tmp_path, telegram=telegram, web=Web(listen="off")))
        watch = Watch(stage, tmp_path / "haechi.db")
        stop, started = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(app.run(stop, started=started.set))
        done, _ = await asyncio.wait(
            [task, asyncio.create_task(started.wait())], return_when="FIRST_COMPLETED", timeout=PATIENCE
        )
        assert task not in done, task.exception()
        event.listen(app.database.writer.sync_engine, "commit", watch.look)
        yield watch
        stop.set()
        await task


async def test_what_an_update_changes_is_committed_with_its_end(watch: Watch) -> None:
    """Membership, command, warning, picture, report, button, poison and migration: each all together, or not at all."""
    stage, people, group = watch.stage, watch.stage.people, watch.stage.group
    canary = sample("canary")
    picture = medium(canary.kind, canary.data(), filename=canary.filename)

    other = stage.world.create_chat("Other", stage.owner, type_="group").id
    came = await watch.follow(lambda: people.add_bot(stage.owner, other, rights=True))
    assert {"chats", "audit"} <= set(came)

    came = await watch.follow(lambda: people.post(stage.owner, group, "/settings"))
    assert set(came) >= {"outbox"}
    came = await watch.follow(lambda: people.start_bot(stage.owner, f"settings_{group}"))
    assert set(came) >= {"outbox"}
    panel = next(one for one in reversed(await people.messages(stage.owner)) if "reply_markup" in one)
    choice = panel["reply_markup"]["inline_keyboard"][1][0]["callback_data"]
    came = await watch.follow(lambda: people.press(stage.owner, stage.owner, panel["message_id"], choice))
    assert {"audit", "outbox"} <= set(came)

    said = (await stage.say("rude"))["message_id"]
    came = await watch.follow(lambda: people.post(stage.owner, group, "/warn", reply_to=said))
    assert {"cases", "strikes", "case_actions", "audit", "outbox"} <= set(came)

    came = await watch.follow(lambda: people.post(stage.member, group, None, [picture]))
    assert {"cases", "case_actions", "outbox"} <= set(came)

    shown = (await people.post(stage.owner, group, None, [photo(sample("clean-1").data())]))[0]["message_id"]
    said = (await people.post_one(stage.member, group, "look"))["message_id"]
    assert shown
    came = await watch.follow(lambda: people.post(stage.owner, group, "/report", reply_to=said))
    assert {"cases", "reports"} <= set(came)

    poison = {"message": {**_raw(stage), **(await people.upload(picture))[0]}}
    came = await watch.follow(lambda: people.push_update(poison))
    assert {"cases", "outbox"} <= set(came)

    came = await watch.follow(lambda: people.migrate(other))
    assert isinstance(came, dict)
    assert watch.ahead == [], "an offset was committed without its updates, or they without it"


def _raw(stage: Stage) -> Json:
    """A message in which the library misses something."""
    chat = {"id": stage.group, "type": "supergroup", "title": "The group"}
    sender = {"id": stage.member, "is_bot": False, "first_name": "Min"}
    return {"message_id": 999_999, "date": "not a date", "chat": chat, "from": sender}
