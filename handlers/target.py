"""Whom a command or a card is about, and what Telegram says of them at this moment. Nothing is decided here.

A username is nobody's identity: it stands for the one person the bot has seen with it, if Telegram still agrees.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.i18n import Html, lines, mention, say
from bot.model import Fingerprint, MessageRef, Sender, SenderKind
from bot.moderation import Scene
from bot.policy import SERVICE_IDS
from bot.store import heard, media
from bot.store.chats import Person
from handlers import guard, sightings
from handlers.commands import Asker, tell, text_of
from handlers.context import Context, Services
from handlers.convert import name_of, sender_of, thread_of, title_of
from handlers.rights import Right

NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)

USERNAME = re.compile(r"@[a-z0-9_]{3,32}", re.ASCII | re.IGNORECASE)

SHORTEST_ID = 5
"""Digits from which on a number is taken for somebody's id; a shorter one may begin a reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a command is about: their message if it was replied to, and the words that are left after them."""

    sender: Sender
    message_id: int | None
    words: tuple[str, ...]
    album: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A @name that may mean one of these people, or none of them any more."""

    username: str
    seen: tuple[Person, ...]


Find = Callable[[Services, Asker], Awaitable[Target | Doubt | None]]


async def find(services: Services, asker: Asker) -> Target | Doubt | None:
    """Return whom a command names: by a mention as its first word, by the reply, or by a number or @name there.

    None when it names nobody, or somebody whom Telegram does not know.
    """
    mentioned = _mentioned(asker.message)
    if mentioned is not None:
        return Target(_as_sender(mentioned[0], services), None, mentioned[1])
    if asker.reply is not None:
        sender, album = sender_of(asker.reply, services.gateway.id), asker.reply.get("media_group_id")
        return Target(sender, asker.reply["message_id"], tuple(asker.words), album if isinstance(album, str) else None)
    if asker.words and USERNAME.fullmatch(asker.words[0]):
        return await _called(services, asker)
    if asker.words and NUMBER.fullmatch(asker.words[0]):
        numbered = await _numbered(services, asker.chat_id, int(asker.words[0]))
        return Target(numbered, None, tuple(asker.words[1:])) if numbered else None
    return None


async def whom(context: Context, asker: Asker, command: str, *, search: Find = find) -> Target | None:
    """Return whom a command names; when that is not sure, ask back, and return None."""
    if _is_ambiguous(asker):
        named = asker.words[0]
        await tell(context, asker, lambda language: _whom_of_two(language, command, named))
        return None
    found = await search(context.services, asker)
    if isinstance(found, Doubt):
        await tell(context, asker, lambda language: whom_of_several(language, command, found))
        return None
    if found is None or found.sender.id == 0:
        await tell(context, asker, lambda language: _how_to_name(language, command))
        return None
    return found


def _how_to_name(language: str, command: str) -> Html:
    """Say how a command names somebody."""
    return say(
        language,
        "Whom do you mean? Reply to a message of theirs with /{command}, or give their numeric id: "
        "<code>/{command} 123456789</code>. A @name works for people whom I have seen write.",
        command=command,
    )


def whom_of_several(language: str, command: str, doubt: Doubt) -> Html:
    """Show who was seen with a username that is not surely theirs, for the admin to say who is meant."""
    title = say(
        language,
        "I have seen {name} used by the following, and cannot be sure who it is now. Give the numeric id. "
        "Nothing was done.",
        name=doubt.username,
    )
    shown = [
        say(
            language,
            "• {who}: <code>/{command} {number}</code>",
            who=mention(one.user_id, one.name),
            command=command,
            number=one.user_id,
        )
        for one in doubt.seen
    ]
    return lines(title, *shown)


def _is_ambiguous(asker: Asker) -> bool:
    """Whether a command names somebody by its first word and replies to a message, which may be somebody else's."""
    if asker.reply is None or not asker.words or _mentioned(asker.message) is not None:
        return False
    word = asker.words[0]
    return word.startswith("@") or (NUMBER.fullmatch(word) is not None and len(word.lstrip("-")) >= SHORTEST_ID)


def _whom_of_two(language: str, command: str, named: str) -> Html:
    """Ask which of the two a command is about that replies to one and names another."""
    return say(
        language,
        "Do you mean whoever wrote that message, or {named}? Reply with /{command} and no name for the one; "
        "give /{command} with a numeric id and no reply for the other. Nothing was done.",
        named=named,
        command=command,
    )


async def scene(services: Services, chat_id: int, chat_type: str, sender: Sender) -> Scene:
    """Ask Telegram what somebody is to a chat and what the bot may do there. Raises `Unreachable`."""
    own = await guard.member(services, chat_id, services.gateway.id)
    status = ""
    if sender.kind is SenderKind.USER:
        theirs = await guard.member(services, chat_id, sender.id)
        status = "left" if theirs.get("is_member") is False else str(theirs.get("status", ""))
    return Scene(
        chat_type,
        await guard.standing_in(services, chat_id, sender),
        may_restrict=guard.holds(own, Right.RESTRICT),
        may_delete=guard.holds(own, Right.DELETE),
        status=status,
    )


async def files(services: Services, ref: MessageRef) -> list[tuple[str, Fingerprint | None]]:
    """Return a message's files and its album's; one that could not be read is known by its id only."""
    async with services.database.read() as connection:
        ids = await media.files_of(connection, ref)
    known = dict(await services.scanner.fingerprints(ids))
    return [(one, known[one].fingerprint if one in known else None) for one in ids]


async def topic(services: Services, ref: MessageRef | None, chat_type: str) -> int | None:
    """Return the forum topic that a message was in, as far as its update is still kept."""
    if ref is None or chat_type != "supergroup":  # no other chat has topics
        return None
    async with services.database.read() as connection:
        message = await heard.message(connection, services.gateway.id, ref)
    return thread_of(message) if message else None


async def _called(services: Services, asker: Asker) -> Target | Doubt | None:
    """Return who bears the @name that is a command's first word."""
    username = asker.words[0]
    found = await sightings.called(services, asker.chat_id, username.removeprefix("@"))
    if found.now is not None:
        return Target(_as_sender(found.now, services), None, tuple(asker.words[1:]))
    return Doubt(username, found.seen) if found.seen else None


async def _numbered(services: Services, chat_id: int, number: int) -> Sender | None:
    """Return who bears an id: a person, or below zero a chat in whose name people write."""
    if number in SERVICE_IDS:
        return Sender(SenderKind.USER, number, "Telegram")  # whom getChatMember does not know in most chats
    if number > 0:
        known = (await guard.member(services, chat_id, number)).get("user")
        return _as_sender(known, services) if isinstance(known, dict) else None
    if number == chat_id:
        return Sender(SenderKind.ANONYMOUS_ADMIN, number, "")
    chat = await services.gateway.ask("getChat", {"chat_id": number})
    return Sender(SenderKind.CHANNEL, number, title_of(chat) if isinstance(chat, dict) else str(number))


def _as_sender(user: dict[str, Any], services: Services) -> Sender:
    kind = SenderKind.SELF if user.get("id") == services.gateway.id else SenderKind.USER
    return Sender(kind, user["id"], name_of(user))


def _mentioned(message: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Return the user whom the first word after the command mentions by name, and the words after the mention.

    Offsets count UTF-16 units (Bot API, MessageEntity).
    """
    text = text_of(message).encode("utf-16-le")
    for entity in message.get("entities") or message.get("caption_entities") or ():
        user, start = entity.get("user"), entity.get("offset", 0)
        if entity.get("type") == "text_mention" and isinstance(user, dict):
            before = text[: 2 * start].decode("utf-16-le", "replace").split()
            after = text[2 * (start + entity.get("length", 0)) :].decode("utf-16-le", "replace").split()
            return (user, tuple(after)) if len(before) == 1 else None
    return None
