"""`haechi backup` and `haechi restore`. How a copy is taken and put back is `bot.store.backup`'s."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot.calls import RECEIPT
from bot.cli.options import Config, settings_for
from bot.errors import UserError
from bot.lists import saved
from bot.settings import Settings
from bot.store import backup as copies
from bot.store import lock

log = structlog.get_logger(__name__)

SERVER = "store.url is no SQLite file: haechi backup and restore copy such a file only"


def backup(
    file: Annotated[Path, typer.Argument(help="A new file, readable by you alone.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    config: Config = None,
) -> None:
    """Copy the database, a running bot's too, to FILE."""
    size = copies.save(_database(settings_for(config, need_token=False)), file, force=force)
    typer.echo(f"{file}: {size / 1e6:,.1f} MB, whole and checked")


def restore(
    file: Annotated[Path, typer.Argument(help="What `haechi backup` wrote.")],
    *,
    config: Config = None,
) -> None:
    """Put FILE in the database's place; the bot must not run. The old database is kept beside it."""
    settings = settings_for(config, need_token=False)
    database = _database(settings)
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock.taken(database) as is_free:
        if not is_free:
            raise UserError(f"a bot runs on {database}: stop it, then restore")
        done = copies.restore(file, database, words_from=RECEIPT)
        saved.remove(settings.data_dir / "index")
    log.warning("store.restored", words_not_sent=done.unsaid)
    when = "" if done.taken_at is None else f" as of {datetime.fromtimestamp(done.taken_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    typer.echo(f"{database}: restored{when}; {done.unsaid} messages that waited then will not be sent")
    if done.kept is not None:
        typer.echo(f"{done.kept}: the database as it was before")


def _database(settings: Settings) -> Path:
    file = copies.file_of(settings.store.url)
    if file is None:
        raise UserError(SERVER)
    return file
