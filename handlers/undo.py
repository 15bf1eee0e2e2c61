"""/undo and the button “Undo”: who asks for which case, and with which rights. What is given back is not known here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import undo as story
from bot.i18n import Html, say
from bot.model import Sender, SenderKind
from bot.protection import INVITE
from bot.store import cases as records
from bot.store import chats
from bot.store.cases import Case
from bot.undo import Result, Undoing
from handlers import guard, replies, target
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied, language_of, refusal
from handlers.context import Context, Services
from handlers.rights import Right

KEEP = "keep"
"""The word with which a case is taken back and its media stay listed."""

MAX_DIGITS = 18  # what 64 bits surely hold


@dataclass(frozen=True, slots=True)
class _Found:
    """A case, the right that it takes to undo it, its chat's type and language."""

    case: Case
    right: Right
    chat_type: str
    language: str


async def undo(context: Context, asker: Asker) -> None:
    """``/undo N [keep]``: take a case back, by the rights that the asker has in the case's chat at this moment."""
    number = asker.words[0].lstrip("#") if asker.words else ""
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS):
        await _say(context, asker, lambda language: say(language, "Take back which case? Give its number: /undo 12"))
        return
    keeps = KEEP in (word.lower() for word in asker.words[1:])
    found = await _find(context.services, int(number), keeps=keeps)
    chat_member = await _member(context.services, asker, found)
    if found is None or not guard.has_right(chat_member, None):
        await _say(context, asker, lambda language: say(language, "There is no case {number} here.", number=number))
        return
    if (missing := guard.lacking(chat_member, found.right)) is not None:
        await _say(context, asker, lambda language: refusal(language, missing))
        return
    here = found.case.chat_id == asker.chat_id
    undoing = await _undoing(context, found, (asker.user_id, asker.name), chat_member, keeps=keeps, here=here)

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
    found = await _find(context.services, int(number), keeps=False) if is_number else None
    if found is None:
        return INVALID
    chat_member = await guard.member(context.services, found.case.chat_id, pressed.user_id)
    if not pressed.is_drawn and not guard.has_right(chat_member, None):
        return INVALID
    if (missing := guard.lacking(chat_member, found.right)) is not None:
        return denied(pressed, missing)
    undoing = await _undoing(context, found, (pressed.user_id, pressed.name), chat_member, keeps=False, here=False)
    result: Result = await context.turn.commit(lambda connection: story.take_back(connection, undoing))
    return Toast(story.words(pressed.language, result), alert=True)


async def _member(services: Services, asker: Asker, found: _Found | None) -> dict[str, object]:
    """Return what the asker is in the case's chat, nothing where the case does not belong to where they ask."""
    if found is None:
        return {}
    async with services.database.read() as connection:
        places = {asker.chat_id, *await chats.logged_by(connection, asker.chat_id)}
    if not asker.is_private and found.case.chat_id not in places:
        return {}
    return await guard.member(services, found.case.chat_id, asker.user_id)


async def _find(services: Services, number: int, *, keeps: bool) -> _Found | None:
    async with services.database.read() as connection:
        case = await records.get(connection, number)
        if case is None:
            return None
        chat, settings = await chats.chat(connection, case.chat_id), await chats.settings(connection, case.chat_id)
        bans, deletes = story.needs(case, await records.actions(connection, number))
    deletes = deletes and not (keeps and bans)
    right = Right.RESTRICT_AND_DELETE if bans and deletes else Right.RESTRICT if bans else Right.DELETE
    return _Found(case, right, chat.type if chat else "supergroup", settings.language)


async def _undoing(
    context: Context,
    found: _Found,
    by: tuple[int, str],
    chat_member: dict[str, object],
    *,
    keeps: bool,
    here: bool,
) -> Undoing:
    services, case = context.services, found.case
    sender = Sender(SenderKind(case.sender_kind), case.sender_id, case.sender_name)
    own = await guard.member(services, case.chat_id, services.gateway.id)
    by_name = say(found.language, "an anonymous admin") if chat_member.get("is_anonymous") else by[1]
    return Undoing(
        case=case,
        by=(by[0], by_name),
        scene=await target.scene(services, case.chat_id, found.chat_type, sender),
        may_invite=guard.has_right(own, INVITE),
        files=await target.files(services, case.message) if case.message and not keeps else (),
        is_said_here=here,
    )


async def _say(context: Context, asker: Asker, words: Callable[[str], Html]) -> None:
    async def write(connection: AsyncConnection) -> None:
        await replies.answer(connection, context.turn, words(await language_of(connection, asker)))

    await context.turn.commit(write)
