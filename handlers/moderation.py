"""What admins command about members, /warn to /kick. What follows is decided in the machine."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import answers, durations, letters, moderation, unreachable
from bot.i18n import Html, say
from bot.moderation import Deed, Order
from bot.store import cases as records
from bot.store import chats
from handlers import replies, target
from handlers.commands import Act, Asker, language_of, tell
from handlers.context import Context
from handlers.target import Target

TIMED = frozenset({Deed.WARN, Deed.MUTE, Deed.BAN, Deed.KICK})
"""Commands whose first word may be a length of time; a kick has none, and says so."""

LASTING = frozenset({Deed.MUTE, Deed.BAN})
"""Commands whose first word is not let pass for a reason when it looks like a length of time gone wrong."""


@dataclass(frozen=True, slots=True)
class Manner:
    """A command: what it does, under which name, and whether it takes the message along or is done without a word."""

    deed: Deed
    name: str
    deletes: bool = False
    is_silent: bool = False


MANNERS = (
    *(Manner(deed, deed.value) for deed in Deed),
    *(Manner(deed, f"d{deed}", deletes=True) for deed in (Deed.WARN, Deed.MUTE, Deed.BAN)),
    *(Manner(deed, f"s{deed}", is_silent=True) for deed in (Deed.WARN, Deed.MUTE, Deed.BAN)),
)


def _act(manner: Manner) -> Act:
    async def act(context: Context, asker: Asker) -> None:
        await _command(context, asker, manner)

    return act


ACTS: dict[str, Act] = {manner.name: _act(manner) for manner in MANNERS}
"""What each command does: /warn, /unwarn, /mute, /unmute, /ban, /unban, /kick, and those with a d or an s before."""


async def warns(context: Context, asker: Asker) -> None:
    """``/warns``: somebody's strikes that count."""
    whom = await target.whom(context, asker, "warns")
    if whom is None:
        return

    async def write(connection: AsyncConnection) -> None:
        language = await language_of(connection, asker)
        strikes = await records.strikes_of(connection, asker.chat_id, whom.sender.id)
        await replies.answer(connection, context.turn, answers.warns(language, whom.sender, strikes))

    await context.turn.commit(write)


async def _command(context: Context, asker: Asker, manner: Manner) -> None:
    """Find out who is meant and whether it can be done; have it done, or say why not."""
    whom = await target.whom(context, asker, manner.name)
    if whom is None or not await _is_understood(context, asker, manner, whom):
        return
    order = await _order(context, asker, manner, whom)
    why = moderation.hindrance(order)
    if why is not None:
        await tell(context, asker, lambda language: answers.hindrance(language, why))
        return

    async def write(connection: AsyncConnection) -> None:
        result = await moderation.carry_out(connection, order)
        settings = await chats.settings(connection, asker.chat_id)
        if manner.is_silent:
            await _whisper(connection, context, asker, answers.done(asker.language, result))
        else:
            rows = await letters.link(connection, result.case, settings) if result.case else None
            await replies.answer(connection, context.turn, answers.done(settings.language, result), buttons=rows)

    await context.turn.commit(write)


async def _is_understood(context: Context, asker: Asker, manner: Manner, whom: Target) -> bool:
    """Whether a command has what it needs; what it lacks is said."""
    if manner.deletes and whom.message_id is None:
        await tell(
            context,
            asker,
            lambda language: say(
                language, "/{command} takes a message along: reply to it. Nothing was done.", command=manner.name
            ),
        )
        return False
    if manner.deed in LASTING and whom.words and durations.is_mistaken(whom.words[0]):
        await tell(context, asker, lambda language: _no_length(language, manner.name, whom.words[0]))
        return False
    return True


def _no_length(language: str, command: str, word: str) -> Html:
    return say(
        language,
        "“{word}” is no length of time: write 30m, 12h, 7d or 4w, such as <code>/{command} 12h</code>. "
        "Nothing was done.",
        word=word,
        command=command,
    )


async def _whisper(connection: AsyncConnection, context: Context, asker: Asker, text: Html) -> None:
    """Take the command away, and tell whoever gave it in private, if the bot may write to them."""
    await replies.remove_command(connection, context.turn)
    person = await chats.person(connection, asker.user_id)
    if person and person.reachable:
        await replies.whisper(connection, context.turn, asker.user_id, text, name="done")
    elif "sender_chat" not in asker.message:  # an anonymous admin stays one
        settings = await chats.settings(connection, asker.chat_id)
        await unreachable.miss(connection, settings, asker.user_id, asker.name)


async def _order(context: Context, asker: Asker, manner: Manner, whom: Target) -> Order:
    words, seconds = list(whom.words), None
    if manner.deed in TIMED and words and (seconds := durations.parse(words[0])) is not None:
        words.pop(0)
    chat_type = str(asker.message["chat"].get("type"))
    return Order(
        deed=manner.deed,
        chat_id=asker.chat_id,
        target=whom.sender,
        scene=await target.scene(context.services, asker.chat_id, chat_type, whom.sender),
        by=(asker.user_id, asker.name),
        incident=f"update:{context.turn.row.update_id}",
        message_id=whom.message_id,
        seconds=seconds,
        reason=" ".join(words),
        deletes=manner.deletes,
        is_silent=manner.is_silent,
        album=whom.album,
    )
