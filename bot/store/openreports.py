"""Cases that members reported and nobody has decided, in pages, oldest first. What is done about them is in `cases`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, case, exists, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import cases as records
from bot.store import reports as filed
from bot.store.cases import Button, Case
from bot.store.reporttables import reports
from bot.store.tables import audit, case_actions, cases, chats

PAGE = 8
"""Cases on a page: with the longest names and links they stay under Telegram's 4,096 characters."""

MOST_CHATS = 20
"""Chats that are looked through for somebody who asks in private."""


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A reported case that waits: in which chat, by how many, what they chose, and its card."""

    case: Case
    title: str
    username: str | None
    count: int
    kinds: dict[str, int]
    button: Button | None
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Reported cases, oldest first, and whether there are older and newer ones; `total` is all that wait."""

    open: tuple[OpenReport, ...]
    total: int = 0
    has_older: bool = False
    has_newer: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Chats in which reports wait; `is_partial` where there are more than anybody is asked about."""

    chat_ids: list[int]
    is_partial: bool = False


async def waiting_in(connection: AsyncConnection, user_id: int, known: Collection[int] = ()) -> Waiting:
    """Return chats in which reports wait: first those that may be this person's, the one that waits longest first.

    Theirs may be what they own, what they ever did something in as an admin, and the `known`.
    """
    is_theirs = cases.c.chat_id.in_(_chats_of(user_id)) | cases.c.chat_id.in_(known)
    order = (case((is_theirs, 0), else_=1), func.min(cases.c.id))
    query = select(cases.c.chat_id).where(_waits()).group_by(cases.c.chat_id).order_by(*order)
    found = list(await connection.scalars(query.limit(MOST_CHATS + 1)))
    return Waiting(found[:MOST_CHATS], is_partial=len(found) > MOST_CHATS)


def _chats_of(user_id: int) -> CompoundSelect[tuple[int]]:
    decided = cases.alias()
    return union(
        select(chats.c.chat_id).where(chats.c.owner_id == user_id),
        select(audit.c.chat_id).where(audit.c.actor_id == user_id, audit.c.chat_id.is_not(None)),
        select(decided.c.chat_id)
        .join(case_actions, case_actions.c.case_id == decided.c.id)
        .where(case_actions.c.by_id == user_id),
    )


async def page(
    connection: AsyncConnection, chat_ids: Collection[int], *, after: int | None = None, before: int | None = None
) -> Page:
    """Return the oldest open reports of these chats, the next `after` a case's number, or the last `before` one."""
    here = cases.c.chat_id.in_(chat_ids) & _waits()
    total = await connection.scalar(select(func.count()).select_from(cases).where(here)) or 0
    where = here
    if after is not None:
        where &= cases.c.id > after
    if before is not None:
        where &= cases.c.id < before
    order = cases.c.id.desc() if before is not None else cases.c.id.asc()
    query = select(*(cases.c[name] for name in Case.__dataclass_fields__)).where(where).order_by(order)
    found = [Case(*row) for row in await connection.execute(query.limit(PAGE + 1))]
    has_more, shown = len(found) > PAGE, found[:PAGE]
    rows = tuple([await _filled(connection, one) for one in (shown[::-1] if before is not None else shown)])
    if before is not None:
        return Page(rows, total, has_older=has_more, has_newer=True)
    return Page(rows, total, has_older=after is not None, has_newer=has_more)


async def _filled(connection: AsyncConnection, found: Case) -> OpenReport:
    chat = (
        await connection.execute(select(chats.c.title, chats.c.username).where(chats.c.chat_id == found.chat_id))
    ).first()
    return OpenReport(
        case=found,
        title=chat.title if chat else "",
        username=chat.username if chat else None,
        count=await filed.count(connection, found.id),
        kinds=await filed.kinds(connection, found.id),
        button=await records.case_button(connection, found.id),
        is_removed=await records.is_removed(connection, found.id),
    )


def _waits() -> ColumnElement[bool]:
    return (cases.c.state == "open") & exists().where(reports.c.case_id == cases.c.id)
