"""What commands that look at the operator's files share: decoders, reading, a progress bar. No command lives here."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.errors import TooLarge, Unscannable, UserError
from bot.matching.matcher import Matcher, Scanned
from bot.media.configured import decoders
from bot.media.decoder import Decoders, Upload
from bot.media.limits import USUAL
from bot.media.look import DENSE, PLAIN
from bot.media.sniff import HEAD, VIDEOS, sniff
from bot.model import Fingerprint
from bot.searching import Searcher, is_still
from bot.settings import Settings
from bot.timing import Stopwatch


@contextlib.asynccontextmanager
async def decoding(settings: Settings, files: int) -> AsyncIterator[Decoders]:
    """Have decoder processes for a number of `files` while the context is open; no more than those need."""
    pools = decoders(settings.media, spares=0, files=files)
    await pools.start()
    try:
        yield pools
    finally:
        await pools.stop()


def read(path: Path) -> bytes:
    """The bytes of a file. Raises UserError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error


def read_small(path: Path) -> bytes:
    """The bytes of a file that a decoder takes. Raises OSError, and TooLarge unread when it is over the limit."""
    if path.stat().st_size > USUAL.max_bytes:
        raise TooLarge(f"the file is over {USUAL.max_bytes} bytes")
    return path.read_bytes()


async def look(pools: Decoders, matcher: Matcher, data: bytes, watch: Stopwatch) -> Scanned:
    """Look at a file as the bot's scan does: plainly, and closer if that settles nothing. Raises MediaError."""
    is_video, upload = sniff(data[:HEAD]) in VIDEOS, Upload()
    with watch.stage("decode and hash"):
        seen = await pools.fingerprint(data, look=PLAIN if is_video else DENSE, upload=upload)
    with watch.stage("look-up"):
        is_settled = await asyncio.to_thread(matcher.is_settled, 0, None, seen)
    if is_settled:
        return Scanned(None, seen)
    if seen.sparse:
        with watch.stage("decode and hash, closer"):
            return await _closer(pools, data, seen, upload)
    if not is_still(seen):
        return Scanned(None, seen)
    searched, reason = await Searcher(matcher, pools, lambda: 0).search(seen, upload, watch)
    return Scanned(None, seen, reason, searched=searched)


async def _closer(pools: Decoders, data: bytes, seen: Fingerprint, upload: Upload) -> Scanned:
    """Look at all frames of a clip; if that fails, its key frames count."""
    try:
        return Scanned(None, await pools.fingerprint(data, upload=upload))
    except Unscannable as error:
        return Scanned(None, seen, error.reason)


@contextlib.contextmanager
def bar(words: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal's standard error; elsewhere nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(words, total=total)
        yield lambda count: progress.advance(task, count)
