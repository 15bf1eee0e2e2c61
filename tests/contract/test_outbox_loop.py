"""The loop over the outbox's rows: that it goes on until it is told to end, whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bot import calls, cases
from bot.model import MessageRef
from bot.outcome import Wait
from bot.sandbox.client import PATIENCE
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.settings import Limits
from bot.store import outbox as waiting
from bot.store import tables
from bot.store.db import Database
from bot.telegram.gateway import Gateway
from bot.telegram.outbox import Outbox

TOKEN = "4242:nobody-knows-this-token-of-the-tests"
ME = b'{"ok": true, "result": {"id": 4242, "is_bot": true, "first_name": "H", "username": "h_bot"}}'


@pytest.mark.parametrize("steps", range(6))
async def test_a_stop_is_not_lost_in_a_wake(database: Database, steps: int) -> None:
    """Told to end just as news arrives, the loop ends: it does not take the one for the other."""
    gateway = Gateway("4242:nobody", "http://127.0.0.1:9/bot", "http://127.0.0.1:9/file/bot")
    outbox = Outbox(gateway, database, Limits(outbox_lanes=2), record=cases.record)
    task = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.1)  # past its first look, at rest
    outbox.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=PATIENCE)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert done == {task}


async def test_a_call_that_cannot_be_put_on_record_stops_no_other(database: Database) -> None:
    """When how one call ended cannot be written into its case, it ends all the same, and the next one is made."""
    refs = [MessageRef(-100 - number, 5) for number in range(3)]

    async def record(_connection: Any, row: waiting.Row, _outcome: Any) -> None:
        if row.chat_id == refs[0].chat_id:
            raise RuntimeError("no such case")

    await database.write(lambda connection: waiting.put(connection, [calls.delete(one) for one in refs]))
    async with Server(World(TOKEN)) as server:
        gateway = Gateway(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot")
        await gateway.start()
        task = asyncio.create_task(Outbox(gateway, database, Limits(outbox_lanes=1), record=record).run())
        async with asyncio.timeout(PATIENCE):
            while await _due(database):
                assert not task.done()
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await gateway.stop()


async def _due(database: Database) -> int:
    async with database.read() as connection:
        rows = await connection.execute(select(tables.outbox.c.id).where(tables.outbox.c.state == waiting.DUE))
        return len(rows.all())


@pytest.mark.parametrize("body", [b"<html>Log in to this network", b'{"ok": true}', b"[]", b'"yes"'])
async def test_what_is_no_answer_of_telegrams_is_waited_out(body: bytes) -> None:
    """A page that a proxy gives in Telegram's place is no refusal: a removal is tried again."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        said = ME if b"/getMe " in asked else body
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        gateway = Gateway(TOKEN, f"http://{host}:{port}/bot", f"http://{host}:{port}/file/bot")
        await gateway.start()
        outcome = await gateway.call("deleteMessage", {"chat_id": -100, "message_id": 5})
        await gateway.stop()
    assert isinstance(outcome, Wait)
