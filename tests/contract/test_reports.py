"""Reports on a real database: one case and one card for one post, limits, outcomes, and no reporter named anywhere."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cards, cases, reports, review
from bot.model import ListKind, Match, MessageRef, Sender, SenderKind, Tier, Trust, Verdict, VerdictKind
from bot.moderation import Scene
from bot.policy import Standing
from bot.reports import DAILY, HOURLY, Fate
from bot.store import cases as records
from bot.store import chats, reportblocks
from bot.store import reporttables as t
from bot.store.db import Database
from bot.store.schema import upgrade
from bot.store.steps import configuration
from tests.contract import casework as work


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)


async def test_the_first_report_opens_a_case_and_a_card(database: Database) -> None:
    """A report opens a case for the admins to decide and sends one card, with buttons, to the log chat."""
    filed = await work.report(database, 1, reason="this is me")
    assert filed.fate is Fate.NEW
    assert filed.case is not None
    assert (filed.case.kind, filed.case.is_open, filed.case.sender_id) == ("report", True, work.POSTER)
    (card,) = await work.made(database, "sendMessage", work.LOG)
    assert "Reported by 1 member" in card.args["text"]
    assert "this is me" in card.args["text"]
    assert len(card.args["reply_markup"]["inline_keyboard"]) == 4


async def test_the_same_person_counts_once(database: Database) -> None:
    """A second report of a message by the same person adds nothing and is told as such."""
    await work.report(database, 1)
    filed = await work.report(database, 1, reason="again")
    assert filed.fate is Fate.AGAIN
    assert len(await work.made(database)) == 1


async def test_reports_of_one_post_merge_into_its_card(database: Database) -> None:
    """Others' reports join the case, and the card that stands is edited to the new count, its buttons kept."""
    first = await work.report(database, 1)
    await work.send_card(database)
    second = await work.report(database, 2, reason="me too")
    assert second.fate is Fate.MERGED
    assert first.case is not None
    assert second.case is not None
    assert second.case.id == first.case.id
    (edit,) = await work.made(database, "editMessageText")
    assert (edit.args["chat_id"], edit.args["message_id"]) == (work.LOG, work.CARD)
    assert "Reported by 2 members" in edit.args["text"]
    assert edit.args["reply_markup"]["inline_keyboard"]


async def test_a_card_still_on_its_way_catches_up(database: Database) -> None:
    """A report that comes before Telegram has taken the card is counted as soon as the card stands."""
    await work.report(database, 1)
    await work.report(database, 2)
    assert await work.made(database, "editMessageText") == []
    await work.send_card(database)
    (edit,) = await work.made(database, "editMessageText")
    assert "Reported by 2 members" in edit.args["text"]


async def test_simultaneous_reports_make_one_case(database: Database) -> None:
    """Three people who report the same message at once make one case with three reports."""
    filed = await asyncio.gather(*(work.report(database, user) for user in (1, 2, 3)))
    assert sorted(one.fate for one in filed) == [Fate.MERGED, Fate.MERGED, Fate.NEW]
    assert len({one.case.id for one in filed if one.case}) == 1


async def test_the_limits_hold(database: Database) -> None:
    """A person may file 5 reports an hour and 20 a day; others are not concerned."""
    for message in range(HOURLY):
        assert (await work.report(database, 1, message)).fate is Fate.NEW
    assert (await work.report(database, 1, 100)).fate is Fate.TOO_MANY_AN_HOUR
    assert (await work.report(database, 2, 100)).fate is Fate.NEW
    for round_ in range(1, DAILY // HOURLY):
        await age_reports(database, 3601)
        for message in range(HOURLY):
            assert (await work.report(database, 1, 1000 * round_ + message)).fate is Fate.NEW
    await age_reports(database, 3601)
    assert (await work.report(database, 1, 9999)).fate is Fate.TOO_MANY_A_DAY


async def age_reports(database: Database, seconds: float) -> None:
    """Let all reports be older by `seconds`."""

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(update(t.reports).values(at=t.reports.c.at - seconds))

    await database.write(write)


async def test_the_bots_own_message_is_not_reported(database: Database) -> None:
    """A report of the bot's own message is not filed."""
    own = Sender(SenderKind.SELF, 4242, "Haechi")
    assert (await work.report(database, 1, sender=own)).fate is Fate.OWN
    assert await work.made(database) == []


async def test_an_admins_post_is_marked_on_its_card(database: Database) -> None:
    """The card of a reported admin says that the poster is one."""
    await work.report(database, 1, spared=Standing.ADMIN.value)
    (card,) = await work.made(database, "sendMessage", work.LOG)
    assert "an admin here" in card.args["text"]


def match(tier: Tier) -> Verdict:
    """A verdict of a listed picture."""
    found = Match(1, 1, "known", ListKind.BLOCK, Trust.BAN, "ncii", tier, "full frame")
    return Verdict(VerdictKind.MATCH, found)


async def test_a_post_that_was_removed_as_known_is_answered_at_once(database: Database) -> None:
    """A report of what the scan finds to be listed makes no second card: it was acted on, and the reporter hears so."""
    await database.write(lambda c: cases.judge(c, work.post(), match(Tier.T0), Standing.MEMBER))
    before = len(await work.made(database, "sendMessage", work.LOG))
    filed = await work.report(database, 1)
    assert filed.fate is Fate.DECIDED
    assert "acted on" in reports.receipt("en", filed)
    assert len(await work.made(database, "sendMessage", work.LOG)) == before


async def test_a_report_joins_a_case_that_waits_already(database: Database) -> None:
    """A report of a post that the bot has put before the admins itself grows that card instead of making another."""
    judged = await database.write(lambda c: cases.judge(c, work.post(), match(Tier.T3), Standing.MEMBER))
    await work.send_card(database)
    filed = await work.report(database, 1, reason="look")
    assert judged is not None
    assert filed.case is not None
    assert (filed.fate, filed.case.id) == (Fate.MERGED, judged.case.id)
    (edit,) = await work.made(database, "editMessageText")
    assert "please decide" in edit.args["text"]
    assert "Reported by 1 member as well" in edit.args["text"]


async def test_a_decided_case_answers_later_reporters(database: Database) -> None:
    """Who reports what was dismissed before hears of that, and the admins are not asked again."""
    filed = await work.report(database, 1)
    await work.send_card(database)
    assert filed.case is not None
    number = filed.case.id

    async def dismiss(connection: AsyncConnection) -> None:
        button = await records.case_button(connection, number)
        assert button is not None
        await records.set_state(connection, number, "closed")
        await cards.keep(connection, button, cards.Card(decision="dismiss", decider="Admin"))

    await database.write(dismiss)
    later = await work.report(database, 2)
    assert later.fate is Fate.DECIDED
    assert "no violation" in reports.receipt("en", later)
    assert len(await work.made(database, "sendMessage", work.LOG)) == 1


async def test_outcomes_go_to_whom_the_bot_may_write_in_their_language(database: Database) -> None:
    """Everybody who reported, and can be reached, is told once; who blocked the bot is not."""
    for user in (1, 2, 3):
        filed = await work.report(database, user)
    await database.write(lambda c: chats.greet(c, 3, reachable=False))
    assert filed.case is not None
    case = filed.case
    for _ in range(2):
        await database.write(lambda c: reports.tell(c, case, "delete"))
    told = [one for one in await work.made(database, "sendMessage") if one.chat_id > 0]
    assert sorted(one.chat_id for one in told) == [1, 2]
    assert all("acted on" in one.args["text"] for one in told)


async def test_no_reporter_is_in_cards_records_or_audit(database: Database) -> None:
    """Neither the name nor the number of a reporter stands in a call to a chat, a case's record or the audit log."""
    await work.furnish(database)
    stamp = time.time()
    await database.write(lambda c: chats.greet(c, 987654321, name="Whistle", reachable=True))
    filed = await work.report(database, 987654321, reason="vile")
    await work.send_card(database)
    await work.report(database, 2)
    assert filed.case is not None
    shown = [str(one.args) for one in await work.made(database) if one.chat_id < 0]
    recorded = [*map(str, await work.audited(database)), *map(str, await work.acts(database))]
    kept = (await work.button_of(database, filed.case.id)).data
    assert not [text for text in (*shown, *recorded, kept) if "987654321" in text or "Whistle" in text]
    assert ("report.filed", None, f"case {filed.case.id}") in await work.audited(database)
    assert filed.case.opened_at >= stamp


@pytest.mark.parametrize("state", ["pending", "done", "gone", "refused"])
async def test_a_removal_that_failed_does_not_answer_a_report(database: Database, state: str) -> None:
    """A post counts as acted on while its removal is under way or done; refused by Telegram, it makes a card again."""
    judged = await database.write(lambda c: cases.judge(c, work.post(), match(Tier.T0), Standing.MEMBER))
    assert judged is not None
    key = f"delete:{work.CHAT}:9"
    await database.write(lambda c: records.answer(c, key, state, "not enough rights"))
    filed = await work.report(database, 1)
    assert filed.fate is (Fate.NEW if state == "refused" else Fate.DECIDED)


@pytest.mark.parametrize("place", ["log", "owner", "group"])
async def test_a_card_in_the_group_does_not_tell_reasons(database: Database, place: str) -> None:
    """What reporters wrote is shown to admins only, in the card as it is sent and as it is edited."""
    facts = {"log_chat_id": work.LOG if place == "log" else None, "owner_id": 3 if place == "owner" else None}
    await database.write(lambda c: chats.change(c, work.CHAT, **facts))
    target = {"log": work.LOG, "owner": 3, "group": work.CHAT}[place]
    first = await work.report(database, 1, reason="this is me")
    (card,) = await work.made(database, "sendMessage", target)
    assert first.case is not None
    number = first.case.id
    await database.write(lambda c: cards.place(c, number, MessageRef(target, work.CARD)))
    await work.report(database, 2, reason="me too")
    (edit,) = await work.made(database, "editMessageText", target)
    for text, words in ((card.args["text"], "this is me"), (edit.args["text"], "me too")):
        assert (words in text) == (place != "group")
        assert "Reported by " in text
    assert edit.args["reply_markup"]["inline_keyboard"]


# --- misuse --------------------------------------------------------------------------------------


async def misuse(database: Database, filed: reports.Filed) -> None:
    """An admin calls the reports of a case misuse."""
    assert filed.case is not None
    case = filed.case
    values: dict[str, Any] = {
        "button": await work.button_of(database, case.id),
        "case": case,
        "action": reports.MISUSE,
        "by": (work.ADMIN, "Admin"),
        "scene": Scene("supergroup", Standing.MEMBER),
        "card": MessageRef(work.LOG, work.CARD),
        "mark": "misuse",
    }
    ruled = await database.write(lambda c: review.rule(c, review.Ruling(**values)))
    assert ruled.fate is review.Fate.DONE


async def test_misused_reports_are_refused_for_a_while_in_that_chat(database: Database) -> None:
    """All who reported the case are refused there until the time is over; others and other chats are not concerned."""
    filed = await work.report(database, 1)
    await work.report(database, 2)
    await misuse(database, filed)
    for reporter, chat, fate in ((1, work.CHAT, Fate.BLOCKED), (2, work.CHAT, Fate.BLOCKED), (3, work.CHAT, Fate.NEW)):
        assert (await work.report(database, reporter, 10, chat_id=chat)).fate is fate
    assert (await work.report(database, 1, 11, chat_id=work.LOG)).fate is Fate.NEW
    assert not (await work.case_of(database, filed.case.id if filed.case else 0)).is_open
    over = update(t.report_blocks).values(until=time.time() - 1)
    await database.write(lambda c: c.execute(over))
    assert (await work.report(database, 1, 12)).fate is Fate.NEW


async def test_misuse_names_nobody_and_touches_no_post(database: Database) -> None:
    """Card, log, record and audit do not say whose reports they were; nothing is done to the post or its poster."""
    await database.write(lambda c: chats.greet(c, 987654321, name="Whistle", language="en", reachable=True))
    filed = await work.report(database, 987654321, reason="vile")
    await work.send_card(database)
    await misuse(database, filed)
    calls = await work.made(database)
    assert {one.method for one in calls} == {"sendMessage", "editMessageText"}
    shown = [str(one.args) for one in calls if one.chat_id < 0]
    recorded = [*map(str, await work.audited(database)), *map(str, await work.acts(database))]
    assert not [text for text in (*shown, *recorded) if "987654321" in text or "Whistle" in text]
    (told,) = [one for one in calls if one.chat_id == 987654321]
    assert "misuse" in told.args["text"]


async def test_blocks_are_listed_in_number_and_lifted_by_case(database: Database) -> None:
    """The list says how many members a case concerns and until when; lifted, their reports are taken again."""
    filed = await work.report(database, 1)
    await work.report(database, 2)
    await misuse(database, filed)
    assert filed.case is not None
    number = filed.case.id
    async with database.read() as connection:
        (block,) = await reportblocks.listed(connection, work.CHAT)
        assert await reportblocks.listed(connection, work.LOG) == []
    assert (block.case_id, block.count) == (number, 2)
    assert abs(block.until - time.time() - reports.BLOCK_SECONDS) < 60
    assert await database.write(lambda c: reportblocks.lift(c, work.LOG, number)) == 0
    assert await database.write(lambda c: reportblocks.lift(c, work.CHAT, number)) == 2
    assert (await work.report(database, 1, 10)).fate is Fate.NEW


async def test_a_later_reporter_is_not_blamed_for_others_misuse(database: Database) -> None:
    """Who reports the same post afterwards hears that no violation was found, and is not refused."""
    await misuse(database, await work.report(database, 1))
    filed = await work.report(database, 2)
    assert filed.fate is Fate.DECIDED
    assert "no violation" in reports.receipt("en", filed)
    async with database.read() as connection:
        assert await reports.limit(connection, work.CHAT, 2) is None


async def test_reports_alone_do_nothing_to_anybody(database: Database) -> None:
    """However many members report a post, nothing but cards comes of it: no removal, no strike, no mute, no ban."""
    for reporter in range(1, 61):
        await work.report(database, reporter)
    assert {one.method for one in await work.made(database)} == {"sendMessage"}
    assert await work.strikes(database) == 0


async def test_an_update_of_haechi_tells_no_outcome_again(tmp_path: Path) -> None:
    """Reports of cases that were decided before say nothing about anybody and are told to nobody; open ones wait."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    case = sql(
        "insert into cases (id, state, chat_id, incident, kind, sender_kind, sender_id, opened_at) "
        "values (:number, :state, -1, :state, 'report', 'user', 7, 1)"
    )
    report = sql("insert into reports (case_id, reporter_id, at) values (:number, 8, 1)")
    async with opened.writer.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "0001"))
        for number, state in ((1, "open"), (2, "closed")):
            await connection.execute(case, {"number": number, "state": state})
            await connection.execute(report, {"number": number})
    await upgrade(opened)
    await opened.start()
    try:
        async with opened.read() as connection:
            rows = (await connection.execute(select(t.reports.c.case_id, t.reports.c.outcome))).all()
        assert [tuple(row) for row in rows] == [(1, ""), (2, "void")]
        assert not await reports.follow(opened)
    finally:
        await opened.stop()
