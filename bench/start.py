"""From the start of the process to its first answer and its first removal, with and without a long list."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from bench import machine
from bench.lists import fill
from bench.results import Table, milliseconds
from bench.town import Group, group
from bench.watch import Watch, until
from bot.curation import CANARY
from bot.lists import saved
from bot.sandbox.server import Server
from tests.running import Bot, running

SIZES = (0, 1_000_000)
ROUNDS = 3
PATIENCE = 180.0

Times = tuple[float, float, float]


async def measure(folder: Path) -> Table:
    """Measure for each size of the lists."""
    rows = []
    for size in SIZES:
        (own := folder / str(size)).mkdir()
        first, *rounds = await _rounds(own, size)
        if size:
            rows.append((f"{size:,}, read from the database", *map(milliseconds, first), ""))
        medians = (median(times) for times in zip(*rounds, strict=True))
        name, to_reach = (f"{size:,}, from the saved index", "first removal < 2 s") if size else ("0", "")
        rows.append((name, *map(milliseconds, medians), to_reach))
    return Table(
        "From the start of the process until a `/help` that waits is answered, and until a listed photo (the canary) "
        f"that waits is removed; median of {ROUNDS} starts. Texts do not wait for the lists, judgement does. Only the "
        "first start reads every row of the database, the others a file. Processor time is the bot's until the "
        "removal, with that of its decoder processes so far.",
        ("entries", "first answer", "first removal", "processor time", "to reach"),
        tuple(rows),
    )


async def _rounds(folder: Path, size: int) -> list[Times]:
    world = Watch()
    town = group(world, ROUNDS + 1)
    async with Server(world) as server:
        async with running(server.url, folder) as bot:  # a first life makes the database and meets the group
            await until(lambda: world.pending() == 0, bot, PATIENCE)
        if size:
            await fill(folder, size)
        times = [await _start(town, server.url, folder, town.members[0])]
        if size:
            async with running(server.url, folder) as bot:
                await until((folder / "index" / saved.NAME).exists, bot, PATIENCE)
        return times + [await _start(town, server.url, folder, member) for member in town.members[1:]]


async def _start(town: Group, url: str, folder: Path, member: int) -> Times:
    """Leave a question in private and a listed photo in the group, start the bot, and time both, and the bot's work."""
    world, bot = town.world, Bot(url, folder)
    asker = world.create_user("Asker").id
    world.post(asker, asker, text="/help")
    photo = town.post(member, CANARY.read_bytes())
    began = time.perf_counter()
    await bot.start(wait=False)
    await until(lambda: asker in world.answered and photo in world.removed, bot, PATIENCE)
    worked = machine.spent(bot.process.pid) if bot.process else 0.0
    await bot.stop()
    return world.answered[asker] - began, world.removed[photo] - began, worked
