"""A stop in the worst moment: the bot ends in the time that service managers give it, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from bot.sandbox.client import PATIENCE, SandboxClient, photo
from bot.sandbox.samples import sample
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.places import RIGHTS
from tests.running import TOKEN, Bot

GRACE_SECONDS = 10
"""What Docker gives a container before it kills it."""

SETTINGS = {"HAECHI_MEDIA__IMAGE_WORKERS": "1", "HAECHI_MEDIA__IMAGE_SECONDS": "60"}


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]


async def end(bot: Bot) -> None:
    """Leave no bot behind, however the test went."""
    if bot.process is not None and bot.process.returncode is None:
        await bot.kill()


async def test_a_stop_waits_for_nobody_who_hangs(tmp_path: Path) -> None:
    """With pictures that hang in every decoder and a Telegram that is silent, SIGTERM ends the bot within its grace."""
    async with (
        Server(World(TOKEN)) as server,
        SandboxClient(server.url) as client,
        contextlib.AsyncExitStack() as stack,
    ):
        bot = Bot(server.url, tmp_path, **SETTINGS)
        stack.push_async_callback(end, bot)
        await bot.start()
        owner = (await client.create_user("Owner"))["id"]
        chat = (await client.create_chat("Group", owner))["id"]
        await client.add_bot(owner, chat, RIGHTS)
        poster = (await client.create_user("Poster"))["id"]
        await client.add_member(chat, poster)
        await client.wait_idle()
        await client.wait_call("setMyDefaultAdministratorRights", for_channels=True)  # all decoders are there by then
        assert bot.process is not None
        for pid in children(bot.process.pid):
            os.kill(pid, signal.SIGSTOP)
        post = await client.post_one(poster, chat, media=[photo(sample("canary").data())])
        await client.wait_for(lambda: client.calls("getFile"), what="the download")
        before = len(await client.calls())
        await client.fault("*", "delay", None, seconds=60)
        await client.post(owner, chat, "/check")

        async def is_asking() -> bool:
            return len(await client.calls()) > before

        await client.wait_for(is_asking, what="a question to Telegram")
        async with asyncio.timeout(GRACE_SECONDS):
            assert await bot.stop() == 0
        await client.clear_faults()
        await bot.start()
        await client.wait_deleted(chat, post["message_id"])
        assert await bot.stop() == 0


async def test_a_start_that_telegram_does_not_answer_can_be_stopped(tmp_path: Path) -> None:
    """While Telegram is silent, or cannot be reached at all, SIGTERM ends a bot that is still starting."""
    async with Server(World(TOKEN)) as server, SandboxClient(server.url) as client:
        bot = Bot(server.url, tmp_path, **SETTINGS)
        await client.fault("*", "delay", None, seconds=60)
        before = len(await client.calls())

        async def is_asking() -> bool:
            return len(await client.calls()) > before

        await bot.start(wait=False)
        await client.wait_for(is_asking, what="the bot's first call")
        async with asyncio.timeout(GRACE_SECONDS):
            assert await bot.stop() == 0
        await client.clear_faults()
    await bot.start(wait=False)  # now nobody listens at the address
    async with asyncio.timeout(PATIENCE):
        while bot.log.count("telegram.unreachable") < 1:  # noqa: ASYNC110 - the bot is another process
            await asyncio.sleep(0.05)
    async with asyncio.timeout(GRACE_SECONDS):
        assert await bot.stop() == 0
    assert "Traceback" not in bot.log
