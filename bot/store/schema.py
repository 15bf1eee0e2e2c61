"""Brings a database to the newest schema. The tables are in `tables`, the steps in `migrations`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from bot.errors import StoreError
from bot.store.db import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, working on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Run the migrations that `database` has not seen. Raises `StoreError` when it cannot be opened or changed."""
    try:
        async with database.writer.begin() as connection:
            await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))
    except DBAPIError as error:
        raise StoreError(f"store.url: the database cannot be opened: {error.orig}") from error


def revisions() -> list[str]:
    """Return every revision of the schema that is known here, the oldest first."""
    return [one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions()][::-1]
