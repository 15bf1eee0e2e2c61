"""Settings as a file: sent to the chat's owner in private, taken back from them. What it changes is not known here."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import InputFile

from bot import calls, exchange, panel, settingsfile
from bot.calls import RECEIPT, url_button
from bot.errors import NotMedia, TooLarge, Unscannable
from bot.exchange import Fate
from bot.i18n import Html, plain, say
from bot.outcome import Done
from bot.settingsfile import MAX_BYTES, Document
from bot.store import cases as records
from bot.store import chats, outbox
from handlers import guard, replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Act, Asker, away, denied, language_of, refusal, tell
from handlers.context import Context
from handlers.rights import IMPORT_BUTTONS, SETTINGS_BUTTONS

log = structlog.get_logger(__name__)

FILE = "haechi-settings.json"

CONFIRM_SECONDS = 60 * 60
"""How long an import can be confirmed."""

CHAT_ID = re.compile(r"-\d{1,19}", re.ASCII)

OWNER = SETTINGS_BUTTONS["export"]


# --- out -----------------------------------------------------------------------------------------


async def export(context: Context, asker: Asker) -> None:
    """``/settings export [chat]``: the chat's settings as a file, to its owner in private."""
    chat_id = await _owned(context, asker)
    if chat_id is None:
        return
    async with context.services.database.read() as connection:
        person = await chats.person(connection, asker.user_id)
    if not asker.is_private and (person is None or not person.reachable):
        await _show_way(context, asker)
        return

    async def write(connection: AsyncConnection) -> Document:
        if not asker.is_private:
            language = await language_of(connection, asker)
            await replies.answer(connection, context.turn, say(language, "I send you the file in private."))
        return await exchange.export(connection, chat_id, by=asker.user_id)

    document = await context.turn.commit(write)
    context.turn.afterwards(_sending(context, asker.user_id, asker.language, document))


async def send(context: Context, pressed: Pressed, chat_id: int) -> Toast:
    """``s:export:-:<chat>``: the same by a button of the panel; whoever presses was found to be the owner."""
    by = pressed.user_id
    document = await context.turn.commit(lambda connection: exchange.export(connection, chat_id, by=by))
    context.turn.afterwards(_sending(context, by, pressed.language, document))
    return Toast(say(pressed.language, "The file is on its way."))


def _sending(context: Context, user_id: int, language: str, document: Document) -> Callable[[], Awaitable[None]]:
    """Return what sends the file: at once, for the outbox would keep a copy of it."""

    async def run() -> None:
        args = {"chat_id": user_id, "document": InputFile(settingsfile.dump(document), filename=FILE)}
        outcome = await context.services.gateway.call("sendDocument", args)
        if not isinstance(outcome, Done):
            log.warning("settings.export_failed", outcome=type(outcome).__name__)
            text = say(language, "The file could not be sent just now: please ask for it again.")
            key = f"export:{context.turn.row.bot_id}:{context.turn.row.update_id}"
            again = calls.say(key, user_id, text, rank=RECEIPT)
            await context.services.database.write(lambda connection: outbox.put(connection, [again]))

    return run


async def _show_way(context: Context, asker: Asker) -> None:
    """Lead an owner whom the bot may not write to yet to the panel, which has a button for it."""

    async def write(connection: AsyncConnection) -> None:
        language = await language_of(connection, asker)
        address = panel.link(context.services.gateway.username, asker.chat_id)
        rows = [[url_button(plain(say(language, "Open the settings")), address)]]
        text = say(language, "I may not write to you yet. Open the settings in private: “Export and import” is there.")
        await replies.answer(connection, context.turn, text, buttons=rows)

    await context.turn.commit(write)


# --- in ------------------------------------------------------------------------------------------


async def take_in(context: Context, asker: Asker) -> None:
    """``/settings import [chat]`` with a file, or as a reply to one: show what it would change, and ask."""
    chat_id = await _owned(context, asker)
    if chat_id is None:
        return
    document = asker.message.get("document") or (asker.reply or {}).get("document")
    if not isinstance(document, dict):
        await tell(context, asker, _how_to_import)
        return
    data = await _fetched(context, document)
    if data is None:
        await tell(context, asker, _not_fetched)
        return
    wanted = await asyncio.to_thread(settingsfile.load, data)
    if isinstance(wanted, list):
        problems = wanted
        await tell(context, asker, lambda language: exchange.refused(language, problems))
        return
    sound = wanted

    async def write(connection: AsyncConnection) -> None:
        text, rows = await exchange.offer(connection, chat_id, sound, await language_of(connection, asker))
        await replies.answer(connection, context.turn, text, buttons=rows, name="import")

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``x:<token>:<apply|cancel>``: have an import done or not, the chat's owner pressing; once."""
    if len(pressed.parts) != 2 or (right := IMPORT_BUTTONS.get(pressed.parts[1])) is None:  # noqa: PLR2004
        return INVALID
    async with context.services.database.read() as connection:
        found = await records.button(connection, pressed.parts[0])
    if found is None or found.kind != exchange.BUTTON or found.created_at + CONFIRM_SECONDS < time.time():
        return INVALID
    if await guard.is_away(context.services, found.chat_id):
        return Toast(away(pressed.language), alert=True)
    if not await guard.may(context.services, found.chat_id, pressed.user_id, right):
        return denied(pressed, right)
    return await _decide(context, pressed)


async def _decide(context: Context, pressed: Pressed) -> Toast:
    token, action = pressed.parts
    language = pressed.language

    async def write(connection: AsyncConnection) -> Toast:
        found = await records.button(connection, token)
        if found is None or (found.state == "open" and not pressed.is_drawn):
            return INVALID
        if found.state != "open":
            return Toast(exchange.done_already(language, found.data))
        tongue = language
        if pressed.chat_type != "private":
            tongue = (await chats.settings(connection, pressed.chat_id)).language
        if action == "cancel":
            fate, text = await exchange.cancel(connection, found, tongue)
        else:
            fate, text, _ = await exchange.confirm(connection, found, tongue, by=pressed.user_id)
        rows = exchange.keyboard(tongue, token) if fate is Fate.CHANGED else None
        key = f"import:{context.turn.row.bot_id}:{context.turn.row.update_id}"
        await outbox.put(connection, [calls.rewrite(key, pressed.card, text, buttons=rows)])
        return _toast(language, fate)

    return await context.turn.commit(write)


def _toast(language: str, fate: Fate) -> Toast:
    if fate is Fate.CHANGED:
        return Toast(say(language, "The settings were changed meanwhile: please look again."), alert=True)
    return Toast(
        say(language, "Saved: it counts from now on.") if fate is Fate.APPLIED else say(language, "Cancelled.")
    )


# --- which chat, which file ----------------------------------------------------------------------


async def _owned(context: Context, asker: Asker) -> int | None:
    """Return the chat that a command is about, if its owner gave it; else that is answered."""
    named = asker.words[1] if len(asker.words) > 1 else ""
    if asker.is_private and not CHAT_ID.fullmatch(named):
        await tell(context, asker, _how_to_import)
        return None
    chat_id = int(named) if asker.is_private else asker.chat_id
    if not await guard.may(context.services, chat_id, asker.user_id, OWNER):
        await tell(context, asker, lambda language: refusal(language, OWNER))
        return None
    if await guard.is_away(context.services, chat_id):
        await tell(context, asker, away)
        return None
    return chat_id


async def _fetched(context: Context, document: dict[str, Any]) -> bytes | None:
    """Return a file's bytes, None when it is too large or Telegram does not hand it out. Raises `Unreachable`."""
    if (document.get("file_size") or 0) > MAX_BYTES:
        return None
    try:
        return await context.services.gateway.fetch(document["file_id"], MAX_BYTES, lambda _head: True)
    except (TooLarge, Unscannable, NotMedia):
        return None


def _not_fetched(language: str) -> Html:
    size = MAX_BYTES // 1024
    return say(language, "The file cannot be fetched: it may have {number} kB at most.", number=size)


def _how_to_import(language: str) -> Html:
    return say(
        language,
        "Reply to the file with /settings import in the chat that it is for, or send it here with the caption "
        "<code>/settings import ID</code>, where ID is that chat's number.",
    )


ACTS: dict[str, Act] = {"export": export, "import": take_in}
"""What follows /settings."""
