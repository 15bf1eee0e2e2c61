"""A purge on a real database: removals by hundreds in order with their progress, halved where Telegram refuses one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases
from bot.model import MessageRef
from bot.outcome import Done, Outcome, Refused
from bot.purge import MOST, Purge, start
from bot.store import outbox
from bot.store.db import Database
from tests.contract import casework as work

STATUS = MessageRef(work.CHAT, 5000)


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)


async def purge(database: Database, count: int, **facts: Any) -> None:
    """An admin purges so many messages; the update is handled twice, as after a crash."""
    values: dict[str, Any] = {"mark": "1:1", "by": (work.ADMIN, "Admin"), "progress": STATUS, **facts}
    for _ in range(2):
        await database.write(lambda c: start(c, Purge(work.CHAT, 10, 9 + count, **values)))


async def test_messages_go_by_hundreds_with_their_progress(database: Database) -> None:
    """Every message once, a hundred to a call, the progress rewritten in between, at most ten times, and at the end."""
    await purge(database, MOST)
    calls = await work.made(database, chat_id=work.CHAT)
    removals = [one.args["message_ids"] for one in calls if one.method == "deleteMessages"]
    assert [number for part in removals for number in part] == list(range(10, 10 + MOST))
    assert {len(part) for part in removals} == {100}
    texts = [one.args["text"] for one in calls if one.method == "editMessageText"]
    assert len(texts) == 10
    assert f"1000 of {MOST}" in texts[4]
    assert "Removed everything" in texts[-1]
    assert [one.method for one in calls][:3] == ["deleteMessages", "deleteMessages", "editMessageText"]


async def test_a_purge_is_on_record_and_in_the_log(database: Database) -> None:
    """The audit log and the log chat say who purged how much, once."""
    await purge(database, 30, progress=None)
    (line,) = await work.made(database, "sendMessage", work.LOG)
    assert "30 messages at most purged — Admin" in line.args["text"]
    assert ("moderation.purge", work.ADMIN, "30 messages") in await work.audited(database)
    assert await work.made(database, "editMessageText") == []


async def answer(database: Database, stubborn: set[int]) -> list[list[int]]:
    """Telegram answers every removal, refusing all for one of the `stubborn`; what it removed."""
    gone: list[list[int]] = []

    async def write(connection: AsyncConnection) -> int:
        rows = [row for row in await outbox.due(connection, 50) if row.method == "deleteMessages"]
        for row in rows:
            numbers = row.args["message_ids"]
            outcome: Outcome = Refused("Bad Request: message can't be deleted")
            if not stubborn & set(numbers):
                outcome = Done(result=True)
                gone.append(numbers)
            await outbox.finish(connection, row, error=getattr(outcome, "reason", None))
            await cases.record(connection, row, outcome)
        return len(rows)

    while await database.write(write):
        pass
    return gone


async def test_one_message_that_stays_keeps_no_other(database: Database) -> None:
    """Telegram refuses a hundred for one: all others go, by few calls more, and that something is left is said once."""
    await purge(database, 150, progress=None)
    gone = await answer(database, {42, 77})
    assert sorted(number for part in gone for number in part) == [n for n in range(10, 160) if n not in (42, 77)]
    assert len(gone) < 20
    (told,) = await work.made(database, "sendMessage", work.CHAT)
    assert "could not be removed" in told.args["text"]


async def test_a_purge_does_not_follow_a_group_that_grows(database: Database) -> None:
    """A supergroup numbers its messages anew: what was still to be removed stays."""
    await purge(database, 150, progress=None)
    await database.write(lambda c: outbox.retarget(c, work.CHAT, -1009))
    assert await answer(database, set()) == []
