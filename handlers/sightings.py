"""Whose usernames an update shows, and whom a @name means. What is done to them is not known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from telegram import Update

from bot.sightings import WAITING
from bot.store import chats
from bot.store.chats import Person
from handlers import guard
from handlers.context import Context, Services
from handlers.convert import name_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a @name may mean: who bears it now by Telegram's word, and everybody who was seen with it."""

    now: Json | None
    seen: tuple[Person, ...]


async def note(_update: Update, context: Context) -> None:
    """Note the usernames that an update shows."""
    sightings = context.services.sightings
    for user in _users(context.turn.raw):
        sightings.note(user, name_of(user))
    if (write := sightings.write(at_least=WAITING)) is not None:
        context.turn.add(write)


async def called(services: Services, chat_id: int, username: str) -> Called:
    """Find out whom a username means: of those seen with it, only whom Telegram calls so at this moment.

    `now` is None when that is nobody, or when several were seen with it: a username may have changed hands, and
    nobody is acted on for bearing another's. Raises `Unreachable`.
    """
    if (write := services.sightings.write()) is not None:
        await services.database.write(write)
    async with services.database.read() as connection:
        seen = tuple(await chats.bearers(connection, username.lower()))
    if len(seen) != 1:
        return Called(None, seen)
    user = (await guard.member(services, chat_id, seen[0].user_id)).get("user")
    is_current = isinstance(user, dict) and str(user.get("username") or "").lower() == username.lower()
    return Called(user if is_current else None, seen)


def _users(raw: Json) -> Iterator[Json]:
    """Who an update shows in a group or channel; that somebody writes to the bot in private is nobody's business."""
    for update in raw.values():
        if not isinstance(update, dict) or _is_private(update):
            continue
        for node in (update, update.get("reply_to_message"), update.get("new_chat_member")):
            user = node.get("from") or node.get("user") if isinstance(node, dict) else None
            if isinstance(user, dict):
                yield user


def _is_private(update: Json) -> bool:
    message = update.get("message")  # of a press
    chat = update.get("chat") or (message.get("chat") if isinstance(message, dict) else None)
    return isinstance(chat, dict) and chat.get("type") == "private"
