"""Who reported which case, why, and whether they were right. What becomes of a report is decided elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.precision import Record
from bot.store import upsert
from bot.store.chats import Person
from bot.store.reporttables import reports
from bot.store.tables import cases, people, seen

WAITING, RIGHT, WRONG, VOID = "", "right", "wrong", "void"
"""How a report ended; void ones say nothing about who filed them."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One member's report of a case."""

    id: int
    case_id: int
    reporter_id: int
    category: str
    outcome: str


async def add(
    connection: AsyncConnection,
    case_id: int,
    reporter_id: int,
    *,
    reason: str,
    language: str | None,
    category: str = "",
    outcome: str = WAITING,
) -> bool:
    """Keep who reported a case; say whether this person's report is new."""
    row = {"case_id": case_id, "reporter_id": reporter_id, "reason": reason, "language": language, "at": time.time()}
    return await upsert.add(connection, reports, {**row, "category": category, "outcome": outcome})


async def find(connection: AsyncConnection, case_id: int, reporter_id: int) -> Filing | None:
    """Return a person's report of a case, None when there is none."""
    where = (reports.c.case_id == case_id) & (reports.c.reporter_id == reporter_id)
    row = (await connection.execute(_filings().where(where))).one_or_none()
    return None if row is None else Filing(*row)


async def get(connection: AsyncConnection, filing_id: int) -> Filing | None:
    """Return a report by its number."""
    row = (await connection.execute(_filings().where(reports.c.id == filing_id))).one_or_none()
    return None if row is None else Filing(*row)


async def count(connection: AsyncConnection, case_id: int) -> int:
    """Count the people who reported a case."""
    return await connection.scalar(select(func.count()).where(reports.c.case_id == case_id)) or 0


async def kinds(connection: AsyncConnection, case_id: int) -> dict[str, int]:
    """Count what people chose when they reported a case; who chose what is not said."""
    where = (reports.c.case_id == case_id) & (reports.c.category != "")
    query = select(reports.c.category, func.count()).where(where).group_by(reports.c.category)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def choose(connection: AsyncConnection, filing_id: int, category: str) -> None:
    """Keep what a person says that the post is."""
    await connection.execute(update(reports).where(reports.c.id == filing_id).values(category=category))


async def reasons(connection: AsyncConnection, case_id: int) -> list[str]:
    """Return the reasons that people gave for reporting a case, in order; who gave them is not said."""
    where = (reports.c.case_id == case_id) & (reports.c.reason != "")
    return list(await connection.scalars(select(reports.c.reason).where(where).order_by(reports.c.id)))


async def since(connection: AsyncConnection, reporter_id: int, since: float) -> int:
    """Count what a person reported after `since`."""
    where = (reports.c.reporter_id == reporter_id) & (reports.c.at > since)
    return await connection.scalar(select(func.count()).where(where)) or 0


async def reporters(connection: AsyncConnection, case_id: int) -> list[tuple[Person, str | None]]:
    """Return who reported a case, each with the language of the report."""
    query = (
        select(people.c.user_id, people.c.name, people.c.language, people.c.reachable, reports.c.language)
        .join(people, people.c.user_id == reports.c.reporter_id)
        .where(reports.c.case_id == case_id)
    )
    return [(Person(*row[:4]), row[4]) for row in await connection.execute(query)]


async def was_here(connection: AsyncConnection, chat_id: int, user_id: int) -> bool:
    """Say whether somebody was seen in a chat: they posted, were acted against, or reported there."""
    reported = select(reports.c.id).join(cases, cases.c.id == reports.c.case_id)
    queries = (
        select(seen.c.message_id).where(seen.c.chat_id == chat_id, seen.c.sender_id == user_id),
        select(cases.c.id).where(cases.c.chat_id == chat_id, cases.c.sender_id == user_id),
        reported.where(cases.c.chat_id == chat_id, reports.c.reporter_id == user_id),
    )
    return any([await connection.scalar(query.limit(1)) is not None for query in queries])


# --- how they ended --------------------------------------------------------------------------------


async def settle(connection: AsyncConnection, case_id: int, outcome: str, *, by: int | None = None) -> None:
    """Note how the reports of a case ended; whoever decided it says nothing about their own."""
    waiting = (reports.c.case_id == case_id) & (reports.c.outcome == WAITING)
    if by is not None:
        await connection.execute(update(reports).where(waiting, reports.c.reporter_id == by).values(outcome=VOID))
    await connection.execute(update(reports).where(waiting).values(outcome=outcome))


async def void(connection: AsyncConnection, case_id: int) -> None:
    """Have the reports of a case say nothing about who filed them any more: what was decided is taken back."""
    await connection.execute(update(reports).where(reports.c.case_id == case_id).values(outcome=VOID))


async def unsettled(connection: AsyncConnection, limit: int) -> list[int]:
    """Return cases that are closed while reports of them wait for their end."""
    query = select(reports.c.case_id).join(cases, cases.c.id == reports.c.case_id)
    # The index of what waits is partial, so its condition stands here as it stands there, not as a parameter.
    where = query.where(text("reports.outcome = ''"), cases.c.state != "open")
    return list(await connection.scalars(where.distinct().limit(limit)))


async def track_records(connection: AsyncConnection, chat_id: int, case_id: int) -> list[Record]:
    """Return how often each of those who reported a case was right in its chat; of one new to reporting, never."""
    here = select(reports.c.reporter_id).where(reports.c.case_id == case_id, reports.c.outcome == WAITING)
    ended = reports.c.outcome.in_((RIGHT, WRONG))
    query = (
        select(reports.c.reporter_id, reports.c.outcome, func.count())
        .join(cases, cases.c.id == reports.c.case_id)
        .where(cases.c.chat_id == chat_id, ended, reports.c.reporter_id.in_(here))
        .group_by(reports.c.reporter_id, reports.c.outcome)
    )
    tallies: dict[int, dict[str, int]] = {}
    for reporter_id, outcome, number in await connection.execute(query):
        tallies.setdefault(reporter_id, {})[outcome] = number
    return [Record(one.get(RIGHT, 0), one.get(WRONG, 0)) for one in tallies.values()]


def _filings() -> Any:
    return select(*(reports.c[field] for field in Filing.__dataclass_fields__))
