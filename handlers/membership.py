"""What Telegram says of the bot's place in chats, and of their names and kinds. What follows is not decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update

from bot import membership
from bot.errors import Unreachable
from bot.membership import Change, Details
from bot.protection import presence_of
from bot.store import chats
from bot.telegram.carriers import messages
from bot.telegram.turn import Turn
from handlers import guard
from handlers.context import Context, Services
from handlers.convert import name_of, title_of

Json = Mapping[str, Any]

FACTS = "facts"
"""Under which a chat's data in memory holds its type, title and username as last seen."""


async def follow(update: Update, context: Context) -> None:
    """Keep what an update says of the bot's place, and of the chat it comes from."""
    for field in ("chat_member", "my_chat_member"):
        if field in context.turn.raw:
            context.services.admins.follow(context.turn.raw[field])
    if update.my_chat_member is not None:
        await _moved(context)
    for _field, message in messages(context.turn.raw):
        if message["chat"].get("type") != "private":
            await _look(context, message)


async def _moved(context: Context) -> None:
    """Take in a change of what the bot is in a chat."""
    raw: Json = context.turn.raw["my_chat_member"]
    if raw["chat"]["type"] == "private":
        context.turn.add(lambda connection: _reach(connection, raw))
        return
    change = _change_of(raw, context.turn)
    details = Details()
    if change.after.is_here:
        details = await _details(context, change.chat_id, change.by_id)
    context.turn.add(lambda connection: membership.follow(connection, change, details))


async def _reach(connection: AsyncConnection, raw: Json) -> None:
    """Note that somebody blocked the bot, or took the block back."""
    is_reachable = raw["new_chat_member"]["status"] == "member"
    user = raw["from"]
    facts = {"name": name_of(user), "language": user.get("language_code"), "reachable": is_reachable}
    await chats.greet(connection, user["id"], **facts)


def _change_of(raw: Json, turn: Turn) -> Change:
    chat, user = raw["chat"], raw["from"]
    return Change(
        chat_id=chat["id"],
        chat_type=chat["type"],
        title=title_of(chat),
        username=chat.get("username"),
        before=presence_of(raw["old_chat_member"]),
        after=presence_of(raw["new_chat_member"]),
        by_id=user["id"],
        by_language=user.get("language_code"),
        at=float(raw["date"]),
        mark=f"{turn.row.bot_id}:{turn.row.update_id}",
    )


async def _details(context: Context, chat_id: int, by_id: int = 0) -> Details:
    """Ask Telegram for a chat's owner, else whoever added the bot if an admin, and for its linked chat."""
    gateway = context.services.gateway
    try:
        admins = await gateway.ask("getChatAdministrators", {"chat_id": chat_id})
        chat = await gateway.ask("getChat", {"chat_id": chat_id})
    except Unreachable:
        if not context.turn.is_last_try:
            raise
        return Details()
    ids = {one["user"]["id"]: one["status"] for one in admins or () if not one["user"].get("is_bot")}
    owner = next((user_id for user_id, status in ids.items() if status == "creator"), None)
    linked = chat.get("linked_chat_id") if isinstance(chat, dict) else None
    return Details(owner or (by_id if by_id in ids else None), linked)


async def _look(context: Context, message: Json) -> None:
    """Follow a chat's name, kind and growth into a supergroup."""
    chat, turn = message["chat"], context.turn
    if isinstance(new_id := message.get("migrate_to_chat_id"), int):
        presence = presence_of(await guard.member(context.services, new_id, context.services.gateway.id))
        turn.add(lambda connection: membership.migrate(connection, chat["id"], new_id, presence))
    elif _is_news(context, chat) and "migrate_from_chat_id" not in message:
        await _catch_up(context, context.services, chat)


async def _catch_up(context: Context, services: Services, chat: Json) -> None:
    """Write down what is new about a chat; one that was never met is asked about."""
    facts = _facts(chat)
    async with services.database.read() as connection:
        known = await chats.chat(connection, chat["id"])
    if known is None:
        details = await _details(context, chat["id"])
        presence = presence_of(await guard.member(services, chat["id"], services.gateway.id))
        context.turn.add(lambda connection: membership.meet(connection, chat["id"], presence, details, **facts))
    elif (known.type, known.title, known.username) != tuple(facts.values()):
        context.turn.add(lambda connection: chats.change(connection, chat["id"], **facts))


def _is_news(context: Context, chat: Json) -> bool:
    """Whether a chat's facts are other than last seen; they are remembered once the turn is durable."""
    memory, facts = context.chat_data, _facts(chat)
    if memory is None or memory.get(FACTS) == facts:
        return memory is None

    async def remember() -> None:
        memory[FACTS] = facts

    context.turn.afterwards(remember)
    return True


def _facts(chat: Json) -> dict[str, str | None]:
    return {"type": str(chat.get("type")), "title": title_of(chat), "username": chat.get("username")}
