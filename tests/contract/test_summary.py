"""Summaries on a real database: counted with what they count, told once for each period, wherever the admins read."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import chatsettings, daybook, endings, periods, retention, summary
from bot.model import ChatSettings, MessageRef, Verdict, VerdictKind
from bot.moderation import Scene
from bot.outcome import Done, Gone, Refused
from bot.periods import DAY_SECONDS, Period, recent
from bot.policy import Standing
from bot.review import Ruling, rule
from bot.settings import Retention
from bot.store import cases as records
from bot.store import chats, counts, outbox
from bot.store.db import Database
from bot.store.tables import chats as table
from bot.store.tables import outbox as calls
from bot.store.telltables import counts as counted
from bot.summary import Place
from bot.telegram.outbox import sendable
from tests.contract import casework as work

HOUR = 6
MONDAY = datetime(2026, 11, 30, HOUR, 5, tzinfo=UTC).timestamp()
SUNDAY = periods.day_of(MONDAY) - 1
OWNER = 71
CLEAN, MATCH = Verdict(VerdictKind.CLEAN), Verdict(VerdictKind.MATCH)


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database, bot_status="administrator", added_at=1.0, owner_id=OWNER)


async def count(database: Database, what: str, number: int = 1, *, day: int = SUNDAY, chat_id: int = work.CHAT) -> None:
    """Something happened on a day."""
    await database.write(lambda connection: counts.add(connection, chat_id, what, number=number, day=day))


async def change(database: Database, chat_id: int = work.CHAT, **facts: Any) -> None:
    """Something about a chat is otherwise."""
    await database.write(lambda connection: chats.meet(connection, chat_id, **facts))


async def tune(database: Database, **values: Any) -> None:
    """An admin chooses otherwise."""
    await database.write(lambda connection: chatsettings.tune(connection, work.CHAT, by=1, **values))


async def told(database: Database, chat_id: int | None = None) -> list[str]:
    """The summaries that were put into the outbox."""
    rows = await work.made(database, chat_id=chat_id)
    return [one.args.get("caption") or one.args["text"] for one in rows]


async def settings_of(database: Database) -> ChatSettings:
    """The chat's settings."""
    async with database.read() as connection:
        return await chats.settings(connection, work.CHAT)


async def sums(database: Database, chat_id: int = work.CHAT) -> daybook.Sum:
    """What a chat's last days came to, today included."""
    async with database.read() as connection:
        return daybook.total(await daybook.of(connection, chat_id, recent(7, time.time())))


# --- counting ------------------------------------------------------------------------------------


async def test_every_post_that_is_judged_counts(database: Database) -> None:
    """Clean, matched and unscannable posts are counted by what they were; the bot's canary is not."""

    async def write(connection: AsyncConnection) -> None:
        for kind in (*[VerdictKind.CLEAN] * 3, VerdictKind.MATCH, VerdictKind.UNSCANNABLE, VerdictKind.CANARY):
            await daybook.scanned(connection, work.post(), Verdict(kind))

    await database.write(write)
    found = await sums(database)
    assert (found.checked, found.matched, found.unscannable) == (5, 1, 1)


async def test_what_is_rolled_back_is_not_counted(database: Database) -> None:
    """A count stands or falls with the transaction of what it counts."""

    async def fail(connection: AsyncConnection) -> None:
        await daybook.scanned(connection, work.post(), CLEAN)
        raise ValueError("the update failed")

    with pytest.raises(ValueError, match="the update failed"):
        await database.write(fail)
    assert (await sums(database)).is_quiet


@pytest.mark.parametrize(("outcome", "removed"), [(Done(True), 1), (Gone("so already"), 0), (Refused("no"), 0)])
async def test_a_removal_counts_when_telegram_made_it(database: Database, outcome: Any, removed: int) -> None:
    """A post that is gone counts with the time that it stood; what was refused, or done before, does not."""

    async def write(connection: AsyncConnection) -> None:
        match = {"incident": "message:9", "kind": "match", "message_id": 9, "posted_at": time.time() - 8}
        case, _ = await records.open_case(connection, chat_id=work.CHAT, sender_kind="user", sender_id=1, **match)
        args = {"chat_id": work.CHAT, "message_id": 9}
        row = outbox.Row(1, "delete:1", work.CHAT, "deleteMessage", args, 0, case.id, 0, time.time())
        await endings.record(connection, row, outcome)

    await database.write(write)
    found = await sums(database)
    assert found.removed == removed
    assert found.removal_seconds == (pytest.approx(8, rel=0.2) if removed else None)


async def test_reports_and_decisions_count(database: Database) -> None:
    """Each member's report counts; a decision counts with the time that the case had waited."""
    filed = await work.report(database, 1)
    await work.report(database, 2)
    await work.send_card(database)
    assert filed.case is not None
    case = replace(filed.case, opened_at=time.time() - 600)
    button = await work.button_of(database, case.id)
    place = MessageRef(work.LOG, work.CARD)
    ruling = Ruling(button, case, "dismiss", (work.ADMIN, "A"), Scene("supergroup", Standing.MEMBER), place, "m")
    await database.write(lambda connection: rule(connection, ruling))
    found = await sums(database)
    assert (found.reported, found.decided) == (2, 1)
    assert found.decision_seconds == 0.0  # the case on record is as old as the test


# --- when ----------------------------------------------------------------------------------------


async def test_a_week_is_told_once(database: Database) -> None:
    """On Monday the week is told in the log chat, with a picture; a restart, or a later look, tells nothing more."""
    await count(database, "clean", 1204)
    await count(database, "match", 12, day=SUNDAY - 2)
    assert await summary.send_due(database, HOUR, MONDAY)
    for later in (MONDAY, MONDAY + 3600, MONDAY + 6 * DAY_SECONDS):
        assert not await summary.send_due(database, HOUR, later)
    (row,) = await work.made(database)
    assert (row.method, row.chat_id) == ("sendPhoto", work.LOG)
    assert "The place" in row.args["caption"]
    assert "2026-11-23 – 2026-11-29" in row.args["caption"]
    assert "1,216 posts checked" in row.args["caption"]
    assert row.args["chart"]["checked"] == [0, 0, 0, 0, 12, 0, 1204]
    assert row.args["chart"]["marked"] == 7


async def test_nothing_is_due_before_its_hour(database: Database) -> None:
    """Until Monday's hour the week before is the newest, of which the chat was told."""
    await count(database, "clean")
    await count(database, "clean", day=SUNDAY - 7)
    await summary.send_due(database, HOUR, MONDAY - 3600)
    assert len(await told(database)) == 1
    assert "2026-11-16" in (await told(database))[0]


async def test_after_an_outage_the_newest_alone_is_told(database: Database) -> None:
    """A bot that was down for weeks tells of the last one, whenever it comes back."""
    for week in range(4):
        await count(database, "clean", day=SUNDAY - 7 * week)
    await summary.send_due(database, HOUR, MONDAY - 21 * DAY_SECONDS)
    await summary.send_due(database, HOUR, MONDAY + 3 * DAY_SECONDS)
    assert [words.count("2026-11-23 – 2026-11-29") for words in await told(database)] == [0, 1]


async def test_a_chat_chooses_how_often(database: Database) -> None:
    """Daily tells of each day on which anything happened; never tells nothing; a change repeats nothing."""
    await tune(database, summary="daily")
    await count(database, "report", day=SUNDAY)
    await summary.send_due(database, HOUR, MONDAY)
    await summary.send_due(database, HOUR, MONDAY + DAY_SECONDS)
    assert len(await told(database)) == 1
    assert "· 2026-11-29" in (await told(database))[0]
    await tune(database, summary="weekly")
    await summary.send_due(database, HOUR, MONDAY + DAY_SECONDS)
    await tune(database, summary="never")
    await summary.send_due(database, HOUR, MONDAY + 14 * DAY_SECONDS)
    assert len(await told(database)) == 1


async def test_a_quiet_week_is_a_line_for_whoever_heard_before(database: Database) -> None:
    """The first quiet week is not told, for the bot may just have come; the next is, without a picture."""
    await summary.send_due(database, HOUR, MONDAY)
    assert await told(database) == []
    await summary.send_due(database, HOUR, MONDAY + 7 * DAY_SECONDS)
    (row,) = await work.made(database)
    assert row.method == "sendMessage"
    assert "All quiet" in row.args["text"]


async def test_a_log_chat_hears_of_no_quiet_week_of_its_own(database: Database) -> None:
    """A chat that is another's log is told of that other chat alone."""
    await change(database, work.LOG, title="The log", bot_status="member", added_at=1.0, log_chat_id=-5)
    for week in range(2):
        await summary.send_due(database, HOUR, MONDAY + 7 * week * DAY_SECONDS)
    assert ["The place" in words for words in await told(database)] == [True]


# --- where ---------------------------------------------------------------------------------------


async def test_without_a_log_chat_the_owner_is_told_in_private(database: Database) -> None:
    """An owner who pressed Start reads it in their language; without one nobody is told, least of all the group."""
    await count(database, "clean", 3)
    await change(database, log_chat_id=None)
    await summary.send_due(database, HOUR, MONDAY)
    assert await told(database) == []
    await database.write(lambda c: chats.greet(c, OWNER, name="Owner", language="fr", reachable=True))
    await count(database, "clean", 3, day=SUNDAY + 7)
    await summary.send_due(database, HOUR, MONDAY + 7 * DAY_SECONDS)
    assert "3 messages vérifiés" in (await told(database, OWNER))[0]
    assert await told(database, work.CHAT) == []


async def test_a_summary_goes_to_the_topic_of_the_log(database: Database) -> None:
    """In a forum it stands where cards stand."""
    await tune(database, log_thread_id=44)
    await count(database, "clean")
    await summary.send_due(database, HOUR, MONDAY)
    assert (await work.made(database))[0].args["message_thread_id"] == 44


async def test_a_chat_that_the_bot_left_is_told_nothing(database: Database) -> None:
    """Whoever put the bot out hears no more of it."""
    await count(database, "clean")
    await change(database, bot_status="kicked")
    assert not await summary.send_due(database, HOUR, MONDAY)
    assert await told(database) == []


async def test_a_supergroup_goes_on_where_the_group_was(database: Database) -> None:
    """Counts of both add up, and a week that the group was told is not told again."""
    new = -1_000_009
    await count(database, "clean", 5)
    await count(database, "clean", 2, chat_id=new)
    await summary.send_due(database, HOUR, MONDAY)
    await database.write(lambda connection: chats.migrate(connection, work.CHAT, new))
    assert not await summary.send_due(database, HOUR, MONDAY)
    async with database.read() as connection:
        found = await daybook.of(connection, new, Period(SUNDAY - 6, SUNDAY + 1))
        left = await connection.scalar(select(counted.c.day).where(counted.c.chat_id == work.CHAT))
    assert (daybook.total(found).checked, left) == (7, None)


async def test_counts_are_kept_for_five_weeks(database: Database) -> None:
    """What no summary looks back to any more is forgotten, and counted as such."""
    today = periods.day_of(MONDAY)
    for day in (today - 36, today - 35, today):
        await count(database, "clean", day=day)
    assert await retention.purge(database, Retention(), MONDAY) == Counter({"counts": 1})


async def test_many_chats_are_told_in_small_transactions(database: Database) -> None:
    """More chats than are told at once are all told, each in its own log chat."""
    numbers = range(summary.AT_ONCE + 5)
    for number in numbers:
        facts = {"bot_status": "administrator", "added_at": 1.0, "log_chat_id": -20_000 - number}
        await change(database, -10_000 - number, title=f"Chat {number}", **facts)
        await count(database, "clean", chat_id=-10_000 - number)
    await summary.send_due(database, HOUR, MONDAY)
    assert {one.chat_id for one in await work.made(database)} == {-20_000 - number for number in numbers}


async def test_nothing_is_told_of_the_time_before_the_bot(database: Database) -> None:
    """A chat that was added after a period's hour hears first of the next one."""
    await database.write(lambda c: c.execute(update(table).values(added_at=MONDAY + 60)))
    await count(database, "clean")
    assert not await summary.send_due(database, HOUR, MONDAY + 120)


# --- the picture ---------------------------------------------------------------------------------


async def test_a_picture_that_may_not_be_sent_leaves_the_words(database: Database) -> None:
    """Where no pictures may be posted, or the topic is gone, the same words come alone, once, outside of it."""
    await tune(database, log_thread_id=44)
    await count(database, "clean", 9)
    await summary.send_due(database, HOUR, MONDAY)
    for _ in range(2):
        async with database.read() as connection:
            rows = await outbox.due(connection, 5)

        async def refuse(connection: AsyncConnection, rows: list[outbox.Row] = rows) -> None:
            for row in rows:
                await outbox.finish(connection, row, error="no")
                await endings.record(connection, row, Refused("Bad Request: not enough rights to send photos"))

        await database.write(refuse)
    photo, words, *rest = [one for one in await work.made(database) if one.chat_id == work.LOG]
    assert rest == []
    assert (photo.method, words.method) == ("sendPhoto", "sendMessage")
    assert words.args["text"] == photo.args["caption"]
    assert "message_thread_id" not in words.args


async def test_no_picture_waits_anywhere(database: Database) -> None:
    """The outbox holds numbers; what is sent is drawn from them, the same each time."""
    settings = await settings_of(database)
    await count(database, "clean", 5)

    async def put(connection: AsyncConnection) -> None:
        place = Place(work.LOG, "en")
        period = Period(SUNDAY - 6, SUNDAY + 1)
        await outbox.put(connection, [await summary.call_of(connection, "summary:1:2", settings, period, place)])

    await database.write(put)
    async with database.read() as connection:
        stored = await connection.scalar(select(calls.c.args))
        (row,) = await outbox.due(connection, 5)
    assert stored is not None
    assert len(stored) < 1000
    first, second = await sendable(row), await sendable(row)
    assert "chart" not in first
    assert first["photo"].input_file_content == second["photo"].input_file_content
    assert first["photo"].input_file_content.startswith(b"\x89PNG")
