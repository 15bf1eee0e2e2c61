"""A hundred thousand updates that wait at once, nine tenths of them of one chat: memory, draining, and who waits."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from bench.machine import MIB
from bench.results import Table
from bench.town import Group, group
from bench.watch import Watch, until
from bot.sandbox.server import Server
from tests.running import Bot

UPDATES = 100_000
OTHERS = 20
PATIENCE = 600.0


async def measure(folder: Path) -> Table:
    """Measure one flood, from the first poll on."""
    world = Watch()
    towns = [group(world, 1) for _ in range(OTHERS + 1)]
    _fill(world, towns)
    async with Server(world) as server:
        bot = Bot(server.url, folder)
        await bot.start(wait=False)
        await until(lambda: world.has_polls, bot, PATIENCE)
        began = time.perf_counter()
        asker = world.create_user("Asker").id
        world.post(asker, asker, text="/help")
        drained = await _drained(world, bot) - began
        again = world.create_user("Asker again").id
        sent = time.perf_counter()
        world.post(again, again, text="/help")
        await until(lambda: {asker, again} <= world.answered.keys(), bot, PATIENCE)
        await until(lambda: _waiting(bot) == 0, bot, PATIENCE)
        ended = time.perf_counter() - began
        peak = _peak(bot)
        await bot.stop()
    first, second = world.answered[asker] - began, world.answered[again] - sent
    rows = (
        ("peak of the bot's resident memory", f"{peak / MIB:.0f} MiB", "< 190 MiB (200 MB)"),
        ("Telegram's queue is empty after", f"{drained:.1f} s", ""),
        ("all are handled after", f"{ended:.1f} s ({UPDATES / ended:,.0f} a second)", "≥ 1,000 a second"),
        ("`/help` sent behind all of them, answered after", f"{first:.1f} s", ""),
        ("`/help` sent while the bot works through them, answered after", f"{second:.2f} s", ""),
    )
    return Table(
        f"{UPDATES:,} texts wait in the sandbox, nine tenths of them of one group, the others of {OTHERS}. Seconds "
        "count from the first poll.",
        ("what", "measured", "to reach"),
        rows,
    )


def _fill(world: Watch, towns: list[Group]) -> None:
    for number in range(UPDATES):
        town = towns[0] if number % 10 else towns[1 + number // 10 % OTHERS]
        person = {"id": town.members[0], "is_bot": False, "first_name": "Member"}
        chat = {"id": town.chat, "type": "supergroup", "title": "Group"}
        message = {"message_id": number + 10, "date": world.now(), "chat": chat, "from": person}
        world.push_update({"message": {**message, "text": f"What a day, number {number}!"}})


async def _drained(world: Watch, bot: Bot) -> float:
    await until(lambda: world.pending() == 0, bot, PATIENCE)
    return time.perf_counter()


def _waiting(bot: Bot) -> int:
    connection = sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True)
    try:
        return int(connection.execute("select count(*) from inbox where state = 0").fetchone()[0])
    finally:
        connection.close()


def _peak(bot: Bot) -> int:
    """The most memory that the process ever held, in bytes."""
    if bot.process is None:
        raise RuntimeError("the bot is not running")
    status = Path(f"/proc/{bot.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
