"""Health over HTTP: ready only while posts can be judged, and why not in words. Real parts, each broken in turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bot.health import Health
from bot.lists.sync import ListFeed
from bot.matching.matcher import Matcher
from bot.media.decoder import Decoders
from bot.model import ListKind, SignalKind, Trust
from bot.sandbox.client import PATIENCE
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.store import entries
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.telegram.gateway import Gateway
from bot.telegram.intake import Intake
from bot.telegram.polling import Poll
from bot.web.health import create_app
from bot.web.server import serving
from bot.web.webhook import SECRET_HEADER, webhook_route
from tests.running import free_port
from tests.unhurried import UNHURRIED

TOKEN = "4242:SANDBOX-token-of-the-tests-000000000"


@dataclass
class Parts:
    """What health is measured of, and a client of its routes."""

    database: Database
    intake: Intake
    feed: ListFeed
    decoders: Decoders
    web: httpx.AsyncClient
    health: Health

    async def problems(self) -> list[str]:
        """What `/readyz` says is wrong; its status says the same."""
        answer = await self.web.get("/readyz")
        facts = answer.json()
        found: list[str] = facts["problems"]
        assert answer.status_code == (503 if found else 200)
        assert facts["ready"] is not bool(found)
        return found

    async def numbers(self) -> dict[str, float]:
        """What `/metrics` shows, as Prometheus's own parser reads it; one number for each name without labels."""
        answer = await self.web.get("/metrics")
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.text)
        return {one.name: one.value for family in families for one in family.samples if not one.labels}


@pytest.fixture
async def parts(database: Database) -> AsyncIterator[Parts]:
    """A bot's parts, none of them at work yet, in front of a sandbox."""
    async with Server(World(TOKEN)) as server:
        gateway = Gateway(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot")
        await gateway.start()
        decoders = Decoders(images=1, videos=0, spares=0, unsafe=True, limits=UNHURRIED)
        await decoders.start()
        poll = Poll(TOKEN, f"{server.url}/bot")
        intake = Intake(gateway, poll, database, poll_seconds=1, arrived=lambda _lines: None)
        feed = ListFeed(database, Matcher())
        health = Health(database=database, gateway=gateway, intake=intake, feed=feed, decoders=decoders)
        transport = httpx.ASGITransport(create_app(health))
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as web:
            yield Parts(database, intake, feed, decoders, web, health)
        await decoders.stop()
        await poll.stop()
        await gateway.stop()


@contextlib.asynccontextmanager
async def at_work(parts: Parts) -> AsyncIterator[None]:
    """Have the lists loaded and Telegram polled while the context is open."""
    tasks = [asyncio.create_task(job()) for job in (parts.feed.run, parts.intake.run)]
    await parts.feed.ready.wait()
    async with asyncio.timeout(PATIENCE):
        while not parts.intake.last_poll:  # noqa: ASYNC110 - the intake sets no event
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        await _end(set(tasks))


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: a library may lose one cancellation."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=1)


async def test_ready_is_what_it_says_and_what_is_not_is_said(parts: Parts) -> None:
    """Ready takes lists, a recent poll, a database that takes writes and living decoders; each lack is a sentence."""
    assert (await parts.web.get("/healthz")).text == "ok\n"
    assert await parts.problems() == ["the lists are still being loaded", "Telegram has not answered a poll yet"]
    assert (await parts.numbers())["haechi_ready"] == 0
    async with at_work(parts):
        assert await parts.problems() == []
        assert (await parts.numbers())["haechi_ready"] == 1
    polled = parts.intake.last_poll
    parts.intake.last_poll -= 500
    (silent,) = await parts.problems()
    assert re.fullmatch("Telegram has not answered a poll for 5[0-9]{2} s", silent)
    parts.intake.last_poll = polled
    await _lock(parts)
    for pid in parts.decoders.pids:
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert await parts.problems() == ["no decoder process lives"]
    await _ruin(parts)
    assert [one.partition(":")[0] for one in await parts.problems()] == ["the database cannot be read"]
    assert (await parts.numbers())["haechi_ready"] == 0


async def _lock(parts: Parts) -> None:
    """Another program holds the database for longer than anybody waits; the writer's patience is not used up."""
    parts.database._writes.written_at = None
    with contextlib.closing(sqlite3.connect(parts.database.path or "", isolation_level=None)) as other:
        other.execute("begin immediate")
        assert await parts.problems() == ["the database takes no writes: database is locked"]
        other.execute("rollback")
    assert await parts.problems() == []


async def _ruin(parts: Parts) -> None:
    with contextlib.closing(sqlite3.connect(parts.database.path or "")) as other:
        other.execute("drop table inbox")


async def test_what_is_shown_names_nobody(parts: Parts) -> None:
    """Queues, lists, decoders and memory are numbers; a chat's own list and a list's name are not among the labels."""

    async def work(connection: AsyncConnection) -> None:
        await entries.ensure_list(connection, "a telling name", kind=ListKind.BLOCK, trust=Trust.BAN)
        await entries.ensure_list(connection, "chat", kind=ListKind.BLOCK, trust=Trust.BAN, chat_id=-1009876543210)
        await connection.exec_driver_sql(
            "insert into outbox (key, chat_id, method, args, rank, created_at) values "
            "('k', -1009876543210, 'deleteMessage', '{}', 0, 1)"
        )

    await parts.database.write(work)
    numbers = await parts.numbers()
    assert numbers["haechi_outbox_depth"] == 1
    assert numbers["haechi_outbox_oldest_seconds"] > 1e9
    assert numbers["haechi_decoders"] == 1
    assert numbers["haechi_decoder_resident_memory_bytes"] > 10e6
    assert numbers["process_resident_memory_bytes"] > 10e6
    text = (await parts.web.get("/metrics")).text
    assert text.count("haechi_list_age_seconds{") == 1
    for secret in ("telling", "9876543210", TOKEN):
        assert secret not in text


async def test_entries_are_counted_where_they_are_in_force(parts: Parts) -> None:
    """Sizes are those of the lists in memory: what is not loaded yet removes nothing; rows are not counted."""

    async def add(connection: AsyncConnection, first: int) -> None:
        number = await entries.ensure_list(connection, "list", kind=ListKind.BLOCK, trust=Trust.BAN)
        rows = [NewEntry(SignalKind.MD5, bytes([value] * 16)) for value in range(first, first + 3)]
        await entries.add(connection, number, rows)

    await parts.database.write(partial(add, first=0))
    await parts.feed.load()
    assert [one.size for one in (await parts.health.state()).lists] == [0]
    parts.feed.ready.set()
    await parts.database.write(partial(add, first=3))
    assert [one.size for one in (await parts.health.state()).lists] == [3]
    await parts.feed.follow()
    assert [one.size for one in (await parts.health.state()).lists] == [6]


async def test_a_stop_waits_for_no_request_that_never_ends() -> None:
    """Whoever sends half of an update and then nothing keeps the server no longer than its grace from ending."""
    begun = asyncio.Event()

    async def receive(_body: bytes) -> None:
        raise AssertionError

    async def app(scope: Scope, receive_part: Receive, send: Send) -> None:
        begun.set()
        await routes(scope, receive_part, send)

    routes, port = Starlette(routes=[webhook_route("/telegram", "s" * 32, receive)]), free_port()
    async with asyncio.timeout(PATIENCE):
        async with serving(app, "127.0.0.1", port):  # type: ignore[arg-type]  # an application all the same
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST /telegram HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {'s' * 32}\r\nContent-Length: 9\r\n\r\nhalf"
            writer.write(head.encode())
            await begun.wait()
    writer.close()
    await writer.wait_closed()
