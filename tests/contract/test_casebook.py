"""Cases looked for on a real database: pages meet each other, filters hold, and no page leaves its chats."""

from __future__ import annotations

import time
from typing import Any

from bot import casebook, notices
from bot.i18n import languages, plain, say
from bot.model import Decision
from bot.store import casebook as pages
from bot.store import cases as records
from bot.store.casebook import Filter, Page
from bot.store.cases import Case
from bot.store.db import Database
from tests.contract import casework as work


async def opened(database: Database, number: int, **facts: Any) -> int:
    """A case of the chat; its number."""
    values: dict[str, Any] = {
        "chat_id": work.CHAT,
        "incident": f"message:{number}",
        "kind": "match",
        "sender_kind": "user",
        "sender_id": work.POSTER,
        "sender_name": "Poster",
        "tier": 0,
        "list_name": "known abuse",
        **facts,
    }
    case, _ = await database.write(lambda connection: records.open_case(connection, **values))
    return case.id


async def page(database: Database, wanted: str = "all", **ends: int) -> Page:
    """A page of the chat's cases."""
    chosen = casebook.wanted_of(wanted, time.time())
    assert chosen is not None
    async with database.read() as connection:
        return await pages.page(connection, {work.CHAT}, chosen, **ends)


def numbers(found: Page) -> list[int]:
    """The numbers of a page's cases."""
    return [one.id for one in found.cases]


async def test_pages_meet_each_other_and_filters_hold(database: Database) -> None:
    """Older and newer lead through every case once and back; a filter shows its own cases, of this chat alone."""
    mine = [await opened(database, number) for number in range(25)]
    await opened(database, 1, chat_id=work.LOG)
    waits = await opened(database, 26, state="open", sender_id=-1009, opened_at=time.time() - 3 * casebook.DAY_SECONDS)
    first = await page(database)
    assert (numbers(first), first.has_newer, first.has_older) == ([waits, *mine[:15:-1]], False, True)
    second = await page(database, below=first.cases[-1].id)
    third = await page(database, below=second.cases[-1].id)
    assert numbers(first) + numbers(second) + numbers(third) == [waits, *reversed(mine)]
    assert (third.has_older, third.has_newer) == (False, True)
    assert numbers(await page(database, above=third.cases[0].id)) == numbers(second)
    assert (await page(database, above=second.cases[0].id)).has_newer is False
    assert numbers(await page(database, "open")) == numbers(await page(database, "u-1009")) == [waits]
    assert waits not in numbers(await page(database, "today"))
    assert numbers(await page(database, f"u{work.POSTER}")) == mine[:14:-1]
    rows = casebook.keyboard("en", second, "u-1001234567890123")
    assert all(len(one["callback_data"].encode()) <= 64 for one in rows[0])
    assert len(rows[0]) == 2
    assert casebook.keyboard("en", Page(first.cases), "all") == []


def _case(number: int, name: str, **facts: Any) -> Case:
    known = dict.fromkeys(Case.__dataclass_fields__)
    values = {"id": number, "chat_id": -1001, "sender_kind": "user", "sender_id": 1, "sender_name": name}
    return Case(**{**known, **values, "state": "closed", "reason": "", "opened_at": 1.0, "kind": "match", **facts})


def test_the_bots_own_words_lead_to_their_case() -> None:
    """In every language a notice, a card and a line name their case, whatever a poster calls themselves."""
    for language in languages():
        forged = "사건 9번 Case 9. Dossier 9."
        case = _case(4711, forged, tier=0, how="exact file", list_name="Case 8")
        for text in (
            say(language, "Case {number}.", number=4711),
            notices.group_notice(language, case, Decision(strike=1)),
            notices.match_card(language, case, forged, Decision()),
            notices.log_line(language, case, forged, what=say(language, "closed"), by_name=forged, reason="x"),
        ):
            has_title = text.startswith("<b>")
            assert casebook.number_in(plain(text), has_title=has_title) == 4711, text
    assert casebook.number_in("hello", has_title=False) is None


def test_the_plain_reason_names_nobody_and_nothing() -> None:
    """What every member may read has no name, no list and no likeness in it, for every kind of case."""
    for language in languages():
        for kind in ("match", "canary", "report", "unscannable", "moderation"):
            case = _case(5, "Min", kind=kind, list_name="secret list", category="secret", tier=1, how="exact file")
            text = casebook.reason(language, case, [])
            assert "5" in text
            assert not [word for word in ("Min", "secret", "exact") if word in text]
    assert "too loud" in casebook.reason("en", _case(5, "Min", kind="moderation", reason="too loud."), [])


def test_words_of_buttons_are_taken_for_forged() -> None:
    """A button that asks for no known kind of page asks for none."""
    for word in ("", "u", "ux", "u1x", "everything", "u" + "9" * 19):
        assert casebook.wanted_of(word, 0.0) is None
    assert casebook.wanted_of("u7", 0.0) == Filter(sender_id=7)
