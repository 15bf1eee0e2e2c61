"""The story of the bot in a chat: it comes, is promoted, loses rights, goes, and follows the chat's changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, greetings, guardians, panel, unreachable
from bot.calls import CARD, CHATTER
from bot.i18n import SOURCE, Html, language_for
from bot.model import ChatSettings
from bot.protection import POST, Presence, lacks
from bot.store import cases as records
from bot.store import chats, outbox

SETTLED = ("chat.joined", "chat.left", "chat.migrated", "settings.language")
"""Lines of the audit log after which a chat's language is its own, and no more that of whoever adds the bot."""


@dataclass(frozen=True, slots=True)
class Change:
    """What Telegram says became of the bot in a chat: who did it, when (seconds), and its presence before and after.

    `mark` is different for every update, so that what is said of one is said once.
    """

    chat_id: int
    chat_type: str
    title: str
    username: str | None
    before: Presence
    after: Presence
    by_id: int
    by_language: str | None
    at: float
    mark: str


@dataclass(frozen=True, slots=True)
class Details:
    """What only Telegram knows of a chat; None where it would not say."""

    owner_id: int | None = None
    linked_chat_id: int | None = None


async def follow(connection: AsyncConnection, change: Change, details: Details) -> None:
    """Keep what the bot is in a chat, and say what people need to know of it.

    A message of the chat may be handled first, and the chat is then known as it is after the change: so it counts
    what either Telegram or the database says of the time before.
    """
    known = await chats.chat(connection, change.chat_id)
    await _keep(connection, change, details, is_new=known is None)
    before = Presence(known.bot_status, known.bot_rights) if known else change.before
    await _heed_log(connection, change)
    if not change.after.is_here:
        await _leave(connection, change)
    elif not (before.is_here and change.before.is_here):
        await _arrive(connection, change)
    else:
        await _compare(connection, change, before)


async def meet(
    connection: AsyncConnection, chat_id: int, presence: Presence, details: Details, **facts: str | None
) -> None:
    """Keep a chat that the bot finds itself in without having seen how it came there; nothing is said."""
    known = {name: value for name, value in _known(details).items() if value is not None}
    rights = " ".join(sorted(presence.rights))
    await chats.meet(connection, chat_id, **facts, **known, bot_status=presence.status, bot_rights=rights)


async def migrate(connection: AsyncConnection, old_id: int, new_id: int, presence: Presence) -> None:
    """Move a group's settings, cases and waiting calls to the supergroup that it became."""
    if await chats.migrate(connection, old_id, new_id):
        rights = " ".join(sorted(presence.rights))
        await chats.change(connection, new_id, bot_status=presence.status, bot_rights=rights)
        await records.record(connection, "chat.migrated", chat_id=new_id, detail=f"{old_id} → {new_id}")
    await outbox.retarget(connection, old_id, new_id)


async def _keep(connection: AsyncConnection, change: Change, details: Details, *, is_new: bool) -> None:
    facts: dict[str, Any] = {"type": change.chat_type, "title": change.title, "username": change.username}
    facts |= {name: value for name, value in _known(details).items() if value is not None}
    if is_new:
        facts["language"] = language_for(change.by_language)
    rights = " ".join(sorted(change.after.rights))
    await chats.meet(connection, change.chat_id, **facts, bot_status=change.after.status, bot_rights=rights)


def _known(details: Details) -> dict[str, int | None]:
    return {"owner_id": details.owner_id, "linked_chat_id": details.linked_chat_id}


async def _arrive(connection: AsyncConnection, change: Change) -> None:
    await _speak(connection, change)
    settings = await chats.settings(connection, change.chat_id)
    place, language = await _place(connection, change, settings)
    text = greetings.arrival(language, change.title, change.after, lacks(change.chat_type, change.after))
    elsewhere = change.chat_id if place != change.chat_id else None
    buttons = panel.preset_buttons(language, chat_id=elsewhere)
    call = calls.say(f"arrival:{change.mark}", place, text, rank=CHATTER, buttons=buttons)
    if not await chats.logged_by(connection, change.chat_id):  # a chat that is a log already needs no introduction
        await outbox.put(connection, [call])
    await records.record(connection, "chat.joined", chat_id=change.chat_id, actor_id=change.by_id)


async def _speak(connection: AsyncConnection, change: Change) -> None:
    """Have a chat that a message made known first speak the language of whoever added the bot, unless it chose one."""
    settings, wanted = await chats.settings(connection, change.chat_id), language_for(change.by_language)
    is_open = settings.language == SOURCE and wanted != SOURCE
    if is_open and not await chats.has_on_record(connection, change.chat_id, SETTLED):
        await chats.change(connection, change.chat_id, language=wanted)


async def _leave(connection: AsyncConnection, change: Change) -> None:
    await records.record(connection, "chat.left", chat_id=change.chat_id, actor_id=change.by_id)
    needed = lacks(change.chat_type, change.after)
    await _alarm(connection, change, needed)
    for watched in await chats.logged_by(connection, change.chat_id):
        await chats.change(connection, watched, log_chat_id=None)
        await records.record(connection, "settings.logchat", chat_id=watched, detail=f"{change.chat_id} → none")
        settings = await chats.settings(connection, watched)
        for target, language in await guardians.of(connection, settings, is_here=True):
            text = greetings.log_chat_lost(language, settings.title, change.title)
            call = calls.say(f"logless:{change.mark}:{watched}:{target}", target, text, rank=CARD)
            await outbox.put(connection, [call])


async def _heed_log(connection: AsyncConnection, change: Change) -> None:
    """Have those know whose cards go to a channel that it takes no posts of the bot's any more, or takes them again."""
    if change.chat_type == "channel" and change.after.is_here:
        if POST in change.after.rights:
            await unreachable.reached(connection, change.chat_id)
        else:
            await unreachable.lose_log(connection, change.chat_id)


async def _compare(connection: AsyncConnection, change: Change, before: Presence) -> None:
    """Say what a promotion completed, or sound the alarm over what was lost."""
    told, has = lacks(change.chat_type, change.before), lacks(change.chat_type, change.after)
    known = lacks(change.chat_type, before)
    had = {*known, *told}
    lost = tuple(right for right in has if right not in known or right not in told)
    if lost:
        await records.record(connection, "chat.rights_lost", chat_id=change.chat_id, actor_id=change.by_id)
        await _alarm(connection, change, lost)
    elif len(has) < len(had):
        await records.record(connection, "chat.rights_given", chat_id=change.chat_id, actor_id=change.by_id)
        await _thank(connection, change, has)


async def _thank(connection: AsyncConnection, change: Change, missing: tuple[str, ...]) -> None:
    settings = await chats.settings(connection, change.chat_id)
    place, language = await _place(connection, change, settings)
    targets = {place: language}
    if settings.log_chat_id is not None and not missing:
        targets[settings.log_chat_id] = settings.language
    for target, tongue in targets.items():
        text = (
            greetings.standing(tongue, change.after, missing) if missing else greetings.complete(tongue, change.title)
        )
        await _say(connection, f"rights:{change.mark}:{target}", target, text, guardians.topic(settings, target))


async def _alarm(connection: AsyncConnection, change: Change, lost: tuple[str, ...]) -> None:
    settings = await chats.settings(connection, change.chat_id)
    for target, language in await guardians.of(connection, settings, is_here=change.after.is_here):
        text = greetings.alarm(language, change.title, change.after, lost, change.at)
        await _say(connection, f"unprotected:{change.mark}:{target}", target, text, guardians.topic(settings, target))
    await unreachable.mind(connection, settings)


async def _say(connection: AsyncConnection, key: str, chat_id: int, text: Html, thread_id: int | None) -> None:
    await outbox.put(connection, [calls.say(key, chat_id, text, rank=CARD, thread_id=thread_id)])


async def _place(connection: AsyncConnection, change: Change, settings: ChatSettings) -> tuple[int, str]:
    """Return where a chat's admins are spoken to, and in which language; before a channel's readers only at need."""
    if change.chat_type == "channel":
        for user_id in (change.by_id, settings.owner_id):
            person = await chats.person(connection, user_id) if user_id else None
            if person and person.reachable:
                return person.user_id, language_for(person.language)
    return change.chat_id, settings.language
