"""Cases in pages, newest first, for those who look for one. What is done about a case is in `cases`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.cases import Case
from bot.store.tables import cases

PAGE = 10
"""Cases on a page: with the longest names they stay under Telegram's 4,096 characters."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are asked for: those of one sender, those that wait, those opened since a time (seconds)."""

    sender_id: int | None = None
    is_open: bool = False
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Cases, newest first, and whether there are older and newer ones."""

    cases: tuple[Case, ...]
    has_older: bool = False
    has_newer: bool = False


async def page(
    connection: AsyncConnection,
    chat_ids: Collection[int],
    wanted: Filter,
    *,
    below: int | None = None,
    above: int | None = None,
) -> Page:
    """Return the newest cases of these chats, the next ones `below` a number, or the nearest `above` one."""
    where: ColumnElement[bool] = cases.c.chat_id.in_(chat_ids)
    if wanted.sender_id is not None:
        where &= cases.c.sender_id == wanted.sender_id
    if wanted.is_open:
        where &= cases.c.state == literal_column("'open'")  # a parameter would not find the index of these few
    if wanted.since is not None:
        where &= cases.c.opened_at >= wanted.since
    if below is not None:
        where &= cases.c.id < below
    if above is not None:
        where &= cases.c.id > above
    query = select(*(cases.c[field] for field in Case.__dataclass_fields__)).where(where).limit(PAGE + 1)
    order = cases.c.id.asc() if above is not None else cases.c.id.desc()
    rows = [Case(*row) for row in await connection.execute(query.order_by(order))]
    has_more, shown = len(rows) > PAGE, tuple(rows[:PAGE])
    if above is not None:
        return Page(shown[::-1], has_older=True, has_newer=has_more)
    return Page(shown, has_older=has_more, has_newer=below is not None)
