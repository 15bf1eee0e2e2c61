"""`haechi fed …`: the federations there are, and taking in another's bans. What happens is in `bot.fedbans`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import fedbans
from bot.cli import counting
from bot.cli.opening import opened
from bot.cli.options import Config, settings_for
from bot.errors import UserError
from bot.fedfile import MAX_BYTES, BadLine, Banned, parse
from bot.settings import Settings
from bot.store import feds as store
from bot.store.feds import Fed

cli = typer.Typer(help="Look after federations of chats.", no_args_is_help=True)

SHOWN_BAD = 50
"""Bad lines that are printed one by one; the rest is counted."""


@cli.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="The export, CSV or JSON, of Rose or a bot of its kind.")],
    *,
    fed: Annotated[str, typer.Option("--fed", help="The federation's number, as /fedinfo shows it.")],
    config: Config = None,
) -> None:
    """Take the bans of FILE into a federation. Bad lines are named and left out; exit code 1 if there were any."""
    settings = settings_for(config, need_token=False)
    bans, bad = parse(_read(file))
    new, left_out = asyncio.run(_import(settings, fed, bans))
    known = len(bans) - left_out - new
    were = counting.counted(known, "was there before", "were there before")
    typer.echo(f"{file}: {counting.counted(new, 'ban', 'bans')} added, {were}, {counting.bad_lines(len(bad))}")
    if left_out:
        typer.echo(f"{left_out} left out: they run the federation", err=True)
    _name_bad(file, bad)
    if bad:
        raise typer.Exit(1)


@cli.command("show")
def show(config: Config = None) -> None:
    """Show every federation: its number, name, owner, chats and bans."""
    rows = asyncio.run(_all(settings_for(config, need_token=False)))
    table = Table("number", "name", "owner", "chats", "bans", box=None, header_style="bold")
    for fed, chats, bans in rows:
        table.add_row(fed.id, fed.name, str(fed.owner_id), str(chats), str(bans))
    Console().print(table if rows else "There are no federations yet. Somebody founds one with: /newfed NAME")


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UserError(f"{file}: larger than {MAX_BYTES // 1024 // 1024} MiB; split it into several files")
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error


async def _import(settings: Settings, number: str, bans: list[Banned]) -> tuple[int, int]:
    async def work(connection: AsyncConnection) -> tuple[int, int]:
        fed = await store.get(connection, number.lower())
        if fed is None:
            known = ", ".join(one.id for one in await store.all_feds(connection)) or "none yet"
            raise UserError(f"there is no federation of the number {number!r}; the federations are: {known}")
        return await fedbans.take_in(connection, fed, bans, by=None)

    async with opened(settings) as database:
        return await database.write(work)


async def _all(settings: Settings) -> list[tuple[Fed, int, int]]:
    async with opened(settings) as database, database.read() as connection:
        return [
            (fed, len(await store.chats_of(connection, fed.id)), await store.ban_count(connection, fed.id))
            for fed in await store.all_feds(connection)
        ]


def _name_bad(file: Path, bad: list[BadLine]) -> None:
    for line in bad[:SHOWN_BAD]:
        typer.echo(f"{file}:{line.number}: {line.reason}", err=True)
    if len(bad) > SHOWN_BAD:
        typer.echo(f"… and {counting.counted(len(bad) - SHOWN_BAD, 'more bad line', 'more bad lines')}", err=True)
