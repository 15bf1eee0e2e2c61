"""One spelling of INSERT … ON CONFLICT for SQLite and, when it is shipped, PostgreSQL; no table is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]


async def add(connection: AsyncConnection, table: Table, row: Row) -> bool:
    """Insert `row` unless a unique key of `table` holds it already; say whether it was inserted."""
    statement = _insert(connection, table).on_conflict_do_nothing()
    result = await connection.execute(statement, dict(row))
    return bool(result.rowcount)


async def add_all(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert `rows`, leaving out those that a unique key of `table` holds already."""
    if rows:
        statement = _insert(connection, table).on_conflict_do_nothing()
        await connection.execute(statement, [dict(row) for row in rows])


async def put(connection: AsyncConnection, table: Table, row: Row, *, keep: Sequence[str] = ()) -> None:
    """Insert `row`, or update the row with its primary key; columns in `keep` stay as they are on update."""
    keys = [column.name for column in table.primary_key]
    statement = _insert(connection, table).values(dict(row))
    changes = {name: statement.excluded[name] for name in row if name not in keys and name not in keep}
    if changes:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changes)
    else:
        statement = statement.on_conflict_do_nothing()
    await connection.execute(statement)


def _insert(connection: AsyncConnection, table: Table) -> Any:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
