"""Plain texts through the whole path, durably, beside stock python-telegram-bot, which keeps nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from pathlib import Path
from statistics import median

from bench.results import Table
from bench.town import group
from bench.watch import Watch, until
from bot.sandbox.server import Server
from tests.running import TOKEN, Bot

UPDATES = 5_000
CHATS = 20
ROUNDS = 3
PATIENCE = 120.0


async def measure(folder: Path) -> Table:
    """Measure both in turn, so that the machine's other work meets both alike."""
    stock, ours = [], []
    for number in range(ROUNDS):
        stock.append(UPDATES / await _stock())
        (own := folder / str(number)).mkdir()
        ours.append(UPDATES / await _haechi(own))
    ratio = median(mine / theirs for mine, theirs in zip(ours, stock, strict=True))
    return Table(
        f"{UPDATES:,} texts of {CHATS} groups wait in the sandbox; from the first poll until all are handled, "
        f"median of {ROUNDS} rounds in pairs. Haechi's are each on disk before and after (synchronous=FULL).",
        ("bot", "updates/s", "rounds"),
        (
            ("python-telegram-bot, polling, one empty handler", f"{median(stock):,.0f}", _listed(stock)),
            ("Haechi", f"{median(ours):,.0f}", _listed(ours)),
            ("ratio", f"{ratio:.2f}", ""),
        ),
    )


def _listed(rates: list[float]) -> str:
    return ", ".join(f"{rate:,.0f}" for rate in rates)


def _world() -> Watch:
    """A world in which the texts wait for a bot."""
    world = Watch()
    groups = [group(world, 5) for _ in range(CHATS)]
    for number in range(UPDATES):
        town = groups[number % CHATS]
        world.post(town.members[number // CHATS % 5], town.chat, text=f"What a day, number {number}!")
    return world


async def _polls(world: Watch) -> float:
    while not world.has_polls:  # noqa: ASYNC110 - another process polls
        await asyncio.sleep(0.002)
    return time.perf_counter()


async def _haechi(folder: Path) -> float:
    world = _world()
    waiting = world.pending()
    async with Server(world) as server:
        bot = Bot(server.url, folder)
        await bot.start(wait=False)
        began = await _polls(world)
        await until(lambda: _done(bot) >= waiting, bot, PATIENCE)
        seconds = time.perf_counter() - began
        await bot.stop()
    return seconds


def _done(bot: Bot) -> int:
    connection = sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True)
    try:
        return int(connection.execute("select count(*) from inbox where state=1").fetchone()[0])
    finally:
        connection.close()


async def _stock() -> float:
    world = _world()
    async with Server(world) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.stock", server.url, TOKEN, str(UPDATES), stdout=asyncio.subprocess.PIPE
        )
        began = await _polls(world)
        try:
            async with asyncio.timeout(PATIENCE):
                await _line(process)
            seconds = time.perf_counter() - began
        finally:
            process.terminate()
            await process.wait()
    return seconds


async def _line(process: asyncio.subprocess.Process) -> None:
    """Wait for a line of the script; an empty one says that it died."""
    if process.stdout is None or not await process.stdout.readline():
        raise RuntimeError("the script of stock python-telegram-bot ended early")
