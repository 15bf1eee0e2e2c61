"""What tells one database, and one state of it, from another: for copies of its entries that are kept elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.tables import entries, list_changes, meta

KEY = "database"


async def name(connection: AsyncConnection) -> str | None:
    """Return the database's name of its own, None when nobody has given it one."""
    value: str | None = await connection.scalar(select(meta.c.value).where(meta.c.key == KEY))
    return value


async def ensure_name(connection: AsyncConnection) -> str:
    """Return the database's name of its own: random, given once."""
    await upsert.add(connection, meta, {"key": KEY, "value": uuid.uuid4().hex})
    return await name(connection) or ""


async def change(connection: AsyncConnection, seq: int) -> list[str | int | None]:
    """Return what the change numbered `seq` was, nothing when there is none: another history has another one there."""
    row = (await connection.execute(select(list_changes).where(list_changes.c.seq == seq))).one_or_none()
    return [] if row is None else list(row)


async def totals(connection: AsyncConnection) -> tuple[int, int]:
    """Return how many entries there are, and the sum of their ids."""
    count, total = (await connection.execute(select(func.count(), func.sum(entries.c.id)))).one()
    return int(count), int(total or 0)


async def values(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, bytes]:
    """Return the values of these entries; some hundred at most."""
    value = func.coalesce(entries.c.body, entries.c.value).label("value")  # a video stands beside its digest
    query = select(entries.c.id, value).where(entries.c.id.in_([*ids]))
    return {row.id: row.value for row in await connection.execute(query)}
