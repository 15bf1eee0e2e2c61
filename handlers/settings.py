"""The settings panel in the chat: shown, pressed, rewritten in place. What a choice means is not known here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, chatsettings, panel
from bot.i18n import Html, say
from bot.model import ChatSettings
from bot.store import chats, outbox
from handlers import guard, replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied
from handlers.context import Context
from handlers.rights import SETTINGS_BUTTONS


async def settings(context: Context, asker: Asker) -> None:
    """Answer /settings with the panel."""

    async def write(connection: AsyncConnection) -> None:
        chosen = await chats.settings(connection, asker.chat_id)
        await replies.answer(
            connection,
            context.turn,
            await _text(connection, chosen, chosen.language),
            buttons=panel.buttons(chosen),
            name="panel",
        )

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """Do what a button of the panel ``s:<action>:<value>[:<chat>]`` stands for, if the presser may."""
    action, chat_id = pressed.parts[0], _chat_of(pressed)
    right = SETTINGS_BUTTONS.get(action)
    if right is None or chat_id is None:
        return INVALID
    if not await guard.may(context.services, chat_id, pressed.user_id, right):
        return denied(pressed, right, alert=False)
    if action == "close":
        context.turn.add(lambda connection: outbox.put(connection, [calls.delete(pressed.card)]))
        return Toast()
    return await _choose(context, pressed, chat_id)


async def _choose(context: Context, pressed: Pressed, chat_id: int) -> Toast:
    action, value = pressed.parts[0], pressed.parts[1] if len(pressed.parts) > 1 else ""

    async def write(connection: AsyncConnection) -> ChatSettings | None:
        chosen = await chatsettings.choose(connection, chat_id, action, value, by=pressed.user_id)
        if chosen is not None:
            elsewhere = chat_id if chat_id != pressed.chat_id else None
            key = f"panel:{context.turn.row.bot_id}:{context.turn.row.update_id}"
            language = pressed.language if pressed.chat_type == "private" else chosen.language
            rows = panel.buttons(chosen, chat_id=elsewhere, language=language)
            text = await _text(connection, chosen, language)
            rewritten = calls.rewrite(key, pressed.card, text, buttons=rows)
            await outbox.put(connection, [rewritten])
        return chosen

    chosen = await context.turn.commit(write)
    return INVALID if chosen is None else Toast(say(pressed.language, "Saved: it counts from now on."))


def _chat_of(pressed: Pressed) -> int | None:
    """Return the chat that a panel is about: its own, or in a private chat the one that its buttons name."""
    if pressed.chat_type != "private":
        return pressed.chat_id if len(pressed.parts) <= 2 else None  # noqa: PLR2004 - action and value
    named = pressed.parts[-1]
    is_group = len(pressed.parts) == 3 and named.startswith("-") and named[1:].isdecimal()  # noqa: PLR2004 - and chat
    return int(named) if is_group else None


async def _text(connection: AsyncConnection, chosen: ChatSettings, language: str) -> Html:
    chat = await chats.chat(connection, chosen.chat_id)
    log_title = None
    if chosen.log_chat_id is not None:
        log = await chats.chat(connection, chosen.log_chat_id)
        log_title = log.title if log and log.title else str(chosen.log_chat_id)
    return panel.text(chosen, title=chat.title if chat else chosen.title, log_title=log_title, language=language)
