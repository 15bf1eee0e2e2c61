"""Cases that are taken back: who did it, the strikes lifted, and what came later. Nothing is queued here."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.cases import Case
from bot.store.tables import case_actions, cases, strikes

KIND = "undo"


@dataclass(frozen=True, slots=True)
class Undone:
    """Who took a case back, and when (seconds since 1970)."""

    by_id: int
    by_name: str
    at: float


async def last(connection: AsyncConnection, case_id: int) -> Undone | None:
    """Return who took a case back last, None when nobody did."""
    where = (case_actions.c.case_id == case_id) & (case_actions.c.kind == KIND)
    query = select(case_actions.c.by_id, case_actions.c.by_name, case_actions.c.at).where(where)
    row = (await connection.execute(query.order_by(case_actions.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else Undone(row.by_id or 0, row.by_name or "", row.at)


async def mark(connection: AsyncConnection, case_id: int, tries: int, by: tuple[int, str]) -> bool:
    """Note that a case is taken back, once for each of its `tries`; say whether it was not before: of two one wins."""
    row = {"case_id": case_id, "kind": KIND, "key": f"undo:{case_id}:{tries}", "by_id": by[0], "by_name": by[1]}
    return await upsert.add(connection, case_actions, {**row, "detail": "", "state": "done", "at": time.time()})


async def lift_strikes(connection: AsyncConnection, case_id: int) -> int:
    """Take back the strikes of a case that count; return how many there were."""
    where = (strikes.c.case_id == case_id) & strikes.c.lifted_at.is_(None) & (strikes.c.expires_at > time.time())
    return (await connection.execute(update(strikes).where(where).values(lifted_at=time.time()))).rowcount


async def stands_by(connection: AsyncConnection, case: Case, hard: str, soft: str) -> int | None:
    """Return the later case in which the same sender was banned or muted (`hard`), and not let go (`soft`) since.

    What that case asks for stays when this one is taken back.
    """
    same = (cases.c.chat_id == case.chat_id) & (cases.c.sender_id == case.sender_id) & (cases.c.id > case.id)
    query = (
        select(case_actions.c.case_id, case_actions.c.kind)
        .join(cases, cases.c.id == case_actions.c.case_id)
        .where(same, case_actions.c.kind.in_((hard, soft)), case_actions.c.state != "refused")
        .order_by(case_actions.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return int(row.case_id) if row is not None and row.kind == hard else None
