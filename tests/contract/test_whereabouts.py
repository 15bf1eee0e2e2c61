"""Where the bot is and speaks, before its real handlers: in the topic of a post, and in no chat that it has left."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cards, exchange
from bot.cards import Card
from bot.settingsfile import Wanted
from bot.store import cases as records
from bot.store import chats, inbox
from bot.store.tables import audit, case_actions, cases, outbox
from bot.store.tables import chats as chat_rows
from bot.telegram.sorting import arrival
from tests.contract.cast import FORUM, PRIVATE, SUPERGROUP, Cast, Json
from tests.contract.machine import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Please use 'Bot"),
]

TOPIC = 44

GONE, NONE, GROUP = "I am not in that chat any more", "There is no case", "works in the group"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    """The machine with everything but its loops; the owner talks to it in private as well."""
    async with machine(tmp_path_factory.mktemp("bot")) as made:
        yield made


async def case_of(cast: Cast, kind: str) -> tuple[int, Json]:
    """A post of the poster's in a topic, heard, with its case; the number and the card in the owner's private chat."""
    post = cast.message(kind, "poster", "look", message_thread_id=TOPIC, is_topic_message=True)
    chat, update = cast.chats[kind], next(cast._numbers)

    async def write(connection: AsyncConnection) -> tuple[int, str]:
        await chats.meet(connection, chat, type="supergroup", owner_id=cast.people["owner"])
        await inbox.put(connection, cast.app.gateway.id, [arrival({"update_id": update, "message": post})], None)
        await inbox.finish(connection, cast.app.gateway.id, [update])
        facts = {"kind": "report", "state": "open", "sender_kind": "user", "sender_id": cast.people["poster"]}
        where = {"chat_id": chat, "message_id": post["message_id"], "incident": f"message:{post['message_id']}"}
        case, _ = await records.open_case(connection, **where, **facts)
        token = await cards.new_token(connection, case, "card")
        button = await records.button(connection, token)
        assert button is not None
        await cards.keep(connection, button, Card(chat_id=cast.people["owner"], message_id=post["message_id"] + 1))
        return case.id, token

    number, token = await cast.app.database.write(write)
    return number, private(cast, f"c:{token}:ban", f"c:{token}:warn", number=post["message_id"] + 1)


def private(cast: Cast, *data: str, number: int = 0) -> Json:
    """A message of the bot's in the owner's private chat, with these buttons."""
    return {**cast.card(PRIVATE, *data, number=number), "chat": cast._chat(PRIVATE, "owner")}


async def press(cast: Cast, card: Json, place: int = 0) -> str:
    """The owner presses a card's button; the toast."""
    return await cast.press("owner", card, card["reply_markup"]["inline_keyboard"][place][0]["callback_data"])


async def ask(cast: Cast, command: str) -> str:
    """The owner gives a command in private; the answer."""
    number = await cast.hear(cast.message(PRIVATE, "owner", command))
    async with cast.app.database.read() as connection:
        query = select(outbox.c.args).where(outbox.c.key.like(f"%:{number}"))
        return "".join([json.loads(args)["text"] for args in await connection.scalars(query)])


# --- topics --------------------------------------------------------------------------------------


async def said_in(cast: Cast, kind: str) -> list[int | None]:
    """The topics of what was said in a chat, in order; None is the chat itself."""
    async with cast.app.database.read() as connection:
        where = (outbox.c.chat_id == cast.chats[kind]) & (outbox.c.method == "sendMessage")
        rows = await connection.scalars(select(outbox.c.args).where(where).order_by(outbox.c.id))
        return [json.loads(args).get("message_thread_id") for args in rows]


async def test_the_group_hears_in_the_topic_of_the_post(cast: Cast) -> None:
    """What was decided on a card, and that it was taken back, is said where the post was."""
    before = len(await said_in(cast, FORUM))
    number, card = await case_of(cast, FORUM)
    assert "anned" in await press(cast, card)
    assert "taken back" in await ask(cast, f"/undo {number}")
    assert (await said_in(cast, FORUM))[before:] == [TOPIC, TOPIC]


async def test_a_log_chat_is_named_in_the_topic_where_it_was_chosen(cast: Cast) -> None:
    """The answer to /logchat stands under the command, and in the log chat in no topic that nobody chose."""
    before = await said_in(cast, FORUM), await said_in(cast, SUPERGROUP)
    words = f"/logchat {cast.chats[SUPERGROUP]}"
    await cast.hear(cast.message(FORUM, "owner", words, message_thread_id=TOPIC, is_topic_message=True))
    assert await said_in(cast, FORUM) == [*before[0], TOPIC]
    assert await said_in(cast, SUPERGROUP) == [*before[1], None]


# --- chats that the bot has left -----------------------------------------------------------------


async def confirm(cast: Cast) -> str:
    """The owner confirms an import that waits; the toast."""
    chat, wanted = cast.chats[SUPERGROUP], Wanted(rules={"hold_at": 77})
    _, rows = await cast.app.database.write(lambda c: exchange.offer(c, chat, wanted, "en"))
    assert rows
    return await press(cast, private(cast, rows[0][0]["callback_data"]))


async def kept(cast: Cast) -> list[Any]:
    """All that an admin could have changed: the chats, the cases, what was done, the audit log, calls to the chat."""
    tables = (chat_rows, cases, case_actions, audit)
    async with cast.app.database.read() as connection:
        rows = [list(await connection.execute(select(table).order_by(*table.primary_key))) for table in tables]
        calls = await connection.scalars(select(outbox.c.key).where(outbox.c.chat_id == cast.chats[SUPERGROUP]))
        return [*rows, set(calls)]


Try = Callable[[Cast, int, Json], Awaitable[str]]


def pressing(data: str) -> Try:
    """Press a button of the bot's in private; `data` may name the chat and the case."""
    return lambda cast, number, _card: press(
        cast, private(cast, data.format(chat=cast.chats[SUPERGROUP], number=number))
    )


def asking(command: str) -> Try:
    """Give a command in private; it may name the chat and the case."""
    return lambda cast, number, _card: ask(cast, command.format(chat=cast.chats[SUPERGROUP], number=number))


TRIES: dict[str, tuple[Try, str, str]] = {
    "a card": (lambda cast, _number, card: press(cast, card), GONE, GONE),
    "an import": (lambda cast, _number, _card: confirm(cast), GONE, GONE),
    "a button that undoes": (pressing("u:undo:{number}"), GONE, GONE),
    "a panel": (pressing("s:preset:watch:{chat}"), GONE, GONE),
    "a page of a panel": (pressing("s:page:matches:{chat}"), GONE, GONE),
    "/undo": (asking("/undo {number}"), NONE, GONE),
    "/case": (asking("/case {number}"), NONE, "report · open"),
    "/cases": (asking("/cases"), GROUP, GROUP),
    "/reports": (asking("/reports"), "No reports wait", "No reports wait"),
    "/settings export": (asking("/settings export {chat}"), "it takes", GONE),
}
"""What is still within reach of an owner, and the answer where Telegram tells nobody's rights, and where it does."""


@pytest.mark.parametrize("username", [None, "the_place"], ids=["private", "public"])
@pytest.mark.parametrize("what", TRIES)
async def test_nothing_changes_in_a_chat_that_the_bot_has_left(cast: Cast, what: str, username: str | None) -> None:
    """Whoever was its owner is answered plainly, by every button and command that is left, and nothing is changed."""
    number, card = await case_of(cast, SUPERGROUP)
    attempt, *answers = TRIES[what]
    chat = cast.chats[SUPERGROUP]
    cast.world.chat(chat).username = username
    await cast.app.database.write(lambda c: chats.change(c, chat, bot_status="left"))
    before = await kept(cast)
    with cast.bot_as(SUPERGROUP, "left"):
        said = await attempt(cast, number, card)
    assert answers[username is not None] in said
    assert await kept(cast) == before
