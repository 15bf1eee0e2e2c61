"""What every command takes: the configuration, and the log that it asks for. No command lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot import log
from bot.config import load
from bot.settings import Settings

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
