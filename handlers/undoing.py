"""What it takes to take a case back: the right, and what Telegram says of the scene. Nothing is given back here."""

from __future__ import annotations

from dataclasses import dataclass

from bot import undo as story
from bot.i18n import say
from bot.model import Sender, SenderKind
from bot.protection import INVITE
from bot.store import cases as records
from bot.store import chats
from bot.store.cases import Case
from bot.undo import Undoing
from handlers import guard, target
from handlers.context import Context, Services
from handlers.rights import Right


@dataclass(frozen=True, slots=True)
class Found:
    """A case, the right that it takes to undo it, its chat's type and language."""

    case: Case
    right: Right
    chat_type: str
    language: str


async def find(services: Services, number: int, *, keeps: bool) -> Found | None:
    """Return a case with the right that it takes to undo it, without the listing of media if that `keeps`."""
    async with services.database.read() as connection:
        case = await records.get(connection, number)
        if case is None:
            return None
        chat, settings = await chats.chat(connection, case.chat_id), await chats.settings(connection, case.chat_id)
        bans, deletes = story.needs(case, await records.actions(connection, number))
    deletes = deletes and not (keeps and bans)
    right = Right.RESTRICT_AND_DELETE if bans and deletes else Right.RESTRICT if bans else Right.DELETE
    return Found(case, right, chat.type if chat else "supergroup", settings.language)


async def undoing_of(
    context: Context,
    found: Found,
    by: tuple[int, str],
    chat_member: dict[str, object],
    *,
    keeps: bool,
    here: bool,
) -> Undoing:
    """Ask Telegram for all that counts when a case is taken back. Raises `Unreachable`."""
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
        thread_id=await target.topic(services, case.message, found.chat_type),
    )
