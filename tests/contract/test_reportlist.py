"""/reports on a real database: what waits, oldest first, in pages, who is on it, and never what shows minors."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import update

from bot import reportlist
from bot.i18n import plain
from bot.model import MessageRef
from bot.moderation import Scene
from bot.policy import Standing
from bot.review import Ruling, rule
from bot.store import cases as records
from bot.store import chats, openreports
from bot.store.db import Database
from bot.store.openreports import PAGE, Page
from bot.store.reporttables import reports as table
from bot.store.tables import cases as case_table
from tests.contract import casework as work


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database, username="the_place")


async def pages(database: Database, **ends: Any) -> Page:
    """A page of what waits in the chat."""
    async with database.read() as connection:
        return await openreports.page(connection, {work.CHAT}, **ends)


def text(page: Page, here: int = work.CHAT) -> str:
    """What is said of a page, in the chat that it is about or in another."""
    return reportlist.page_text("en", page, time.time(), here=here)


async def test_open_reports_are_listed_oldest_first(database: Database) -> None:
    """Each with its age, what it is said to be, by how many, where it stands; what is decided is not there."""
    first = await work.report(database, 1, 9, reason="spam")
    await work.report(database, 2, 9, reason="violence")
    second = await work.report(database, 1, 10)
    third = await work.report(database, 1, 11)
    assert first.case
    assert second.case
    assert third.case
    number = third.case.id
    await database.write(lambda c: records.set_state(c, number, "closed"))
    await database.write(lambda c: c.execute(update(case_table).values(opened_at=case_table.c.opened_at - 7200)))
    shown = text(await pages(database)).split("\n")
    assert shown[0] == "<b>2 reports wait</b>, oldest first"
    assert plain(shown[1]) == f"• Case {first.case.id} · 2 hours · Violence, threats · 2 members · message"
    assert 'href="https://t.me/the_place/9"' in shown[1]
    assert plain(shown[2]) == f"• Case {second.case.id} · 2 hours · 1 member · message"
    assert reportlist.keyboard("en", await pages(database)) == []


async def test_who_is_on_it_is_named_where_admins_read(database: Database) -> None:
    """In the log chat and in private the admin is named and the chat is, in the chat itself it is “an admin”."""
    filed = await work.report(database, 1)
    await work.send_card(database)
    assert filed.case is not None
    values: dict[str, Any] = {"button": await work.button_of(database, filed.case.id), "case": filed.case}
    scene = Scene("supergroup", Standing.MEMBER)
    ruling = Ruling(**values, action="claim", by=(601, "Olga"), scene=scene, card=MessageRef(work.LOG, 77), mark="m")
    await database.write(lambda c: rule(c, ruling))
    page = await pages(database)
    assert "Olga is on it" in text(page, work.LOG)
    assert "The place" in text(page, work.LOG)
    assert "an admin is on it" in text(page)
    assert "Olga" not in text(page)
    assert "The place" not in text(page)


async def test_the_list_leads_to_nothing_of_minors(database: Database) -> None:
    """What is said to show minors has no address in the list."""
    await work.report(database, 1, reason="minors")
    shown = text(await pages(database))
    assert "A minor, sexually" in shown
    assert "t.me/the_place" not in shown


async def test_it_is_turned_page_by_page(database: Database) -> None:
    """Every open report is on one page, in order, forwards and backwards; the buttons name where a page ends."""
    await _many(database, 2 * PAGE + 1)
    first = await pages(database)
    ids = [one.case.id for one in first.open]
    assert (len(ids), first.total, first.has_older, first.has_newer) == (PAGE, 2 * PAGE + 1, False, True)
    assert reportlist.keyboard("en", first) == [[{"text": "Newer ▶", "callback_data": f"o:newer:{ids[-1]}"}]]
    second = await pages(database, after=ids[-1])
    last = await pages(database, after=second.open[-1].case.id)
    assert [len(second.open), len(last.open)] == [PAGE, 1]
    assert [one["text"] for one in reportlist.keyboard("en", second)[0]] == ["◀ Older", "Newer ▶"]
    back = await pages(database, before=second.open[0].case.id)
    assert back.open == first.open
    assert (back.has_older, back.has_newer) == (False, True)


async def _many(database: Database, count: int) -> None:
    """So many messages are reported, on as many days."""
    for message in range(count):
        await work.report(database, 1, message + 20)
        await database.write(lambda c: c.execute(update(table).values(at=table.c.at - 100_000)))


async def test_nothing_waits(database: Database) -> None:
    """Without open reports the list says so, and a case that nobody reported is none."""
    assert text(await pages(database)) == "No reports wait."


async def test_who_asks_in_private_is_asked_about_a_few_chats(database: Database) -> None:
    """Chats with open reports are looked through from the one that waits longest, and no more than twenty."""
    await _fill(database, openreports.MOST_CHATS + 5)
    async with database.read() as connection:
        waiting = await openreports.waiting_in(connection, work.ADMIN)
    assert waiting.chat_ids == [-2000 - number for number in range(openreports.MOST_CHATS)]
    assert waiting.is_partial


async def _fill(database: Database, count: int) -> None:
    """Reports wait in so many chats."""
    for number in range(count):
        await work.report(database, number + 1, chat_id=-2000 - number)


@pytest.mark.parametrize("how", ["owns it", "decided there", "gave a command", "is remembered as an admin"])
async def test_ones_own_chats_come_first(database: Database, how: str) -> None:
    """However many chats wait longer, an admin is asked about the one that they own or did something in."""
    await _fill(database, openreports.MOST_CHATS)
    mine = await work.report(database, 99, chat_id=-3000)
    assert mine.case
    number, by = mine.case.id, (work.ADMIN, "Admin")
    if how == "owns it":
        await database.write(lambda c: chats.meet(c, -3000, owner_id=work.ADMIN))
    elif how == "decided there":
        await database.write(lambda c: records.note(c, number, "claim", by=by))
    elif how == "gave a command":
        await database.write(lambda c: records.record(c, "settings.trust", chat_id=-3000, actor_id=work.ADMIN))
    known = {-3000, -9999} if how == "is remembered as an admin" else set()
    async with database.read() as connection:
        waiting = await openreports.waiting_in(connection, work.ADMIN, known)
        other = await openreports.waiting_in(connection, work.POSTER)
    assert waiting.chat_ids == [-3000, *(-2000 - number for number in range(openreports.MOST_CHATS - 1))]
    assert -3000 not in other.chat_ids


async def test_a_list_that_may_be_partial_says_so(database: Database) -> None:
    """Where more chats wait than are looked through the list says where to find the rest, though it be empty."""
    await work.report(database, 1, chat_id=-3000)
    async with database.read() as connection:
        assert not (await openreports.waiting_in(connection, work.ADMIN)).is_partial
    for page in (Page(()), await pages(database)):
        shown = reportlist.page_text("en", page, time.time(), here=work.ADMIN, is_partial=True)
        assert "no more than 20 chats" in shown
        assert "no more than" not in text(page)
