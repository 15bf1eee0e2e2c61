"""Who somebody is in a chat, asked of Telegram at the moment it matters. What they may do is in the table of rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import Unreachable
from bot.model import MediaPost, Sender, SenderKind, Verdict, VerdictKind
from bot.policy import Standing, standing
from bot.protection import presence_of
from bot.store import chats
from handlers.rights import Right

if TYPE_CHECKING:
    from handlers.context import Services

ADMINS = frozenset({"creator", "administrator"})


async def member(services: Services, chat_id: int, user_id: int) -> dict[str, Any]:
    """Return Telegram's ChatMember as raw JSON, empty when Telegram will not say. Raises `Unreachable`."""
    answer = await services.gateway.ask("getChatMember", {"chat_id": chat_id, "user_id": user_id})
    return answer if isinstance(answer, dict) else {}


def has_right(chat_member: dict[str, Any], right: str | None) -> bool:
    """Whether a ChatMember is an admin with `right`; None asks for any admin."""
    if chat_member.get("status") == "creator":
        return True
    if chat_member.get("status") != "administrator":
        return False
    return right is None or chat_member.get(right) is True


def holds(chat_member: dict[str, Any], right: Right) -> bool:
    """Whether a ChatMember has what the table of rights asks for."""
    return lacking(chat_member, right) is None


def lacking(chat_member: dict[str, Any], right: Right) -> Right | None:
    """Return what a ChatMember lacks of what the table of rights asks for: of two rights both, or the missing one."""
    if right is Right.EVERYBODY:
        return None
    if right is Right.MAINTAINER:  # which no chat can make anybody
        return right
    missing = [one for one in right.parts if not has_right(chat_member, None if one is Right.ADMIN else one.value)]
    return right if missing and len(missing) == len(right.parts) else next(iter(missing), None)


async def may(services: Services, chat_id: int, user_id: int, right: Right) -> bool:
    """Ask Telegram whether somebody has a right in a chat at this moment. Raises `Unreachable`."""
    return right is Right.EVERYBODY or holds(await member(services, chat_id, user_id), right)


async def is_away(services: Services, chat_id: int) -> bool:
    """Whether the bot has left a chat, where nothing is decided any more; Telegram has the last word. As `member`."""
    async with services.database.read() as connection:
        known = await chats.chat(connection, chat_id)
    if known is None or known.bot_status not in chats.AWAY:
        return False
    return not presence_of(await member(services, chat_id, services.gateway.id)).is_here


async def standing_of(post: MediaPost, verdict: Verdict, services: Services, *, is_last_try: bool) -> Standing:
    """Say what a poster is to the chat; Telegram is asked only when it matters. Raises as `standing_in` does."""
    if verdict.kind in (VerdictKind.CLEAN, VerdictKind.CANARY):
        return standing(post.sender.kind, post.sender.id, is_admin=False)
    return await standing_in(services, post.ref.chat_id, post.sender, is_last_try=is_last_try, remembered=True)


async def standing_in(
    services: Services, chat_id: int, sender: Sender, *, is_last_try: bool = False, remembered: bool = False
) -> Standing:
    """Ask Telegram what a sender is to a chat at this moment. Raises `Unreachable` unless this is the last try.

    With `remembered` the chat's list of admins may be some minutes old, which is enough to spare posters. Where there
    is no answer nothing is taken for granted: a sender about whom nothing is known may be an admin.
    """
    try:
        if sender.kind is SenderKind.CHANNEL:
            return await _standing_of_channel(services, chat_id, sender.id)
        is_admin: bool | None = False
        if sender.kind is SenderKind.USER:
            is_admin = await _is_admin(services, chat_id, sender.id, remembered=remembered)
        return standing(sender.kind, sender.id, is_admin=is_admin)
    except Unreachable:
        if not is_last_try:
            raise
        return Standing.UNKNOWN


async def _is_admin(services: Services, chat_id: int, user_id: int, *, remembered: bool) -> bool | None:
    """Say whether somebody is an admin, None where Telegram will not."""
    if remembered and (known := await services.admins.has(chat_id, user_id)) is not None:
        return known
    status = (await member(services, chat_id, user_id)).get("status")
    return None if status is None else status in ADMINS


async def _standing_of_channel(services: Services, chat_id: int, channel_id: int) -> Standing:
    """Tell the linked channel from others: by Telegram's answer, else by what was known of the chat before."""
    answer = await services.gateway.ask("getChat", {"chat_id": chat_id})
    if isinstance(answer, dict):
        linked = answer.get("linked_chat_id")
    else:
        async with services.database.read() as connection:
            known = await chats.chat(connection, chat_id)
        linked = known.linked_chat_id if known else None
        if linked is None:  # of an answer that was refused, too, no link is on record
            return Standing.UNKNOWN
    return Standing.LINKED_CHANNEL if channel_id == linked else Standing.CHANNEL
