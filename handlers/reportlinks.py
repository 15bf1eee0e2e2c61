"""Reports in private, which nobody in the chat can see: by a message's link, or by forwarding it to the bot."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update

from bot import links
from bot.i18n import Html, length, say
from bot.links import Link
from bot.model import MessageRef
from bot.store import chats, heard
from bot.store import reports as store
from bot.telegram.turn import Turn
from handlers import filing, guard
from handlers.commands import Asker, Listener, asker_of, spoken, text_of
from handlers.context import LOOKUPS, Context, Services
from handlers.convert import post_of

Json = dict[str, Any]

AWAY = frozenset({"left", "kicked"})

MEMBERS = frozenset({"creator", "administrator", "member", "restricted", "kicked"})
"""What Telegram calls those who are in a chat or were put out of it; of others it says only that they are not in."""

CONTENT = frozenset({"text", "caption", "photo", "video", "animation", "document", "sticker", "video_note"})

MOST_CHATS = 5
"""Chats about which Telegram is asked for one forwarded message."""


class Obstacle(StrEnum):
    """Why a message cannot be reported in private."""

    NOT_THERE = "not there"  # the bot is not in that chat
    NO_MEMBER = "no member"
    UNKNOWN = "unknown"
    HIDDEN = "hidden"  # Telegram does not say which message was forwarded
    TOO_OFTEN = "too often"  # whoever asks had many looked up just now


async def command(context: Context, asker: Asker) -> None:
    """``/report link [reason]`` in private; without a link it says how to report."""
    link = links.parse(asker.words[0]) if asker.words else None
    if link is None:
        await _say(context, asker, filing.how_to(asker.language))
    else:
        await _by_link(context, asker, link, " ".join(asker.words[1:]))


def writing() -> Listener:
    """Return the handler of links to messages that are sent in private with no command."""

    async def run(_update: Update, context: Context) -> None:
        message = spoken(context.turn) or {}
        asker, (first, *rest) = asker_of(message, context.services.gateway.id), text_of(message).split()
        link = links.parse(first)
        if link is not None:
            await _by_link(context, asker, link, " ".join(rest))

    return Listener(lambda turn, _username: _is_link(turn), run)


def forwarding() -> Listener:
    """Return the handler of messages that are forwarded in private."""

    async def run(_update: Update, context: Context) -> None:
        message = context.turn.raw["message"]
        asker = asker_of(message, context.services.gateway.id)
        is_allowed = _may_ask(context.services, asker)
        found = await _forwarded(context.services, asker, message) if is_allowed else Obstacle.TOO_OFTEN
        await _finish(context, asker, found, "")

    return Listener(lambda turn, _username: _is_forward(turn), run)


def _is_private(message: Json) -> bool:
    return bool(message["chat"].get("type") == "private")


def _is_link(turn: Turn) -> bool:
    message = spoken(turn)
    words = text_of(message).split(maxsplit=1) if message and _is_private(message) else []
    return bool(words) and links.parse(words[0]) is not None


def _is_forward(turn: Turn) -> bool:
    message = turn.raw.get("message")
    if not isinstance(message, dict) or not _is_private(message) or not isinstance(message.get("forward_origin"), dict):
        return False
    document = message.get("document")  # what is no picture may be a file for another command, such as /fedimport
    return not isinstance(document, dict) or str(document.get("mime_type")).startswith(("image/", "video/"))


# --- which message it is -------------------------------------------------------------------------


def _may_ask(services: Services, asker: Asker) -> bool:
    """Whether another message is looked up for somebody, a stranger maybe; an album, which comes in pieces, is one."""
    return services.lookups.take(asker.user_id, asker.message.get("media_group_id") or asker.message["message_id"])


async def _by_link(context: Context, asker: Asker, link: Link, reason: str) -> None:
    is_allowed = _may_ask(context.services, asker)
    found = await _linked(context.services, asker, link) if is_allowed else Obstacle.TOO_OFTEN
    await _finish(context, asker, found, reason)


async def _finish(context: Context, asker: Asker, found: Json | Obstacle, reason: str) -> None:
    """Pass a message on that was found, or say what stands in the way."""
    if isinstance(found, Obstacle):
        await _say(context, asker, _words(asker.language, found, context.services.settings.retention.inbox_hours))
    else:
        await filing.pass_on(context, asker, found, reason)


async def _linked(services: Services, asker: Asker, link: Link) -> Json | Obstacle:
    chat_id = link.chat if isinstance(link.chat, int) else await _public(services, link.chat)
    if chat_id is not None and link.comment_id is not None:
        chat_id = await _discussion(services, chat_id)
    if chat_id is None:
        return Obstacle.NOT_THERE
    return await _message(services, asker.user_id, MessageRef(chat_id, link.comment_id or link.message_id))


async def _message(services: Services, user_id: int, ref: MessageRef) -> Json | Obstacle:
    """Return a message of a chat that the bot is in, to who is or was a member there."""
    if not await _is_there(services, ref.chat_id):
        return Obstacle.NOT_THERE
    if not await _is_member(services, ref.chat_id, user_id):
        return Obstacle.NO_MEMBER
    async with services.database.read() as connection:
        return await heard.message(connection, services.gateway.id, ref) or Obstacle.UNKNOWN


async def _forwarded(services: Services, asker: Asker, message: Json) -> Json | Obstacle:
    """Return the message that was forwarded: by where it comes from, else by its files, else by its words and time."""
    origin = message["forward_origin"]
    if origin.get("type") == "channel":
        ref = MessageRef(origin["chat"]["id"], origin["message_id"])
        found = await _message(services, asker.user_id, ref)
        if found is Obstacle.UNKNOWN:  # a channel's post is known by its own number, and shows all that there is
            return _as_posted(message, origin)
        if not isinstance(found, Obstacle) or found is Obstacle.NO_MEMBER:
            return found
    return await _alike(services, asker.user_id, message) or Obstacle.HIDDEN


async def _alike(services: Services, user_id: int, message: Json) -> Json | None:
    """Return a message that is the same as a forwarded one, of a chat in which whoever forwarded it is a member.

    That it stands in other chats as well is not told.
    """
    bot_id, post = services.gateway.id, post_of("message", message, services.gateway.id)
    async with services.database.read() as connection:
        if post is not None:
            refs = await heard.carrying(connection, [one.file_unique_id for one in post.media])
        else:
            at, text = message["forward_origin"].get("date"), message.get("text")
            same = await heard.posted(connection, bot_id, at, text) if isinstance(at, int) and text else []
            refs = [MessageRef(one["chat"]["id"], one["message_id"]) for one in same]
    for chat_id in list(dict.fromkeys(ref.chat_id for ref in refs))[:MOST_CHATS]:
        found = await _message(services, user_id, next(ref for ref in refs if ref.chat_id == chat_id))
        if not isinstance(found, Obstacle):
            return found
    return None


def _as_posted(message: Json, origin: Mapping[str, Any]) -> Json:
    """Return a channel's post as it stands there, from a forward of it."""
    content = {name: message[name] for name in CONTENT if name in message}
    where = {"chat": origin["chat"], "sender_chat": origin["chat"], "date": origin.get("date", 0)}
    return {"message_id": origin["message_id"], **where, **content}


# --- who may -------------------------------------------------------------------------------------


async def _public(services: Services, name: str) -> int | None:
    """Return the chat that bears a username now, by Telegram's word, else by what was last known."""
    answer = await services.gateway.ask("getChat", {"chat_id": f"@{name}"})
    if isinstance(answer, dict):
        return int(answer["id"])
    async with services.database.read() as connection:
        return await chats.named(connection, name)


async def _discussion(services: Services, channel_id: int) -> int | None:
    """Return the group in which a channel's posts are commented on."""
    async with services.database.read() as connection:
        known = await chats.discussing(connection, channel_id)
    if known is not None:
        return known
    answer = await services.gateway.ask("getChat", {"chat_id": channel_id})
    return answer.get("linked_chat_id") if isinstance(answer, dict) else None


async def _is_there(services: Services, chat_id: int) -> bool:
    async with services.database.read() as connection:
        chat = await chats.chat(connection, chat_id)
    return chat is not None and chat.type != "private" and chat.bot_status not in AWAY


async def _is_member(services: Services, chat_id: int, user_id: int) -> bool:
    """Whether somebody is or was in a chat, or follows the channel that is linked to it: who does may comment."""
    if (await guard.member(services, chat_id, user_id)).get("status") in MEMBERS:
        return True
    async with services.database.read() as connection:
        chat = await chats.chat(connection, chat_id)
        if await store.was_here(connection, chat_id, user_id):
            return True
    linked = chat.linked_chat_id if chat else None
    return linked is not None and (await guard.member(services, linked, user_id)).get("status") in MEMBERS


# --- what is said --------------------------------------------------------------------------------


async def _say(context: Context, asker: Asker, text: Html) -> None:
    async def write(connection: AsyncConnection) -> None:
        await filing.put_away(connection, context, asker)
        await filing.whisper(connection, context, asker, text)

    await context.turn.commit(write)


def _words(language: str, obstacle: Obstacle, hours: float) -> Html:
    """Say why a message cannot be reported in private, and what can be done instead."""
    words = {
        Obstacle.NOT_THERE: say(language, "I am not in that chat, so I can do nothing about it."),
        Obstacle.NO_MEMBER: say(language, "Only members of that chat can report its messages, and you are none."),
        Obstacle.UNKNOWN: say(
            language,
            "I do not know that message: I remember messages for {time}, and none from before I came. "
            "Please reply to it in the chat with /report.",
            time=length(language, round(hours * 3600)),
        ),
        Obstacle.HIDDEN: say(
            language,
            "Telegram does not tell me which message that is. Please send me its link: hold the message, then "
            "choose “Copy Link”. Or reply to it in the chat with /report.",
        ),
        Obstacle.TOO_OFTEN: say(
            language,
            "I look up {n} messages an hour for you: please try again later. "
            "Or reply to the message in the chat with /report.",
            n=LOOKUPS,
        ),
    }
    return words[obstacle]
