"""Updates by webhook, as an operator sets it up: the real bot, and the sandbox that delivers as Telegram does."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from bot.sandbox.client import PATIENCE, SandboxClient, photo
from bot.sandbox.samples import sample
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.places import RIGHTS, Json
from tests.running import TOKEN, Bot, free_port

SECRET = "a-secret-of-the-tests-only-0123456789"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest_asyncio.fixture(loop_scope="session")
async def own_server() -> AsyncIterator[Server]:
    """A sandbox of its own."""
    async with Server(World(TOKEN)) as server:
        yield server


def hooked(server: Server, folder: Path) -> Bot:
    """A bot that is to be told its updates."""
    address = f"127.0.0.1:{free_port()}"
    bot = Bot(
        server.url,
        folder,
        HAECHI_MEDIA__IMAGE_WORKERS="1",
        HAECHI_WEB__LISTEN=address,
        HAECHI_TELEGRAM__WEBHOOK_URL=f"http://{address}/telegram",
        HAECHI_TELEGRAM__WEBHOOK_SECRET_FILE=str(folder / "secret"),
    )
    bot.web = f"http://{address}"
    (folder / "secret").touch(mode=0o600)
    (folder / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    return bot


def stored(bot: Bot, number: int) -> list[tuple[int, int]]:
    """State and size of an update in the inbox."""
    connection = sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True)
    try:
        return connection.execute("select state, size from inbox where update_id = ?", [number]).fetchall()
    finally:
        connection.close()


async def group(client: SandboxClient) -> tuple[int, int]:
    """A group with the bot in it, and somebody who posts."""
    owner = (await client.create_user("Owner"))["id"]
    chat = (await client.create_chat("Group", owner))["id"]
    await client.add_bot(owner, chat, RIGHTS)
    poster = (await client.create_user("Poster"))["id"]
    await client.add_member(chat, poster)
    return chat, poster


async def test_updates_come_by_webhook(own_server: Server, tmp_path: Path) -> None:
    """With a webhook the bot judges what it is told, and refuses who has not the secret."""
    bot = hooked(own_server, tmp_path)
    try:
        await _judges_what_it_is_told(own_server, bot)
    finally:
        if bot.process is not None and bot.process.returncode is None:
            await bot.kill()
    assert SECRET not in bot.log
    assert "Traceback" not in bot.log


async def _judges_what_it_is_told(own_server: Server, bot: Bot) -> None:
    await bot.start()
    async with SandboxClient(own_server.url) as client, httpx.AsyncClient(base_url=bot.web, timeout=30) as web:
        assert await client.calls("getUpdates") == []
        chat, poster = await group(client)
        known = [photo(sample("canary").data())]
        first = await client.post_one(poster, chat, media=known)
        await client.wait_deleted(chat, first["message_id"])
        await _intruders(web, bot)
        await _odd_bodies(web, bot)
        assert await bot.stop() == 0


async def _intruders(web: httpx.AsyncClient, bot: Bot) -> None:
    """Who does not know the secret is turned away, and nothing of theirs is kept."""
    update: Json = {"update_id": 5, "message": {"message_id": 1, "chat": {"id": -5, "type": "group"}}}
    for headers in ({}, {HEADER: ""}, {HEADER: SECRET[:-1]}, {HEADER: SECRET + "x"}, {HEADER: "?" * 999}):
        answer = await web.post("/telegram", json=update, headers=headers)
        assert (answer.status_code, answer.content) == (403, b"")
    assert (await web.get("/telegram", headers={HEADER: SECRET})).status_code == 405
    assert stored(bot, 5) == []
    assert "haechi_webhook_refused_total 5.0" in (await web.get("/metrics")).text


async def _odd_bodies(web: httpx.AsyncClient, bot: Bot) -> None:
    """What Telegram delivers is on disk when it is answered, cut where it is too long, whatever it is."""
    huge = json.dumps({"update_id": 6, "message": {"text": "x" * 3_000_000}}).encode()
    deep = b'{"update_id":7,"message":{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}}"
    for body in (huge, deep, b"", b"\xff\xfe", b'{"update_id":8,"poll":{}}'):
        answer = await web.post("/telegram", content=body, headers={HEADER: SECRET})
        assert answer.status_code == 200
    assert stored(bot, 6)[0][1] == 1 << 20
    assert stored(bot, 7)[0][1] == len(deep)
    assert len(stored(bot, 8)) == 1
    async with asyncio.timeout(PATIENCE):
        while [state for number in (6, 7, 8) for state, _ in stored(bot, number)] != [9, 9, 9]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
