"""The button under the alarm of a limit of the day. Who may press it is in the table of rights."""

from __future__ import annotations

import json

from bot import breaker
from bot.breaker import Lifting
from bot.i18n import say
from bot.model import ChatSettings
from bot.store import cases as records
from bot.store import chats
from bot.store.cases import Button
from handlers import guard
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import denied
from handlers.context import Context, Services
from handlers.rights import BREAKER_BUTTONS


async def press(context: Context, pressed: Pressed) -> Toast:
    """``b:<token>:<kind>``: lift the limit for the rest of the day, by the rights of whoever presses in its chat."""
    found = await _find(context.services, pressed)
    right = BREAKER_BUTTONS.get(pressed.parts[-1])
    if found is None or right is None:
        return INVALID
    button, settings = found
    chat_member = await guard.member(context.services, button.chat_id, pressed.user_id)
    if (missing := guard.lacking(chat_member, right)) is not None:
        return denied(pressed, missing)
    is_hidden = bool(chat_member.get("is_anonymous"))
    lifting = Lifting(
        button=button,
        by=(pressed.user_id, say(settings.language, "an anonymous admin") if is_hidden else pressed.name),
        card=pressed.card,
        title=settings.title,
        language=settings.language if pressed.chat_type != "private" else pressed.language,
        mark=str(context.turn.row.update_id),
    )
    fate, by_name = await context.turn.commit(lambda connection: breaker.lift(connection, lifting))
    return Toast(breaker.answer(pressed.language, fate, by_name))


async def _find(services: Services, pressed: Pressed) -> tuple[Button, ChatSettings] | None:
    """Return what a press is about, None for an unknown token or one pressed where its alarm cannot be."""
    if len(pressed.parts) != 2:  # noqa: PLR2004 - token and kind
        return None
    async with services.database.read() as connection:
        button = await records.button(connection, pressed.parts[0])
        if button is None or button.kind != breaker.BUTTON:
            return None
        settings = await chats.settings(connection, button.chat_id)
    is_its_kind = json.loads(button.data)["kind"] == pressed.parts[1]
    is_its_place = pressed.chat_id in {button.chat_id, settings.log_chat_id, settings.owner_id}
    return (button, settings) if is_its_kind and is_its_place else None
