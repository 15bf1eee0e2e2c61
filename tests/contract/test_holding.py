"""Holds on a real database: who is mostly right weighs, the post waits removed, every reporter learns how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cards, cases, receipts, reports, review, undo
from bot.model import Fingerprint, Frame, MessageRef, Sender, SenderKind, Verdict, VerdictKind
from bot.moderation import Scene
from bot.outcome import Gone
from bot.policy import Standing
from bot.raids import LOUD
from bot.reports import Fate
from bot.settings import Limits
from bot.store import caps, chats, media, outbox, trusted
from bot.store import cases as records
from bot.store import raids as raid_records
from bot.store import reports as store
from bot.store.db import Database
from bot.store.reporttables import reports as table
from bot.store.tables import raids as raids_table
from tests.contract import casework as work

PICTURE = Fingerprint(b"s" * 32, b"m" * 16, "jpeg", 640, 480, (Frame((b"p" * 32,) * 8, 90, b"h" * 8),))
SCENE = Scene("supergroup", Standing.MEMBER)


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database, rules=json.dumps({"hold_at": 2}))


async def history(
    database: Database, reporter: int, *, right: int = 3, wrong: int = 0, chat_id: int = work.CHAT, decider: int = 601
) -> None:
    """Somebody's earlier reports in a chat, as admins decided them."""
    for number in range(right + wrong):
        message = 1000 * reporter + number + (100 if chat_id != work.CHAT else 0)
        filed = await work.report(database, reporter, message, chat_id=chat_id)
        assert filed.case is not None
        case = filed.case
        await database.write(lambda c, case=case: records.set_state(c, case.id, "closed"))  # type: ignore[misc]
        decision = "delete" if number < right else "dismiss"
        await database.write(lambda c, case=case, end=decision: reports.tell(c, case, end, by=decider))  # type: ignore[misc]
    await database.write(lambda c: c.execute(update(table).values(at=table.c.at - 100_000)))


async def stand(database: Database, filed: reports.Filed) -> None:
    """Telegram has taken the case's card."""
    assert filed.case is not None
    number = filed.case.id
    await database.write(lambda c: cards.place(c, number, MessageRef(work.LOG, work.CARD)))


async def press(database: Database, number: int, action: str, **facts: Any) -> review.Ruled:
    """An admin decides the card."""
    values: dict[str, Any] = {
        "button": await work.button_of(database, number),
        "case": await work.case_of(database, number),
        "action": action,
        "by": (work.ADMIN, "Admin"),
        "scene": SCENE,
        "card": MessageRef(work.LOG, work.CARD),
        "mark": action,
        **facts,
    }
    return await database.write(lambda connection: review.rule(connection, review.Ruling(**values)))


async def deleted(database: Database) -> list[int]:
    """The messages of the chat that are being removed."""
    return sorted(one.args["message_id"] for one in await work.made(database, "deleteMessage", work.CHAT))


async def outcomes(database: Database) -> dict[int, set[str]]:
    """How everybody's reports ended."""
    async with database.read() as connection:
        rows = (await connection.execute(select(table.c.reporter_id, table.c.outcome))).all()
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.reporter_id, set()).add(row.outcome)
    return found


async def test_trusted_reports_hold_a_post(database: Database) -> None:
    """At as many trusted reports as the chat asks for the post goes, its case stays open, the group hears no reason."""
    for reporter in (1, 2):
        await history(database, reporter)
    first = await work.report(database, 1)
    await stand(database, first)
    assert await deleted(database) == []
    await work.report(database, 2)
    assert await deleted(database) == [9]
    assert first.case is not None
    case = await work.case_of(database, first.case.id)
    assert case.is_open
    edit = (await work.made(database, "editMessageText"))[-1]
    assert "Removed until you decide" in edit.args["text"]
    assert "Keep removed" in str(edit.args["reply_markup"])
    (notice,) = [
        one for one in await work.made(database, "sendMessage", work.CHAT) if "until an admin" in one.args["text"]
    ]
    assert "eport" not in notice.args["text"]
    assert ("report.held", None, f"case {case.id}") in await work.audited(database)
    assert await work.strikes(database) == 0
    assert {one.method for one in await work.made(database)} == {"deleteMessage", "sendMessage", "editMessageText"}


@pytest.mark.parametrize(
    ("what", "facts"),
    [("off", {"rules": "{}"}), ("watch", {"preset": "watch"}), ("more", {"rules": json.dumps({"hold_at": 3})})],
)
async def test_it_is_off_unless_the_chat_asks_for_it(database: Database, what: str, facts: dict[str, str]) -> None:
    """By default, in `watch`, and below the number nothing is held; the card is all that comes of reports."""
    assert what
    for reporter in (1, 2):
        await history(database, reporter)
    await database.write(lambda c: chats.change(c, work.CHAT, **facts))
    for reporter in (1, 2):
        await work.report(database, reporter)
    assert await deleted(database) == []


async def test_who_is_new_or_mostly_wrong_weighs_nothing(database: Database) -> None:
    """Any number of members without a record, or with a bad one, holds nothing."""
    await history(database, 1, right=1, wrong=3)
    for reporter in range(1, 40):
        await work.report(database, reporter)
    assert await deleted(database) == []


async def test_a_record_counts_in_its_own_chat_and_not_by_ones_own_word(database: Database) -> None:
    """Being right elsewhere counts for nothing here, nor do reports that their own reporter decided as an admin."""
    await history(database, 1, chat_id=work.LOG)
    await history(database, 2, decider=2)
    assert (await outcomes(database))[2] == {"void"}
    for reporter in (1, 2):
        await work.report(database, reporter)
    assert await deleted(database) == []


async def test_the_protected_are_not_held(database: Database) -> None:
    """An admin's post, or one of the linked channel, stays however trusted its reporters are."""
    for reporter in (1, 2, 3):
        await history(database, reporter)
    for reporter in (1, 2, 3):
        await work.report(database, reporter, spared=Standing.ADMIN.value)
    assert await deleted(database) == []


async def test_whom_the_admins_trust_is_not_held(database: Database) -> None:
    """The post of a member whom the chat trusts waits on its card, and takes nothing from the limit of the day."""
    for reporter in (1, 2):
        await history(database, reporter)
    await database.write(lambda c: trusted.add(c, work.CHAT, work.POSTER, "Poster", by=work.ADMIN))
    for reporter in (1, 2):
        await work.report(database, reporter)
    assert await deleted(database) == []
    async with database.read() as connection:
        assert await caps.count(connection, work.CHAT, "delete") == 0


async def test_the_limit_of_the_day_holds_for_holds(database: Database) -> None:
    """Beyond the chat's limit of the day nothing is held; the case waits on its card, and the alarm is raised."""
    for reporter in (1, 2):
        await history(database, reporter)
    limits = Limits(daily_deletes=1)
    for message, poster in ((9, 501), (10, 502)):
        sender = Sender(SenderKind.USER, poster, f"Poster{poster}")
        for reporter in (1, 2):
            await file(database, reporter, message, sender, limits)
    assert await deleted(database) == [9]
    assert ("breaker.tripped", None, "delete: 1") in await work.audited(database)


async def file(database: Database, reporter: int, message: int, sender: Sender, limits: Limits) -> None:
    """Somebody reports a message under a limit of the day."""
    report = reports.Report(work.CHAT, "", message, f"message:{message}", sender, 1.0, reporter, "en")
    await database.write(lambda c: reports.file(c, report, limits=limits))


async def test_many_held_posts_are_told_in_one_line(database: Database) -> None:
    """Of posts that reports remove the group hears a few times, then in one line that says neither list nor report."""
    for reporter in (1, 2, 3):
        await history(database, reporter)
    await database.write(lambda c: chats.change(c, work.CHAT, rules=json.dumps({"hold_at": 1})))
    await database.write(lambda c: c.execute(update(raids_table).values(state="over")))
    for message in range(10, 10 + LOUD + 3):
        await work.report(database, message % 3 + 1, message)
    said = [one.args["text"] for one in await work.made(database, "sendMessage", work.CHAT)]
    assert len(said) == LOUD + 1
    assert "🛡 Raid: I remove posts until an admin decides" in said[-1]
    assert not [text for text in said if "eport" in text or "listed" in text]
    assert len(await deleted(database)) == LOUD + 3
    async with database.read() as connection:
        (raid,) = await raid_records.going_on(connection, work.CHAT)
        toll = await raid_records.toll(connection, raid)
    assert (raid.posts, raid.waiting, toll.waiting, toll.held) == (LOUD + 3, LOUD + 3, LOUD + 3, 3)


@pytest.mark.parametrize("has_media", [True, False])
async def test_what_was_held_is_released(database: Database, has_media: bool) -> None:
    """A held picture may be posted again after “Release”; of a text nothing is left to release, and it is dismissed."""
    for reporter in (1, 2):
        await history(database, reporter)
    if has_media:
        await database.write(lambda c: media.see(c, work.post()))
    filed = await work.report(database, 1)
    await stand(database, filed)
    await work.report(database, 2)
    assert filed.case is not None
    row = str((await work.made(database, "editMessageText"))[-1].args["reply_markup"])
    action = "allow" if has_media else "dismiss"
    assert ":allow" in row if has_media else ":allow" not in row
    assert ":dismiss" in row  # else nobody could close it once its files are forgotten
    files = [("unique9", PICTURE)] if has_media else []
    assert (await press(database, filed.case.id, action, files=files)).fate is review.Fate.DONE
    told = [one for one in await work.made(database, "sendMessage") if one.chat_id in (1, 2)]
    last = {one.chat_id: one.args["text"] for one in told}
    assert all("no violation" in text for text in last.values())
    assert (await outcomes(database))[1] == {"right", "wrong"}
    said = [one.args["text"] for one in await work.made(database, "sendMessage", work.CHAT)]
    assert any("released a post that was held" in text for text in said) == has_media


async def test_an_album_is_held_whole(database: Database) -> None:
    """All messages of a reported album wait together, whichever of them were reported."""
    for reporter in (1, 2):
        await history(database, reporter)
    for message in (9, 10, 11):
        await database.write(lambda c, message=message: media.see(c, work.post(message, album="7")))  # type: ignore[misc]
    await work.report(database, 1, 9, incident="album:7")
    assert (await work.report(database, 2, 11, incident="album:7")).fate is Fate.MERGED
    assert await deleted(database) == [9, 10, 11]


async def test_an_open_case_of_the_bots_own_is_held_as_well(database: Database) -> None:
    """A file that could not be checked and only was told of goes when trusted members report it."""
    for reporter in (1, 2):
        await history(database, reporter)
    verdict = Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))
    await database.write(lambda c: cases.judge(c, work.post(), verdict, Standing.MEMBER))
    for reporter in (1, 2):
        assert (await work.report(database, reporter)).fate is Fate.MERGED
    assert await deleted(database) == [9]


# --- how reports end -----------------------------------------------------------------------------


async def test_reporting_what_is_gone_earns_no_trust(database: Database) -> None:
    """Reports of a post that is removed or decided say nothing about their reporter, and are answered all the same."""
    for reporter in (1, 2):
        await history(database, reporter)
    filed = await work.report(database, 1)
    await work.report(database, 2)
    assert (await work.report(database, 3)).fate is Fate.MERGED
    assert filed.case is not None
    await press(database, filed.case.id, "delete")
    assert (await outcomes(database))[3] == {"void"}
    (told,) = await work.made(database, "sendMessage", 3)
    assert "acted on" in told.args["text"]
    late = await work.report(database, 4)
    assert late.fate is Fate.DECIDED
    assert "acted on" in reports.receipt("en", late)
    assert (await outcomes(database))[4] == {"void"}


async def test_an_undone_decision_proves_nobody_right(database: Database) -> None:
    """When a case is taken back its reports count neither as right nor as wrong."""
    filed = await work.report(database, 1)
    await stand(database, filed)
    assert filed.case is not None
    await press(database, filed.case.id, "ban")
    assert (await outcomes(database))[1] == {"right"}
    undoing = undo.Undoing(await work.case_of(database, filed.case.id), (602, "Other"), SCENE)
    await database.write(lambda c: undo.take_back(c, undoing))
    assert (await outcomes(database))[1] == {"void"}


async def test_everybody_hears_of_the_end_though_the_message_was_gone(database: Database) -> None:
    """A post that somebody removed before the admin did ends its case all the same, for every reporter, once."""
    filed = await work.report(database, 1)
    await work.report(database, 2)
    await stand(database, filed)
    assert filed.case is not None
    await press(database, filed.case.id, "delete")

    async def gone(connection: AsyncConnection) -> None:
        for row in await outbox.due(connection, 50):
            if row.method == "deleteMessage":
                await cases.record(connection, row, Gone("message to delete not found"))

    await database.write(gone)
    for reporter in (1, 2):
        (told,) = await work.made(database, "sendMessage", reporter)
        assert "acted on" in told.args["text"]
    assert not await reports.follow(database)


async def test_reporters_of_a_case_that_closed_itself_are_told(database: Database) -> None:
    """A case that no press closed is found, and its reporters are told once, in their own language."""
    filed = await work.report(database, 1, language="fr")
    assert filed.case is not None
    number = filed.case.id
    assert not await reports.follow(database)
    await database.write(lambda c: records.set_state(c, number, "closed"))
    assert await reports.follow(database)
    assert not await reports.follow(database)
    (told,) = await work.made(database, "sendMessage", 1)
    assert told.args["text"] == receipts.outcome("fr", await work.case_of(database, number), "delete")
    async with database.read() as connection:
        assert await store.unsettled(connection, 10) == []


async def test_no_reports_are_taken_where_admins_want_none(database: Database) -> None:
    """A chat that takes no reports files none, and says so to whoever tries."""
    await database.write(lambda c: chats.change(c, work.CHAT, rules=json.dumps({"reports": False})))
    filed = await work.report(database, 1)
    assert filed.fate is Fate.OFF
    assert "take no reports" in reports.receipt("en", filed)
    assert await work.made(database) == []


async def test_nobody_is_shown_how_right_somebody_is(database: Database) -> None:
    """Neither cards, nor notices, nor receipts, nor the records of a case hold anything of what reports weigh."""
    for reporter in (1, 2):
        await history(database, reporter)
    filed = await work.report(database, 1)
    await stand(database, filed)
    await work.report(database, 2)
    assert filed.case is not None
    texts = [str(one.args.get("text", "")) for one in await work.made(database)]
    texts += [detail for _, _, detail in await work.audited(database)]
    assert not [text for text in texts if any(word in text.lower() for word in ("trust", "precis", "weigh", "mostly"))]
