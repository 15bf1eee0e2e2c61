"""Hash lists and their entries, and the feed of changes that running processes follow. Matching is not done here."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import HashList, ListKind, SignalKind, Trust
from bot.store import upsert
from bot.store.tables import entries, list_changes, lists

_VALUE = func.coalesce(entries.c.body, entries.c.value).label("value")

LOAD = 2_000
"""Rows that a stream takes at a time: some 200 kB, and 5 ms of the event loop."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One signal to be listed, with where it came from."""

    kind: SignalKind
    value: bytes
    category: str = ""
    note: str = ""
    source: str = ""
    added_by: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the feed: what happened to which list, and the closed range of entry ids it touched."""

    seq: int
    change: str
    list_id: int
    first: int | None
    last: int | None


async def ensure_list(
    connection: AsyncConnection,
    name: str,
    *,
    kind: ListKind,
    trust: Trust,
    chat_id: int | None = None,
    source: str = "",
) -> int:
    """Return the id of the list called `name`, making it when there is none. A list that is there stays as it is."""
    now = time.time()
    row = {"name": name, "kind": kind, "trust": trust, "chat_id": chat_id, "source": source}
    if await upsert.add(connection, lists, {**row, "created_at": now, "updated_at": now}):
        list_id = await _id_of(connection, name)
        await _note(connection, "list", list_id)
        return list_id
    return await _id_of(connection, name)


async def all_lists(connection: AsyncConnection) -> list[HashList]:
    """Return every list with its size."""
    size = select(func.count()).where(entries.c.list_id == lists.c.id).scalar_subquery()
    return [_list(row) for row in await connection.execute(select(lists, size.label("size")).order_by(lists.c.id))]


async def bare_lists(connection: AsyncConnection) -> list[HashList]:
    """Return every list without its size: to count entries takes a walk over all of them."""
    return [
        _list(row) for row in await connection.execute(select(lists, literal(0).label("size")).order_by(lists.c.id))
    ]


async def find(connection: AsyncConnection, name: str) -> HashList | None:
    """Return the list called `name`, with its size."""
    size = select(func.count()).where(entries.c.list_id == lists.c.id).scalar_subquery()
    row = (await connection.execute(select(lists, size.label("size")).where(lists.c.name == name))).one_or_none()
    return None if row is None else _list(row)


async def own_list(connection: AsyncConnection, kind: ListKind, chat_id: int | None) -> HashList | None:
    """Return the list that a chat's admins fill, or the maintainers for all; its name may hold the chat's former id."""
    size = select(func.count()).where(entries.c.list_id == lists.c.id).scalar_subquery()
    where = (lists.c.kind == kind) & (lists.c.source == "chat")
    where &= lists.c.chat_id.is_(None) if chat_id is None else lists.c.chat_id == chat_id
    row = (await connection.execute(select(lists, size.label("size")).where(where).limit(1))).one_or_none()
    return None if row is None else _list(row)


async def set_trust(connection: AsyncConnection, list_id: int, trust: Trust) -> None:
    """Change what the list's matches may do."""
    await connection.execute(update(lists).where(lists.c.id == list_id).values(trust=trust))
    await _note(connection, "list", list_id)


async def add(connection: AsyncConnection, list_id: int, rows: Sequence[NewEntry]) -> int:
    """Add entries to a list in the caller's transaction; return how many were new."""
    if not rows:
        return 0
    now = time.time()
    before = await _highest(connection)
    values = [
        {
            "list_id": list_id,
            "kind": row.kind,
            **_stored(row.kind, row.value),
            "category": row.category,
            "note": row.note,
            "source": row.source,
            "added_by": row.added_by,
            "added_at": now,
        }
        for row in rows
    ]
    await upsert.add_all(connection, entries, values)
    after = await _highest(connection)
    new = (entries.c.id > before) & (entries.c.list_id == list_id)
    count = await connection.scalar(select(func.count()).where(new)) or 0
    if count:
        await connection.execute(update(lists).where(lists.c.id == list_id).values(updated_at=now))
        await _note(connection, "added", list_id, before + 1, after)
    return count


async def remove(connection: AsyncConnection, list_id: int, values: Iterable[tuple[SignalKind, bytes]]) -> int:
    """Remove the entries with these signals from a list; return how many there were."""
    removed = 0
    for kind, value in values:
        where = (entries.c.list_id == list_id) & (entries.c.kind == kind)
        where &= entries.c.value == _stored(kind, value)["value"]
        entry_id = await connection.scalar(select(entries.c.id).where(where))
        if entry_id is not None:
            await connection.execute(delete(entries).where(entries.c.id == entry_id))
            await _note(connection, "removed", list_id, entry_id, entry_id)
            removed += 1
    return removed


async def remove_ids(connection: AsyncConnection, list_id: int, ids: Iterable[int]) -> int:
    """Remove the entries with these numbers from a list; return how many there were. Those of other lists stay."""
    removed = 0
    for entry_id in ids:
        where = (entries.c.list_id == list_id) & (entries.c.id == entry_id)
        gone = await connection.execute(delete(entries).where(where))
        if gone.rowcount:
            await _note(connection, "removed", list_id, entry_id, entry_id)
            removed += 1
    return removed


async def remove_noted(connection: AsyncConnection, list_id: int, note: str) -> int:
    """Remove the entries of a list that were put there with a note; return how many there were."""
    where = (entries.c.list_id == list_id) & (entries.c.note == note)
    return await remove_ids(connection, list_id, (await connection.scalars(select(entries.c.id).where(where))).all())


async def drop(connection: AsyncConnection, list_id: int) -> int:
    """Remove a list with all its entries; return how many entries it had."""
    gone = await connection.execute(delete(entries).where(entries.c.list_id == list_id))
    await connection.execute(delete(lists).where(lists.c.id == list_id))
    await _note(connection, "drop_list", list_id)
    return gone.rowcount


async def rows(connection: AsyncConnection, list_id: int) -> AsyncIterator[NewEntry]:
    """Stream a list's entries with their provenance, oldest first."""
    columns = (entries.c.kind, _VALUE, entries.c.category, entries.c.note, entries.c.source)
    query = select(*columns, entries.c.added_by).where(entries.c.list_id == list_id).order_by(entries.c.id)
    async for row in await connection.stream(query.execution_options(yield_per=LOAD)):
        yield NewEntry(SignalKind(row.kind), *row[1:])


async def changes(connection: AsyncConnection, after: int) -> list[Change]:
    """Return what happened to lists after the change numbered `after`, in order."""
    query = select(list_changes).where(list_changes.c.seq > after).order_by(list_changes.c.seq)
    return [Change(*row) for row in await connection.execute(query)]


async def last_change(connection: AsyncConnection) -> int:
    """Return the number of the newest change, 0 when there is none."""
    return await connection.scalar(select(func.max(list_changes.c.seq))) or 0


def _stored(kind: SignalKind, value: bytes) -> dict[str, bytes | None]:
    """The columns for a value: a video's frames, which no index takes, stand beside their digest."""
    if kind is SignalKind.VPDQ:
        return {"value": hashlib.sha256(value).digest(), "body": value}
    return {"value": value, "body": None}


async def _id_of(connection: AsyncConnection, name: str) -> int:
    list_id: int = (await connection.scalars(select(lists.c.id).where(lists.c.name == name))).one()
    return list_id


async def _highest(connection: AsyncConnection) -> int:
    return await connection.scalar(select(func.max(entries.c.id))) or 0


async def _note(
    connection: AsyncConnection, change: str, list_id: int, first: int | None = None, last: int | None = None
) -> None:
    values = {"change": change, "list_id": list_id, "first_entry": first, "last_entry": last}
    await connection.execute(list_changes.insert().values(**values))


def _list(row: Any) -> HashList:
    return HashList(
        id=row.id,
        name=row.name,
        kind=ListKind(row.kind),
        trust=Trust(row.trust),
        chat_id=row.chat_id,
        source=row.source,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        updated_at=datetime.fromtimestamp(row.updated_at, UTC),
        size=row.size,
    )
