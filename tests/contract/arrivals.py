"""Updates into and out of a real inbox, for tests; how they are chosen while the bot runs is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import inbox
from bot.store.inbox import Row
from bot.store.tables import inbox as table
from bot.telegram.sorting import arrival


async def put(connection: AsyncConnection, bot_id: int, *updates: Mapping[str, Any]) -> None:
    """Keep raw updates as the intake does."""
    await inbox.put(connection, bot_id, [arrival(raw) for raw in updates], max(raw["update_id"] for raw in updates) + 1)


async def pending(connection: AsyncConnection, bot_id: int) -> list[Row]:
    """Return the updates that are neither done nor buried, in the order of their numbers."""
    query = select(table.c.update_id).where(table.c.state == inbox.PENDING, table.c.bot_id == bot_id)
    return await inbox.rows(connection, bot_id, list((await connection.execute(query)).scalars()))
