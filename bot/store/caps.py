"""Whom the bot acted against by itself today, in each chat, and whether it had to stop. Nothing is decided here."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.tables import breakers, cases, sanctions

DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Breaker:
    """A chat's limit of a day that was reached; `lifted_by` is the admin who lifted it, None while it holds."""

    chat_id: int
    day: int
    kind: str
    tripped_at: float
    lifted_by: int | None
    lifted_name: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What a chat's last 24 hours left: posts that could not be checked, cases that wait, limits that hold."""

    unscannable: int = 0
    waiting: int = 0
    stopped: tuple[str, ...] = ()


def today() -> int:
    """Return the number of this day: days since 1970 in UTC."""
    return int(time.time() // DAY_SECONDS)


async def is_counted(connection: AsyncConnection, chat_id: int, kind: str, who: str) -> bool:
    """Say whether somebody counts already today."""
    where = (sanctions.c.chat_id == chat_id) & (sanctions.c.day == today()) & (sanctions.c.kind == kind)
    return await connection.scalar(select(sanctions.c.who).where(where, sanctions.c.who == who)) is not None


async def count(connection: AsyncConnection, chat_id: int, kind: str) -> int:
    """Count the people against whom the bot acted today."""
    where = (sanctions.c.chat_id == chat_id) & (sanctions.c.day == today()) & (sanctions.c.kind == kind)
    return await connection.scalar(select(func.count()).where(where)) or 0


async def add(connection: AsyncConnection, chat_id: int, kind: str, who: str) -> None:
    """Count somebody, once a day."""
    await upsert.add(connection, sanctions, {"chat_id": chat_id, "day": today(), "kind": kind, "who": who})


async def breaker(connection: AsyncConnection, chat_id: int, day: int, kind: str) -> Breaker | None:
    """Return the limit that was reached, None when it was not."""
    where = (breakers.c.chat_id == chat_id) & (breakers.c.day == day) & (breakers.c.kind == kind)
    row = (await connection.execute(select(breakers).where(where))).one_or_none()
    return None if row is None else Breaker(*row)


async def trip(connection: AsyncConnection, chat_id: int, kind: str) -> bool:
    """Note that today's limit is reached; say whether that is new."""
    row = {"chat_id": chat_id, "day": today(), "kind": kind, "tripped_at": time.time()}
    return await upsert.add(connection, breakers, row)


async def lift(connection: AsyncConnection, one: Breaker, *, by: int, name: str) -> bool:
    """Lift a limit; say whether it held, so that of two presses one wins."""
    where = (breakers.c.chat_id == one.chat_id) & (breakers.c.day == one.day) & (breakers.c.kind == one.kind)
    values = {"lifted_by": by, "lifted_name": name}
    changed = await connection.execute(update(breakers).where(where, breakers.c.lifted_by.is_(None)).values(**values))
    return bool(changed.rowcount)


async def holding(connection: AsyncConnection) -> dict[str, int]:
    """Count the chats in which a limit holds at the moment, by its kind."""
    where = (breakers.c.day == today()) & breakers.c.lifted_by.is_(None)
    query = select(breakers.c.kind, func.count()).where(where).group_by(breakers.c.kind)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def tally(connection: AsyncConnection, chat_id: int) -> Tally:
    """Return what a chat's health card says of its cases and limits."""
    here = cases.c.chat_id == chat_id
    unseen = here & (cases.c.kind == "unscannable") & (cases.c.opened_at > time.time() - DAY_SECONDS)
    held = (breakers.c.chat_id == chat_id) & (breakers.c.day == today()) & breakers.c.lifted_by.is_(None)
    return Tally(
        unscannable=await connection.scalar(select(func.count()).where(unseen)) or 0,
        waiting=await connection.scalar(select(func.count()).where(here, cases.c.state == "open")) or 0,
        stopped=tuple(await connection.scalars(select(breakers.c.kind).where(held).order_by(breakers.c.kind))),
    )
