"""Raids, many removals in one chat within a short time, and the lines that tell of them. Nothing is said here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.tables import case_actions, cases, outbox, raid_lines, raids

DUE = 0


@dataclass(frozen=True, slots=True)
class Raid:
    """Removals in one chat, each soon after the one before; times in Unix seconds."""

    id: int
    chat_id: int
    state: str
    started_at: float
    last_at: float
    posts: int
    first_case: int
    last_case: int


@dataclass(frozen=True, slots=True)
class Line:
    """Where a raid is told of; `shown` is the number of posts that the line knew of, at `shown_at`."""

    raid_id: int
    chat_id: int
    thread_id: int | None
    message_id: int | None
    shown: int
    shown_at: float


@dataclass(frozen=True, slots=True)
class Toll:
    """What a raid came to: posts that are gone, their posters, and removals that are still under way."""

    removed: int
    posters: int
    pending: int


async def going_on(connection: AsyncConnection, chat_id: int | None = None) -> list[Raid]:
    """Return the raids that are not over, in one chat or in all."""
    where = raids.c.state == "open"
    if chat_id is not None:
        where &= raids.c.chat_id == chat_id
    return [Raid(*row) for row in await connection.execute(select(raids).where(where).order_by(raids.c.id))]


async def begin(connection: AsyncConnection, chat_id: int, case_id: int) -> None:
    """Note the first removal of what may become a raid."""
    now = time.time()
    times = {"started_at": now, "last_at": now}
    await connection.execute(raids.insert().values(chat_id=chat_id, **times, first_case=case_id, last_case=case_id))


async def grow(connection: AsyncConnection, raid: Raid, case_id: int) -> int:
    """Note another removal; return how many there are now."""
    values = {"last_at": time.time(), "posts": raid.posts + 1, "last_case": max(raid.last_case, case_id)}
    await connection.execute(update(raids).where(raids.c.id == raid.id).values(**values))
    return raid.posts + 1


async def end(connection: AsyncConnection, raid_id: int) -> None:
    """Note that a raid is over."""
    await connection.execute(update(raids).where(raids.c.id == raid_id).values(state="over"))


async def add_line(connection: AsyncConnection, raid_id: int, chat_id: int, thread_id: int | None) -> None:
    """Note where a raid is about to be told of."""
    row = {"raid_id": raid_id, "chat_id": chat_id, "thread_id": thread_id, "shown_at": time.time()}
    await upsert.add(connection, raid_lines, row)


async def lines(connection: AsyncConnection, raid_id: int) -> list[Line]:
    """Return where a raid is told of."""
    query = select(raid_lines).where(raid_lines.c.raid_id == raid_id).order_by(raid_lines.c.chat_id.desc())
    return [Line(*row) for row in await connection.execute(query)]


async def place(connection: AsyncConnection, raid_id: int, chat_id: int, message_id: int) -> None:
    """Note which message tells of a raid."""
    await _change(connection, raid_id, chat_id, message_id=message_id)


async def show(connection: AsyncConnection, line: Line, posts: int) -> None:
    """Note how many posts a line knows of from now on."""
    await _change(connection, line.raid_id, line.chat_id, shown=posts, shown_at=time.time())


async def is_waiting(connection: AsyncConnection, key: str) -> bool:
    """Say whether the call of that key has still to be made."""
    where = (outbox.c.key == key) & (outbox.c.state == DUE)
    return await connection.scalar(select(outbox.c.id).where(where)) is not None


async def toll(connection: AsyncConnection, raid: Raid) -> Toll:
    """Count what a raid came to; a post that Telegram would not let the bot remove is not counted."""
    deletes = and_(case_actions.c.case_id == cases.c.id, case_actions.c.kind == "delete")
    within = cases.c.id.between(raid.first_case, raid.last_case) & cases.c.kind.in_(("match", "unscannable"))
    posts, posters = func.count(cases.c.id.distinct()), func.count(cases.c.sender_id.distinct())
    query = select(posts, posters).join(case_actions, deletes).where(cases.c.chat_id == raid.chat_id, within)
    removed, people = (await connection.execute(query.where(case_actions.c.state.in_(("done", "gone"))))).one()
    pending, _ = (await connection.execute(query.where(case_actions.c.state == "pending"))).one()
    return Toll(removed, people, pending)


async def _change(connection: AsyncConnection, raid_id: int, chat_id: int, **values: Any) -> None:
    where = (raid_lines.c.raid_id == raid_id) & (raid_lines.c.chat_id == chat_id)
    await connection.execute(update(raid_lines).where(where).values(**values))
