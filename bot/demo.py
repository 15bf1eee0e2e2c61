"""The demo: the real bot beside a Telegram of its own, seeded so that there is something to see. No rule lives here."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import log
from bot.app import App
from bot.curation import fingerprint_of_ours, signals_of
from bot.media.configured import decoders
from bot.media.decoder import Decoders
from bot.model import ListKind, Trust
from bot.sandbox.client import SandboxClient, photo
from bot.sandbox.demo import Demo, build
from bot.sandbox.samples import sample, samples
from bot.sandbox.samples_routes import routes
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.settings import Limits, Settings, Telegram, Web
from bot.store import chats, entries
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.store.schema import upgrade

TOKEN = "4242:SANDBOX-on-this-machine-only-0000000"  # noqa: S105 - opens nothing but the sandbox beside it

DEMO_LIST = "demo list"

PATIENCE = 60.0
"""Seconds that the check waits for the canary to vanish."""

STAYS = 2.0
"""Seconds after which a clean picture that is still there stays."""


async def show(port: int) -> None:
    """Run the demo until it is stopped, and say where to look."""
    log.setup(level="warning")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(port) as (server, _demo, bot):
        print(f"\n  Haechi's demo is ready. Open  {server.url}\n  Stop it with Ctrl-C.\n", flush=True)  # noqa: T201
        ending = asyncio.create_task(stop.wait())
        await asyncio.wait([bot, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()


async def check(port: int) -> int:
    """Post the canary and a clean picture, see the one vanish and the other stay; return the exit code."""
    log.setup(level="warning")
    started = time.perf_counter()
    async with _running(port) as (server, demo, _bot):
        ready = time.perf_counter() - started
        async with SandboxClient(server.url) as client:
            problem = await _prove(client, demo, ready)
    if problem:
        sys.stderr.write(f"haechi: the check failed: {problem}\n")
    return 1 if problem else 0


async def _prove(client: SandboxClient, demo: Demo, ready: float) -> str | None:
    print(f"ready after {ready:.1f} s")  # noqa: T201
    clean = await _post(client, demo, "clean-1")
    posted = time.perf_counter()
    canary = await _post(client, demo, "canary")
    try:
        await client.wait_deleted(demo.group, canary, PATIENCE)
    except TimeoutError:
        return f"the canary picture is still there after {PATIENCE:.0f} s"
    print(f"the canary picture vanished after {time.perf_counter() - posted:.2f} s")  # noqa: T201
    with contextlib.suppress(TimeoutError):
        await client.wait_deleted(demo.group, clean, STAYS)
        return "the clean picture was removed, too"
    print(f"the clean picture is still there {STAYS:.0f} s later")  # noqa: T201
    return None


async def _post(client: SandboxClient, demo: Demo, name: str) -> int:
    one = sample(name)
    message = await client.post_one(demo.lea, demo.group, media=[photo(one.data())])
    return int(message["message_id"])


@contextlib.asynccontextmanager
async def _running(port: int) -> AsyncIterator[tuple[Server, Demo, asyncio.Task[None]]]:
    world = World(TOKEN)
    demo = build(world)
    for person in (demo.hana, demo.minjun, demo.lea):
        world.start_bot(person)
    async with _server(world, port) as server:
        with tempfile.TemporaryDirectory(prefix="haechi-demo-") as folder:
            settings = _settings(server, Path(folder))
            await _seed(settings, demo)
            async with _bot(settings) as bot:
                yield server, demo, bot


def _server(world: World, port: int) -> Server:
    """Return the sandbox's server, on another free port when somebody listens on `port` already."""
    try:
        return Server(world, port=port, routes=routes)
    except OSError:
        return Server(world, routes=routes)


@contextlib.asynccontextmanager
async def _bot(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    stop, started = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(App(settings).run(stop, started=started.set), name="bot")
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if task.done():
            task.result()
        yield task
    finally:
        stop.set()
        await task


def _settings(server: Server, folder: Path) -> Settings:
    telegram = Telegram(
        token=SecretStr(TOKEN),
        base_url=f"{server.url}/bot",
        base_file_url=f"{server.url}/file/bot",
        poll_seconds=10,
    )
    return Settings(data_dir=folder, telegram=telegram, web=Web(listen="off"), limits=Limits())


async def _seed(settings: Settings, demo: Demo) -> None:
    """List the samples that stand in for abuse, and tell the bot which chat is the admins' log."""
    database = Database(settings.store.url)
    await upgrade(database)
    await database.start()
    pool = decoders(settings.media)
    await pool.start()
    rows = await _listed(pool)
    await pool.stop()

    async def write(connection: AsyncConnection) -> None:
        list_id = await entries.ensure_list(
            connection, DEMO_LIST, kind=ListKind.BLOCK, trust=Trust.BAN, source="samples made by code"
        )
        await entries.add(connection, list_id, rows)
        for chat_id in (demo.group, demo.channel, demo.discussion):
            kind = "channel" if chat_id == demo.channel else "supergroup"
            await chats.meet(connection, chat_id, type=kind, log_chat_id=demo.log, owner_id=demo.hana)

    await database.write(write)
    await database.stop()


async def _listed(pool: Decoders) -> list[NewEntry]:
    """Return the entries of the samples that are on the demo's list; the canary has a list of its own."""
    rows = []
    for one in samples():
        if one.listed and one.name != "canary":
            fingerprint = await fingerprint_of_ours(pool, one.data())
            rows += [NewEntry(kind, value, category="demo") for kind, value in signals_of(None, fingerprint)]
    return rows
