"""The database, for the commands that open it. No command lives here."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from bot.settings import Settings
from bot.store.db import Database
from bot.store.schema import upgrade


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, a running bot's too, and bring it up to date."""
    database = Database(settings.store.url)
    try:
        await upgrade(database)
        await database.start()
        yield database
    finally:
        await database.stop()
