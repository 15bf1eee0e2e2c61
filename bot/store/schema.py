"""Brings a database to the newest schema. The tables are in `tables`, the steps in `migrations`, Alembic in `steps`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import column, table

from bot.errors import StoreError
from bot.store.db import Database

MIGRATIONS = Path(__file__).parent / "migrations"

VERSION = table("alembic_version", column("version_num"))
"""Alembic's own note of where a database stands."""


async def upgrade(database: Database) -> None:
    """Run the migrations that `database` has not seen. Raises `StoreError` when it cannot be opened or changed."""
    try:
        async with database.writer.begin() as connection:
            if not await connection.run_sync(_is_newest):
                from bot.store import steps  # noqa: PLC0415 - a tenth of a second, at nearly every start for nothing

                await connection.run_sync(steps.take)
    except DBAPIError as error:
        raise StoreError(f"store.url: the database cannot be opened: {error.orig}") from error


def revisions() -> list[str]:
    """Return every revision of the schema that is known here, the oldest first: each has its file, named for it."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _is_newest(connection: Connection) -> bool:
    """Whether nothing is to be done: the one version that the database notes is the newest."""
    if not connection.dialect.has_table(connection, VERSION.name):
        return False
    return connection.scalars(select(VERSION.c.version_num)).all() == revisions()[-1:]
