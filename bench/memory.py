"""What the bot and its decoder processes hold in memory: idle, with a long list, and after work."""

from __future__ import annotations

from pathlib import Path

from bench import machine
from bench.lists import fill
from bench.machine import MIB, Held
from bench.results import Table
from bench.town import Group, group, photo
from bench.watch import Watch, until
from bot.curation import CANARY
from bot.sandbox.server import Server
from tests.running import Bot, running

SIZES = (0, 1_000_000)
PHOTOS = 200
PATIENCE = 180.0


async def measure(folder: Path) -> Table:
    """Measure for each size of the lists, before and after photos."""
    rows: list[tuple[str, ...]] = []
    for size in SIZES:
        (own := folder / str(size)).mkdir()
        rows += await _life(own, size)
    return Table(
        f"Memory of the bot's process and of its decoder processes, resident (and proportional share), when the bot is "
        f"ready and after {PHOTOS} photos of 1280 px.",
        ("entries", "when", "bot", "each decoder process", "all together"),
        tuple(rows),
    )


async def _life(folder: Path, size: int) -> list[tuple[str, ...]]:
    if size:
        await fill(folder, size)
    world = Watch()
    town = group(world, PHOTOS + 1)
    async with Server(world) as server, running(server.url, folder) as bot:
        await until(lambda: world.is_at_rest, bot, PATIENCE)
        idle = _row(bot)
        await _work(town, bot)
        return [(f"{size:,}", "idle", *idle), (f"{size:,}", f"after {PHOTOS} photos", *_row(bot))]


async def _work(town: Group, bot: Bot) -> None:
    posts = [town.post(member, photo(number % 8 + 1)) for number, member in enumerate(town.members[:-1])]
    if len(posts) != PHOTOS:
        raise RuntimeError("too few members")
    last = town.post(town.members[-1], CANARY.read_bytes())  # a chat's posts are judged in order
    await until(lambda: last in town.world.removed, bot, PATIENCE)


def _row(bot: Bot) -> tuple[str, ...]:
    if bot.process is None:
        raise RuntimeError("the bot is not running")
    own = machine.held(bot.process.pid)
    decoders = [machine.held(pid) for pid in machine.children(bot.process.pid)]
    total = Held(
        sum(one.resident for one in (own, *decoders)),
        None if own.share is None else sum(one.share or 0 for one in (own, *decoders)),
    )
    return _words(own), ", ".join(_words(one) for one in decoders), _words(total)


def _words(one: Held) -> str:
    share = "" if one.share is None else f" ({one.share / MIB:.0f})"
    return f"{one.resident / MIB:.0f}{share} MiB"
