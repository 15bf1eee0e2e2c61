"""The button of a raid's card: it shows the cards of cases that wait, a few at a time. What they say is elsewhere."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, guardians, raidcards
from bot.raidcards import Telling
from bot.store import chats, outbox
from bot.store import raids as records
from bot.store.raids import Raid
from handlers import guard
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import denied
from handlers.context import Context, Services
from handlers.rights import RAID_BUTTONS

MAX_DIGITS = 18  # what 64 bits surely hold


async def press(context: Context, pressed: Pressed) -> Toast:
    """``d:next:<raid>``: show the next cards where the raid's card stands, for who is an admin of its chat."""
    raid = await _find(context.services, pressed)
    if raid is None:
        return INVALID
    chat_member = await guard.member(context.services, raid.chat_id, pressed.user_id)
    if (missing := guard.lacking(chat_member, RAID_BUTTONS[pressed.parts[0]])) is not None:
        return denied(pressed, missing)

    async def write(connection: AsyncConnection) -> int:
        settings = await chats.settings(connection, raid.chat_id)
        shown = await raidcards.show_next(connection, raid, settings, pressed.chat_id)
        await _refresh(connection, context, pressed, raid)
        return shown

    shown = await context.turn.commit(write)
    return Toast(raidcards.answer(pressed.language, shown))


async def _find(services: Services, pressed: Pressed) -> Raid | None:
    """Return the raid that a press is about, None where its card does not stand."""
    if len(pressed.parts) != 2 or not pressed.parts[1].isdigit():  # noqa: PLR2004 - action and number
        return None
    number = int(pressed.parts[1][:MAX_DIGITS])
    async with services.database.read() as connection:
        raid, lines = await records.get(connection, number), await records.lines(connection, number)
    is_there = any(line.chat_id == pressed.chat_id and line.message_id in (None, pressed.message_id) for line in lines)
    return raid if is_there else None


async def _refresh(connection: AsyncConnection, context: Context, pressed: Pressed, raid: Raid) -> None:
    """Have the raid's card say what waits now, and take the button away with the last one."""
    settings = await chats.settings(connection, raid.chat_id)
    language = await guardians.tongue(connection, settings, pressed.chat_id)
    title = settings.title if pressed.chat_id != raid.chat_id else ""
    toll = await records.toll(connection, raid)
    is_heard = raidcards.is_heard(raid, settings, pressed.chat_id)
    told = Telling(raid, toll, title, is_over=raid.state != "open", is_card=True, is_heard=is_heard)
    key = f"raidcard:{context.turn.row.bot_id}:{context.turn.row.update_id}"
    text, rows = raidcards.told(language, told), raidcards.keyboard(language, told)
    await outbox.put(connection, [calls.rewrite(key, pressed.card, text, buttons=rows)])
