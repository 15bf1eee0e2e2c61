"""Who reported which case, and why. What becomes of a report is decided elsewhere."""

from __future__ import annotations

import time

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.chats import Person
from bot.store.reporttables import reports
from bot.store.tables import people


async def add(
    connection: AsyncConnection, case_id: int, reporter_id: int, *, reason: str, language: str | None
) -> bool:
    """Keep who reported a case; say whether this person's report is new."""
    row = {"case_id": case_id, "reporter_id": reporter_id, "reason": reason, "language": language, "at": time.time()}
    return await upsert.add(connection, reports, row)


async def count(connection: AsyncConnection, case_id: int) -> int:
    """Count the people who reported a case."""
    return await connection.scalar(select(func.count()).where(reports.c.case_id == case_id)) or 0


async def has_reported(connection: AsyncConnection, case_id: int, reporter_id: int) -> bool:
    """Say whether a person has reported a case already."""
    where = (reports.c.case_id == case_id) & (reports.c.reporter_id == reporter_id)
    return await connection.scalar(select(reports.c.id).where(where)) is not None


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
