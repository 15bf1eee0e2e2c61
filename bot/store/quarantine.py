"""Whose posts an entry hit, and entries that are switched off because they hit too many. Nothing is decided here."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.tables import entries, hits, list_changes, lists, quarantine, seen

OFF = ("held", "kept")
"""States in which an entry punishes nobody: until a maintainer decides, and for good."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an entry's hits reach: different posters, in how many chats."""

    entry_id: int
    posters: int
    chats: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An entry that hit too much, by its number, and the list that it is on."""

    entry_id: int
    list_id: int
    list_name: str
    category: str
    state: str
    posters: int
    chats: int
    since: float
    token: str


async def hit(connection: AsyncConnection, entry_ids: Collection[int], chat_id: int, sender_id: int) -> None:
    """Note whose post some entries matched, and where."""
    now = time.time()
    for entry_id in entry_ids:
        row = {"entry_id": entry_id, "chat_id": chat_id, "sender_id": sender_id, "at": now}
        await upsert.put(connection, hits, row)


async def spread(connection: AsyncConnection, entry_ids: Collection[int], since: float) -> list[Spread]:
    """Return how far the hits of some entries reach since then, in all chats."""
    counts = func.count(hits.c.sender_id.distinct()), func.count(hits.c.chat_id.distinct())
    query = select(hits.c.entry_id, *counts).where(hits.c.entry_id.in_(entry_ids), hits.c.at > since)
    return [Spread(*row) for row in await connection.execute(query.group_by(hits.c.entry_id))]


async def regulars(connection: AsyncConnection, entry_ids: Collection[int], chat_id: int, since: float) -> list[Spread]:
    """Return how many posters were hit in one chat since then who had posted pictures there before that."""
    before = exists().where(
        seen.c.chat_id == hits.c.chat_id, seen.c.sender_id == hits.c.sender_id, seen.c.posted_at < since
    )
    where = hits.c.entry_id.in_(entry_ids) & (hits.c.chat_id == chat_id) & (hits.c.at > since) & before
    query = select(hits.c.entry_id, func.count()).where(where).group_by(hits.c.entry_id)
    return [Spread(row[0], row[1], 1) for row in await connection.execute(query)]


async def hold(connection: AsyncConnection, one: Spread, list_id: int, token: str) -> bool:
    """Switch an entry off as a punisher; say whether that is new. One that was decided about stays as it is."""
    facts = {"list_id": list_id, "posters": one.posters, "chats": one.chats, "since": time.time(), "token": token}
    is_new = await upsert.add(connection, quarantine, {"entry_id": one.entry_id, **facts})
    if is_new:
        await _note(connection, list_id, [one.entry_id])
    return is_new


async def known(connection: AsyncConnection, entry_ids: Collection[int]) -> set[int]:
    """Return which of some entries are, or were, in quarantine."""
    return set(await connection.scalars(select(quarantine.c.entry_id).where(quarantine.c.entry_id.in_(entry_ids))))


async def lists_of(connection: AsyncConnection, entry_ids: Collection[int]) -> dict[int, int]:
    """Return the list of each entry that is still there."""
    query = select(entries.c.id, entries.c.list_id).where(entries.c.id.in_(entry_ids))
    return {row.id: row.list_id for row in await connection.execute(query)}


async def off(connection: AsyncConnection) -> list[int]:
    """Return the entries that punish nobody."""
    return list(await connection.scalars(select(quarantine.c.entry_id).where(quarantine.c.state.in_(OFF))))


async def listed(connection: AsyncConnection, *, token: str | None = None) -> list[Quarantined]:
    """Return the entries in quarantine that are still on their list, oldest first; with `token` those of one card."""
    mine = (entries.c.id == quarantine.c.entry_id) & (lists.c.id == entries.c.list_id)
    row = quarantine.c
    columns = (row.entry_id, row.list_id, lists.c.name, entries.c.category)
    query = select(*columns, row.state, row.posters, row.chats, row.since, row.token).where(mine)
    query = query.where(row.state.in_(OFF)) if token is None else query.where(row.token == token)
    return [Quarantined(*found) for found in await connection.execute(query.order_by(row.since, row.entry_id))]


async def decide(connection: AsyncConnection, found: Sequence[Quarantined], state: str) -> int:
    """Keep entries off, or release them; return for how many that changed anything."""
    ids = [one.entry_id for one in found]
    where = quarantine.c.entry_id.in_(ids) & (quarantine.c.state != state)
    changed = (await connection.execute(update(quarantine).where(where).values(state=state))).rowcount
    if changed:
        for list_id in {one.list_id for one in found}:
            await _note(connection, list_id, [one.entry_id for one in found if one.list_id == list_id])
    return changed


async def _note(connection: AsyncConnection, list_id: int, ids: Sequence[int]) -> None:
    values = {"change": "quarantine", "list_id": list_id, "first_entry": min(ids), "last_entry": max(ids)}
    await connection.execute(list_changes.insert().values(**values))
