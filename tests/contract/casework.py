"""What the tests of cases share: a chat with a log, people who can be reached, reports, and cards that were sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases
from bot.model import MediaKind, MediaPost, MediaRef, MessageRef, Sender, SenderKind
from bot.outcome import Done
from bot.reports import Filed, Report, file
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store.cases import Button, Case
from bot.store.db import Database
from bot.store.tables import audit, case_actions
from bot.store.tables import outbox as calls

CHAT, LOG, POSTER, ADMIN, CARD = -1001, -1002, 501, 601, 77

MEMBER = Sender(SenderKind.USER, POSTER, "Poster")


async def furnish(database: Database, **facts: Any) -> None:
    """Have a chat with a log chat, and three people whom the bot may write to."""

    async def write(connection: AsyncConnection) -> None:
        await chats.meet(connection, CHAT, title="The place", log_chat_id=LOG, **facts)
        for user in (1, 2, 3):
            await chats.greet(connection, user, name=f"Reporter{user}", language="en", reachable=True)

    await database.write(write)


async def report(database: Database, reporter: int, message: int = 9, **facts: Any) -> Filed:
    """Somebody reports a message of the poster's."""
    values: dict[str, Any] = {
        "chat_id": CHAT,
        "chat_title": "The place",
        "message_id": message,
        "incident": f"message:{message}",
        "sender": MEMBER,
        "posted_at": 1.0,
        "reporter_id": reporter,
        "language": "en",
        **facts,
    }
    return await database.write(lambda connection: file(connection, Report(**values)))


async def send_card(database: Database, number: int = CARD) -> None:
    """Telegram takes every card that waits, and numbers it."""

    async def write(connection: AsyncConnection) -> None:
        for row in await outbox.due(connection, 50):
            if row.method == "sendMessage" and row.chat_id == LOG:
                await outbox.finish(connection, row)
                await cases.record(connection, row, Done({"message_id": number, "chat": {"id": row.chat_id}}))

    await database.write(write)


@dataclass(frozen=True, slots=True)
class Made:
    """A call that the outbox holds."""

    method: str
    chat_id: int
    args: dict[str, Any]


async def made(database: Database, method: str | None = None, chat_id: int | None = None) -> list[Made]:
    """Every call of `method`, to `chat_id`, that was ever queued, in order."""
    async with database.read() as connection:
        rows = await connection.execute(select(calls.c.method, calls.c.chat_id, calls.c.args).order_by(calls.c.id))
        found = [Made(row.method, row.chat_id, json.loads(row.args)) for row in rows]
    return [one for one in found if method in (None, one.method) and chat_id in (None, one.chat_id)]


async def case_of(database: Database, number: int) -> Case:
    """A case as it is now."""
    async with database.read() as connection:
        found = await records.get(connection, number)
    assert found is not None
    return found


async def button_of(database: Database, number: int) -> Button:
    """The token of a case's card."""
    async with database.read() as connection:
        found = await records.case_button(connection, number)
    assert found is not None
    return found


async def strikes(database: Database, sender: int = POSTER) -> int:
    """How many of somebody's strikes count."""
    async with database.read() as connection:
        return await records.active_strikes(connection, CHAT, sender)


async def acts(database: Database) -> list[tuple[str, int | None]]:
    """What is on record as done, and by whom."""
    async with database.read() as connection:
        rows = await connection.execute(select(case_actions.c.kind, case_actions.c.by_id).order_by(case_actions.c.id))
        return [(row.kind, row.by_id) for row in rows]


async def audited(database: Database) -> list[tuple[str, int | None, str]]:
    """The audit log: code, actor, detail."""
    async with database.read() as connection:
        rows = await connection.execute(select(audit.c.code, audit.c.actor_id, audit.c.detail).order_by(audit.c.id))
        return [(row.code, row.actor_id, row.detail) for row in rows]


def post(message: int = 9, *, album: str | None = None) -> MediaPost:
    """The poster's message with one picture."""
    picture = MediaRef(MediaKind.PHOTO, f"file{message}", f"unique{message}", "message.photo")
    return MediaPost(MessageRef(CHAT, message), MEMBER, datetime.now(UTC), (picture,), album=album)
