"""What several commands take or need: the configuration, the log, the database. No command lives here."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from bot import log
from bot.config import load
from bot.settings import Settings
from bot.store.db import Database
from bot.store.schema import upgrade

Config = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file; ./config.toml if there.")]


def settings_for(config: Path | None, *, need_token: bool) -> Settings:
    """Read the configuration and start the log by it. Raises `ConfigError`."""
    settings = load(config, need_token=need_token)
    start_log(settings)
    return settings


def start_log(settings: Settings) -> None:
    """Send all logging, redacted, to standard error."""
    secret = settings.telegram.token.get_secret_value()
    log.setup(level=settings.log.level, format=settings.log.format, secrets=[secret] if secret else [])


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
