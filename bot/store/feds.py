"""Federations: their chats, admins and bans. Who may do what, and what follows, is not decided here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import joined, upsert
from bot.store.fedtables import fed_admins, fed_bans, fed_chats, feds
from bot.store.tables import list_changes

SHARED = "shared"
"""The change of the lists' feed that says: which chats share their lists is other than it was."""


@dataclass(frozen=True, slots=True)
class Fed:
    """A federation."""

    id: str
    name: str
    owner_id: int


@dataclass(frozen=True, slots=True)
class FedChat:
    """A chat in a federation: whether bans act there, and whether the others' strikes count."""

    chat_id: int
    fed_id: str
    acts: bool
    strikes: bool


@dataclass(frozen=True, slots=True)
class FedBan:
    """Somebody banned in a federation; `sender_id` is below zero for a channel."""

    id: int
    fed_id: str
    sender_id: int
    name: str
    reason: str
    case_id: int | None
    by_name: str


# --- federations and their chats -----------------------------------------------------------------


async def create(connection: AsyncConnection, name: str, owner_id: int) -> Fed:
    """Found a federation. The owner must own none."""
    fed = Fed(secrets.token_hex(5), name, owner_id)
    row = {"id": fed.id, "name": fed.name, "owner_id": fed.owner_id, "created_at": time.time()}
    await connection.execute(feds.insert().values(**row))
    return fed


async def get(connection: AsyncConnection, fed_id: str) -> Fed | None:
    """Return a federation by its id."""
    return await _fed(connection, feds.c.id == fed_id)


async def owned(connection: AsyncConnection, user_id: int) -> Fed | None:
    """Return the federation that somebody owns."""
    return await _fed(connection, feds.c.owner_id == user_id)


async def all_feds(connection: AsyncConnection) -> list[Fed]:
    """Return every federation, the oldest first."""
    rows = await connection.execute(select(feds.c.id, feds.c.name, feds.c.owner_id).order_by(feds.c.created_at))
    return [Fed(*row) for row in rows]


async def administered(connection: AsyncConnection, user_id: int) -> list[Fed]:
    """Return the federations that somebody is an admin of, without being the owner."""
    query = select(feds.c.id, feds.c.name, feds.c.owner_id).join(fed_admins, fed_admins.c.fed_id == feds.c.id)
    rows = await connection.execute(query.where(fed_admins.c.user_id == user_id).order_by(fed_admins.c.added_at))
    return [Fed(*row) for row in rows]


async def of_chat(connection: AsyncConnection, chat_id: int) -> tuple[Fed, FedChat] | None:
    """Return the federation that a chat is in, and how it takes part."""
    member = (await connection.execute(_chats().where(fed_chats.c.chat_id == chat_id))).one_or_none()
    fed = await get(connection, member.fed_id) if member else None
    return (fed, FedChat(*member)) if fed and member else None


async def chats_of(connection: AsyncConnection, fed_id: str) -> list[FedChat]:
    """Return a federation's chats, the oldest member first."""
    query = _chats().where(fed_chats.c.fed_id == fed_id).order_by(fed_chats.c.joined_at)
    return [FedChat(*row) for row in await connection.execute(query)]


async def join(connection: AsyncConnection, fed_id: str, chat_id: int, *, by: int) -> None:
    """Put a chat into a federation."""
    row = {"chat_id": chat_id, "fed_id": fed_id, "joined_by": by, "joined_at": time.time()}
    joined.CHATS.add(chat_id)
    await upsert.add(connection, fed_chats, row)
    await _announce(connection)


async def leave(connection: AsyncConnection, chat_id: int) -> None:
    """Take a chat out of its federation."""
    await connection.execute(fed_chats.delete().where(fed_chats.c.chat_id == chat_id))
    await _announce(connection)


async def change(connection: AsyncConnection, chat_id: int, **facts: bool) -> None:
    """Change how a chat takes part: `acts`, `strikes`."""
    await connection.execute(update(fed_chats).where(fed_chats.c.chat_id == chat_id).values(**facts))
    await _announce(connection)


async def sharing(connection: AsyncConnection) -> dict[int, tuple[frozenset[int], bool]]:
    """Return for every chat the others whose lists count there, and whether they may act."""
    rows = [FedChat(*row) for row in await connection.execute(_chats())]
    members: dict[str, set[int]] = {}
    for one in rows:
        members.setdefault(one.fed_id, set()).add(one.chat_id)
    return {one.chat_id: (frozenset(members[one.fed_id] - {one.chat_id}), one.acts) for one in rows}


# --- admins ----------------------------------------------------------------------------------------


async def admins(connection: AsyncConnection, fed_id: str) -> list[tuple[int, str]]:
    """Return a federation's admins besides its owner: number and name."""
    query = select(fed_admins.c.user_id, fed_admins.c.name).where(fed_admins.c.fed_id == fed_id)
    return [(row.user_id, row.name) for row in await connection.execute(query.order_by(fed_admins.c.added_at))]


async def promote(connection: AsyncConnection, fed_id: str, user_id: int, name: str) -> bool:
    """Make somebody an admin; say whether that is new."""
    row = {"fed_id": fed_id, "user_id": user_id, "name": name, "added_at": time.time()}
    return await upsert.add(connection, fed_admins, row)


async def demote(connection: AsyncConnection, fed_id: str, user_id: int) -> bool:
    """Make an admin none; say whether they were one."""
    where = (fed_admins.c.fed_id == fed_id) & (fed_admins.c.user_id == user_id)
    return bool((await connection.execute(fed_admins.delete().where(where))).rowcount)


# --- bans ------------------------------------------------------------------------------------------


async def ban(connection: AsyncConnection, fed_id: str, sender_id: int, **facts: Any) -> tuple[FedBan, bool]:
    """Ban somebody, or give a ban that is there another reason; return it, and whether it is new."""
    row = {"fed_id": fed_id, "sender_id": sender_id, "at": time.time(), **facts}
    is_new = await upsert.add(connection, fed_bans, row)
    if not is_new and facts.get("reason"):
        await connection.execute(update(fed_bans).where(_is(fed_id, sender_id)).values(reason=facts["reason"]))
    found = await ban_of(connection, fed_id, sender_id)
    if found is None:  # pragma: no cover - it was inserted, or stood in the way of the insertion
        raise LookupError("the ban just made is not there")
    return found, is_new


async def add_bans(connection: AsyncConnection, fed_id: str, rows: Sequence[dict[str, Any]]) -> int:
    """Add bans from elsewhere; return how many are new."""
    before, now = await ban_count(connection, fed_id), time.time()
    await upsert.add_all(connection, fed_bans, [{"fed_id": fed_id, "at": now, **row} for row in rows])
    return await ban_count(connection, fed_id) - before


async def set_case(connection: AsyncConnection, ban_id: int, case_id: int) -> None:
    """Note in which case a ban was decided."""
    await connection.execute(update(fed_bans).where(fed_bans.c.id == ban_id).values(case_id=case_id))


async def lift(connection: AsyncConnection, fed_id: str, sender_id: int) -> bool:
    """Take a ban back; say whether there was one."""
    return bool((await connection.execute(fed_bans.delete().where(_is(fed_id, sender_id)))).rowcount)


async def ban_of(connection: AsyncConnection, fed_id: str, sender_id: int) -> FedBan | None:
    """Return somebody's ban in a federation."""
    row = (await connection.execute(_bans().where(_is(fed_id, sender_id)))).one_or_none()
    return None if row is None else FedBan(*row)


async def ban_count(connection: AsyncConnection, fed_id: str) -> int:
    """Count the bans of a federation."""
    return await connection.scalar(select(func.count()).where(fed_bans.c.fed_id == fed_id)) or 0


async def ban_in(connection: AsyncConnection, chat_id: int, sender_id: int) -> FedBan | None:
    """Return somebody's ban in the federation that a chat is in: asked for every message, so in one statement."""
    here = (fed_chats.c.chat_id == chat_id) & (fed_chats.c.fed_id == fed_bans.c.fed_id)
    row = (await connection.execute(_bans().where(here, fed_bans.c.sender_id == sender_id))).one_or_none()
    return None if row is None else FedBan(*row)


def _is(fed_id: str, sender_id: int) -> Any:
    return (fed_bans.c.fed_id == fed_id) & (fed_bans.c.sender_id == sender_id)


def _bans() -> Any:
    return select(*(fed_bans.c[field] for field in FedBan.__dataclass_fields__))


def _chats() -> Any:
    return select(*(fed_chats.c[field] for field in FedChat.__dataclass_fields__))


async def _fed(connection: AsyncConnection, where: Any) -> Fed | None:
    row = (await connection.execute(select(feds.c.id, feds.c.name, feds.c.owner_id).where(where))).one_or_none()
    return None if row is None else Fed(*row)


async def _announce(connection: AsyncConnection) -> None:
    """Have every process look anew at which chats share their lists."""
    await connection.execute(list_changes.insert().values(change=SHARED, list_id=0))
