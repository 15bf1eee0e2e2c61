"""Whom a chat's admins trust: people and channels that the bot punishes no more. Who may trust, is not decided here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.trusttables import trusted


@dataclass(frozen=True, slots=True)
class Trusted:
    """Somebody whom a chat trusts, a person or below zero a channel, by the name that they had then."""

    sender_id: int
    name: str
    at: float = 0.0


async def add(connection: AsyncConnection, chat_id: int, sender_id: int, name: str, *, by: int | None) -> bool:
    """Trust somebody in a chat; say whether that is new."""
    row = {"chat_id": chat_id, "sender_id": sender_id, "name": name, "by_id": by, "at": time.time()}
    return await upsert.add(connection, trusted, row)


async def remove(connection: AsyncConnection, chat_id: int, sender_id: int) -> bool:
    """Trust somebody no more; say whether they were trusted."""
    where = (trusted.c.chat_id == chat_id) & (trusted.c.sender_id == sender_id)
    return bool((await connection.execute(delete(trusted).where(where))).rowcount)


async def get(connection: AsyncConnection, chat_id: int, sender_id: int) -> Trusted | None:
    """Return somebody whom a chat trusts."""
    columns = (trusted.c.sender_id, trusted.c.name, trusted.c.at)
    where = (trusted.c.chat_id == chat_id) & (trusted.c.sender_id == sender_id)
    row = (await connection.execute(select(*columns).where(where))).one_or_none()
    return None if row is None else Trusted(*row)


async def has(connection: AsyncConnection, chat_id: int, sender_id: int) -> bool:
    """Say whether somebody is trusted in a chat."""
    where = (trusted.c.chat_id == chat_id) & (trusted.c.sender_id == sender_id)
    return await connection.scalar(select(trusted.c.at).where(where)) is not None


async def listed(
    connection: AsyncConnection, chat_id: int, *, limit: int | None = None, offset: int = 0
) -> Sequence[Trusted]:
    """Return whom a chat trusts, in the order in which they were chosen."""
    columns = (trusted.c.sender_id, trusted.c.name, trusted.c.at)
    query = select(*columns).where(trusted.c.chat_id == chat_id).order_by(trusted.c.at, trusted.c.sender_id)
    return [Trusted(*row) for row in await connection.execute(query.limit(limit).offset(offset))]


async def count(connection: AsyncConnection, chat_id: int) -> int:
    """Return how many a chat trusts."""
    return await connection.scalar(select(func.count()).where(trusted.c.chat_id == chat_id)) or 0
