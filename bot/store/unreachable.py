"""Whom a chat's admins know to be out of reach. Who that is, and what is said of it, is not decided here."""

from __future__ import annotations

import time

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.telltables import unreachable


async def add(connection: AsyncConnection, chat_id: int, who: int) -> bool:
    """Note that a chat's admins are told that `who`, a person or a chat, is out of reach; say whether that is news."""
    return await upsert.add(connection, unreachable, {"chat_id": chat_id, "who": who, "said_at": time.time()})


async def drop(connection: AsyncConnection, who: int, chat_id: int | None = None) -> None:
    """Note that somebody can be reached, for one chat or for all: should that end again, it is said again."""
    where = unreachable.c.who == who
    if chat_id is not None:
        where &= unreachable.c.chat_id == chat_id
    await connection.execute(delete(unreachable).where(where))


async def watchers(connection: AsyncConnection, who: int) -> list[int]:
    """Return the chats whose admins know that `who` is out of reach."""
    return list(await connection.scalars(select(unreachable.c.chat_id).where(unreachable.c.who == who)))


async def move(connection: AsyncConnection, old: int, new: int) -> None:
    """Forget what a group's admins were told, and of whom: the supergroup that it became is reached anew."""
    concerned = or_(unreachable.c.chat_id == old, unreachable.c.who == old)
    rows = (await connection.execute(select(unreachable).where(concerned))).all()
    await connection.execute(delete(unreachable).where(concerned))
    for row in rows:
        if row.who != old:
            await upsert.add(connection, unreachable, {**row._asdict(), "chat_id": new})
