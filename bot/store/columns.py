"""Entries in bulk: columns that the database itself packs, so that no object is made for a row. Nothing is matched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import SignalKind
from bot.store.tables import entries

ROWS = 20_000
"""Rows that are packed at a time: some 2 MB, of which the event loop sees nothing."""

VIDEOS = 100
"""Of videos: two hours of one take a quarter of a megabyte."""

Bounds = dict[str, int]


@dataclass(frozen=True, slots=True)
class Columns:
    """Entries of one list, kind and category whose values are equally long, one after the other in both columns."""

    kind: SignalKind
    list_id: int
    category: str
    size: int  # of a value, in bytes
    ids: bytes  # eight each, the highest first
    values: bytes = field(repr=False)

    def each(self) -> list[bytes]:
        """The values, one by one."""
        return [self.values[start : start + self.size] for start in range(0, len(self.values), self.size)]


async def load(connection: AsyncConnection, *, first: int = 0, last: int | None = None) -> AsyncIterator[list[Columns]]:
    """Stream the entries of all lists with ids from `first` to `last`, piece by piece."""
    for value, rows in ((entries.c.value, ROWS), (entries.c.body, VIDEOS)):
        query = _packed(connection, value, last)
        bounds = {"first": first, "rows": rows}
        while found := (await connection.execute(query, bounds)).all():
            yield [_columns(row) for row in found]
            bounds["first"] = max(row.highest for row in found) + 1


def _packed(connection: AsyncConnection, value: ColumnElement[bytes], last: int | None) -> Select[Any]:
    """The rows from `first`, up to `rows` of them, by what they have in common."""
    is_body = entries.c.body.is_(None) if value is entries.c.value else entries.c.body.is_not(None)
    from_first = (entries.c.id >= bindparam("first")) & is_body
    if last is not None:
        from_first &= entries.c.id <= last
    # By id alone the table is read from end to end; by list, SQLite would look each row up in the order of the values.
    piece = select(entries.c.id).where(from_first).order_by(entries.c.id).limit(bindparam("rows")).subquery()
    common = (entries.c.kind, entries.c.list_id, entries.c.category, func.length(value))
    packed = (func.aggregate_strings(one, "") for one in _in_hex(connection, value))
    within = from_first & (entries.c.id <= select(func.max(piece.c.id)).scalar_subquery())
    return select(*common, *packed, func.max(entries.c.id).label("highest")).where(within).group_by(*common)


def _in_hex(connection: AsyncConnection, value: ColumnElement[bytes]) -> tuple[ColumnElement[str], ...]:
    """The id in sixteen digits, and the value: aggregates of text are all that both engines have."""
    if connection.dialect.name == "sqlite":
        return func.printf("%016x", entries.c.id), func.hex(value)
    return func.lpad(func.to_hex(entries.c.id), 16, "0"), func.encode(value, "hex")


def _columns(row: Sequence[Any]) -> Columns:
    kind, list_id, category, size, ids, values, _ = row
    return Columns(SignalKind(kind), list_id, category, size, bytes.fromhex(ids), bytes.fromhex(values))
