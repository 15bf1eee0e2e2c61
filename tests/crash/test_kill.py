"""The bot is killed a hundred times under load: nothing is lost, nothing counts twice, nothing is said twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.calls import RECEIPT
from bot.sandbox.client import SandboxClient
from bot.sandbox.samples import sample
from bot.sandbox.server import Server
from bot.sandbox.updates import FIRST_ID
from bot.sandbox.world import Limits, World
from bot.store.outbox import SENT
from tests.crash.nursery import Nursery
from tests.crash.town import CHATS, POSTS, Town, build
from tests.running import TOKEN, Bot, haechi

CRASHES = int(os.environ.get("HAECHI_CRASHES", "100"))

AT_WORK = 0.6
"""How many of the kills wait until the bot is at work; the others come while it starts."""

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "retry_after": 1},
    {"kind": "error", "code": 502},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
)
SHARE = 0.026
"""Of each fault, so that together they strike a tenth of all calls."""

NEW = 3
"""Lives at the end that meet pictures which the bot has never seen."""

BUSY = {
    "HAECHI_LIMITS__WORDS_PER_SECOND": "1000",
    "HAECHI_LIMITS__WORDS_PER_MINUTE_IN_GROUPS": "10000",
    "HAECHI_LIMITS__WORDS_PER_SECOND_IN_PRIVATE": "1000",
    "HAECHI_LIMITS__DAILY_DELETES": "1000000",
    "HAECHI_LIMITS__DAILY_BANS": "1000000",
    "HAECHI_LIMITS__QUARANTINE_POSTERS": "1000000",
}
"""A hundred days happen in a minute: no limit of the second, the minute or the day may end them."""

STARTING_SECONDS = 0.5
"""Up to when a bot is killed that starts."""

WORKING = 2 * POSTS
"""Updates that are done at most until a bot is killed that is at work: on average all that has come."""

PATIENCE = 1.5
"""Seconds after which it is killed all the same: Telegram may have asked it to wait."""

SETTLE_SECONDS = 180.0


@pytest.mark.crash
async def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    """Over 100 SIGKILLs and 10,000 updates, a tenth of all calls failing, everything is done and counts once."""
    dice = random.Random(20)  # noqa: S311 - a seed, so that a failure can be repeated
    world = World(TOKEN, seed=20, limits=Limits(calls=1000 * CRASHES, messages=100 * CRASHES))
    async with Server(world) as server, SandboxClient(server.url) as client:
        await _list(tmp_path, "listed-1")
        bot = Bot(server.url, tmp_path, **BUSY)
        town = await build(world, client, people=CRASHES // (CHATS // 2) * 2 + 4)
        async with Nursery(bot) as nursery:
            await _first_life(nursery, bot, town)
            for fault in FAULTS:
                await client.fault("*", count=None, probability=SHARE, **fault)
            await _many_lives(nursery, bot, town, dice)
            await nursery.start()  # the last life: what is left is done
            await _settle(bot, town)
            assert await nursery.stop() == 0
    _check_inbox(bot, world)
    _check_town(bot, town)
    _check_words(bot, town)


async def _list(folder: Path, name: str) -> None:
    (folder / "known.jpg").write_bytes(sample(name).data())
    code, _, errors = await haechi(folder, "lists", "add", "known.jpg", "--trust", "ban")
    assert code == 0, errors


async def _first_life(nursery: Nursery, bot: Bot, town: Town) -> None:
    """The bot meets the town and its pictures in peace; then every other group becomes strict."""
    town.show_originals()
    await nursery.start()
    await _settle(bot, town)
    assert await nursery.stop() == 0
    with contextlib.closing(sqlite3.connect(bot.database)) as connection, connection:
        chosen = [(chat,) for chat in town.strict]
        connection.executemany("update chats set preset='zero-tolerance' where chat_id=?", chosen)


async def _many_lives(nursery: Nursery, bot: Bot, town: Town, dice: random.Random) -> None:
    """The bot starts and is killed, again and again, while the town goes on."""
    for number in range(CRASHES):
        is_at_work = dice.random() < AT_WORK
        town.happen(number, dice, is_new=number >= CRASHES - NEW)
        await nursery.start()
        if is_at_work:
            await nursery.ready()
            await _progress(bot, dice.randint(0, WORKING))
        await asyncio.sleep(dice.uniform(0, 0.01 if is_at_work else STARTING_SECONDS))
        await nursery.kill()


async def _progress(bot: Bot, count: int) -> None:
    """Wait until so many more updates are done, though not for long."""
    done = "select count(*) from inbox where state<>0"
    with contextlib.closing(_reader(bot)) as connection, contextlib.suppress(TimeoutError):
        goal = connection.execute(done).fetchone()[0] + count
        async with asyncio.timeout(PATIENCE):
            while connection.execute(done).fetchone()[0] < goal:  # noqa: ASYNC110 - the bot is another process
                await asyncio.sleep(0.02)


async def _settle(bot: Bot, town: Town) -> None:
    waiting = "(select count(*) from inbox where state=0) + (select count(*) from outbox where state=0)"
    async with asyncio.timeout(SETTLE_SECONDS):
        while town.world.pending() or _ask(bot, f"select {waiting}") != [(0,)]:  # noqa: ASYNC110 - see places
            await asyncio.sleep(0.1)


def _check_inbox(bot: Bot, world: World) -> None:
    """Every update that Telegram had is done, and the database is sound."""
    count = world.updates._next - FIRST_ID
    assert count >= POSTS * CRASHES
    assert _ask(bot, "select state, count(*), count(distinct update_id) from inbox group by 1") == [(1, count, count)]
    assert _ask(bot, "pragma integrity_check") == [("ok",)]


def _check_town(bot: Bot, town: Town) -> None:
    """All that was listed is gone, all else stays; everybody has the strikes and bans they earned, and no more."""
    there = [place for place in town.listed if town.world.find_message(*place) is not None]
    assert not there
    missing = [place for place in town.clean if town.world.find_message(*place) is None]
    assert not missing
    strikes = _ask(bot, "select chat_id, sender_id, count(*) from strikes group by 1, 2 order by 1, 2")
    assert strikes == sorted((*deed, 1) for deed in town.struck)
    posts = _ask(bot, "select what, sum(number) from counts where what in ('clean', 'match') group by 1 order by 1")
    assert posts == [("clean", len(town.clean)), ("match", len(town.listed))]
    cases = _ask(bot, "select count(*) from cases where kind='match'")
    assert cases == [(len(town.listed),)]
    kicked = [
        (chat, user)
        for chat in town.chats
        for user, member in town.world.chat(chat).members.items()
        if member.status == "kicked"
    ]
    assert sorted(kicked) == sorted(town.banned)


def _check_words(bot: Bot, town: Town) -> None:
    """What the bot says in groups it says once: none of it came out more often than it was put into the outbox.

    What did not come out may have been said, as far as the bot knows: it was killed, or cut off, in that moment.
    """
    calls = town.world.outbox.list("sendMessage")
    said = Counter((call.args["chat_id"], call.args["text"]) for call in calls if call.ok)
    said = Counter({place: number for place, number in said.items() if place[0] in town.chats})
    words = f"select chat_id, json_extract(args, '$.text') from outbox where chat_id<0 and rank>={RECEIPT}"  # noqa: S608
    meant = Counter(_ask(bot, words))
    unsure = Counter(_ask(bot, f"{words} and (state={SENT} or error like 'no answer: %')"))
    assert not said - meant
    assert not meant - said - unsure


def _ask(bot: Bot, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(_reader(bot)) as connection:
        return connection.execute(query).fetchall()


def _reader(bot: Bot) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True)
