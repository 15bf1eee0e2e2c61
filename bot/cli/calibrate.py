"""`haechi calibrate`: what the lists do to the operator's own harmless pictures. Counting is `bot.calibration`'s."""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from bot import calibration
from bot.calibration import Calibration
from bot.cli import chart, counting
from bot.cli.looking import bar, decoding, look, read_small
from bot.cli.opening import opened
from bot.cli.options import Config, settings_for
from bot.errors import UserError
from bot.lists.sync import ListFeed
from bot.matching.matcher import Matcher, Scanned
from bot.media.decoder import Decoders
from bot.settings import Settings
from bot.store import entries
from bot.timing import Stopwatch

SHOWN_UNREAD = 50
"""Files that could not be read which are named one by one; the rest is counted."""

_WORDS = ("exact", "may punish", "deletes", "a person looks")


def calibrate(
    folder: Annotated[Path, typer.Argument(help="A folder of harmless pictures, with all folders in it.")],
    *,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw the counts into this new SVG file.")] = None,
    named: Annotated[bool, typer.Option("--entries", help="Name the entries that matched, to remove them.")] = False,
    config: Config = None,
) -> None:
    """Match your own harmless pictures against every block list. Exit code 0: none matched, 1: some did."""
    settings = settings_for(config, need_token=False)
    if plot is not None and plot.exists():
        raise UserError(f"{plot}: is there already; name a file that is not there yet")
    done = asyncio.run(_calibrate(settings, _files(folder)))
    _show(done)
    if named:
        _name(done)
    if plot is not None:
        _draw(done, plot)
    if done.matched:
        raise typer.Exit(1)


async def _calibrate(settings: Settings, paths: list[Path]) -> Calibration:
    matcher = Matcher()
    async with opened(settings) as database:
        await ListFeed(database, matcher, settings.data_dir / "index").load()
        async with database.read() as connection:
            found = calibration.in_force(await entries.all_lists(connection))
    if not any(one.size for one in found):
        raise UserError("there is no block list with entries yet; add one with: haechi lists import FILE")
    for one in found:
        matcher.put(one)
    async with decoding(settings, len(paths)) as pools:
        with bar("Matching", len(paths)) as advance:
            at_once = settings.media.image_workers + settings.media.video_workers
            return await calibration.calibrate(paths, _look(pools, matcher), matcher, at_once=at_once, progress=advance)


def _look(pools: Decoders, matcher: Matcher) -> calibration.Look:
    async def at(path: Path) -> Scanned:
        return await look(pools, matcher, await asyncio.to_thread(read_small, path), Stopwatch())

    return at


def _files(folder: Path) -> list[Path]:
    """Every file below `folder`, in order; links to other folders are not followed."""
    if not folder.is_dir():
        raise UserError(f"{folder}: is not a folder; name one with harmless pictures of your own")
    found = sorted(Path(top) / name for top, _, names in os.walk(folder) for name in names)
    if not found:
        raise UserError(f"{folder}: is empty; name a folder with harmless pictures of your own")
    return found


# --- what is shown -------------------------------------------------------------------------------


def _show(done: Calibration) -> None:
    for path, why in sorted(done.unread)[:SHOWN_UNREAD]:
        typer.echo(f"{path}: {why}", err=True)
    if len(done.unread) > SHOWN_UNREAD:
        more = counting.counted(len(done.unread) - SHOWN_UNREAD, "more file", "more files")
        typer.echo(f"… and {more} that could not be looked at", err=True)
    console = Console()
    console.print(_summary(done))
    if done.counts:
        console.print(_counts(done))
        console.print(_proposals(done))


def _summary(done: Calibration) -> str:
    unread = f"; {counting.files(len(done.unread))} passed over" if done.unread else ""
    noun = "picture" if done.pictures == 1 else "pictures"
    share = f"{done.matched / done.pictures:.2%}" if done.pictures else "none"
    most = f"at most {done.at_most(done.matched):.2%} of all such pictures, with 95 % confidence"
    return f"{done.matched:,} of {done.pictures:,} {noun} matched ({share}; {most}){unread}"


def _counts(done: Calibration) -> Table:
    table = Table("tier", "stage", "pictures", "share", "", box=None, header_style="bold")
    most = max(done.counts.values())
    for place, count in sorted(done.counts.items()):
        tier = f"T{int(place.tier)}, {_WORDS[place.tier]}"
        share = f"{count / done.pictures:.2%}"
        table.add_row(tier, place.stage, f"{count:,}", share, Bar(most, 0, count, width=40))
    return table


def _proposals(done: Calibration) -> Table:
    table = Table("list", "stage", "pictures", "would have let none through", box=None, header_style="bold")
    for one in done.proposals():
        radius = "no radius: remove the entries" if one.radius is None else f"a radius of {one.radius} bits"
        table.add_row(one.list_name, f"T{int(one.place.tier)}, {one.place.stage}", f"{one.pictures:,}", radius)
    return table


def _name(done: Calibration) -> None:
    table = Table("entry", "list", "tier", "stage", "bits", "pictures", "the first", box=None, header_style="bold")
    for number, one in sorted(done.suspects.items(), key=lambda item: (item[1].list_name, item[0])):
        words = [str(number), one.list_name, f"T{int(one.place.tier)}", one.place.stage, str(one.distance)]
        table.add_row(*words, f"{one.pictures:,}", str(one.first))
    Console().print(table)
    for name in sorted({one.list_name for one in done.suspects.values()}):
        numbers = sorted(number for number, one in done.suspects.items() if one.list_name == name)
        typer.echo(
            f"To remove them: haechi lists remove {shlex.quote(name)} " + " ".join(f"--entry {one}" for one in numbers)
        )


def _draw(done: Calibration, plot: Path) -> None:
    bars = [
        chart.Bar(f"T{int(place.tier)}, {place.stage}", count, place.tier)
        for place, count in sorted(done.counts.items())
    ]
    furthest = max((distance for _, distance in done.distances), default=-1)
    columns = [_column(done, distance) for distance in range(furthest + 1)]
    try:
        with plot.open("x", encoding="utf-8") as file:
            file.write(chart.draw("Harmless pictures that lists match", _summary(done), bars, columns))
    except OSError as error:
        raise UserError(f"{plot}: cannot be written: {error.strerror}") from error


def _column(done: Calibration, distance: int) -> chart.Bar:
    """How many pictures are so far away, in the colour of the surest tier among them."""
    here = {place.tier: count for (place, bits), count in done.distances.items() if bits == distance}
    return chart.Bar(str(distance), sum(here.values()), min(here, default=0))
