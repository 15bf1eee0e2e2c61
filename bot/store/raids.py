"""Raids, many removals in one chat within a short time, and the lines that tell of them. Nothing is said here."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, case, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import SenderKind
from bot.store import upsert
from bot.store.cases import Case
from bot.store.tables import case_actions, cases, outbox, raid_lines, raids
from bot.store.telltables import raid_waits

DUE = 0

LISTS = 5
"""Lists that are named with what they matched; a raid seldom meets more."""


@dataclass(frozen=True, slots=True)
class Raid:
    """Cases in one chat, each soon after the one before: `posts` were removed, `waiting` waited; Unix seconds."""

    id: int
    chat_id: int
    state: str
    started_at: float
    last_at: float
    posts: int
    first_case: int
    last_case: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Where a raid is told of; `shown` is how far the line had come, at `shown_at`."""

    raid_id: int
    chat_id: int
    thread_id: int | None
    message_id: int | None = None
    shown: int = 0
    shown_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Toll:
    """What a raid came to: posts that are gone, their posters, and removals that are still under way.

    Of a channel's own posts nobody is known as the poster.

    `waiting` are cases that wait for an admin, `held` those of them that have no card of their own yet; `lists` are
    those that matched most, with how often.
    """

    removed: int
    posters: int
    pending: int
    waiting: int = 0
    held: int = 0
    lists: tuple[tuple[str, int], ...] = ()


async def going_on(connection: AsyncConnection, chat_id: int | None = None) -> list[Raid]:
    """Return the raids that are not over, in one chat or in all."""
    where = raids.c.state == "open"
    if chat_id is not None:
        where &= raids.c.chat_id == chat_id
    return [Raid(*row) for row in await connection.execute(_raids().where(where).order_by(raids.c.id))]


async def get(connection: AsyncConnection, raid_id: int) -> Raid | None:
    """Return a raid by its number."""
    row = (await connection.execute(_raids().where(raids.c.id == raid_id))).one_or_none()
    return None if row is None else Raid(*row)


async def begin(connection: AsyncConnection, chat_id: int, case_id: int) -> Raid:
    """Note what may become a raid, before its first case is counted."""
    now = time.time()
    times = {"started_at": now, "last_at": now}
    row = {"chat_id": chat_id, **times, "posts": 0, "first_case": case_id, "last_case": case_id}
    made = await connection.execute(raids.insert().values(**row).returning(raids.c.id))
    return Raid(made.scalar_one(), chat_id, "open", now, now, posts=0, first_case=case_id, last_case=case_id)


async def grow(connection: AsyncConnection, raid: Raid, case_id: int, *, removed: bool, waits: bool) -> Raid:
    """Note another case; return the raid as it is now."""
    grown = replace(
        raid,
        last_at=time.time(),
        posts=raid.posts + removed,
        last_case=max(raid.last_case, case_id),
        waiting=raid.waiting + waits,
    )
    values = {"last_at": grown.last_at, "posts": grown.posts, "last_case": grown.last_case}
    await connection.execute(update(raids).where(raids.c.id == raid.id).values(**values))
    if waits:
        await upsert.put(connection, raid_waits, {"raid_id": raid.id, "waiting": grown.waiting})
    return grown


async def end(connection: AsyncConnection, raid_id: int) -> None:
    """Note that a raid is over."""
    await connection.execute(update(raids).where(raids.c.id == raid_id).values(state="over"))


async def add_line(connection: AsyncConnection, raid_id: int, chat_id: int, thread_id: int | None) -> bool:
    """Note where a raid is about to be told of; say whether that is news."""
    row = {"raid_id": raid_id, "chat_id": chat_id, "thread_id": thread_id, "shown_at": time.time()}
    return await upsert.add(connection, raid_lines, row)


async def lines(connection: AsyncConnection, raid_id: int) -> list[Line]:
    """Return where a raid is told of."""
    query = select(raid_lines).where(raid_lines.c.raid_id == raid_id).order_by(raid_lines.c.chat_id.desc())
    return [Line(*row) for row in await connection.execute(query)]


async def place(connection: AsyncConnection, raid_id: int, chat_id: int, message_id: int) -> None:
    """Note which message tells of a raid."""
    await _change(connection, raid_id, chat_id, message_id=message_id)


async def show(connection: AsyncConnection, line: Line, steps: int) -> None:
    """Note how far a line has come."""
    await _change(connection, line.raid_id, line.chat_id, shown=steps, shown_at=time.time())


async def is_waiting(connection: AsyncConnection, *keys: str) -> bool:
    """Say whether a call of one of these keys has still to be made."""
    where = outbox.c.key.in_(keys) & (outbox.c.state == DUE)
    return await connection.scalar(select(outbox.c.id).where(where).limit(1)) is not None


async def toll(connection: AsyncConnection, raid: Raid) -> Toll:
    """Count what a raid came to; a post that Telegram would not let the bot remove is not counted."""
    deletes = and_(case_actions.c.case_id == cases.c.id, case_actions.c.kind == "delete")
    known = case((cases.c.sender_kind != SenderKind.CHAT.value, cases.c.sender_id))
    posts, posters = func.count(cases.c.id.distinct()), func.count(known.distinct())
    query = select(posts, posters).join(case_actions, deletes).where(_within(raid))
    removed, people = (await connection.execute(query.where(case_actions.c.state.in_(("done", "gone"))))).one()
    pending, _ = (await connection.execute(query.where(case_actions.c.state == "pending"))).one()
    waits = select(func.count()).where(_within(raid), cases.c.state == "open")
    most = func.count().desc()
    names = select(cases.c.list_name, func.count()).where(_within(raid), cases.c.list_name.is_not(None))
    found = await connection.execute(names.group_by(cases.c.list_name).order_by(most, cases.c.list_name).limit(LISTS))
    return Toll(
        removed,
        people,
        pending,
        waiting=await connection.scalar(waits) or 0,
        held=await connection.scalar(waits.where(~_HAS_CARD)) or 0,
        lists=tuple((row[0], row[1]) for row in found),
    )


async def has_waiting(connection: AsyncConnection, raid: Raid, count: int) -> bool:
    """Say whether at least so many cases of a raid wait for an admin at this moment."""
    query = select(cases.c.id).where(_within(raid), cases.c.state == "open").limit(count)
    return len((await connection.scalars(query)).all()) >= count


async def held(connection: AsyncConnection, raid: Raid, limit: int) -> list[Case]:
    """Return the oldest cases of a raid that wait for an admin and have no card of their own yet."""
    where = _within(raid) & (cases.c.state == "open") & ~_HAS_CARD
    query = select(*(cases.c[field] for field in Case.__dataclass_fields__)).where(where)
    return [Case(*row) for row in await connection.execute(query.order_by(cases.c.id).limit(limit))]


async def of_sender(connection: AsyncConnection, raid: Raid, sender_id: int, limit: int) -> list[Case]:
    """Return the newest cases of a raid that are about one sender."""
    query = select(*(cases.c[field] for field in Case.__dataclass_fields__))
    found = query.where(_within(raid), cases.c.sender_id == sender_id).order_by(cases.c.id.desc()).limit(limit)
    return [Case(*row) for row in await connection.execute(found)]


async def has_card(connection: AsyncConnection, case_id: int) -> bool:
    """Say whether a case was shown to the admins, or is about to be."""
    return await connection.scalar(select(cases.c.id).where(cases.c.id == case_id, _HAS_CARD)) is not None


_HAS_CARD = exists().where(case_actions.c.case_id == cases.c.id, case_actions.c.kind == "notify")


def _within(raid: Raid) -> Any:
    """The cases of a raid: what admins ordered is none."""
    here = (cases.c.chat_id == raid.chat_id) & cases.c.kind.in_(("match", "unscannable", "report"))
    return here & cases.c.id.between(raid.first_case, raid.last_case)


def _raids() -> Any:
    waits = raids.outerjoin(raid_waits, raid_waits.c.raid_id == raids.c.id)
    return select(raids, func.coalesce(raid_waits.c.waiting, 0)).select_from(waits)


async def _change(connection: AsyncConnection, raid_id: int, chat_id: int, **values: Any) -> None:
    where = (raid_lines.c.raid_id == raid_id) & (raid_lines.c.chat_id == chat_id)
    await connection.execute(update(raid_lines).where(where).values(**values))
