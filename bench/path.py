"""From a post to its removal: one group, half of the photos listed, at a steady rate; and commands meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench import machine
from bench.lists import fill
from bench.results import Table, milliseconds
from bench.town import Group, group, photo
from bench.watch import Watch
from bot.sandbox.server import Server
from tests.running import TOKEN, Bot, running

ENTRIES = 100_000
RUNS = ((10, 20), (20, 10), (40, 10))
"""Photos a second, and for how many seconds."""

LISTED, CLEAN = (1, 2, 3, 4), (5, 6, 7, 8)
"""Seeds of the pictures; each is posted again and again, and every time is a new file to the bot."""

TO_REACH = {("Haechi", 40): "≥ 40 judged/s, removal p95 < 3 s, answer p95 < 1 s"}
"""What is promised, by bot and rate."""

ASK_SECONDS = 0.25
"""Between the questions that are asked in private meanwhile, each by somebody new."""

CALM = {"HAECHI_LIMITS__DAILY_DELETES": "100000", "HAECHI_LIMITS__QUARANTINE_POSTERS": "100000"}
"""So many removals in one group would stop the bot, and so many hits the entry."""

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one rate: how long each listed photo stood, seconds to each answer, photos judged a second.

    `spent` is the processor time for each photo, of the bot and its decoder processes.
    """

    removals: list[float]
    answers: list[float]
    judged: float
    spent: float


async def measure(folder: Path) -> Table:
    """Post at each rate in turn, by a new member each time, so that nobody is muted or banned; then stock PTB."""
    world = Watch()
    town = group(world, sum(rate * seconds for rate, seconds in RUNS) + 10)
    posters = iter(town.members)
    (own := folder / "own").mkdir()
    await fill(own, ENTRIES, tuple(photo(seed) for seed in LISTED))
    rows = []
    async with Server(world) as server, running(server.url, own, **CALM) as bot:
        await _post(town, posters, (5, 2), _judge(bot))
        for rate, seconds in RUNS:
            rows.append(_row("Haechi", rate, await _post(town, posters, (rate, seconds), _judge(bot))))
    rows.append(await _stock(folder, *RUNS[-1]))
    return Table(
        f"From the sandbox's acceptance of a photo (1280 px) to its removal: one group, preset standard, {ENTRIES:,} "
        "entries, half of the photos listed. Judged: photos, the clean ones too, by the time from the first post to "
        f"the last verdict. Answers: to `/help`, asked in private every {ASK_SECONDS} s meanwhile. Processor time: for "
        "each photo, of the bot with its decoder processes, those answers and the cards among it. Beside it "
        "python-telegram-bot with one handler, imagehash's phash of the photo as it is, and the list in numpy.",
        (
            "bot",
            "photos/s offered",
            "photos",
            "judged/s",
            "removal p50",
            "p95",
            "slowest",
            "answer p95",
            "processor time",
            "to reach",
        ),
        tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    """A bot at work: its process, and how many photos it has judged so far."""

    pid: int
    judged: Callable[[], int]


async def _post(town: Group, posters: Iterator[int], pace: tuple[int, int], judge: _Judge) -> Run:
    """Post listed and clean photos in turn, and wait until all are judged."""
    world, (rate, seconds) = town.world, pace
    before, spent = judge.judged(), machine.spent(judge.pid)
    asked: dict[int, float] = {}
    asking = asyncio.create_task(_ask(world, asked))
    posts: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    began = time.perf_counter()
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        seeds = (CLEAN, LISTED)[number % 2]
        posts[number % 2].append(town.post(next(posters), photo(seeds[number // 2 % len(seeds)])))
    clean, listed = posts
    async with asyncio.timeout(PATIENCE):
        wanted = before + rate * seconds
        while not all(post in world.removed for post in listed) or judge.judged() < wanted:  # noqa: ASYNC110 - elsewhere
            await asyncio.sleep(0.05)
    ended = time.perf_counter()
    asking.cancel()
    if wrong := sum(post in world.removed for post in clean):
        raise RuntimeError(f"{wrong} clean photos were removed")
    return Run(
        [world.removed[post] - world.accepted[post] for post in listed],
        [world.answered[person] - at for person, at in asked.items() if person in world.answered],
        rate * seconds / (ended - began),
        (machine.spent(judge.pid) - spent) / (rate * seconds),
    )


async def _ask(world: Watch, asked: dict[int, float]) -> None:
    """Ask in private, again and again, until cancelled."""
    while True:
        asker = world.create_user("Asker").id
        asked[asker] = time.perf_counter()
        world.post(asker, asker, text="/help")
        await asyncio.sleep(ASK_SECONDS)


def _judge(bot: Bot) -> _Judge:
    if bot.process is None:
        raise RuntimeError("the bot is not running")
    return _Judge(bot.process.pid, lambda: _judged(bot))


def _judged(bot: Bot) -> int:
    """How many posts with media the bot has done with."""
    connection = sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True)
    try:
        return int(connection.execute("select count(*) from inbox where state = 1 and line = 1").fetchone()[0])
    finally:
        connection.close()


async def _stock(folder: Path, rate: int, seconds: int) -> tuple[str, ...]:
    """The same for stock python-telegram-bot, which is asked nothing: it has no commands."""
    world = Watch()
    town = group(world, rate * seconds + 10)
    files = []
    for seed in LISTED:
        (file := folder / f"listed-{seed}.jpg").write_bytes(photo(seed))
        files.append(str(file))
    async with Server(world) as server:
        words = (sys.executable, "-m", "bench.stock_photos", server.url, TOKEN, str(ENTRIES), *files)
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(PATIENCE):
                while not world.has_polls:  # noqa: ASYNC110 - another process polls
                    await asyncio.sleep(0.05)
            stock = _Judge(process.pid, lambda: _downloads(world))
            run = await _post(town, iter(town.members), (rate, seconds), stock)
        finally:
            process.terminate()
            await process.wait()
    return _row("python-telegram-bot and imagehash", rate, run)


def _downloads(world: Watch) -> int:
    return len(world.outbox.list("getFile"))


def _row(name: str, rate: int, run: Run) -> tuple[str, ...]:
    cuts = quantiles(run.removals, n=20)
    answers = milliseconds(quantiles(run.answers, n=20)[18]) if len(run.answers) > 1 else "–"
    times = (milliseconds(one) for one in (cuts[9], cuts[18], max(run.removals)))
    counts = (str(rate), str(2 * len(run.removals)), f"{run.judged:.1f}")
    return (name, *counts, *times, answers, milliseconds(run.spent), TO_REACH.get((name, rate), ""))
