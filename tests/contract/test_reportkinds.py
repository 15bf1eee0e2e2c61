"""What reporters say a post is, on a real database: on card and receipt, and of minors nothing that shows it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete

from bot import calls, cards, cases, helplines, receipts, reports, review
from bot.i18n import plain
from bot.model import ListKind, Match, MessageRef, Tier, Trust, Verdict, VerdictKind
from bot.moderation import Scene
from bot.outcome import Refused
from bot.policy import Standing
from bot.reports import Fate, Filed
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store import reports as store
from bot.store.db import Database
from bot.store.reporttables import reports as table
from tests.contract import casework as work

LINK = "https://t.me/c/"


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database, type="supergroup")
    await database.write(lambda c: chats.migrate(c, work.CHAT, CHAT))


CHAT = -1001234567890
"""A supergroup's id, whose messages have an address."""


async def report(database: Database, reporter: int, **facts: Any) -> Filed:
    """Somebody reports the message; what came of it."""
    return await work.report(database, reporter, chat_id=CHAT, **facts)


async def choose(database: Database, filed: Filed, category: str, mark: str = "1") -> Filed | None:
    """A reporter presses a button of their receipt."""
    assert filed.number is not None
    number = filed.number
    return await database.write(lambda c: reports.choose(c, number, category, mark=mark))


async def card_text(database: Database) -> str:
    """What the card says by now."""
    sent = [one for one in await work.made(database, chat_id=work.LOG) if one.method != "deleteMessage"]
    return str(sent[-1].args["text"])


async def test_the_card_counts_what_reporters_chose(database: Database) -> None:
    """Each reporter chooses by buttons, and may choose anew; the card names the worst first, with how many chose it."""
    first, second = await report(database, 1), await report(database, 2)
    await work.send_card(database)
    assert "What:" not in await card_text(database)
    await choose(database, first, "spam", "a")
    await choose(database, second, "intimate", "b")
    assert "What: Intimate, without consent (1) and Spam, fraud (1)" in await card_text(database)
    await choose(database, first, "intimate", "c")
    await choose(database, first, "spam", "d")
    assert "What: Intimate, without consent (1) and Spam, fraud (1)" in await card_text(database)
    assert [code for code, by, _ in await work.audited(database) if by is None].count("report.category") == 4


async def test_the_reason_may_name_the_category(database: Database) -> None:
    """The first word after /report chooses as a button does, and the receipt says so without asking."""
    filed = await report(database, 1, reason="spam again and again")
    assert filed.category == "spam"
    assert "Spam, fraud (1)" in await card_text(database)
    text = reports.receipt("en", filed)
    assert "You say it is: Spam, fraud" in text
    assert "What is it?" not in text
    assert "What is it?" in reports.receipt("en", await report(database, 2))


async def test_a_receipts_buttons_are_one_reporters(database: Database) -> None:
    """A receipt's token is bound to its reporter's private chat, and what it holds names neither case nor message."""
    filed = await report(database, 1)
    rows = await database.write(lambda c: reports.ask(c, "en", filed, 1))
    assert rows is not None
    assert [len(row) for row in rows] == [1] * 5
    token = rows[0][0]["callback_data"].split(":")[1]
    async with database.read() as connection:
        button = await records.button(connection, token)
        mine = await store.get(connection, int(button.data) if button else 0)
    assert button is not None
    assert (button.kind, button.chat_id, button.case_id) == (receipts.BUTTON, 1, None)
    assert mine is not None
    assert mine.reporter_id == 1
    assert all(len(row[0]["callback_data"]) <= 64 for row in rows)
    assert await database.write(lambda c: reports.ask(c, "en", Filed(Fate.AGAIN), 1)) is None


async def test_what_is_decided_is_not_chosen_about(database: Database) -> None:
    """Once the case is decided, a press changes nothing and tells the outcome; a forgotten report has no button."""
    filed = await report(database, 1)
    assert filed.case is not None
    number = filed.case.id
    await database.write(lambda c: records.set_state(c, number, "closed"))
    chosen = await choose(database, filed, "minors")
    assert chosen is not None
    assert chosen.fate is Fate.DECIDED
    async with database.read() as connection:
        assert await store.kinds(connection, number) == {}
    assert await database.write(lambda c: reports.choose(c, 999, "spam", mark="x")) is None


# --- minors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("country", "language", "expected"), [("GB", "ko", "GB"), ("", "ko", "KR"), ("", "en", "INT")])
async def test_of_minors_nothing_leads_to_the_post(
    database: Database, country: str, language: str, expected: str
) -> None:
    """Once one reporter says so the card has no link and no words that lead anywhere, but the country's hotlines."""
    rules = f'{{"country": "{country}"}}'
    await database.write(lambda c: chats.change(c, CHAT, rules=rules, language=language))
    await report(database, 1, reason=f"{LINK}1234567890/9 look")
    await work.send_card(database)
    assert LINK in await card_text(database)
    second = await report(database, 2)
    await choose(database, second, "minors")
    text = await card_text(database)
    assert LINK not in text
    assert "t.me" not in text
    for one in helplines.hotlines(expected):
        assert one.name in plain(text)
    assert second.country == expected


async def test_the_first_report_may_be_of_minors(database: Database) -> None:
    """A card that is sent for such a report never had a link; its buttons decide, and none of them shows anything."""
    await report(database, 1, reason="minor")
    (card,) = await work.made(database, "sendMessage", work.LOG)
    assert LINK not in card.args["text"]
    assert "Do not open, forward, save or screenshot" in card.args["text"]
    buttons = [one for row in card.args["reply_markup"]["inline_keyboard"] for one in row]
    assert not any("url" in one for one in buttons)
    assert {one["callback_data"].split(":")[2] for one in buttons} == {
        *("claim", "delete", "warn", "mute", "ban", "block", "dismiss", "misuse")
    }


async def test_a_card_on_its_way_loses_its_link_when_it_stands(database: Database) -> None:
    """A category that is chosen before Telegram has taken the card is on it as soon as the card stands."""
    filed = await report(database, 1)
    await choose(database, filed, "minors")
    await work.send_card(database)
    assert LINK not in await card_text(database)
    assert "Report it here" in await card_text(database)


async def test_the_promise_outlasts_whoever_said_so(database: Database) -> None:
    """When the reporter of minors is forgotten the card leads nowhere all the same; corrected, it does again."""
    first = await report(database, 1, reason="minor")
    await work.send_card(database)
    second = await report(database, 2)
    assert first.number is not None
    await database.write(lambda c: c.execute(delete(table).where(table.c.reporter_id == 1)))
    await choose(database, second, "spam", "a")
    assert LINK not in await card_text(database)
    assert "Report it here" in await card_text(database)
    await choose(database, second, "minors", "b")
    await choose(database, second, "spam", "c")
    assert LINK in await card_text(database)


async def test_a_case_of_the_bots_own_loses_its_link_as_well(database: Database) -> None:
    """The card of a post that resembled something listed keeps nothing that leads to it once a reporter says minors."""
    match = Match(1, 1, "known", ListKind.BLOCK, Trust.BAN, "ncii", Tier.T3, "full frame")
    post = work.post()
    at_chat = type(post)(MessageRef(CHAT, 9), post.sender, post.date, post.media)
    await database.write(lambda c: cases.judge(c, at_chat, Verdict(VerdictKind.MATCH, match), Standing.MEMBER))
    await work.send_card(database)
    assert LINK in await card_text(database)
    await report(database, 1, reason="minors")
    text = await card_text(database)
    assert LINK not in text
    assert "Resembles known abuse" in text
    assert "tg://user" in text


async def test_reporters_of_minors_are_told_what_not_to_do(database: Database) -> None:
    """The receipt, and the answer about a post that was decided before, name the hotlines and what never to do."""
    for filed in (await report(database, 1, reason="minor"), await report(database, 2, reason="minor")):
        text = plain(reports.receipt("en", filed))
        assert "Do not forward, save or screenshot" in text
        assert all(one.name in text for one in helplines.hotlines("INT"))
    assert filed.case is not None
    number = filed.case.id
    await database.write(lambda c: records.set_state(c, number, "closed"))
    late = await report(database, 3, reason="minor")
    assert late.fate is Fate.DECIDED
    assert "Do not forward" in reports.receipt("en", late)


async def test_a_removal_that_failed_does_not_link_to_minors(database: Database) -> None:
    """The alarm about a removal that Telegram refused has no link where reporters say minors."""
    filed = await report(database, 1, reason="minor")
    await work.send_card(database)
    assert filed.case is not None
    scene = Scene("supergroup", Standing.MEMBER)
    values: dict[str, Any] = {"button": await work.button_of(database, filed.case.id), "case": filed.case}
    ruling = review.Ruling(
        **values, action="delete", by=(601, "A"), scene=scene, card=MessageRef(work.LOG, work.CARD), mark="m"
    )
    await database.write(lambda c: review.rule(c, ruling))
    key = calls.delete(MessageRef(CHAT, 9)).key

    async def refuse(connection: Any) -> None:
        row = next(row for row in await outbox.due(connection, 50) if row.key == key)
        await cases.record(connection, row, Refused("Bad Request: message can't be deleted"))

    await database.write(refuse)
    alarm = await card_text(database)
    assert "could not remove the message" in alarm
    assert LINK not in alarm


async def test_a_card_sent_elsewhere_keeps_the_promise(database: Database) -> None:
    """A card of minors that the log chat did not take goes to the chat itself without a link or a reporter's words."""
    await report(database, 1, reason="minor see t.me/c/1234567890/9")

    async def refuse(connection: Any) -> None:
        (row,) = await outbox.due(connection, 50)
        await cases.record(connection, row, Refused("Forbidden: bot was kicked"))

    await database.write(refuse)
    (card,) = await work.made(database, "sendMessage", CHAT)
    assert LINK not in card.args["text"]
    assert "see" not in card.args["text"].split("\n")[-1]
    assert "A minor, sexually (1)" in card.args["text"]


async def test_a_case_file_says_what_members_said(database: Database) -> None:
    """/case counts reporters and what they chose, and names nobody; a case that nobody reported says nothing of it."""
    filed = await report(database, 1, reason="violence")
    assert filed.case is not None
    case = filed.case
    async with database.read() as connection:
        said = await cards.said_in(connection, "en", case)
        other = await cards.said_in(connection, "en", type(case)(*(999, *_values(case)[1:])))
    assert plain(said or "") == "Reported by 1 member\nWhat: Violence, threats (1)"
    assert other is None


def _values(case: Any) -> list[Any]:
    return [getattr(case, name) for name in case.__dataclass_fields__]
