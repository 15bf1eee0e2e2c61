"""A log's topic that is gone, on a real database: what was on its way goes to the chat, once, and is found there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cards, cases, chatsettings, endings, periods, raids, summary
from bot.model import Verdict, VerdictKind
from bot.moderation import Deed
from bot.outcome import Done, Outcome, Refused
from bot.policy import Standing
from bot.store import chats, counts, outbox
from bot.store.db import Database
from bot.store.tables import raid_lines
from bot.store.tables import raids as raid_rows
from tests.contract import casework as work
from tests.contract import hearings as hear

OWNER, TOPIC, OTHER = 71, 44, -1003
GONE = "Bad Request: message thread not found"
UNSEEN = Verdict(VerdictKind.UNSCANNABLE, reasons=("damaged",))
MONDAY = datetime(2026, 11, 30, 6, 5, tzinfo=UTC).timestamp()

Place = Callable[[Database], Awaitable[int | None]]


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await hear.furnish(database, owner_id=OWNER, added_at=1.0, unscannable="hold")
    await database.write(lambda c: chats.greet(c, OWNER, name="Owner", language="en", reachable=True))
    await database.write(lambda c: chatsettings.tune(c, work.CHAT, by=1, log_thread_id=TOPIC))
    other = {"title": "L'autre", "log_chat_id": work.LOG, "language": "fr", "owner_id": OWNER}
    await database.write(lambda c: chats.meet(c, OTHER, bot_status="administrator", **other))
    await database.write(lambda c: chatsettings.tune(c, OTHER, by=1, log_thread_id=45))


async def send(database: Database, *, is_slow: bool = False) -> None:
    """Telegram takes every call that waits, but nothing in the topic; with `is_slow` the log chat has no turn after."""

    async def write(connection: AsyncConnection) -> None:
        while rows := await outbox.due(connection, 50, ceilings={}, below=outbox.EVERY):
            for row in rows:
                is_there = row.args.get("message_thread_id") == TOPIC
                if is_slow and row.chat_id == work.LOG and not is_there:
                    return
                outcome: Outcome = Refused(GONE) if is_there else Done({"message_id": 1000 + row.id})
                await outbox.finish(connection, row, error=GONE if is_there else None)
                await endings.record(connection, row, outcome)

    await database.write(write)


async def _judge(database: Database, number: int) -> None:
    await database.write(lambda c: cases.judge(c, work.post(number), UNSEEN, Standing.MEMBER))


async def card(database: Database) -> int | None:
    """A post that cannot be checked is held."""
    await _judge(database, 9)
    await send(database)
    return cards.card_of(await work.button_of(database, 1)).message_id


async def appeal(database: Database) -> int | None:
    """Somebody appeals against a warning."""
    number = await hear.ordered(database, Deed.WARN)
    await hear.answered(database, only=work.POSTER)
    await hear.filed(database, number)
    await send(database)
    return (await hear.appeal_of(database, number)).card_message_id


async def raid(database: Database) -> int | None:
    """More posts are held than have cards of their own."""
    for number in range(10, 10 + raids.LOUD + 2):
        await _judge(database, number)
    await send(database)
    async with database.read() as connection:
        return await connection.scalar(select(raid_lines.c.message_id).where(raid_lines.c.chat_id == work.LOG))


async def weekly(database: Database) -> int | None:
    """A week's summary is due; it is never changed."""
    await database.write(lambda c: counts.add(c, work.CHAT, "clean", number=3, day=periods.day_of(MONDAY) - 1))
    await summary.send_due(database, 6, MONDAY)
    await send(database)
    return 0


@pytest.mark.parametrize("make", [card, appeal, raid, weekly])
async def test_what_a_topic_did_not_take_is_said_once_and_found(database: Database, make: Place) -> None:
    """In the log chat itself, where it is changed later; the admins hear there once, in words, that it moved."""
    assert await make(database) is not None
    there = [one.args for one in await work.made(database, chat_id=work.LOG) if one.method.startswith("send")]
    words = [one.get("caption") or one["text"] for one in there]
    refused = [text for one, text in zip(there, words, strict=True) if "message_thread_id" in one]
    again = [text for one, text in zip(there, words, strict=True) if "message_thread_id" not in one]
    told = [text for text in again if "is gone or closed" in text]
    assert len(told) == 1
    assert "The place" in told[0]
    assert sorted(set(again) - set(told)) == sorted(refused)
    assert len(again) == len(refused) + 1
    private = await work.made(database, "sendMessage", OWNER)
    assert [one for one in private if "takes nothing from me" in one.args["text"]] == []


async def test_a_raid_that_ends_meanwhile_is_not_said_twice(database: Database) -> None:
    """While its line waits to be said in the chat itself, the raid's end does not say it anew."""
    for number in range(10, 10 + raids.LOUD + 2):
        await _judge(database, number)
    await send(database, is_slow=True)
    await database.write(lambda c: c.execute(update(raid_rows).values(last_at=1.0)))
    await raids.follow(database)
    said = [one for one in await work.made(database, "sendMessage", work.LOG) if "🛡" in one.args["text"]]
    assert ["message_thread_id" in one.args for one in said] == [True, False]
