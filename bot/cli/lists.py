"""`haechi lists …`: import, add, export, show, remove. What happens is in `bot.lists`; here it is asked and shown."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import curation
from bot.calibration import why
from bot.cli import counting, quarantined
from bot.cli.looking import bar, decoding, read_small
from bot.cli.opening import opened
from bot.cli.options import Config, settings_for
from bot.curation import Listing
from bot.errors import MediaError, UserError
from bot.lists import files
from bot.lists.formats import BadLine, write
from bot.media.decoder import Decoders
from bot.media.look import DENSE, PLAIN
from bot.media.sniff import HEAD, VIDEOS, sniff
from bot.model import Fingerprint, HashList, ListKind, SignalKind, Trust
from bot.settings import Settings
from bot.store import cases as records
from bot.store import entries

cli = typer.Typer(help="Keep the hash lists.", no_args_is_help=True)
cli.command("release")(quarantined.release)

SHOWN_BAD = 50
"""Bad lines that are printed one by one; the rest is counted."""

TOO_PLAIN = "too little in it to be known again when it is changed: listed by its exact bytes"

File = Annotated[Path, typer.Argument(help="The list file.")]
Name = Annotated[str, typer.Argument(help="The list's name.")]


@cli.command("import")
def import_file(
    file: File,
    *,
    name: Annotated[str | None, typer.Option("--name", help="The list; else the file's name.")] = None,
    kind: Annotated[ListKind, typer.Option(help="What a match means, when the list is made anew.")] = ListKind.BLOCK,
    trust: Annotated[Trust, typer.Option(help="The most a match may do by itself, when made anew.")] = Trust.WARN,
    signal: Annotated[SignalKind | None, typer.Option(help="The kind of bare hashes.")] = None,
    config: Config = None,
) -> None:
    """Put the entries of FILE on a list. Bad lines are named and left out; exit code 1 if there were any."""
    settings = settings_for(config, need_token=False)
    target = files.Target(name or file.stem, kind, trust)
    done = asyncio.run(_import(settings, file, target, signal))
    added, bad = counting.entries(done.added), counting.bad_lines(len(done.bad))
    typer.echo(f"{target.name}: {added} added, {counting.known(done.known)}, {bad}")
    _name_bad(file, done.bad)
    if done.bad:
        raise typer.Exit(1)


@cli.command("add")
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures or videos of your own.")],
    *,
    name: Annotated[str | None, typer.Option("--list", help="The list; else that of the maintainers.")] = None,
    kind: Annotated[Literal["block", "allow"], typer.Option(help="What a match means, when made anew.")] = "block",
    trust: Annotated[Trust, typer.Option(help="The most a match may do by itself, when made anew.")] = Trust.BAN,
    category: Annotated[str, typer.Option(help="What it is, in a word; shown on cards.")] = "",
    config: Config = None,
) -> None:
    """List pictures or videos as /block does: by their hashes, never themselves. Exit code 1 if any was not listed."""
    settings = settings_for(config, need_token=False)
    target = files.Target(name or "", ListKind(kind), trust)
    added, unread = asyncio.run(_add(settings, paths, target, category))
    for path, reason in unread:
        typer.echo(f"{path}: {reason}", err=True)
    if added:
        count, new = counting.files(len(paths) - len(unread)), counting.entries(added.new)
        typer.echo(f"{added.list_name}: {count}, {new} added, {counting.known(added.signals - added.new)}")
    if unread:
        raise typer.Exit(1)


@cli.command("export")
def export(
    name: Name,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A new file, readable by you alone.")] = None,
    style: Annotated[
        Literal["plain", "csv", "vpdq"],
        typer.Option("--format", help="plain, csv, or vpdq: videos as vPDQ writes them."),
    ] = "csv",
    config: Config = None,
) -> None:
    """Write a list's entries to a file or to standard output. Hashes are sensitive: keep the file private."""
    count = asyncio.run(_export(settings_for(config, need_token=False), name, output, style))
    typer.echo(f"{name}: {counting.entries(count)} written", err=True)


@cli.command("show")
def show(config: Config = None) -> None:
    """Show every list: what it means, what it may do, its size and age, and which entries are in quarantine."""
    settings = settings_for(config, need_token=False)
    found = asyncio.run(_all(settings))
    table = Table("list", "means", "may at most", "for", "entries", "changed", box=None, header_style="bold")
    for one in found:
        where = "every chat" if one.chat_id is None else str(one.chat_id)
        changed = one.updated_at.strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(one.name, one.kind.value, one.trust.value, where, f"{one.size:,}", changed)
    Console().print(table if found else "There are no lists yet. Add one with: haechi lists import FILE")
    quarantined.show(settings)


@cli.command("remove")
def remove(
    name: Name,
    entries_of: Annotated[Path | None, typer.Option("--entries", help="Only the entries in this file.")] = None,
    numbers: Annotated[list[int] | None, typer.Option("--entry", help="Only the entry of this number.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Config = None,
) -> None:
    """Remove a list, or single entries of it. Running bots follow within a second."""
    settings = settings_for(config, need_token=False)
    if entries_of is None and not numbers and not yes:
        typer.confirm(f"Remove the list {name!r} with all its entries?", abort=True)
    removed = asyncio.run(_remove(settings, name, entries_of, numbers or []))
    typer.echo(f"{name}: {counting.entries(removed)} removed")


async def _import(settings: Settings, file: Path, target: files.Target, kind: SignalKind | None) -> files.Import:
    good, _ = files.check(file, kind)
    async with opened(settings) as database:
        with bar(f"Importing {file.name}", good) as advance:
            return await files.read(database, file, target, kind=kind, progress=advance)


async def _add(
    settings: Settings, paths: list[Path], target: files.Target, category: str
) -> tuple[Listing | None, list[tuple[Path, str]]]:
    """List what can be read; what cannot, with the reason."""
    read, unread = await _looked_at(settings, paths)
    if not read:
        return None, unread

    async def work(connection: AsyncConnection) -> Listing:
        if not target.name:
            return await curation.list_files(
                connection, read, kind=target.kind, chat_id=None, by=None, category=category
            )
        return await curation.add_to(
            connection, target.name, read, kind=target.kind, trust=target.trust, category=category
        )

    async with opened(settings) as database:
        return await database.write(work), unread


async def _looked_at(
    settings: Settings, paths: list[Path]
) -> tuple[list[tuple[str, Fingerprint]], list[tuple[Path, str]]]:
    """The fingerprints of files of which Telegram knows nothing, and the files that have none, with the reason."""
    read, unread = [], []
    async with decoding(settings, len(paths)) as pools:
        with bar("Hashing", len(paths)) as advance:
            seen = [await _look(pools, path, advance) for path in paths]
    for path, one in zip(paths, seen, strict=True):
        if isinstance(one, str):
            unread.append((path, one))
        else:
            read.append(("", one))
    return read, unread


async def _look(pools: Decoders, path: Path, advance: Callable[[int], None]) -> Fingerprint | str:
    """A file's fingerprint, or why it has none."""
    try:
        data = read_small(path)
        # A picture as a whole, as /block lists it: its windows are for searching. A clip by all of its frames.
        fingerprint = await pools.fingerprint(data, look=DENSE if sniff(data[:HEAD]) in VIDEOS else PLAIN)
    except (MediaError, OSError) as error:
        return why(error)
    finally:
        advance(1)
    if curation.is_plain(fingerprint):
        typer.echo(f"{path}: {TOO_PLAIN}", err=True)
    return fingerprint


async def _export(settings: Settings, name: str, output: Path | None, style: Literal["plain", "csv", "vpdq"]) -> int:
    async with opened(settings) as database:
        async with database.read() as connection:
            found = await _named(connection, name)
        rows = [row async for row in files.rows(database, found.id) if style != "vpdq" or row.kind is SignalKind.VPDQ]
    with _sink(output) as put:
        for line in write(rows, style):
            put(line if line.endswith("\n") else f"{line}\n")
    return len(rows)


async def _all(settings: Settings) -> list[HashList]:
    async with opened(settings) as database, database.read() as connection:
        return await entries.all_lists(connection)


async def _remove(settings: Settings, name: str, only: Path | None, numbers: list[int]) -> int:
    """Remove the entries in the file `only` and those of `numbers`; with neither the whole list."""
    rows = files.parsed(only) if only else []

    async def work(connection: AsyncConnection) -> int:
        found = await _named(connection, name)
        if only is None and not numbers:
            count = await entries.drop(connection, found.id)
        else:
            count = await entries.remove(connection, found.id, [(row.kind, row.value) for row in rows])
            count += await entries.remove_ids(connection, found.id, numbers)
        await records.record(connection, "list.remove", detail=f"{name}: {counting.entries(count)}")
        return count

    async with opened(settings) as database:
        return await database.write(work)


async def _named(connection: AsyncConnection, name: str) -> HashList:
    found = await entries.find(connection, name)
    if found is None:
        known = ", ".join(one.name for one in await entries.all_lists(connection)) or "none yet"
        raise UserError(f"there is no list called {name!r}; the lists are: {known}")
    return found


def _name_bad(file: Path, bad: tuple[BadLine, ...]) -> None:
    for line in bad[:SHOWN_BAD]:
        typer.echo(f"{file}:{line.number}: {line.reason}", err=True)
    if len(bad) > SHOWN_BAD:
        more = counting.counted(len(bad) - SHOWN_BAD, "more bad line", "more bad lines")
        typer.echo(f"… and {more}", err=True)


@contextmanager
def _sink(output: Path | None) -> Iterator[Callable[[str], object]]:
    """Write to standard output, or to a new file that its owner alone can read."""
    if output is None:
        yield sys.stdout.write
        return
    try:
        with open(output, "x", encoding="utf-8", opener=_private) as file:
            yield file.write
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}; name a file that is not there yet") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
