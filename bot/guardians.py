"""Who has to know at once when a chat's protection changes, and in which language. Nothing is said here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.i18n import language_for
from bot.model import ChatSettings
from bot.store import chats


async def of(connection: AsyncConnection, settings: ChatSettings, *, is_here: bool = True) -> list[tuple[int, str]]:
    """Return the owner in private and the log chat, else the chat itself where the bot still is, with languages."""
    targets = []
    owner = await chats.person(connection, settings.owner_id) if settings.owner_id else None
    if owner and owner.reachable:
        targets.append((owner.user_id, language_for(owner.language)))
    if settings.log_chat_id is not None:
        targets.append((settings.log_chat_id, settings.language))
    return targets or ([(settings.chat_id, settings.language)] if is_here else [])


def topic(settings: ChatSettings, target: int) -> int | None:
    """Return the topic in which the chat `target` is told about a chat: one was chosen for the log chat alone."""
    return settings.rules.log_thread_id if target == settings.log_chat_id else None


async def tongue(connection: AsyncConnection, settings: ChatSettings, target: int) -> str:
    """Return the language of what is told about a chat at `target`: a person's own in private, else the chat's."""
    person = await chats.person(connection, target) if target > 0 else None
    return language_for(person.language) if person else settings.language
