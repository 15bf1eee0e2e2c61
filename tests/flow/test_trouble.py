"""The bot in trouble: a second copy, a wrong token, a stop in the middle, a list that changes, a full database."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bot.sandbox.client import SandboxClient, medium, photo
from bot.sandbox.samples import sample
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.places import RIGHTS, Places
from tests.running import TOKEN, Bot, haechi
from tests.texture import encode, texture

SMALL = {"HAECHI_MEDIA__IMAGE_WORKERS": "1"}
"""Settings of a bot that has little to do and starts the sooner."""


@pytest_asyncio.fixture(loop_scope="session")
async def own_server() -> AsyncIterator[Server]:
    """A sandbox for a test that needs one for itself."""
    async with Server(World(TOKEN)) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def own_client(own_server: Server) -> AsyncIterator[SandboxClient]:
    """Its control API."""
    async with SandboxClient(own_server.url) as client:
        yield client


async def group(client: SandboxClient) -> tuple[int, int]:
    """A group with the bot in it; its id and a member's."""
    owner = (await client.create_user("Owner"))["id"]
    member = (await client.create_user("Member"))["id"]
    chat = (await client.create_chat("Group", owner))["id"]
    await client.add_member(chat, member)
    await client.add_bot(owner, chat, RIGHTS)
    return chat, member


async def test_a_second_copy_says_so_in_one_line(own_server: Server, tmp_path: Path) -> None:
    """Two bots with one token take each other's updates away: one of them stops and says why in one clear line."""
    bots = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        bots.append(Bot(own_server.url, tmp_path / name, **SMALL))
        await bots[-1].start(wait=False)
    ends = [asyncio.create_task(bot.wait()) for bot in bots]
    done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopped = bots[0 if ends[0] in done else 1]
    assert stopped.process is not None
    assert stopped.process.returncode == 2
    last = stopped.log.strip().splitlines()[-1]
    assert "another copy of the bot is running with this token" in last
    assert "Traceback" not in stopped.log
    for bot in bots:
        if bot is not stopped:
            await bot.stop()
    await asyncio.gather(*ends)


async def test_a_token_that_telegram_does_not_know_is_one_line(own_server: Server, tmp_path: Path) -> None:
    """A wrong token ends the start with one line and exit code 2."""
    bot = Bot(own_server.url, tmp_path, HAECHI_TELEGRAM__TOKEN="999:no-such-token-anywhere-00000000")
    await bot.start(wait=False)
    assert await bot.wait() == 2
    assert "Telegram does not know this token" in bot.log
    assert "Traceback" not in bot.log
    assert "no-such-token" not in bot.log


async def test_without_a_token_the_demo_is_named(tmp_path: Path) -> None:
    """`haechi run` without a token says in one line what is missing, and how to try without one."""
    code, _, err = await haechi(tmp_path, "run")
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert "telegram.token" in err
    assert "make demo" in err


async def test_what_was_in_hand_is_finished_at_a_stop(
    own_server: Server, own_client: SandboxClient, tmp_path: Path
) -> None:
    """SIGTERM ends the bot within its grace time with code 0; what is left is done after the next start."""
    known = photo(sample("canary").data())
    bot = Bot(own_server.url, tmp_path, **SMALL)
    await bot.start()
    chat, member = await group(own_client)
    posts = [(await own_client.post_one(member, chat, media=[known]))["message_id"] for _ in range(2)]
    assert await bot.stop() == 0
    await bot.start()
    for message in posts:
        await own_client.wait_deleted(chat, message)
    assert await bot.stop() == 0


async def test_an_entry_added_elsewhere_takes_effect_at_once(places: Places, bot: Bot, tmp_path: Path) -> None:
    """What the command line lists, and takes off again, holds in the running bot without a restart."""
    place = await places.group()
    data = encode(texture(171, 640, 480), "JPEG")
    (tmp_path / "late.txt").write_text(f"sha256 {hashlib.sha256(data).hexdigest()}\n", encoding="utf-8")
    file = medium("document", data, filename="late.jpg")

    async def post() -> int:  # an admin, who is never punished
        return (await place.post(media=[file], as_=place.admin))[0]

    assert await place.is_there((await place.post(media=[file]))[0])
    assert (await haechi(bot.folder, "lists", "import", str(tmp_path / "late.txt")))[0] == 0
    await place.post_until(post, is_there=False)
    assert (await haechi(bot.folder, "lists", "remove", "late", "--yes"))[0] == 0
    await place.post_until(post, is_there=True)


async def test_a_database_that_takes_nothing_stops_the_bot(
    own_server: Server, own_client: SandboxClient, tmp_path: Path
) -> None:
    """When nothing can be stored, nothing is acknowledged: the bot stops with one line, Telegram keeps the updates."""
    bot = Bot(own_server.url, tmp_path, **SMALL, HAECHI_STORE__BUSY_SECONDS="1")
    await bot.start()
    chat, member = await group(own_client)
    await own_client.wait_idle()
    lock = sqlite3.connect(bot.database, isolation_level=None, timeout=30)
    lock.execute("begin immediate")
    await own_client.post_one(member, chat, "words that cannot be stored")
    assert await bot.wait() == 2
    lock.execute("rollback")
    lock.close()
    assert "nothing was acknowledged that was not stored" in bot.log
    assert await own_client.pending() >= 1
