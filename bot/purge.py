"""The story of /purge: a stretch of messages removed by hundreds, with its progress. Rights are checked before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls
from bot.calls import CARD, RESTRICT
from bot.i18n import Html, name, say, say_n
from bot.model import MessageRef
from bot.outcome import Call
from bot.store import cases as records
from bot.store import chats, outbox

TOGETHER = 100
"""Messages that one deleteMessages takes (Bot API)."""

MOST = 2_000
"""Numbers of messages that one purge spans: twenty calls. More is a chat to be closed, not tidied."""

OLDEST_SECONDS = 48 * 60 * 60
"""How old a message may be for a bot to delete it (Bot API, deleteMessage)."""

STEPS = 10
"""How often the progress is rewritten at most."""

PREFIX = "purge:"

OF_THE_CHAT = ("forbidden", "chat not found", "not enough rights", "chat_admin_required")
"""Words of a refusal that half of the messages would meet as well."""


@dataclass(frozen=True, slots=True)
class Purge:
    """A stretch of messages of a chat, both ends included; `mark` is different for every update.

    `progress` is the message that says how far it is, None where nothing could be said.
    """

    chat_id: int
    first: int
    last: int
    mark: str
    by: tuple[int, str]
    progress: MessageRef | None = None

    @property
    def count(self) -> int:
        """How many messages it may be: numbers of messages that are gone count as well."""
        return self.last - self.first + 1


async def start(connection: AsyncConnection, purge: Purge) -> None:
    """Queue the calls of a purge, put it on record and into the log chat; a replay adds nothing."""
    settings = await chats.settings(connection, purge.chat_id)
    await outbox.put(connection, _calls(settings.language, purge))
    detail = f"{purge.count} messages"
    await records.record(connection, "moderation.purge", chat_id=purge.chat_id, actor_id=purge.by[0], detail=detail)
    if settings.log_chat_id not in (None, purge.chat_id):
        text = _log_line(settings.language, settings.title, purge)
        thread_id = settings.rules.log_thread_id
        line = calls.say(f"purged:{purge.mark}", settings.log_chat_id or 0, text, rank=CARD, thread_id=thread_id)
        await outbox.put(connection, [line])


def _calls(language: str, purge: Purge) -> Iterator[Call]:
    """Return removals and rewritten progress in turns: calls of one rank are made in the order of their queueing."""
    numbers = range(purge.first, purge.last + 1)
    parts = [numbers[start : start + TOGETHER] for start in range(0, len(numbers), TOGETHER)]
    step = max(1, len(parts) // STEPS)
    for place, part in enumerate(parts, 1):
        yield _removal(f"{PREFIX}{purge.mark}:{place}", purge.chat_id, list(part))
        if purge.progress is not None and (place % step == 0 or place == len(parts)):
            done = place == len(parts)
            text = finished(language, purge.count) if done else going(language, place * TOGETHER, purge.count)
            args = calls.rewrite(f"purging:{purge.mark}:{place}", purge.progress, text)
            yield Call(args.key, args.method, args.args, purge.chat_id, RESTRICT)


def _removal(key: str, chat_id: int, numbers: list[int]) -> Call:
    return Call(key, "deleteMessages", {"chat_id": chat_id, "message_ids": numbers}, chat_id, RESTRICT)


async def halve(connection: AsyncConnection, row: outbox.Row, words: str) -> None:
    """Try each half of messages that Telegram refused to remove together: it refuses all for one of them."""
    numbers = row.args.get("message_ids", [])
    if not row.key.startswith(PREFIX) or any(known in words.lower() for known in OF_THE_CHAT):
        return
    if len(numbers) > 1:
        middle = len(numbers) // 2
        halves = {"a": numbers[:middle], "b": numbers[middle:]}
        await outbox.put(connection, [_removal(f"{row.key}{side}", row.chat_id, half) for side, half in halves.items()])
        return
    language = (await chats.settings(connection, row.chat_id)).language
    mark = row.key.rsplit(":", 1)[0]
    text = say(language, "Some messages could not be removed. Telegram says: {words}", words=words)
    await outbox.put(connection, [calls.say(f"left:{mark}", row.chat_id, text, rank=calls.CHATTER)])


def going(language: str, done: int, count: int) -> Html:
    """Say how far a purge is."""
    return say(language, "🧹 Removing messages: {done} of {count} …", done=done, count=count)


def finished(language: str, count: int) -> Html:
    """Say that a purge is done; how many messages there really were, Telegram does not tell."""
    return say_n(
        language,
        "🧹 Removed everything from there to here: {n} message at most.",
        "🧹 Removed everything from there to here: {n} messages at most.",
        count,
    )


def _log_line(language: str, title: str, purge: Purge) -> Html:
    return say_n(
        language,
        "🧹 {chat}: {n} message at most purged — {name}.",
        "🧹 {chat}: {n} messages at most purged — {name}.",
        purge.count,
        chat=name(title),
        name=name(purge.by[1]),
    )
