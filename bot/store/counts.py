"""What happened in chats, counted by day, and which summaries were sent. Nothing is summed up or said here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.tables import chats
from bot.store.telltables import counts, summaries

DAY_SECONDS = 24 * 60 * 60

AWAY = ("left", "kicked")


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened on a day; `step` tells its times apart by length."""

    day: int
    what: str
    step: int
    number: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A chat that may get a summary: its rules as JSON, since when it is known, up to which day it was told."""

    chat_id: int
    rules: str
    added_at: float
    until_day: int | None


async def add(
    connection: AsyncConnection, chat_id: int, what: str, *, step: int = 0, number: int = 1, day: int | None = None
) -> None:
    """Count something that happened in a chat, today unless said otherwise; one statement, made for every post."""
    row = {"chat_id": chat_id, "what": what, "step": step, "number": number}
    on = int(time.time() // DAY_SECONDS) if day is None else day
    await connection.execute(_increment(connection.dialect.name), {**row, "day": on})


async def between(connection: AsyncConnection, chat_id: int, first_day: int, until_day: int) -> list[Count]:
    """Return what was counted in a chat from one day up to another, without that."""
    columns = (counts.c.day, counts.c.what, counts.c.step, counts.c.number)
    within = (counts.c.chat_id == chat_id) & (counts.c.day >= first_day) & (counts.c.day < until_day)
    return [Count(*row) for row in await connection.execute(select(*columns).where(within))]


async def subjects(connection: AsyncConnection) -> list[Subject]:
    """Return the chats that the bot is in, with what decides whether a summary is due."""
    told = chats.outerjoin(summaries, summaries.c.chat_id == chats.c.chat_id)
    columns = (chats.c.chat_id, chats.c.rules, chats.c.added_at, summaries.c.until_day)
    query = select(*columns).select_from(told).where(chats.c.bot_status.not_in(AWAY)).order_by(chats.c.chat_id)
    return [Subject(*row) for row in await connection.execute(query)]


async def claim(connection: AsyncConnection, chat_id: int, until_day: int) -> bool:
    """Note that a chat is told of everything up to a day; say whether that is news, so that it is told once."""
    if await upsert.add(connection, summaries, {"chat_id": chat_id, "until_day": until_day}):
        return True
    older = (summaries.c.chat_id == chat_id) & (summaries.c.until_day < until_day)
    return bool((await connection.execute(update(summaries).where(older).values(until_day=until_day))).rowcount)


async def move(connection: AsyncConnection, old: int, new: int) -> None:
    """Give a supergroup what was counted of the group that it was, beside what it has counted since."""
    rows = (await connection.execute(select(counts).where(counts.c.chat_id == old))).all()
    for row in rows:
        await add(connection, new, row.what, step=row.step, number=row.number, day=row.day)
    await connection.execute(counts.delete().where(counts.c.chat_id == old))
    told = await connection.scalar(select(summaries.c.until_day).where(summaries.c.chat_id == old))
    if told is not None:
        await claim(connection, new, told)
        await connection.execute(summaries.delete().where(summaries.c.chat_id == old))


@cache
def _increment(dialect: str) -> Any:
    """Return the statement that counts, made once for each engine: it is the one that every post adds."""
    insert = postgresql.insert(counts) if dialect == "postgresql" else sqlite.insert(counts)
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in counts.columns}
    keys = [column.name for column in counts.primary_key]
    more = counts.c.number + insert.excluded.number
    return insert.values(values).on_conflict_do_update(index_elements=keys, set_={"number": more})
