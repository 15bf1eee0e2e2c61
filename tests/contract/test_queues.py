"""The queues over a real database: poison, repetition, order, and what is left unsaid."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cases
from bot.calls import CARD, CHATTER
from bot.errors import StoreBusy
from bot.model import MessageRef
from bot.outcome import Call, Refused
from bot.sandbox.client import PATIENCE
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store import reports as filed
from bot.store.db import Database
from bot.store.schema import upgrade
from tests.contract import arrivals

BOT = 4242
GROUP, SUPERGROUP, LOG = -1, -1001, -1002


async def put(database: Database, *wanted: Call) -> None:
    """Queue calls."""
    await database.write(lambda connection: outbox.put(connection, wanted))


async def due(database: Database) -> list[outbox.Row]:
    """The calls that may be made now."""
    async with database.read() as connection:
        return await outbox.due(connection, 10)


async def fail(database: Database, row: outbox.Row) -> None:
    """Telegram refuses a call."""
    await database.write(lambda connection: outbox.finish(connection, row, error="not enough rights"))


@pytest.mark.parametrize(
    "body",
    [
        {"chat": {"id": 2**70}, "message_id": 1},
        {"chat": {"id": -5}, "message_id": 1, "text": "half a pair \ud83d"},
        {"chat": {"id": True}, "message_id": 2**80},
        {"chat": "nobody"},
    ],
)
async def test_whatever_telegram_sends_can_be_stored(database: Database, body: dict[str, Any]) -> None:
    """No number and no text of an update keeps it, or its neighbours, out of the inbox."""
    updates = [{"update_id": 1, "message": body}, {"update_id": 2, "message": {"chat": {"id": -5}}}]
    await database.write(lambda connection: arrivals.put(connection, BOT, *updates))
    async with database.read() as connection:
        rows = await arrivals.pending(connection, BOT)
    assert [json.loads(row.payload) for row in rows] == updates


async def test_a_removal_that_failed_is_tried_again_when_it_is_asked_for_again(database: Database) -> None:
    """Once the bot has the right to delete, asking again for what was refused makes the call."""
    delete = calls.delete(MessageRef(GROUP, 5))
    await put(database, delete)
    await fail(database, (await due(database))[0])
    assert await due(database) == []
    await put(database, delete)
    assert [row.key for row in await due(database)] == [delete.key]


async def test_what_was_not_removed_is_not_said_to_be(database: Database) -> None:
    """The group's notice waits for the removal, and goes unsaid when that is refused."""
    delete = calls.delete(MessageRef(GROUP, 5))
    notice = calls.say("notice:1", GROUP, "removed", rank=CHATTER, after=delete.key)
    await put(database, delete, notice)
    row = (await due(database))[0]
    await database.write(lambda connection: outbox.postpone(connection, row, time.time() + 60, "502"))
    assert await due(database) == []
    await fail(database, row)
    assert await due(database) == []
    async with database.read() as connection:
        assert await outbox.depth(connection) == (0, 2)


async def test_an_unban_does_not_overtake_the_ban(database: Database) -> None:
    """What came later with the same rank waits for a call that is postponed."""
    await put(database, calls.ban(GROUP, 7, "1", is_channel=False), calls.unban(GROUP, 7, "2", is_channel=False))
    ban = (await due(database))[0]
    await database.write(lambda connection: outbox.postpone(connection, ban, time.time() + 60, "502"))
    assert await due(database) == []


def test_a_length_counts_from_the_call() -> None:
    """A restriction that waited in the outbox lasts as long as it was meant to."""
    call = calls.mute(GROUP, 7, "1", seconds=3600)
    sent = calls.timed(call.args)
    assert abs(sent["until_date"] - time.time() - 3600) < 60
    assert calls.LASTS not in sent
    assert "until_date" not in calls.timed(calls.ban(GROUP, 7, "1", is_channel=False).args)


async def test_a_migration_forgets_the_old_numbers(database: Database) -> None:
    """After a migration no call and no case points to a message of the supergroup that has an old one's number."""

    async def write(connection: AsyncConnection) -> int:
        await chats.meet(connection, GROUP, type="group", log_chat_id=LOG)
        facts = {"chat_id": GROUP, "incident": "message:9", "kind": "match", "sender_kind": "user", "sender_id": 7}
        case, _ = await records.open_case(connection, **facts, message_id=9)
        await cases.enqueue(connection, case, "delete", calls.delete(MessageRef(GROUP, 9), case_id=case.id))
        await outbox.put(connection, [calls.say("words", GROUP, "hello", rank=CHATTER, reply_to=9)])
        row = (await outbox.due(connection, 1))[0]
        await cases.record(connection, row, Refused("the group became a supergroup", new_chat_id=SUPERGROUP))
        return case.id

    number = await database.write(write)
    waiting = await due(database)
    assert {row.chat_id for row in waiting} == {SUPERGROUP, LOG}
    assert all(row.method == "sendMessage" and "reply_parameters" not in row.args for row in waiting)
    async with database.read() as connection:
        case = await records.get(connection, number)
    assert case is not None
    assert (case.chat_id, case.message_id) == (SUPERGROUP, None)


async def test_a_card_that_the_log_chat_refuses_goes_elsewhere(database: Database) -> None:
    """Admins are told in the chat itself when the log chat does not take a card."""

    async def write(connection: AsyncConnection) -> None:
        await chats.meet(connection, SUPERGROUP, type="supergroup", log_chat_id=LOG)
        facts = {"chat_id": SUPERGROUP, "incident": "message:9", "kind": "match", "sender_kind": "user"}
        case, _ = await records.open_case(connection, **facts, sender_id=7)
        await cases.enqueue(connection, case, "notify", calls.say("card:1:0", LOG, "found", rank=CARD, case_id=case.id))
        row = (await outbox.due(connection, 1))[0]
        await outbox.finish(connection, row, error="bot was kicked")
        await cases.record(connection, row, Refused("bot was kicked"))

    await database.write(write)
    assert [(row.chat_id, row.args["text"]) for row in await due(database)] == [(SUPERGROUP, "found")]


async def test_a_report_that_ends_up_in_the_group_holds_nobodys_words(database: Database) -> None:
    """When the log chat does not take a report's card, the group sees the count and not what reporters wrote."""

    async def write(connection: AsyncConnection) -> None:
        await chats.meet(connection, SUPERGROUP, type="supergroup", title="The group", log_chat_id=LOG)
        facts = {"chat_id": SUPERGROUP, "incident": "message:9", "kind": "report", "sender_kind": "user"}
        case, _ = await records.open_case(connection, **facts, sender_id=7, sender_name="Poster", message_id=9)
        await filed.add(connection, case.id, 8, reason="my own words", language="en")
        card = calls.say("card:1:0", LOG, "Reported: my own words", rank=CARD, case_id=case.id)
        await cases.enqueue(connection, case, "notify", card)
        row = (await outbox.due(connection, 1))[0]
        await outbox.finish(connection, row, error="bot was kicked")
        await cases.record(connection, row, Refused("bot was kicked"))

    await database.write(write)
    (shown,) = await due(database)
    assert shown.chat_id == SUPERGROUP
    assert "Reported by 1 member" in shown.args["text"]
    assert "my own words" not in shown.args["text"]


async def test_many_writes_end_together_when_the_database_stays_locked(tmp_path: Path) -> None:
    """However many writes wait, all fail within the time that one is given, and later ones at once."""
    locked = Database(f"sqlite+aiosqlite:///{tmp_path / 'locked.db'}", busy_seconds=0.5)
    await upgrade(locked)
    await locked.start()
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("begin immediate")
    row = {"update_id": 1, "message": {"chat": {"id": 1}}}
    jobs = [locked.write(lambda connection: arrivals.put(connection, BOT, row)) for _ in range(200)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert {type(result) for result in results} == {StoreBusy}
    other.execute("rollback")
    other.close()
    await locked.stop()


async def test_a_stop_does_not_wait_for_a_locked_database(tmp_path: Path) -> None:
    """Told to stop while the database is locked, the writer gives up soon and says so: no minute of patience then."""
    locked = Database(f"sqlite+aiosqlite:///{tmp_path / 'locked.db'}", busy_seconds=3600)
    await upgrade(locked)
    await locked.start()
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("begin immediate")
    row = {"update_id": 1, "message": {"chat": {"id": 1}}}
    job = asyncio.create_task(locked.write(lambda connection: arrivals.put(connection, BOT, row)))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await locked.stop()
    with pytest.raises(StoreBusy):
        await job
    other.execute("rollback")
    other.close()
