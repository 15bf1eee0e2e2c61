"""Members whose reports a chat does not take for a while. Who they are is told to nobody; why is decided elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.reporttables import report_blocks, reports


@dataclass(frozen=True, slots=True)
class Blocked:
    """How many members are blocked since a case, until when (seconds since 1970)."""

    case_id: int
    count: int
    until: float


async def block(connection: AsyncConnection, chat_id: int, case_id: int, *, until: float) -> int:
    """Take no reports in a chat from whoever reported a case; return how many people that is."""
    ids = (await connection.scalars(select(reports.c.reporter_id).where(reports.c.case_id == case_id))).all()
    for reporter_id in ids:
        row = {"chat_id": chat_id, "reporter_id": reporter_id, "case_id": case_id, "until": until}
        await upsert.put(connection, report_blocks, row)
    return len(ids)


async def is_blocked(connection: AsyncConnection, chat_id: int, reporter_id: int) -> bool:
    """Say whether somebody's reports are not taken in a chat."""
    where = (report_blocks.c.chat_id == chat_id) & (report_blocks.c.reporter_id == reporter_id)
    return await connection.scalar(select(report_blocks.c.until).where(where, _lasts())) is not None


async def listed(connection: AsyncConnection, chat_id: int) -> list[Blocked]:
    """Return a chat's blocks by the case they were made in, oldest first; only how many there are."""
    columns = (report_blocks.c.case_id, func.count(), func.max(report_blocks.c.until))
    query = select(*columns).where(report_blocks.c.chat_id == chat_id, _lasts())
    rows = await connection.execute(query.group_by(report_blocks.c.case_id).order_by(report_blocks.c.case_id))
    return [Blocked(*row) for row in rows]


async def lift(connection: AsyncConnection, chat_id: int, case_id: int) -> int:
    """Take reports again from whoever was blocked in a case; return how many people that is."""
    where = (report_blocks.c.chat_id == chat_id) & (report_blocks.c.case_id == case_id) & _lasts()
    return (await connection.execute(delete(report_blocks).where(where))).rowcount


def _lasts() -> ColumnElement[bool]:
    return report_blocks.c.until > time.time()
