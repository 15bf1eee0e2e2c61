"""/undo and the button “Undo”: who asks for which case, and with which rights. What is given back is not known here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import undo as story
from bot.i18n import say
from bot.store import chats
from bot.undo import Result
from handlers import guard, replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, away, denied, language_of, refusal, tell
from handlers.context import Context, Services
from handlers.undoing import Found, find, undoing_of

KEEP = "keep"
"""The word with which a case is taken back and its media stay listed."""

MAX_DIGITS = 18  # what 64 bits surely hold


async def undo(context: Context, asker: Asker) -> None:
    """``/undo N [keep]``: take a case back, by the rights that the asker has in the case's chat at this moment."""
    number = asker.words[0].lstrip("#") if asker.words else ""
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS):
        await tell(context, asker, lambda language: say(language, "Take back which case? Give its number: /undo 12"))
        return
    keeps = KEEP in (word.lower() for word in asker.words[1:])
    found = await find(context.services, int(number), keeps=keeps)
    chat_member = await _member(context.services, asker, found)
    if found is None or not guard.has_right(chat_member, None):
        await tell(context, asker, lambda language: say(language, "There is no case {number} here.", number=number))
        return
    if (missing := guard.lacking(chat_member, found.right)) is not None:
        await tell(context, asker, lambda language: refusal(language, missing))
        return
    if await guard.is_away(context.services, found.case.chat_id):
        await tell(context, asker, away)
        return
    here = found.case.chat_id == asker.chat_id
    undoing = await undoing_of(context, found, (asker.user_id, asker.name), chat_member, keeps=keeps, here=here)

    async def write(connection: AsyncConnection) -> None:
        result = await story.take_back(connection, undoing)
        text = story.words(await language_of(connection, asker), result, is_named=not here)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``u:undo:<number>``: take a case back, by the rights of whoever presses in the case's chat at this moment.

    A card that was undone shows no button any more, and an old screen still does: admins of the chat are answered.
    """
    number = pressed.parts[-1]
    is_number = number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS
    found = await find(context.services, int(number), keeps=False) if is_number else None
    if found is None:
        return INVALID
    chat_member = await guard.member(context.services, found.case.chat_id, pressed.user_id)
    if not pressed.is_drawn and not guard.has_right(chat_member, None):
        return INVALID
    if await guard.is_away(context.services, found.case.chat_id):
        return Toast(away(pressed.language), alert=True)
    if (missing := guard.lacking(chat_member, found.right)) is not None:
        return denied(pressed, missing)
    undoing = await undoing_of(context, found, (pressed.user_id, pressed.name), chat_member, keeps=False, here=False)
    result: Result = await context.turn.commit(lambda connection: story.take_back(connection, undoing))
    return Toast(story.words(pressed.language, result), alert=True)


async def _member(services: Services, asker: Asker, found: Found | None) -> dict[str, object]:
    """Return what the asker is in the case's chat, nothing where the case does not belong to where they ask."""
    if found is None:
        return {}
    async with services.database.read() as connection:
        places = {asker.chat_id, *await chats.logged_by(connection, asker.chat_id)}
    if not asker.is_private and found.case.chat_id not in places:
        return {}
    return await guard.member(services, found.case.chat_id, asker.user_id)
