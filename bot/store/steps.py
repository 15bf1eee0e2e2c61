"""The steps from one schema to the next, taken by Alembic. Imported when there is one to take: see `schema`."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from bot.store.schema import MIGRATIONS


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, working on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def take(connection: Connection) -> None:
    """Take every step that the database has not seen. Raises DBAPIError."""
    command.upgrade(configuration(connection), "head")
