"""The story of somebody out of reach: a chat's admins hear of it once, with the remedy, and anew after it was mended.

It is about whoever should be told of a chat: its owner and admins in private, and its log chat. That somebody reported
is nobody's business, and whether a reporter can be reached is never said.
"""

from __future__ import annotations

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, guardians
from bot.calls import CHATTER
from bot.i18n import Html, lines, mention, name, say
from bot.model import ChatSettings
from bot.outcome import Done, Outcome, Refused
from bot.store import chats, outbox
from bot.store import unreachable as records

KEY = "unreachable:"
"""What the keys of these calls begin with: of one that is refused itself nothing more is said."""

ANY = -1
"""Stands for every topic of a chat."""

SPEAKING = frozenset({"sendMessage", "sendPhoto"})

TOPIC = ("thread not found", "topic_closed", "topic_deleted")
"""Words of a refusal that is about the topic alone."""

CHAT = ("forbidden", "chat not found", "not enough rights", "no rights to send", "administrator rights", "chat_admin")
"""Words of a refusal that is about the whole chat; any other may be about one message."""


async def mind(connection: AsyncConnection, settings: ChatSettings) -> None:
    """Have a chat's admins know that its owner should be told in private and cannot be, if that is so.

    A channel's readers are not told: without a log chat there is nobody to hear it.
    """
    owner = await chats.person(connection, settings.owner_id) if settings.owner_id else None
    if settings.owner_id is None or (owner and owner.reachable):
        return
    place = settings.log_chat_id or await _open_to_admins(connection, settings.chat_id)
    if place is not None and await records.add(connection, settings.chat_id, settings.owner_id):
        await _say(connection, settings, settings.owner_id, place, _about_owner(settings.language, settings))


async def miss(connection: AsyncConnection, settings: ChatSettings, user_id: int, by_name: str) -> None:
    """Have the log chat know that an admin should have been told in private what came of a silent command."""
    place = settings.log_chat_id
    if place is not None and await records.add(connection, settings.chat_id, user_id):
        await _say(connection, settings, user_id, place, _about_admin(settings.language, user_id, by_name))


async def record(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Learn from how a message ended whether those it was for can be reached."""
    if row.method not in SPEAKING or row.key.startswith(KEY):
        return
    if isinstance(outcome, Done) and row.chat_id < 0:
        await reached(connection, row.chat_id, row.args.get("message_thread_id"))
    elif isinstance(outcome, Refused) and outcome.new_chat_id is None:
        words = outcome.reason.lower()
        is_topic = any(one in words for one in TOPIC)
        if row.chat_id > 0 and any(one in words for one in CHAT):
            await _lose_person(connection, row.chat_id)
        elif row.chat_id < 0 and (is_topic or any(one in words for one in CHAT)):
            await lose_log(connection, row.chat_id, row.args.get("message_thread_id") if is_topic else ANY)


async def reached(connection: AsyncConnection, log_id: int, thread_id: int | None = ANY) -> None:
    """Note that a log chat takes what is said, in one topic or anywhere: should that end, it is said again."""
    for watched in await records.watchers(connection, log_id):
        if thread_id in (ANY, guardians.topic(await chats.settings(connection, watched), log_id)):
            await records.drop(connection, log_id, watched)


async def _lose_person(connection: AsyncConnection, user_id: int) -> None:
    """Note that a person takes no messages; where they own a chat its admins hear it."""
    await chats.lose(connection, user_id)
    for chat_id in await chats.owned_by(connection, user_id):
        await mind(connection, await chats.settings(connection, chat_id))


async def lose_log(connection: AsyncConnection, log_id: int, thread_id: int | None = ANY) -> None:
    """Have the owner, else the chat itself, know that a log chat takes nothing, anywhere or in the topic they use."""
    for watched in await chats.logged_by(connection, log_id):
        settings = await chats.settings(connection, watched)
        if thread_id not in (ANY, guardians.topic(settings, log_id)):
            continue
        owner = await chats.person(connection, settings.owner_id) if settings.owner_id else None
        reachable = owner.user_id if owner and owner.reachable else None
        place = reachable or await _open_to_admins(connection, watched)
        if place is not None and await records.add(connection, watched, log_id):
            log = await chats.chat(connection, log_id)
            title, kind = (log.title or str(log_id), log.type) if log else (str(log_id), "supergroup")
            language = await guardians.tongue(connection, settings, place)
            text = _about_log(language, settings.title, title, kind if thread_id == ANY else "topic")
            await _say(connection, settings, log_id, place, text)


async def lose_topic(connection: AsyncConnection, settings: ChatSettings, log_id: int) -> None:
    """Have the log chat know that its topic is used no more, and that it has itself what went there."""
    await _say(connection, settings, log_id, log_id, _about_topic(settings.language, settings.title))


async def _open_to_admins(connection: AsyncConnection, chat_id: int) -> int | None:
    """Return a chat in which its own admins may be told something, None for a channel or one that the bot left."""
    chat = await chats.chat(connection, chat_id)
    return None if chat is None or chat.type == "channel" or chat.bot_status in ("left", "kicked") else chat_id


async def _say(connection: AsyncConnection, settings: ChatSettings, who: int, place: int, text: Html) -> None:
    key = f"{KEY}{settings.chat_id}:{who}:{time.time():.3f}"
    thread_id = guardians.topic(settings, place)
    await outbox.put(connection, [calls.say(key, place, text, rank=CHATTER, thread_id=thread_id)])


# --- what is said --------------------------------------------------------------------------------


def _about_owner(language: str, settings: ChatSettings) -> Html:
    if settings.log_chat_id is None:
        here = say(language, "Until then cards and alarms come here, where everybody reads them; or give /logchat.")
    else:
        here = say(language, "Until then alarms come here alone.")
    return lines(
        say(
            language,
            "🔕 I cannot tell the owner of <b>{chat}</b> anything in private: they never pressed Start, or blocked me.",
            chat=name(settings.title),
        ),
        say(language, "How to fix it: they open my profile and press Start. I say this once."),
        here,
    )


def _about_admin(language: str, user_id: int, by_name: str) -> Html:
    return lines(
        say(
            language,
            "🔕 {who} gave a silent command, and I could not say in private what came of it: they never pressed "
            "Start, or blocked me.",
            who=mention(user_id, by_name),
        ),
        say(language, "How to fix it: they open my profile and press Start. I say this once."),
    )


def _about_log(language: str, title: str, log_title: str, what: str) -> Html:
    remedies = {
        "channel": say(language, "How to fix it: make me an administrator there who may post messages."),
        "topic": say(language, "How to fix it: open the topic again, or give /logchat in another one."),
    }
    remedy = remedies.get(what) or say(language, "How to fix it: add me there again, and let me write.")
    return lines(
        say(
            language,
            "🔕 The log chat of <b>{chat}</b>, {log}, takes nothing from me.",
            chat=name(title),
            log=name(log_title),
        ),
        remedy,
        say(language, "Until then cards come here. /check tests the log chat. I say this once."),
    )


def _about_topic(language: str, title: str) -> Html:
    return lines(
        say(
            language,
            "🔕 The topic with the cards of <b>{chat}</b> is gone or closed: cards come here from now on.",
            chat=name(title),
        ),
        say(language, "How to fix it: give /logchat in the topic that should have them. I say this once."),
    )
