"""`haechi hash` and `haechi match`: files of the operator's own. For the operator's terminal only: hashes are shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.calibration import why
from bot.cli.explain import explained, verdict_words
from bot.cli.looking import decoding, look, read
from bot.cli.opening import opened
from bot.cli.options import Config, settings_for
from bot.errors import MediaError, Unscannable
from bot.lists.sync import ListFeed
from bot.matching.matcher import Matcher, Scanned
from bot.media.decoder import Decoders
from bot.media.look import EXACT
from bot.model import Fingerprint, VerdictKind
from bot.settings import Settings
from bot.timing import Stopwatch

Files = Annotated[list[Path], typer.Argument(help="Pictures or videos.")]


def hash_files(paths: Files, config: Config = None) -> None:
    """Print the signals of each file, as lines that `haechi lists import` takes."""
    settings = settings_for(config, need_token=False)
    is_whole = asyncio.run(_hash(settings, paths))
    if not is_whole:
        raise typer.Exit(1)


def match_files(
    paths: Files,
    *,
    is_explained: Annotated[bool, typer.Option("--explain", help="Say how, how sure, and how long it took.")] = False,
    config: Config = None,
) -> None:
    """Match each file against the lists. Exit code 0: all clean, 1: a match or a file that could not be scanned."""
    settings = settings_for(config, need_token=False)
    is_clean = asyncio.run(_match(settings, paths, is_explained=is_explained))
    if not is_clean:
        raise typer.Exit(1)


async def _hash(settings: Settings, paths: list[Path]) -> bool:
    is_whole = True
    async with decoding(settings, len(paths)) as pools:
        for path in paths:
            try:
                fingerprint = await pools.fingerprint(read(path), look=EXACT)
            except MediaError as error:
                is_whole = False
                typer.echo(f"{path}: {why(error)}", err=True)
                continue
            _print(path, fingerprint)
    return is_whole


async def _match(settings: Settings, paths: list[Path], *, is_explained: bool) -> bool:
    matcher = Matcher()
    async with opened(settings) as database:
        await ListFeed(database, matcher, settings.data_dir / "index").load()
    is_clean = True
    async with decoding(settings, len(paths)) as pools:
        for path in paths:
            watch = Stopwatch()
            scanned = await _scan(pools, matcher, path, watch)
            with watch.stage("verdict"):
                verdict = matcher.verdict(0, [scanned])
            is_clean = is_clean and verdict.kind is VerdictKind.CLEAN
            typer.echo(f"{path}: {verdict_words(verdict)}")
            if is_explained:
                found = matcher.nearest(0, scanned)
                typer.echo("\n".join(explained(scanned, found, watch.timings)))
    return is_clean


async def _scan(pools: Decoders, matcher: Matcher, path: Path, watch: Stopwatch) -> Scanned:
    with watch.stage("read"):
        data = read(path)
    try:
        return await look(pools, matcher, data, watch)
    except MediaError as error:
        return Scanned(None, None, error.reason if isinstance(error, Unscannable) else "type")


def _print(path: Path, fingerprint: Fingerprint) -> None:
    typer.echo(f"# {path}: {fingerprint.format} {fingerprint.width}x{fingerprint.height}")
    typer.echo(f"sha256 {fingerprint.sha256.hex()}")
    typer.echo(f"md5 {fingerprint.md5.hex()}")
    for frame in fingerprint.frames:
        typer.echo(f"# at {frame.at:.1f} s, quality {frame.quality}")
        typer.echo(f"pdq {frame.pdq[0].hex()}")
        typer.echo(f"phash {frame.phash.hex()}")
