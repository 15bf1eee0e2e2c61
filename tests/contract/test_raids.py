"""A raid on a real database: a few notices, then one line that is brought up to date, whatever is lost on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases, raids
from bot.model import ListKind, Match, Sender, SenderKind, Tier, Trust, Verdict, VerdictKind
from bot.outcome import Done, Outcome, Refused
from bot.policy import Standing
from bot.raids import EDIT_SECONDS, LOUD, QUIET_SECONDS
from bot.store import outbox
from bot.store import raids as records
from bot.store.db import Database
from bot.store.tables import raid_lines
from bot.store.tables import raids as table
from tests.contract import casework as work
from tests.contract.casework import Made

MATCH = Verdict(VerdictKind.MATCH, Match(1, 1, "list", ListKind.BLOCK, Trust.DELETE, "", Tier.T0, "full frame"))
POSTERS = 4


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)


async def remove(database: Database, first: int, count: int) -> list[int]:
    """So many listed pictures are posted by `POSTERS` people in turn; their cases."""

    async def write(connection: AsyncConnection) -> list[int]:
        numbers = []
        for message in range(first, first + count):
            sender = Sender(SenderKind.USER, 500 + message % POSTERS, "Raider")
            one = replace(work.post(message), sender=sender, chat_title="The place")
            judged = await cases.judge(connection, one, MATCH, Standing.MEMBER)
            assert judged is not None
            numbers.append(judged.case.id)
        return numbers

    return await database.write(write)


async def send(database: Database, *, fail: int = -1, lose: bool = False) -> None:
    """Telegram takes all that waits; message `fail` it will not delete, and with `lose` no answer is heard of words."""

    async def write(connection: AsyncConnection) -> None:
        while rows := await outbox.due(connection, 50, ceilings={}, below=outbox.EVERY):
            for row in rows:
                is_said = row.method == "sendMessage"
                outcome: Outcome = Done({"message_id": 1000 + row.id}) if is_said else Done(True)
                if row.args.get("message_id") == fail:
                    outcome = Refused("no rights")
                if lose and is_said:
                    await outbox.mark_sent(connection, row.id)
                    continue
                await outbox.finish(connection, row)
                await cases.record(connection, row, outcome)

    await database.write(write)


async def age(database: Database, seconds: float) -> None:
    """Time goes by."""

    async def write(connection: AsyncConnection) -> None:
        for column in (table.c.started_at, table.c.last_at, raid_lines.c.shown_at):
            await connection.execute(update(column.table).values({column.name: column - seconds}))

    await database.write(write)


async def words(database: Database, chat_id: int) -> list[str]:
    """What was said in a chat."""
    return [one.args["text"] for one in await work.made(database, "sendMessage", chat_id)]


def raid_words(made: list[Made]) -> list[str]:
    """The texts about raids."""
    return [one.args["text"] for one in made if "🛡" in one.args["text"]]


async def test_many_removals_are_told_in_one_line(database: Database) -> None:
    """The first few have their notices and cards; then one line in the chat and one in the log tell of all."""
    numbers = await remove(database, 10, 47)
    for chat_id in (work.CHAT, work.LOG):
        said = await words(database, chat_id)
        assert len(said) == LOUD + 1
        assert "🛡" in said[-1]
    assert len(await work.made(database, "deleteMessage")) == 47
    await send(database, fail=10)
    assert await raids.follow(database) is False
    await age(database, EDIT_SECONDS + 1)
    assert await raids.follow(database) is True
    edits = await work.made(database, "editMessageText")
    assert [one.chat_id for one in edits] == [work.CHAT, work.LOG]
    assert f"46 posts of {POSTERS} people removed" in edits[0].args["text"]
    assert f"cases {numbers[0]}–{numbers[-1]}" in edits[0].args["text"]
    assert "The place" in edits[1].args["text"]
    assert await raids.follow(database) is False
    await age(database, QUIET_SECONDS + 1)
    await raids.follow(database)
    last = await work.made(database, "editMessageText")
    assert len(last) == 4
    assert all("over: 46 posts" in one.args["text"] for one in last[2:])
    await send(database)
    assert await raids.follow(database) is False
    await remove(database, 90, 1)
    assert "was removed" in (await words(database, work.CHAT))[-1]


async def test_a_few_removals_are_no_raid(database: Database) -> None:
    """Up to the limit each removal has its notice and its card, and when it is quiet again nothing more is said."""
    await remove(database, 10, LOUD)
    assert len(await words(database, work.CHAT)) == LOUD
    await send(database)
    await age(database, QUIET_SECONDS + 1)
    assert await raids.follow(database) is False
    assert raid_words(await work.made(database, "sendMessage")) == []
    async with database.read() as connection:
        assert await records.going_on(connection) == []


async def test_what_goes_on_after_a_pause_is_told_anew(database: Database) -> None:
    """Removals that come one by one, minutes apart, have a notice each however many they are."""
    for message in range(10, 10 + LOUD + 2):
        await remove(database, message, 1)
        await age(database, QUIET_SECONDS + 1)
    assert len(await words(database, work.CHAT)) == LOUD + 2


async def test_a_line_that_got_lost_is_said_at_the_end(database: Database) -> None:
    """Of a line that may or may not have been said nothing is repeated until the raid is over: then it is said once."""
    await remove(database, 10, LOUD + 5)
    await send(database, lose=True)
    await age(database, EDIT_SECONDS + 1)
    await raids.follow(database)
    assert len(raid_words(await work.made(database, "sendMessage", work.CHAT))) == 1
    await age(database, QUIET_SECONDS)
    for _ in range(2):
        await raids.follow(database)
    said = raid_words(await work.made(database, "sendMessage", work.CHAT))
    assert len(said) == 2
    assert f"Raid over: {LOUD + 5} posts" in said[-1]


async def test_the_last_words_wait_for_removals_under_way(database: Database) -> None:
    """While Telegram asks for patience the sum is not final: the raid is over when its last post is gone."""
    await remove(database, 10, LOUD + 2)
    await age(database, QUIET_SECONDS + 1)
    await raids.follow(database)
    async with database.read() as connection:
        assert len(await records.going_on(connection)) == 1
    await send(database)
    await raids.follow(database)
    async with database.read() as connection:
        assert await records.going_on(connection) == []


async def test_a_channels_readers_are_told_nothing(database: Database) -> None:
    """In a channel only the log has the line."""

    async def write(connection: AsyncConnection) -> None:
        for message in range(10, 10 + LOUD + 2):
            sender = Sender(SenderKind.CHAT, work.CHAT, "The place")
            one = replace(work.post(message), sender=sender, chat_type="channel")
            await cases.judge(connection, one, MATCH, Standing.OWN_POST)

    await database.write(write)
    assert await words(database, work.CHAT) == []
    assert len(raid_words(await work.made(database, "sendMessage", work.LOG))) == 1
