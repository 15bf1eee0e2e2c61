"""Commands in raw messages: who asks for what, and whether Telegram lets them. What a command does is not known here.

In `handlers.register`, in group TALK::

    application.add_handler(admin_command("warn", moderation.warn), group=TALK)
    application.add_handler(admin_command("case", moderation.case, in_private=True), group=TALK)
    application.add_handler(member_command("help", help.show), group=TALK)

``act(context, asker)`` of an admin command is called only once the asker's right in `rights.COMMANDS` has been checked
with Telegram; plain members are refused, anonymous admins get a button, and when a real admin has pressed it `act` is
called with that admin as the asker. `context.turn` then holds the command's message as if it had just come, so
`replies.answer` answers the command. In a private chat an admin command is refused unless `in_private` is set, and then
`act` itself has to look at rights. A channel's own post hides its author as an anonymous admin's does.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update
from telegram.ext import BaseHandler

from bot import calls
from bot.errors import HaechiError
from bot.i18n import Html, language_for, plain, say
from bot.model import SenderKind
from bot.store import cases as records
from bot.store import chats, outbox
from bot.telegram.turn import Turn, current
from handlers import guard, replies
from handlers.callback import INVALID, Press, Pressed, Toast
from handlers.context import Context
from handlers.convert import sender_of, title_of
from handlers.rights import COMMANDS, Right, confirming, words_for

log = structlog.get_logger(__name__)

Json = dict[str, Any]

COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?", re.DOTALL | re.ASCII)

CONFIRM_SECONDS = 5 * 60
"""How long an anonymous admin's command waits for its confirmation."""


class AlreadyUsedError(HaechiError):
    """A confirmation was pressed a second time."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who gave a command, and the command: `words` follow its name, `reply` is the raw message that it replies to.

    `language` is the person's own, for private words; the group's is in its settings. `name` is fit to be shown:
    an anonymous admin's is not their own.
    """

    user_id: int
    name: str
    language: str
    message: Json
    words: list[str]
    reply: Json | None

    @property
    def chat_id(self) -> int:
        """The chat in which the command was given."""
        return int(self.message["chat"]["id"])

    @property
    def is_private(self) -> bool:
        """Whether the command was given in a private chat with the bot."""
        return bool(self.message["chat"].get("type") == "private")


Act = Callable[[Context, Asker], Awaitable[None]]
Words = Callable[[str], Html]
Hear = Callable[[Turn, str], bool]


class Listener(BaseHandler[Update, Context, None]):
    """Calls `act` for updates in whose raw JSON `hear` (turn, the bot's username) hears something."""

    def __init__(self, hear: Hear, act: Callable[[Update, Context], Coroutine[Any, Any, None]]) -> None:
        super().__init__(act)
        self._hear = hear

    def check_update(self, update: object) -> bool:
        """Say whether this update is heard."""
        return isinstance(update, Update) and self._hear(current.get(), update.get_bot().username)


# --- the two kinds of command --------------------------------------------------------------------


def admin_command(name: str, act: Act, *, in_private: bool = False, for_maintainers: bool = False) -> Listener:
    """Return the handler of a command that asks for a right, `for_maintainers` not of those who keep the lists.

    Raises LookupError when the command has no row in the table of rights.
    """
    _has_row(name)

    async def run(_update: Update, context: Context) -> None:
        await _admit(context, name, act, in_private=in_private, for_maintainers=for_maintainers)

    return Listener(lambda turn, username: _is_command(turn, username, name), run)


def member_command(name: str, act: Act) -> Listener:
    """Return the handler of a command that everybody may give, in groups and in private.

    Raises LookupError when the command has no row in the table of rights, or one that asks for more.
    """
    if _has_row(name) is not Right.EVERYBODY:
        raise LookupError(f"/{name} asks for a right: it is an admin's command")

    async def run(_update: Update, context: Context) -> None:
        message = spoken(context.turn)
        if message is not None:
            await act(context, asker_of(message, context.services.gateway.id))

    return Listener(lambda turn, username: _is_command(turn, username, name), run)


def _has_row(name: str) -> Right:
    if name not in COMMANDS:
        raise LookupError(f"rights.COMMANDS has no row for /{name}")
    return COMMANDS[name]


def confirmation(acts: Mapping[str, Act]) -> Press:
    """Return what happens when the button ``a:<token>`` under an anonymous admin's command is pressed."""

    async def press(context: Context, pressed: Pressed) -> Toast:
        token = pressed.parts[0]
        async with context.services.database.read() as connection:
            waiting = await records.button(connection, token)
        if waiting is None or waiting.kind != "confirm" or waiting.chat_id != pressed.chat_id:
            return INVALID
        if waiting.state != "open" or waiting.created_at + CONFIRM_SECONDS < time.time():
            return _too_late(pressed)
        message: Json = json.loads(waiting.data)
        name = _name_in(message)
        if name not in acts:
            return INVALID
        chat_member = await guard.member(context.services, pressed.chat_id, pressed.user_id)
        if (missing := guard.lacking(chat_member, confirming(name))) is not None:
            return denied(pressed, missing)
        return await _confirmed(context, pressed, message, acts[name])

    return press


# --- reading -------------------------------------------------------------------------------------


def spoken(turn: Turn) -> Json | None:
    """Return the new message of an update in its author's own words: no edit, no forward, no other bot's."""
    for field in ("message", "channel_post"):
        message = turn.raw.get(field)
        if isinstance(message, dict) and not message.get("forward_origin") and not message.get("is_automatic_forward"):
            return None if _is_other_bot(message) else message
    return None


def text_of(message: Mapping[str, Any]) -> str:
    """Return a message's text or caption."""
    text = message.get("text") or message.get("caption")
    return text if isinstance(text, str) else ""


def reply_of(message: Mapping[str, Any]) -> Json | None:
    """Return the message that was replied to; in a forum, a topic's opening message is none."""
    reply = message.get("reply_to_message")
    return reply if isinstance(reply, dict) and "forum_topic_created" not in reply else None


def asker_of(message: Json, bot_id: int) -> Asker:
    """Return who gave the command in a message, as it stands there."""
    sender = sender_of(message, bot_id)
    found = COMMAND.match(text_of(message))
    words = (found["rest"] or "").split() if found else []
    return Asker(sender.id, sender.name, language_for(sender.language), message, words, reply_of(message))


async def language_of(connection: AsyncConnection, asker: Asker) -> str:
    """Return the language to answer in: the person's own in private, else the chat's."""
    return asker.language if asker.is_private else (await chats.settings(connection, asker.chat_id)).language


async def tell(context: Context, asker: Asker, words: Words) -> None:
    """Answer a command, in the language to answer in, and do nothing else."""

    async def write(connection: AsyncConnection) -> None:
        await replies.answer(connection, context.turn, words(await language_of(connection, asker)))

    await context.turn.commit(write)


def _is_command(turn: Turn, username: str, name: str) -> bool:
    message = spoken(turn)
    found = COMMAND.fullmatch(text_of(message)) if message else None
    if found is None or found["name"].lower() != name:
        return False
    return found["bot"] is None or found["bot"].lower() == username.lower()


def _name_in(message: Json) -> str:
    found = COMMAND.fullmatch(text_of(message))
    return found["name"].lower() if found else ""


def _is_other_bot(message: Json) -> bool:
    """Whether another bot wrote a message; the service accounts behind `sender_chat` are bots in name only."""
    return bool((message.get("from") or {}).get("is_bot")) and not message.get("sender_chat")


# --- letting in ----------------------------------------------------------------------------------


async def _admit(context: Context, name: str, act: Act, *, in_private: bool, for_maintainers: bool) -> None:
    """Have the command done, refused, or confirmed first, according to who gave it."""
    message = spoken(context.turn)
    if message is None:
        return
    asker = asker_of(message, context.services.gateway.id)
    kind = sender_of(message, context.services.gateway.id).kind
    if asker.is_private:
        await (act(context, asker) if in_private else _point_to_groups(context, asker))
    elif kind in (SenderKind.CHAT, SenderKind.ANONYMOUS_ADMIN):
        await ask_to_confirm(context, asker, name)
    elif kind is not SenderKind.USER:
        await _refuse(
            context, asker, lambda language: say(language, "A channel has no rights here: write as yourself.")
        )
    elif (missing := await _missing(context, asker, name, for_maintainers=for_maintainers)) is None:
        await act(context, asker)
    else:
        await _refuse(context, asker, lambda language: refusal(language, missing))


async def _missing(context: Context, asker: Asker, name: str, *, for_maintainers: bool) -> Right | None:
    """Return the right that somebody lacks for a command at this moment, None when they may give it."""
    if for_maintainers and asker.user_id in context.services.settings.maintainers:
        return None
    chat_member = await guard.member(context.services, asker.chat_id, asker.user_id)
    return guard.lacking(chat_member, COMMANDS[name])


def refusal(language: str, right: Right) -> Html:
    """Say to somebody which right they lack."""
    return say(
        language, "Sorry, this is not for you to decide here: it takes {right}.", right=words_for(language, right)
    )


def denied(pressed: Pressed, right: Right, *, alert: bool = True) -> Toast:
    """Refuse a press by somebody who lacks a right; that it happened is logged, but not who or what."""
    log.info("callback.denied", right=right.value)
    return Toast(refusal(pressed.language, right), alert=alert)


def away(language: str) -> Html:
    """Say to an admin that the bot has left the chat that something is about."""
    return say(language, "I am not in that chat any more and can change nothing there.")


async def _refuse(context: Context, asker: Asker, words: Words) -> None:
    """Say no: in private where the bot may write to them, else under their command."""

    async def write(connection: AsyncConnection) -> None:
        person = await chats.person(connection, asker.user_id)
        if person and person.reachable:
            await replies.whisper(connection, context.turn, asker.user_id, words(asker.language), name="refusal")
        else:
            settings = await chats.settings(connection, asker.chat_id)
            await replies.answer(connection, context.turn, words(settings.language), name="refusal")

    await context.turn.commit(write)


async def _point_to_groups(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        text = say(asker.language, "This command works in the group that it is about.")
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


# --- anonymous admins ----------------------------------------------------------------------------


async def ask_to_confirm(context: Context, asker: Asker, name: str) -> None:
    """Answer with a button: whoever presses it is known to Telegram, whoever wrote the command is not."""

    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, asker.chat_id)).language
        kept = json.dumps(asker.message, ensure_ascii=False)
        token = await records.new_button(connection, "confirm", asker.chat_id, data=kept)
        text = say(
            language,
            "I cannot see who you are, {title}. Press the button within five minutes to have /{command} done.",
            title=title_of(asker.message["chat"]),
            command=name,
        )
        rows = [[calls.button(plain(say(language, "Confirm")), f"a:{token}")]]
        await replies.answer(connection, context.turn, text, buttons=rows, name="confirm")

    await context.turn.commit(write)


async def _confirmed(context: Context, pressed: Pressed, message: Json, act: Act) -> Toast:
    """Carry out a command that waited, once, in the name of whoever pressed."""
    token = pressed.parts[0]

    async def use(connection: AsyncConnection) -> None:
        if not await records.use_button(connection, token):
            raise AlreadyUsedError
        await records.keep_data(connection, token, "")  # it held somebody's words
        await outbox.put(connection, [calls.delete(pressed.card)])

    context.turn.add(use)
    context.turn.raw["message"] = message  # from here on the turn is the command's own
    heard = asker_of(message, context.services.gateway.id)
    asker = Asker(pressed.user_id, heard.name, pressed.language, message, heard.words, heard.reply)
    try:
        await act(context, asker)
    except AlreadyUsedError:
        return _too_late(pressed)
    return Toast(say(pressed.language, "Confirmed."))


def _too_late(pressed: Pressed) -> Toast:
    return Toast(say(pressed.language, "This command is no longer waiting: please give it again."))
