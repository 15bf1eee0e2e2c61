"""Who is spoken to in which language: everybody in their own in private, a chat and its log in the chat's."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from bot import cards, cases, fedbans, feds, review
from bot.fedbans import Order, Place
from bot.i18n import Html, say, say_n
from bot.model import MessageRef, Verdict, VerdictKind
from bot.moderation import Scene
from bot.outcome import Done, Refused
from bot.policy import Standing
from bot.review import Ruling
from bot.store import chats, outbox
from bot.store.cases import Button
from bot.store.db import Database
from bot.store.feds import Fed
from tests.contract import casework as work

ROOT = Path(__file__).parents[2]
OWNER = 901
WHERE = {"private": OWNER, "log": work.LOG}


@pytest.fixture(params=sorted(WHERE))
async def place(request: pytest.FixtureRequest, database: Database) -> tuple[int, str]:
    """Where a French chat's admins read, and in which language: the Korean owner in private, or the log chat."""
    await work.furnish(database, language="fr", owner_id=OWNER)

    async def write(connection: Any) -> None:
        await chats.greet(connection, OWNER, name="Owner", language="ko-KR", reachable=True)
        if request.param == "private":
            await chats.change(connection, work.CHAT, log_chat_id=None)

    await database.write(write)
    return WHERE[request.param], "ko" if request.param == "private" else "fr"


async def told(database: Database, chat_id: int, method: str = "sendMessage") -> list[dict[str, Any]]:
    """What was said or rewritten in a chat."""
    return [one.args for one in await work.made(database, method, chat_id)]


def words(card: dict[str, Any]) -> set[str]:
    """The texts of a card's buttons."""
    return {one["text"] for row in card["reply_markup"]["inline_keyboard"] for one in row}


async def taken(database: Database, chat_id: int) -> None:
    """Telegram takes every card that waits in a chat."""

    async def write(connection: Any) -> None:
        for row in await outbox.due(connection, 50):
            if row.method == "sendMessage" and row.chat_id == chat_id:
                await outbox.finish(connection, row)
                await cases.record(connection, row, Done({"message_id": work.CARD, "chat": {"id": chat_id}}))

    await database.write(write)


def claim(button: Button, case: Any, chat_id: int) -> Ruling:
    """Somebody takes a card."""
    card = MessageRef(chat_id, work.CARD)
    scene = Scene("supergroup", Standing.MEMBER)
    return Ruling(button, case, "claim", (work.ADMIN, "Ada"), scene, card, mark="1")


async def test_a_report_is_shown_where_its_readers_are(database: Database, place: tuple[int, str]) -> None:
    """The card of a report, its buttons and every later form of it are in the language of whoever reads them."""
    chat_id, language = place
    filed = await work.report(database, 1)
    assert filed.case is not None
    (card,) = await told(database, chat_id)
    assert card["text"].startswith(
        say_n(
            language,
            "<b>Case {number}</b> · Reported by {n} member",
            "<b>Case {number}</b> · Reported by {n} members",
            1,
            number=filed.case.id,
        )
    )
    assert {say(language, "Delete"), say(language, "Ban")} <= words(card)
    await taken(database, chat_id)
    button = await work.button_of(database, filed.case.id)
    case = filed.case
    await database.write(lambda c: review.rule(c, claim(button, case, chat_id)))
    rewritten = (await told(database, chat_id, "editMessageText"))[-1]
    taken_card = cards.card_of(await work.button_of(database, case.id))
    assert rewritten["text"].endswith(cards.claimed(language, Html(""), taken_card))
    assert say(language, "Let go") in words(rewritten)


async def test_a_case_of_the_bots_own_is_too(database: Database, place: tuple[int, str]) -> None:
    """The card of a post that could not be checked, and the alarm about a call that Telegram refused."""
    chat_id, language = place
    unscannable = Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))
    await database.write(lambda c: chats.change(c, work.CHAT, unscannable="hold", preset="zero-tolerance"))
    judged = await database.write(lambda c: cases.judge(c, work.post(), unscannable, Standing.MEMBER))
    assert judged is not None
    (card,) = await told(database, chat_id)
    assert (
        say(language, "<b>Case {number}</b> · Could not be checked: removed until you decide", number=1) in card["text"]
    )
    group = await told(database, work.CHAT)
    notice = "A post could not be checked and was removed until an admin decides. Case {number}."
    assert [one["text"] for one in group] == [say("fr", notice, number=1)]

    async def refuse(connection: Any) -> None:
        for row in await outbox.due(connection, 50):
            if row.method == "deleteMessage":
                await outbox.finish(connection, row, error="no")
                await cases.record(connection, row, Refused("message can't be deleted"))

    await database.write(refuse)
    alarm = (await told(database, chat_id))[-1]["text"]
    assert say(language, "remove the message") in alarm


async def test_a_federations_notice_is_too(database: Database, place: tuple[int, str]) -> None:
    """What a chat is told of a federation's ban is in its readers' language."""
    chat_id, language = place

    async def write(connection: Any) -> None:
        fed = await feds.found(connection, "Ours", 5)
        assert isinstance(fed, Fed)
        await feds.join(connection, work.CHAT, fed.id, by=OWNER)
        await feds.choose(connection, work.CHAT, "acts", on=False, by=OWNER)
        here = Place(work.CHAT, "supergroup", Standing.MEMBER, may_restrict=True)
        await fedbans.ban(connection, Order(fed, work.MEMBER, (5, "Olga"), None, [here]))

    await database.write(write)
    text = (await told(database, chat_id))[-1]["text"]
    assert say(language, "This chat only wants to be told. To ban here: <code>/ban {id}</code>", id=work.POSTER) in text


# --- every text is said in a language that somebody chose ------------------------------------------


def _is_said(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "say_n")


def test_no_text_is_said_in_a_fixed_language() -> None:
    """Nowhere in the product is a language's code the first argument of a text: it always comes from who reads it."""
    paths = [path for folder in ("bot", "handlers") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _is_said(node) and isinstance(node.args[0], ast.Constant)
    ]
    assert found == []
