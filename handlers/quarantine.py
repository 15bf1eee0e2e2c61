"""The buttons with which maintainers decide about entries in quarantine. What they do is in the machine."""

from __future__ import annotations

from bot import quarantine
from bot.quarantine import Pressing
from bot.store import cases as records
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import denied
from handlers.context import Context
from handlers.rights import QUARANTINE_BUTTONS


async def press(context: Context, pressed: Pressed) -> Toast:
    """``q:<token>:<action>``: decide about the token's entries, in private and as one who keeps the lists."""
    right = QUARANTINE_BUTTONS.get(pressed.parts[-1])
    if right is None or pressed.chat_type != "private":
        return INVALID
    async with context.services.database.read() as connection:
        button = await records.button(connection, pressed.parts[0])
    if button is None or button.kind != quarantine.BUTTON:
        return INVALID
    if pressed.user_id not in context.services.settings.maintainers:
        return denied(pressed, right)
    pressing = Pressing(
        token=button.token,
        action=pressed.parts[1],
        by=(pressed.user_id, pressed.name),
        card=pressed.card,
        language=pressed.language,
        mark=str(context.turn.row.update_id),
    )
    state, is_new = await context.turn.commit(lambda connection: quarantine.decide(connection, pressing))
    return Toast(quarantine.answer(pressed.language, state, is_new=is_new))
