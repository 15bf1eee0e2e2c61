"""Entries in quarantine, at the terminal: which they are, and switched on again. What that means is in the machine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import quarantine
from bot.cli.opening import opened
from bot.cli.options import Config, settings_for
from bot.errors import UserError
from bot.settings import Settings
from bot.store import entries
from bot.store import quarantine as store
from bot.store.quarantine import Quarantined


def release(
    name: Annotated[str, typer.Argument(help="The list's name.")],
    *,
    numbers: Annotated[list[int] | None, typer.Option("--entry", help="Only the entry of this number.")] = None,
    config: Config = None,
) -> None:
    """Switch a list's entries in quarantine on again. Running bots follow within a second."""
    settings = settings_for(config, need_token=False)
    count = asyncio.run(_release(settings, name, numbers or []))
    typer.echo(f"{name}: {count} {'entry' if count == 1 else 'entries'} switched on again")


def show(settings: Settings) -> None:
    """Print the entries in quarantine by their numbers, nothing if there are none."""
    found = asyncio.run(_listed(settings))
    if not found:
        return
    table = Table("in quarantine", "list", "category", "people", "chats", "since", "", box=None, header_style="bold")
    for one in found:
        since = datetime.fromtimestamp(one.since, UTC).strftime("%Y-%m-%d %H:%M UTC")
        state = "kept off" if one.state == "kept" else "undecided"
        where = f"{one.chats:,}"
        table.add_row(str(one.entry_id), one.list_name, one.category, f"{one.posters:,}", where, since, state)
    console = Console()
    console.print()
    console.print(table)
    console.print("They punish nobody. Switch them on again with: haechi lists release NAME [--entry NUMBER]")


async def _listed(settings: Settings) -> list[Quarantined]:
    async with opened(settings) as database, database.read() as connection:
        return await store.listed(connection)


async def _release(settings: Settings, name: str, numbers: list[int]) -> int:
    async def work(connection: AsyncConnection) -> int:
        found = await entries.find(connection, name)
        if found is None:
            raise UserError(f"there is no list called {name!r}; haechi lists show names them all")
        return await quarantine.release(connection, found.id, numbers)

    async with opened(settings) as database:
        return await database.write(work)
