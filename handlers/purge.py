"""The conversation of /purge: what it may remove, asked and answered. The removal itself is the machine's."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import answers
from bot import purge as story
from bot.i18n import Html, say
from bot.model import MessageRef
from bot.moderation import Obstacle
from bot.outcome import Done
from bot.purge import MOST, OLDEST_SECONDS, Purge
from bot.store import chats
from handlers import guard, replies
from handlers.commands import Asker
from handlers.context import Context
from handlers.convert import thread_of
from handlers.rights import Right

Words = Callable[[str], Html]


async def purge(context: Context, asker: Asker) -> None:
    """``/purge [all]`` as a reply: remove that message and everything after it, up to the command."""
    async with context.services.database.read() as connection:
        language = (await chats.settings(connection, asker.chat_id)).language
    refusal = await _refusal(context, asker)
    if refusal is not None or asker.reply is None:
        text = refusal(language) if refusal else _how(language)
        await context.turn.commit(lambda connection: replies.answer(connection, context.turn, text))
        return
    found = Purge(
        chat_id=asker.chat_id,
        first=asker.reply["message_id"],
        last=asker.message["message_id"],
        mark=f"{context.turn.row.bot_id}:{context.turn.row.update_id}",
        by=(asker.user_id, asker.name),
    )
    progress = await _announce(context, asker, story.going(language, 0, found.count))

    async def write(connection: AsyncConnection) -> None:
        await story.start(connection, _with(found, progress))

    await context.turn.commit(write)


def _with(found: Purge, progress: MessageRef | None) -> Purge:
    return Purge(found.chat_id, found.first, found.last, found.mark, found.by, progress)


async def _refusal(context: Context, asker: Asker) -> Words | None:
    """Say why this cannot be purged, None when it can."""
    if asker.reply is None:
        return _how
    if asker.message["chat"].get("is_forum") and asker.words[:1] != ["all"]:
        return _all_topics
    if time.time() - float(asker.reply.get("date") or 0) > OLDEST_SECONDS - 60:
        return _too_old
    if asker.message["message_id"] - asker.reply["message_id"] >= MOST:
        return _too_many
    own = await guard.member(context.services, asker.chat_id, context.services.gateway.id)
    if not guard.holds(own, Right.DELETE):
        return lambda language: answers.hindrance(language, Obstacle.NO_DELETE_RIGHT)
    return None


async def _announce(context: Context, asker: Asker, text: Html) -> MessageRef | None:
    """Say that it begins, at once: the message is rewritten as it goes on, so its number is needed now.

    Killed before the removals are queued, the bot says it again at the next start.
    """
    thread = thread_of(asker.message)
    args = {"chat_id": asker.chat_id, "text": text, "parse_mode": "HTML", "message_thread_id": thread}
    outcome = await context.services.gateway.call("sendMessage", args)
    return MessageRef(asker.chat_id, outcome.result["message_id"]) if isinstance(outcome, Done) else None


def _how(language: str) -> Html:
    return say(
        language,
        "Reply with /purge to the first message that should go: it and everything after it, up to the command, "
        "is removed.",
    )


def _too_old(language: str) -> Html:
    return say(
        language,
        "Telegram lets bots remove messages of the last 48 hours only, and this one is older. "
        "Reply to a newer one. Nothing was done.",
    )


def _too_many(language: str) -> Html:
    return say(
        language,
        "From there to here it is more than {most} messages. Reply to a newer one. Nothing was done.",
        most=MOST,
    )


def _all_topics(language: str) -> Html:
    return say(
        language,
        "In a forum the messages of all topics are numbered together, so this would take the other topics' messages of "
        "that time as well. If that is what you want: <code>/purge all</code>. Nothing was done.",
    )
