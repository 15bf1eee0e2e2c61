"""The intake over a real sandbox and database: what no parser takes is stored, and nothing else is held up by it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from bot import metrics
from bot.errors import Unreachable
from bot.sandbox.client import PATIENCE
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.store import inbox
from bot.store.db import Database
from bot.telegram import polling
from bot.telegram.gateway import Gateway
from bot.telegram.intake import Intake
from bot.telegram.polling import Hung, Poll
from tests.contract import arrivals
from tests.contract.stage import TOKEN

DEEP = '{"update_id":%d,"message":{"chat":{"id":-7,"type":"group"},"message_id":3,"x":' + "[" * 9000 + "]" * 9000 + "}}"
LONG = '{"update_id":%d,"message":{"chat":{"id":-8},"message_id":' + "9" * 5000 + "}}"
HUGE = '{"update_id":%d,"message":{"chat":{"id":-9},"message_id":4,"text":"' + "x" * 3_000_000 + '"}}'
BROKEN = '{"update_id":%d,"message":{"chat":{"id":-6},"date":tomorrow,"message_id":5}}'
TEXT = '{"update_id":%d,"message":{"chat":{"id":-5},"message_id":6,"text":"fine"}}'
KINDS = {"deep": DEEP, "long": LONG, "huge": HUGE, "broken": BROKEN, "fine": TEXT}


@contextlib.asynccontextmanager
async def polling_of(world: World, database: Database, seconds: int = 1) -> AsyncIterator[tuple[Intake, asyncio.Event]]:
    """An intake at work, and the event of its first arrival."""
    arrived = asyncio.Event()
    async with Server(world) as server:
        gateway = Gateway(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot")
        poll = Poll(TOKEN, f"{server.url}/bot")
        await gateway.start()
        await gateway.ask("setWebhook", {"url": f"{server.url}/nowhere"})  # left behind by an earlier run
        intake = Intake(gateway, poll, database, poll_seconds=seconds, arrived=lambda _lines: arrived.set())
        task = asyncio.create_task(intake.run())
        yield intake, arrived
        task.cancel()
        await asyncio.wait([task])
        await poll.stop()
        await gateway.stop()


async def until_stored(database: Database, count: int) -> list[inbox.Row]:
    """Wait until so many updates are in the inbox."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with database.read() as connection:
                rows = await arrivals.pending(connection, 4242)
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.02)


async def test_one_bad_update_holds_up_no_other(database: Database) -> None:
    """Of a batch with updates that no parser takes each is stored, in its own words, and acknowledged."""
    world = World(TOKEN)
    numbers = {}
    for kind, text in [*KINDS.items(), *KINDS.items()]:
        number = world.updates._next
        numbers[number] = kind
        world.push_raw(text % number, number)
    world.push_raw('"no update"', 1 + max(numbers))
    async with polling_of(world, database):
        rows = await until_stored(database, len(numbers))
        async with asyncio.timeout(PATIENCE):
            while world.pending() > 1:  # noqa: ASYNC110 - the bot's side confirms; what has no number is confirmed with the next that has one
                await asyncio.sleep(0.02)
    assert {row.update_id: row.chat_id for row in rows if row.update_id > 0} == {
        number: {"deep": -7, "long": -8, "huge": -9, "broken": -6, "fine": -5}[kind] for number, kind in numbers.items()
    }
    for row in rows:
        if numbers.get(row.update_id) in ("deep", "broken"):
            assert row.payload == KINDS[numbers[row.update_id]] % row.update_id
        else:
            assert json.loads(row.payload)


async def test_polling_takes_the_place_of_a_webhook(database: Database) -> None:
    """A webhook that an earlier run left behind is deleted first, and what waited for it comes by polling."""
    world = World(TOKEN)
    world.push_raw(TEXT % 9, 9)
    async with polling_of(world, database):
        await until_stored(database, 1)
    assert [call["method"] for call in world.calls() if "Webhook" in call["method"]] == ["setWebhook", "deleteWebhook"]
    assert not world.deliverer.webhook.url


async def test_an_answer_that_is_too_large_is_asked_for_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch over the limit comes in smaller ones; a single update over it is stored as far as it was read."""
    monkeypatch.setattr(polling, "LARGEST", 1000)
    world = World(TOKEN)
    first = world.updates._next
    for number in range(first, first + 20):
        world.push_raw(TEXT % number, number)
    cut = TEXT.replace("fine", "fine" * 1000)
    world.push_raw(cut % (first + 20), first + 20)
    world.push_raw(TEXT % (first + 21), first + 21)
    async with polling_of(world, database):
        rows = await until_stored(database, 22)
    assert [row.update_id for row in rows] == list(range(first, first + 22))
    assert (rows[20].chat_id, len(rows[20].payload) < 1000) == (-5, True)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"ok":true}', b'{"ok":false,"result":[]}', b"[" * 9000])
def test_what_is_no_answer_of_telegrams_is_told_from_one(body: bytes) -> None:
    """A page that something in between puts in Telegram's place acknowledges nothing."""
    with pytest.raises(Unreachable):
        polling.batch(body)


async def test_a_poll_that_hangs_is_cut_and_made_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection on which nothing ever comes is dropped after the poll's time, counted, and another one serves."""
    monkeypatch.setattr(polling, "MARGIN", 0.3)
    before = metrics.REGISTRY.get_sample_value("haechi_polls_cut_total") or 0
    world = World(TOKEN)
    world.fault("getUpdates", "delay", count=1, seconds=3600)
    world.push_raw(TEXT % 9, 9)
    async with polling_of(world, database, seconds=0):
        rows = await until_stored(database, 1)
    assert [row.update_id for row in rows] == [9]
    assert (metrics.REGISTRY.get_sample_value("haechi_polls_cut_total") or 0) > before


async def test_a_byte_now_and_then_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never ends its answer is cut like one that never begins it."""
    monkeypatch.setattr(polling, "MARGIN", 0.3)

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        ended.set()

    ended = asyncio.Event()
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    poll = Poll(TOKEN, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot")
    with pytest.raises(Hung):
        await poll.updates(None, 0, [])
    await poll.stop()
    server.close()
    async with asyncio.timeout(PATIENCE):
        await ended.wait()
        await asyncio.sleep(0)
