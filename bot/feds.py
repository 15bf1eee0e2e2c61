"""The story of a federation: founded, joined, left, its admins, how a chat takes part. Who asks is checked before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Sender, SenderKind
from bot.policy import SERVICE_IDS
from bot.store import cases as records
from bot.store import chats
from bot.store import feds as store
from bot.store.feds import Fed, FedChat

MAX_NAME = 64
"""Characters of a federation's name."""

MAX_ADMINS = 50
"""Admins of a federation besides its owner."""


class Refusal(StrEnum):
    """Why something about a federation is not done."""

    NO_NAME = "no name"
    OWNS_ONE = "owns one already"
    UNKNOWN = "no such federation"
    NONE = "no federation"  # the chat is in none, the person runs none
    IN_IT = "in this one already"
    IN_ANOTHER = "in another"
    NOT_OWNER = "not the owner"
    NOT_ADMIN = "not an admin of the federation"
    SEVERAL = "an admin of several"
    NOBODY = "no person"
    ADMIN_ALREADY = "an admin already"
    NO_ADMIN = "no admin"
    TOO_MANY = "too many admins"
    ITS_ADMIN = "an admin of the federation"  # whom it does not ban
    SERVICE = "service account"
    SELF = "the bot"
    CHAT_ADMIN = "an admin of the chat"
    NOT_BANNED = "not banned"
    NO_FILE = "no file"
    FILE_TOO_LARGE = "file too large"


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a federation; `member` is how the chat that asks takes part in it."""

    fed: Fed
    owner_name: str
    admins: list[tuple[int, str]]
    chats: int
    bans: int
    member: FedChat | None = None


async def found(connection: AsyncConnection, name: str, owner_id: int) -> Fed | Refusal:
    """Found a federation: one for each owner, with a name."""
    words = " ".join(name.split())[:MAX_NAME]
    if not words:
        return Refusal.NO_NAME
    if await store.owned(connection, owner_id):
        return Refusal.OWNS_ONE
    fed = await store.create(connection, words, owner_id)
    await records.record(connection, "fed.new", actor_id=owner_id, detail=fed.id)
    return fed


async def join(connection: AsyncConnection, chat_id: int, fed_id: str, *, by: int) -> Fed | Refusal:
    """Have a chat join a federation, if it is in none."""
    fed = await store.get(connection, fed_id.strip().lower())
    if fed is None:
        return Refusal.UNKNOWN
    known = await store.of_chat(connection, chat_id)
    if known is not None:
        return Refusal.IN_IT if known[0].id == fed.id else Refusal.IN_ANOTHER
    await store.join(connection, fed.id, chat_id, by=by)
    await records.record(connection, "fed.join", chat_id=chat_id, actor_id=by, detail=fed.id)
    return fed


async def leave(connection: AsyncConnection, chat_id: int, *, by: int) -> Fed | Refusal:
    """Have a chat leave its federation; who is banned there stays banned."""
    known = await store.of_chat(connection, chat_id)
    if known is None:
        return Refusal.NONE
    await store.leave(connection, chat_id)
    await records.record(connection, "fed.leave", chat_id=chat_id, actor_id=by, detail=known[0].id)
    return known[0]


async def choose(connection: AsyncConnection, chat_id: int, action: str, *, on: bool, by: int) -> bool:
    """Set how a chat takes part (`acts`, `strikes`); say whether there is such a choice here."""
    known = await store.of_chat(connection, chat_id)
    if known is None or action not in ("acts", "strikes"):
        return False
    was = getattr(known[1], action)
    if was != on:
        await store.change(connection, chat_id, **{action: on})
        detail = f"{'on' if was else 'off'} → {'on' if on else 'off'}"
        await records.record(connection, f"fed.{action}", chat_id=chat_id, actor_id=by, detail=detail)
    return True


async def about(connection: AsyncConnection, fed: Fed, chat_id: int | None = None) -> About:
    """Return what is told of a federation, to a chat that is in it or to one of its admins."""
    members = await store.chats_of(connection, fed.id)
    owner = await chats.person(connection, fed.owner_id)
    return About(
        fed=fed,
        owner_name=owner.name if owner else str(fed.owner_id),
        admins=await store.admins(connection, fed.id),
        chats=len(members),
        bans=await store.ban_count(connection, fed.id),
        member=next((one for one in members if one.chat_id == chat_id), None),
    )


async def promote(connection: AsyncConnection, fed: Fed, who: Sender, *, by: int) -> Refusal | None:
    """Make a person an admin of a federation; say why not."""
    if who.kind is not SenderKind.USER or who.id in SERVICE_IDS:
        return Refusal.NOBODY
    admins = await store.admins(connection, fed.id)
    if who.id == fed.owner_id or who.id in dict(admins):
        return Refusal.ADMIN_ALREADY
    if len(admins) >= MAX_ADMINS:
        return Refusal.TOO_MANY
    await store.promote(connection, fed.id, who.id, who.name)
    await records.record(connection, "fed.promote", actor_id=by, detail=f"{fed.id}: {who.id}")
    return None


async def demote(connection: AsyncConnection, fed: Fed, who: Sender, *, by: int) -> Refusal | None:
    """Make an admin of a federation none; say why not."""
    if not await store.demote(connection, fed.id, who.id):
        return Refusal.NO_ADMIN
    await records.record(connection, "fed.demote", actor_id=by, detail=f"{fed.id}: {who.id}")
    return None


async def run_by(connection: AsyncConnection, user_id: int, chat_id: int | None) -> Fed | Refusal:
    """Return the federation that somebody may ban in: a chat's own; in private the one they own, or the only one."""
    if chat_id is not None:
        known = await store.of_chat(connection, chat_id)
        if known is None:
            return Refusal.NONE
        return known[0] if await runs(connection, known[0], user_id) else Refusal.NOT_ADMIN
    if (own := await store.owned(connection, user_id)) is not None:
        return own
    found = await store.administered(connection, user_id)
    if len(found) > 1:
        return Refusal.SEVERAL
    return found[0] if found else Refusal.NOT_ADMIN


async def runs(connection: AsyncConnection, fed: Fed, user_id: int) -> bool:
    """Say whether somebody is a federation's owner or one of its admins."""
    return user_id == fed.owner_id or user_id in dict(await store.admins(connection, fed.id))
