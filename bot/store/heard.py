"""Messages looked up among the updates that are still kept: nothing else of the bot knows their words. Read only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import MessageRef
from bot.store.tables import chats, inbox, seen

Json = dict[str, Any]

MOST = 20
"""Updates, and messages with one file, that are looked at: the newest."""

MOST_READ = 20_000
"""Updates that are read for one look-up: some days of a busy chat, or an hour of the whole of a town."""

EARLY, LATE = 60.0, 3600.0
"""Seconds around a message's own time in which it came in, but for the longest of outages."""


async def message(connection: AsyncConnection, bot_id: int, ref: MessageRef) -> Json | None:
    """Return a message as it was heard last, or shown in a reply to it; None when it is not, or no more, known."""
    newest = _near(bot_id, inbox.c.chat_id == ref.chat_id).order_by(inbox.c.received_at.desc())
    for body in await _bodies(connection, bot_id, newest, _holds("message_id", ref.message_id)):
        if _ref_of(body) == ref:
            return body
    return None


async def posted(connection: AsyncConnection, bot_id: int, at: int, words: str) -> list[Json]:
    """Return the messages that were written at a moment with just these words, in whatever chat; the newest first."""
    shared = inbox.c.chat_id.in_(select(chats.c.chat_id).where(chats.c.type != "private"))
    came_in = inbox.c.received_at.between(at - EARLY, at + LATE)
    soonest = _near(bot_id, shared & came_in).order_by(inbox.c.received_at)  # but for an outage: within a moment
    bodies = await _bodies(connection, bot_id, soonest, _holds("date", at))
    found = {_ref_of(one): one for one in bodies if one.get("date") == at and one.get("text") == words}
    return [one for one in found.values() if one["chat"].get("type") != "private"]


async def carrying(connection: AsyncConnection, file_unique_ids: Collection[str]) -> list[MessageRef]:
    """Return the messages that were seen to carry one of these files, the newest first."""
    query = select(seen.c.chat_id, seen.c.message_id).where(seen.c.file_unique_id.in_(file_unique_ids))
    rows = await connection.execute(query.order_by(seen.c.posted_at.desc()).limit(MOST))
    return list(dict.fromkeys(MessageRef(row.chat_id, row.message_id) for row in rows))


def _near(bot_id: int, where: ColumnElement[bool]) -> Select[tuple[int]]:
    """The updates of shared chats among which a message must be, by what the index alone tells."""
    # The index is partial, so its condition stands here as it stands there: as a sum, lest it is taken for a range.
    shared = text("inbox.chat_id + 0 < 0")
    return select(inbox.c.update_id).where(inbox.c.bot_id == bot_id, shared, where).limit(MOST_READ)


async def _bodies(
    connection: AsyncConnection, bot_id: int, near: Select[tuple[int]], says: ColumnElement[bool]
) -> list[Json]:
    """Return the messages in the newest updates that say something."""
    query = select(inbox.c.payload).where(inbox.c.bot_id == bot_id, inbox.c.update_id.in_(near), says)
    rows = await connection.scalars(query.order_by(inbox.c.update_id.desc()).limit(MOST))
    return [body for payload in rows for body in _messages(payload)]


def _messages(payload: str) -> Iterator[Json]:
    """Yield the messages in an update: its own, and the one that it replies to."""
    try:
        raw = json.loads(payload)
    except (ValueError, RecursionError):
        return
    for body in raw.values() if isinstance(raw, dict) else ():
        for one in (body, body.get("reply_to_message")) if isinstance(body, dict) else ():
            if isinstance(one, dict) and _ref_of(one) is not None:
                yield one


def _ref_of(body: Json) -> MessageRef | None:
    chat, number = body.get("chat"), body.get("message_id")
    if not isinstance(chat, dict) or not isinstance(chat.get("id"), int) or not isinstance(number, int):
        return None
    return MessageRef(chat["id"], number)


def _holds(name: str, number: int) -> ColumnElement[bool]:
    """Whether an update says somewhere that a field is just this number, with or without a space before it."""
    forms = (f'"{name}":{space}{number}{end}' for space in ("", " ") for end in (",", "}"))
    return or_(*(inbox.c.payload.contains(form, autoescape=True) for form in forms))
