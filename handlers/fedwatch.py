"""Who is banned in a chat's federation, met as they join or write. What follows is decided in the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from telegram import Update

from bot import fedbans
from bot.fedbans import Place
from bot.model import MessageRef, Sender, SenderKind
from bot.store import chats, joined
from bot.store import feds as store
from bot.store.db import Database
from bot.store.feds import FedBan
from bot.telegram.carriers import messages
from handlers import fedplaces
from handlers.context import Context
from handlers.convert import name_of, sender_of

Json = dict[str, Any]

MET = frozenset({SenderKind.USER, SenderKind.CHANNEL})

LOADED: WeakSet[Database] = WeakSet()
"""Databases whose chats with a federation are in memory."""

Seen = tuple[int, Sender, MessageRef | None]
"""A chat, somebody in it, and the message that they wrote there, None when they joined."""


async def watch(_update: Update, context: Context) -> None:
    """Look up everybody whom an update shows in a chat, and have the federation's ban act on whom it names."""
    for chat_id, sender, ref in _seen(context.turn.raw, context.services.gateway.id):
        if not await _may_be_joined(context.services.database, chat_id):
            continue
        async with context.services.database.read() as connection:
            kept = await store.ban_in(connection, chat_id, sender.id)
            chat = await chats.chat(connection, chat_id) if kept else None
        if kept and chat:
            _act(context, kept, await fedplaces.place(context, chat, sender), sender, ref)


async def _may_be_joined(database: Database, chat_id: int) -> bool:
    """Whether a chat may be in a federation: that is asked for every message, and of most there is nothing to read."""
    if database not in LOADED:
        async with database.read() as connection:
            await joined.load(connection)
        LOADED.add(database)
    return chat_id in joined.CHATS


def _act(context: Context, kept: FedBan, place: Place, sender: Sender, ref: MessageRef | None) -> None:
    mark = str(context.turn.row.update_id)
    context.turn.add(lambda connection: fedbans.meet(connection, kept, place, sender, ref, mark=mark))


def _seen(raw: Json, bot_id: int) -> Iterator[Seen]:
    """Name whom an update shows: the author of a message, those who came with it, and who is a member now."""
    changed = raw.get("chat_member")
    if isinstance(changed, dict) and _is_in(changed["new_chat_member"]) and not _is_in(changed["old_chat_member"]):
        yield changed["chat"]["id"], _person(changed["new_chat_member"]["user"]), None
    for _field, message in messages(raw):
        chat = message["chat"]
        if chat.get("type") == "private":
            continue
        sender = sender_of(message, bot_id)
        came = message.get("new_chat_members")
        if sender.kind in MET and sender.id:
            yield chat["id"], sender, None if came else MessageRef(chat["id"], message["message_id"])
        for user in came if isinstance(came, list) else ():
            if user["id"] not in (sender.id, bot_id):
                yield chat["id"], _person(user), None


def _is_in(chat_member: Json) -> bool:
    status = chat_member.get("status")
    return status == "member" or (status == "restricted" and chat_member.get("is_member") is True)


def _person(user: Json) -> Sender:
    return Sender(SenderKind.USER, user["id"], name_of(user))
