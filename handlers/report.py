"""Members' reports, by /report or @admin in a reply, and what they say a post is. Nothing is decided here."""

from __future__ import annotations

import re

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update

from bot import calls, receipts, reports
from bot.calls import CHATTER
from bot.categories import CATEGORIES
from bot.store import cases as records
from bot.store import chats, outbox
from bot.telegram.turn import Turn
from handlers import filing, reportlinks
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, Listener, asker_of, reply_of, spoken, text_of
from handlers.context import Context
from handlers.convert import thread_of

CALL = re.compile(r"(?<![\w@/])@admins?\b", re.ASCII | re.IGNORECASE)
"""What people write to call the admins; Telegram itself does nothing with it."""


async def command(context: Context, asker: Asker) -> None:
    """``/report [reason]`` as a reply, or in private ``/report link [reason]``."""
    if asker.is_private:
        await reportlinks.command(context, asker)
    elif asker.message["chat"].get("type") != "channel" and await _are_taken(context, asker.chat_id):
        await _report(context, asker, " ".join(asker.words))


def calling() -> Listener:
    """Return the handler of texts that call ``@admin`` in a reply."""

    async def run(_update: Update, context: Context) -> None:
        message = spoken(context.turn)
        if message is not None:
            asker = asker_of(message, context.services.gateway.id)
            if await _are_taken(context, asker.chat_id):
                await _report(context, asker, " ".join(CALL.sub(" ", text_of(message)).split()))

    return Listener(lambda turn, _username: _is_call(turn), run)


def _is_call(turn: Turn) -> bool:
    message = turn.raw.get("message")
    if not isinstance(message, dict) or spoken(turn) is None or reply_of(message) is None:
        return False
    return message["chat"].get("type") in ("group", "supergroup") and bool(CALL.search(text_of(message)))


async def _are_taken(context: Context, chat_id: int) -> bool:
    """Whether members may report in a chat; where not, whoever calls the admins is left alone."""
    async with context.services.database.read() as connection:
        return (await chats.settings(connection, chat_id)).rules.reports


async def _report(context: Context, asker: Asker, reason: str) -> None:
    """Take the message that calls out of the group, and pass on what it is about."""
    if asker.reply is None:
        await _explain(context, asker)
    else:
        await filing.pass_on(context, asker, asker.reply, reason)


async def _explain(context: Context, asker: Asker) -> None:
    """Say how to report: in private where the bot may write to them, else in a line to the group that names nobody."""

    async def write(connection: AsyncConnection) -> None:
        await filing.put_away(connection, context, asker)
        if await filing.whisper(connection, context, asker, filing.how_to(asker.language)):
            return
        language = (await chats.settings(connection, asker.chat_id)).language
        key, thread = f"hint:{context.turn.row.update_id}", thread_of(asker.message)
        hint = calls.say(key, asker.chat_id, filing.how_to(language), rank=CHATTER, thread_id=thread)
        await outbox.put(connection, [hint])

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``r:<token>:<category>``: the reporter, whose token it is, says what the post is."""
    if len(pressed.parts) != 2 or pressed.parts[1] not in CATEGORIES:  # noqa: PLR2004 - token and category
        return INVALID
    token, category = pressed.parts
    async with context.services.database.read() as connection:
        button = await records.button(connection, token)
    is_theirs = button is not None and button.kind == receipts.BUTTON
    if button is None or not is_theirs or {pressed.user_id, pressed.chat_id} != {button.chat_id}:
        return INVALID
    number, key = int(button.data), f"receipt:{context.turn.row.bot_id}:{context.turn.row.update_id}"

    async def write(connection: AsyncConnection) -> bool:
        filed = await reports.choose(connection, number, category, mark=str(context.turn.row.update_id))
        if filed is None:
            return False
        text = reports.receipt(pressed.language, filed)
        rows = receipts.keyboard(pressed.language, token, category) if filed.number is not None else None
        await outbox.put(connection, [calls.rewrite(key, pressed.card, text, buttons=rows)])
        return True

    return Toast() if await context.turn.commit(write) else INVALID
