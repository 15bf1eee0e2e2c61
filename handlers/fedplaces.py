"""What somebody is to each chat of a federation, asked of Telegram when it matters. Nothing is decided here."""

from __future__ import annotations

import asyncio

from bot.fedbans import Place
from bot.model import Sender
from bot.store import chats
from bot.store import feds as store
from bot.store.chats import Chat
from bot.store.feds import Fed
from handlers import guard
from handlers.context import Context
from handlers.rights import Right

AT_ONCE = 8
"""Chats that Telegram is asked about at the same time."""

AWAY = frozenset({"left", "kicked"})


async def places(context: Context, fed: Fed, sender: Sender) -> list[Place]:
    """Return every chat of a federation that the bot is in. Raises `Unreachable` unless this is the last try."""
    async with context.services.database.read() as connection:
        ids = [one.chat_id for one in await store.chats_of(connection, fed.id)]
        known = [await chats.chat(connection, chat_id) for chat_id in ids]
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(chat: Chat) -> Place:
        async with turns:
            return await place(context, chat, sender)

    return list(await asyncio.gather(*(ask(chat) for chat in known if chat and chat.bot_status not in AWAY)))


async def place(context: Context, chat: Chat, sender: Sender) -> Place:
    """Return one chat of a federation. Raises `Unreachable` unless this is the last try."""
    is_last_try = context.turn.is_last_try
    standing = await guard.standing_in(context.services, chat.chat_id, sender, is_last_try=is_last_try)
    return Place(chat.chat_id, chat.type, standing, may_restrict=Right.RESTRICT.value in chat.bot_rights)
