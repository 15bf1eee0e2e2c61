"""A raid on a real database: a few notices, then one line that is brought up to date, whatever is lost on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cards, cases, chatsettings, raidcards, raids
from bot.model import ListKind, Match, Sender, SenderKind, Tier, Trust, Verdict, VerdictKind
from bot.moderation import Scene
from bot.outcome import Done, Outcome, Refused
from bot.policy import Standing
from bot.raids import EDIT_SECONDS, LOUD, QUIET_SECONDS
from bot.review import Fate, Ruling, rule
from bot.store import cases as case_records
from bot.store import chats, outbox
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


UNSEEN = Verdict(VerdictKind.UNSCANNABLE, reasons=("damaged",))


async def remove(database: Database, first: int, count: int, verdict: Verdict = MATCH) -> list[int]:
    """So many listed pictures are posted by `POSTERS` people in turn; their cases."""

    async def write(connection: AsyncConnection) -> list[int]:
        numbers = []
        for message in range(first, first + count):
            sender = Sender(SenderKind.USER, 500 + message % POSTERS, "Raider")
            one = replace(work.post(message), sender=sender, chat_title="The place")
            judged = await cases.judge(connection, one, verdict, Standing.MEMBER)
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


@pytest.mark.parametrize("values", [{}, {"appeals": False}, {"appeal_link": False}])
async def test_the_line_in_the_group_leads_to_an_appeal(database: Database, values: dict[str, bool]) -> None:
    """It stands for notices that had that button: the first words have it and every change, if appeals are heard."""
    await database.write(lambda c: chatsettings.tune(c, work.CHAT, by=1, **values))
    await remove(database, 10, LOUD + 2)
    await send(database)
    await age(database, QUIET_SECONDS + 1)
    await raids.follow(database)
    sent = [one for one in await work.made(database) if "🛡" in one.args.get("text", "")]
    leads = [(one.method, one.chat_id) for one in sent if f"{raidcards.LINK}1" in str(one.args.get("reply_markup"))]
    there = [("sendMessage", work.CHAT), ("editMessageText", work.CHAT)]
    assert leads == ([] if values else there)


async def test_where_nothing_is_removed_there_is_nothing_to_appeal(database: Database) -> None:
    """A raid whose posts wait for an admin has no such button."""
    await database.write(lambda connection: chats.meet(connection, work.CHAT, log_chat_id=None))
    await remove(database, 10, LOUD + 2, UNSEEN)
    assert raidcards.LINK not in str(await work.made(database))


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


# --- cases that wait -----------------------------------------------------------------------------


async def cards_of(database: Database) -> list[Made]:
    """The cards of cases that were sent to the log with buttons that decide."""
    sent = await work.made(database, "sendMessage", work.LOG)
    return [one for one in sent if "c:" in str(one.args.get("reply_markup"))]


async def raid_card(database: Database) -> Made:
    """The raid's card as it is now."""
    edits = await work.made(database, "editMessageText", work.LOG)
    return [one for one in edits if "🛡" in one.args["text"]][-1]


async def show(database: Database) -> int:
    """An admin presses the button of the raid's card; how many cards that brings."""

    async def write(connection: AsyncConnection) -> int:
        raid = await records.get(connection, 1)
        assert raid is not None
        return await raidcards.show_next(connection, raid, await chats.settings(connection, work.CHAT), work.LOG)

    return await database.write(write)


async def told_that_twenty_wait(database: Database) -> None:
    """The raid's card says by and by that twenty cases wait, and offers those that have no card yet."""
    await send(database)
    await age(database, EDIT_SECONDS + 1)
    assert await raids.follow(database) is True
    card = await raid_card(database)
    assert "20 cases wait for an admin" in card.args["text"]
    assert f"({20 - LOUD})" in str(card.args["reply_markup"])


async def test_many_cases_that_wait_are_one_card(database: Database) -> None:
    """The first few have their cards; then one tells how many wait, and shows the next ones five at a time."""
    numbers = await remove(database, 10, 20, UNSEEN)
    assert len(await cards_of(database)) == LOUD
    assert await words(database, work.CHAT) == []  # nothing was removed there
    await told_that_twenty_wait(database)
    shown = [await show(database) for _ in range(5)]
    assert shown == [5, 5, 5, 20 - LOUD - 15, 0]
    sent = await cards_of(database)
    assert len(sent) == 20
    assert [number for number in numbers if not any(f"Case {number}<" in one.args["text"] for one in sent)] == []
    await send(database)
    await age(database, QUIET_SECONDS + 1)
    await raids.follow(database)
    assert (await raid_card(database)).args["reply_markup"] == {"inline_keyboard": []}


async def test_a_card_that_was_held_back_decides_as_others_do(database: Database) -> None:
    """Shown later, a card knows where it stands and what was reported meanwhile; a decision counts down the raid's."""
    numbers = await remove(database, 10, LOUD + 1, UNSEEN)
    await send(database)
    await work.report(database, 1, message=10 + LOUD, reason="look at this")
    assert len(await work.made(database, "editMessageText", work.LOG)) == 0
    assert await show(database) == 1
    await send(database)
    last = (await work.made(database, "editMessageText", work.LOG))[-1]
    assert "look at this" in last.args["text"]
    button = await work.button_of(database, numbers[-1])
    ref = cards.card_of(button).ref
    assert ref is not None
    case = await work.case_of(database, numbers[-1])
    scene = Scene("supergroup", Standing.MEMBER)
    ruling = Ruling(button, case, "dismiss", (work.ADMIN, "A"), scene, ref, "m")
    assert (await database.write(lambda connection: rule(connection, ruling))).fate is Fate.DONE
    await age(database, EDIT_SECONDS + 1)
    await raids.follow(database)
    assert f"{LOUD} cases wait" in (await raid_card(database)).args["text"]


async def test_a_raid_names_lists_and_what_waits(database: Database) -> None:
    """Removed posts and posts that wait are one raid with one card; the group hears of the removals alone."""
    await remove(database, 10, 10)
    await remove(database, 30, 6, UNSEEN)
    await send(database)
    await age(database, EDIT_SECONDS + 1)
    await raids.follow(database)
    card = await raid_card(database)
    assert "10 posts of 4 people removed" in card.args["text"]
    assert "Lists: list (10)" in card.args["text"]
    assert "6 cases wait" in card.args["text"]
    (line,) = await work.made(database, "editMessageText", work.CHAT)
    assert "10 posts of 4 people removed" in line.args["text"]
    assert "list" not in line.args["text"]
    ((button,),) = line.args["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Was this a mistake?"


async def test_where_admins_read_in_the_group_the_card_is_there(database: Database) -> None:
    """Without a log chat and an owner to write to, the one line in the group is the card."""
    await database.write(lambda connection: chats.meet(connection, work.CHAT, log_chat_id=None))
    await remove(database, 10, LOUD + 3, UNSEEN)
    await send(database)
    await age(database, EDIT_SECONDS + 1)
    await raids.follow(database)
    (card,) = await work.made(database, "editMessageText", work.CHAT)
    assert "(3)" in str(card.args["reply_markup"])
    assert len(raid_words(await work.made(database, "sendMessage"))) == 1


async def test_a_chat_in_a_forum_is_told_in_the_topic(database: Database) -> None:
    """The raid's card and the cards it shows stand in the topic that was chosen for the log."""
    await database.write(lambda c: chatsettings.tune(c, work.CHAT, by=1, log_thread_id=44))
    await remove(database, 10, LOUD + 2, UNSEEN)
    await show(database)
    sent = await work.made(database, "sendMessage", work.LOG)
    assert [one.args.get("message_thread_id") for one in sent][LOUD:] == [44, 44, 44]


# --- reports --------------------------------------------------------------------------------------


async def report(database: Database, count: int) -> list[int]:
    """So many posts are reported, each by somebody else; their cases."""
    filed = [await work.report(database, 100 + number, message=10 + number, reason="spam") for number in range(count)]
    return [one.case.id for one in filed if one.case]


async def test_many_reports_are_one_card(database: Database) -> None:
    """The first few reports have their cards; then one tells how many wait, and shows the next as they are by then."""
    numbers = await report(database, 20)
    assert len(await cards_of(database)) == LOUD
    assert await words(database, work.CHAT) == []
    (began,) = raid_words(await work.made(database, "sendMessage", work.LOG))
    assert "Many posts in The place at once wait" in began
    await work.report(database, 1, message=10 + LOUD, reason="look at this")
    await told_that_twenty_wait(database)
    assert await show(database) == 5
    sent = await cards_of(database)
    shown = next(one.args["text"] for one in sent if f"Case {numbers[LOUD]}<" in one.args["text"])
    assert "Reported by 2 members" in shown
    assert "look at this" in shown


async def test_decided_reports_are_no_flood(database: Database) -> None:
    """Where admins decide as fast as members report every report has its card, however many come within a minute."""
    for number in range(2 * LOUD):
        (case,) = [one.case for one in [await work.report(database, 100 + number, message=10 + number)] if one.case]
        await database.write(lambda c, case=case: case_records.set_state(c, case.id, "closed"))  # type: ignore[misc]
    assert len(await cards_of(database)) == 2 * LOUD
    assert raid_words(await work.made(database, "sendMessage")) == []
