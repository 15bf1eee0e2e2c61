"""The conversation about what is kept of somebody: /privacy, /export_me and /forget_me, each in private only."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import InputFile

from bot import calls, privacy
from bot.calls import CHATTER, RECEIPT, url_button
from bot.i18n import plain, say
from bot.outcome import Done
from bot.store import cases as records
from bot.store import chats, dossier, erasure, outbox
from bot.store.dossier import Document
from handlers import replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker
from handlers.context import Context
from handlers.convert import thread_of

log = structlog.get_logger(__name__)

CONFIRM_SECONDS = 60 * 60
"""How long the button that erases can be pressed."""

FILE = "haechi-export.json"


async def notice(context: Context, asker: Asker) -> None:
    """Answer /privacy: what is kept, how long, where to ask."""
    settings = context.services.settings
    text = privacy.notice(asker.language, settings.retention, settings.contact)
    if await _is_private(context, asker):
        await context.turn.commit(lambda connection: replies.answer(connection, context.turn, text))


async def export(context: Context, asker: Asker) -> None:
    """Answer /export_me with a file that holds everything that is kept about whoever asks."""
    if not await _is_private(context, asker):
        return
    async with context.services.database.read() as connection:
        document = await dossier.of(connection, asker.user_id)
    context.turn.afterwards(_sending(context, asker, document))


async def forget(context: Context, asker: Asker) -> None:
    """Answer /forget_me by asking again, with what would stay."""
    if not await _is_private(context, asker):
        return

    async def write(connection: AsyncConnection) -> None:
        left = await erasure.left(connection, asker.user_id, time.time())
        token = await records.new_button(connection, privacy.BUTTON, asker.chat_id)
        rows = privacy.confirm(asker.language, token)
        text = privacy.question(asker.language, left)
        await replies.answer(connection, context.turn, text, buttons=rows, name="forget")

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``f:<token>:erase``: have whoever presses forgotten, once, in their own private chat."""
    if len(pressed.parts) != 2:  # noqa: PLR2004 - token and action
        return INVALID
    token = pressed.parts[0]
    async with context.services.database.read() as connection:
        asked = await records.button(connection, token)
    if asked is None or asked.kind != privacy.BUTTON or not asked.chat_id == pressed.chat_id == pressed.user_id:
        return INVALID
    if asked.created_at + CONFIRM_SECONDS < time.time():
        return INVALID

    async def write(connection: AsyncConnection) -> bool:
        if not await records.use_button(connection, token):
            return False
        left = await erasure.left(connection, pressed.user_id, time.time())
        text = privacy.answer(pressed.language, left)
        mark = f"forgotten:{context.turn.row.bot_id}:{context.turn.row.update_id}"
        await outbox.put(connection, [calls.rewrite(mark, pressed.card, text)])
        await erasure.ask(connection, pressed.user_id, pressed.name)
        return True

    if not await context.turn.commit(write):
        return INVALID
    context.services.sightings.forget(pressed.user_id)
    context.services.erase()
    return Toast(say(pressed.language, "You are being forgotten."))


def _sending(context: Context, asker: Asker, document: Document) -> Callable[[], Awaitable[None]]:
    """Return what sends the file: at once, for the outbox would keep another copy of everything."""

    async def send() -> None:
        data = json.dumps(document, ensure_ascii=False, indent=2).encode()
        args = {"chat_id": asker.user_id, "document": InputFile(data, filename=FILE)}
        outcome = await context.services.gateway.call("sendDocument", args)
        if not isinstance(outcome, Done):
            log.warning("privacy.export_failed", outcome=type(outcome).__name__)
            text = say(asker.language, "The file could not be sent just now: please give /export_me again.")
            key = f"export:{context.turn.row.bot_id}:{context.turn.row.update_id}"
            again = calls.say(key, asker.user_id, text, rank=RECEIPT)
            await context.services.database.write(lambda connection: outbox.put(connection, [again]))

    return send


async def _is_private(context: Context, asker: Asker) -> bool:
    """Say whether a command was given in private; in a group the command is taken away and the way is shown."""
    if asker.is_private or asker.message["chat"].get("type") == "channel":
        return asker.is_private

    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, asker.chat_id)).language
        await replies.remove_command(connection, context.turn)
        address = f"https://t.me/{context.services.gateway.username}"
        rows = [[url_button(plain(say(language, "Write to me")), address)]]
        text = say(language, "What is kept about somebody is for them alone: give this command in private.")
        key, thread = f"hint:{context.turn.row.update_id}", thread_of(asker.message)
        await outbox.put(
            connection, [calls.say(key, asker.chat_id, text, rank=CHATTER, buttons=rows, thread_id=thread)]
        )

    await context.turn.commit(write)
    return False
