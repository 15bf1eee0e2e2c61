"""The settings: a link in the chat, the panel in private, pressed and rewritten in place. No rule lives here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, chatsettings, panel, panelpages
from bot.i18n import Html, say
from bot.store import outbox
from handlers import chatpanel, exchange, guard, replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, away, denied
from handlers.context import Context
from handlers.rights import SETTINGS_BUTTONS, Right

IN_CHAT = frozenset({"preset", "unscannable", "language", "close"})
"""Actions of buttons that stand in the chat itself: under the greeting, and under panels of an earlier version."""


async def settings(context: Context, asker: Asker) -> None:
    """Answer /settings with the way to the panel, and ``/settings export`` and ``import`` with what they ask for."""
    wanted = asker.words[0].lower() if asker.words else ""
    if wanted in exchange.ACTS:
        await exchange.ACTS[wanted](context, asker)
    elif asker.is_private:
        await _point_to_groups(context, asker)
    else:
        await _invite(context, asker)


async def press(context: Context, pressed: Pressed) -> Toast:
    """Do what a button of the panel ``s:<action>:<value>[:<chat>]`` stands for, if the presser may."""
    action, chat_id = pressed.parts[0], _chat_of(pressed)
    right = SETTINGS_BUTTONS.get(action)
    if right is None or chat_id is None:
        return INVALID
    if (barred := await _barred(context, pressed, chat_id, right)) is not None:
        return barred
    if action == "close":
        context.turn.add(lambda connection: outbox.put(connection, [calls.delete(pressed.card)]))
        return Toast()
    if action == "export":
        return await exchange.send(context, pressed, chat_id)
    if action == "page":
        return await _turn(context, pressed, chat_id)
    return await _choose(context, pressed, chat_id)


async def _barred(context: Context, pressed: Pressed, chat_id: int, right: Right) -> Toast | None:
    """Refuse a press about a chat that the bot has left, or by who lacks the right there."""
    if await guard.is_away(context.services, chat_id):
        return Toast(away(pressed.language), alert=True)
    may = await guard.may(context.services, chat_id, pressed.user_id, right)
    return None if may else denied(pressed, right, alert=False)


async def _invite(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        view = await chatpanel.view_of(connection, asker.chat_id)
        text, rows = panel.invitation(view, context.services.gateway.username)
        await replies.answer(connection, context.turn, text, buttons=rows, name="panel")

    await context.turn.commit(write)


async def _point_to_groups(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        await replies.answer(connection, context.turn, _how_to(asker.language))

    await context.turn.commit(write)


def _how_to(language: str) -> Html:
    return say(
        language, "Give /settings in the chat that it is about: it leads to that chat's settings, here in private."
    )


async def _turn(context: Context, pressed: Pressed, chat_id: int) -> Toast:
    """Show another page."""

    async def write(connection: AsyncConnection) -> bool:
        view = await chatpanel.view_of(connection, chat_id, pressed.language)
        shown = chatpanel.page(view, pressed.parts[1])
        if shown is not None:
            await chatpanel.rewrite(connection, context, pressed.card, shown)
        return shown is not None

    return Toast() if await context.turn.commit(write) else INVALID


async def _choose(context: Context, pressed: Pressed, chat_id: int) -> Toast:
    action, value = pressed.parts[0], pressed.parts[1]

    async def write(connection: AsyncConnection) -> bool:
        chosen = await chatsettings.choose(connection, chat_id, action, value, by=pressed.user_id)
        if chosen is not None:
            await chatpanel.rewrite(connection, context, pressed.card, await shown(connection))
        return chosen is not None

    async def shown(connection: AsyncConnection) -> chatpanel.Page:
        if pressed.chat_type != "private":
            view = await chatpanel.view_of(connection, chat_id)
            return panel.greeted(view, context.services.gateway.username)
        view = await chatpanel.view_of(connection, chat_id, pressed.language)
        return chatpanel.page(view, panelpages.of_choice(action, value)) or (panel.text(view), [])

    is_done = await context.turn.commit(write)
    return Toast(say(pressed.language, "Saved: it counts from now on.")) if is_done else INVALID


def _chat_of(pressed: Pressed) -> int | None:
    """Return the chat that a button is about: its own, or in a private chat the one that it names."""
    if pressed.chat_type != "private":
        is_its_own = len(pressed.parts) == 2 and pressed.parts[0] in IN_CHAT  # noqa: PLR2004 - action and value
        return pressed.chat_id if is_its_own else None
    named = pressed.parts[-1]
    is_group = len(pressed.parts) == 3 and named.startswith("-") and named[1:].isdecimal()  # noqa: PLR2004 - and chat
    return int(named) if is_group else None
