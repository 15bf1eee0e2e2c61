"""Dispatch fed from a real inbox: who waits for whom, how much is in memory, and what looking at the queue costs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from telegram import Update
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler

from bot.errors import Unreachable
from bot.sandbox.client import PATIENCE
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.store import inbox
from bot.store.db import Database
from bot.telegram.dispatch import Dispatch
from bot.telegram.feed import Feed
from bot.telegram.gateway import Gateway
from bot.telegram.sorting import arrival, line_of
from bot.telegram.turn import Turn, current
from handlers import failures
from handlers.context import Context
from tests.contract.stage import TOKEN

BOT = 4242
INFLIGHT = 240
Json = dict[str, Any]
PRIVATE = {"message_id": 1, "chat": {"id": 5, "type": "private"}, "text": "hello"}
Handle = Callable[[Turn], Awaitable[None]]


def update(number: int, chat: int, **fields: Any) -> Json:
    """A message in a group."""
    message = {"message_id": number, "date": 1, "chat": {"id": chat, "type": "supergroup", "title": "G"}, **fields}
    return {"update_id": number, "message": message}


def photo(number: int, chat: int) -> Json:
    """A photo in a group."""
    size = {"file_id": f"f{number}", "file_unique_id": f"u{number}", "width": 320, "height": 240, "file_size": 9000}
    return update(number, chat, photo=[size])


async def put(database: Database, *updates: Json) -> None:
    """Have updates wait in the inbox."""
    rows = [arrival(one) for one in updates]
    await database.write(lambda connection: inbox.put(connection, BOT, rows, None))


@asynccontextmanager
async def working(database: Database, handle: Handle, *, lanes: int = 16) -> AsyncIterator[Dispatch]:
    """A dispatch at work, with one handler."""

    async def run(_update: Update, _context: Context) -> None:
        await handle(current.get())

    async def rescue(_turn: Turn) -> None:
        return None

    async with Server(World(TOKEN)) as server:
        gateway = Gateway(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot")
        contexts = ContextTypes(context=Context)
        application: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(gateway.bot).updater(None).job_queue(None).context_types(contexts).build()
        )
        await gateway.start()
        await application.initialize()
        application.add_handler(TypeHandler(Update, run))
        application.add_error_handler(failures.note)
        dispatch = Dispatch(
            application,
            database,
            rescue=rescue,
            committed=lambda: None,
            lanes=lanes,
            inflight=INFLIGHT,
            attempts=5,
        )
        task = asyncio.create_task(dispatch.run())
        yield dispatch
        task.cancel()
        await asyncio.wait([task])
        await gateway.stop()


class Seen:
    """What was handled, in order; whoever waits for some of it is woken."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self._news = asyncio.Event()

    def add(self, turn: Turn) -> None:
        """Note that an update was handled."""
        self.numbers.append(turn.row.update_id)
        self._news.set()

    async def until(self, *wanted: int) -> None:
        """Wait until these were handled."""
        async with asyncio.timeout(PATIENCE):
            while not set(wanted) <= set(self.numbers):
                self._news.clear()
                await self._news.wait()


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        pytest.param(update(1, -5, text="/ban"), inbox.QUICK, id="a command"),
        pytest.param(update(1, -5, text="look, @Admin!"), inbox.QUICK, id="a call"),
        pytest.param(update(1, -5, migrate_to_chat_id=-6), inbox.QUICK, id="a move"),
        pytest.param({"update_id": 1, "callback_query": {"message": photo(1, -5)["message"]}}, inbox.QUICK, id="press"),
        pytest.param({"update_id": 1, "chat_member": {"chat": {"id": -5}}}, inbox.QUICK, id="a right"),
        pytest.param({"update_id": 1, "message": PRIVATE}, inbox.QUICK, id="in private"),
        pytest.param(photo(1, -5), inbox.MEDIA, id="a photo"),
        pytest.param({"update_id": 1, "hologram": photo(1, -5)["message"]}, inbox.MEDIA, id="media of a new kind"),
        pytest.param(update(1, -5, text="/report", reply_to_message=photo(2, -5)["message"]), inbox.QUICK, id="reply"),
        pytest.param(update(1, -5, text="hello"), inbox.WORDS, id="words"),
        pytest.param({"update_id": 1, "message": 5}, inbox.WORDS, id="nonsense"),
    ],
)
def test_what_people_ask_for_has_a_line_of_its_own(raw: Json, line: int) -> None:
    """Commands, presses and rights wait in one line, posts with media in another, all other words in a third."""
    assert line_of(raw) == line


async def test_media_that_hang_keep_nobody_from_commanding(database: Database) -> None:
    """While the pictures of forty chats cannot be judged, commands, words and other chats' are handled."""
    seen, never = Seen(), asyncio.Event()

    async def handle(turn: Turn) -> None:
        if turn.row.line == inbox.MEDIA and turn.row.chat_id > -40:
            await never.wait()
        seen.add(turn)

    await put(database, *(photo(chat * 100 + one, -chat) for chat in range(1, 40) for one in range(20)))
    asked = [update(10_000 + chat, -chat, text="/help") for chat in range(1, 40)]
    words = [update(20_000 + chat, -chat, text="hello") for chat in range(1, 40)]
    async with working(database, handle) as dispatch:
        await put(database, *asked, *words, photo(30_000, -50))
        dispatch.wake()
        await seen.until(*(one["update_id"] for one in [*asked, *words]), 30_000)


async def test_a_flood_delays_its_own_chat_only(database: Database) -> None:
    """Behind thousands of one chat's words another's come in turn, in order in each, a bounded part in memory."""
    seen, most = Seen(), 0

    async def handle(turn: Turn) -> None:
        nonlocal most
        most = max(most, sum(feed._count for feed in feeds))
        seen.add(turn)

    flood = [update(number, -1, text="x") for number in range(1, 1501)]
    await put(database, *flood, *(update(5000 + number, -2, text="y") for number in range(5)))
    async with working(database, handle) as dispatch:
        feeds = dispatch._feeds.values()
        await seen.until(*range(5000, 5005))
        before = len(seen.numbers)
        await seen.until(1500)
    assert before < 300
    assert most <= INFLIGHT
    assert [number for number in seen.numbers if number < 5000] == list(range(1, 1501))
    assert [number for number in seen.numbers if number >= 5000] == list(range(5000, 5005))


async def test_every_chat_of_many_is_served(database: Database) -> None:
    """More chats than fit into memory together are all served, each as often as it asks."""
    seen = Seen()

    async def handle(turn: Turn) -> None:
        seen.add(turn)

    await put(database, *(update(number, -1 - number % 400, text="/x") for number in range(1, 801)))
    async with working(database, handle):
        await seen.until(*range(1, 801))
    assert Counter(seen.numbers).most_common(1)[0][1] == 1


async def test_telegrams_silence_holds_no_worker(database: Database) -> None:
    """An update that waits for Telegram holds its chat, and none of the workers that others need."""
    seen = Seen()

    async def handle(turn: Turn) -> None:
        if turn.row.chat_id == -1:
            raise Unreachable("Bad Gateway")
        seen.add(turn)

    await put(database, *(update(number, -1, text="x") for number in range(1, 5)), update(9, -2, text="y"))
    async with working(database, handle, lanes=1):
        await seen.until(9)
    assert seen.numbers == [9]


async def test_a_huge_update_is_handled_alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than all that a line may hold is handled all the same, when nothing else is held."""
    monkeypatch.setattr("bot.telegram.feed.CHARACTERS", 2000)
    seen = Seen()

    async def handle(turn: Turn) -> None:
        assert feed._characters <= max(2000, len(turn.row.payload))
        seen.add(turn)

    await put(database, *(update(number, -number % 7, text="x" * 900 * (number % 4)) for number in range(1, 60)))
    async with working(database, handle) as dispatch:
        feed = dispatch._feeds[inbox.WORDS]
        await seen.until(*range(1, 60))


async def test_a_deep_backlog_is_not_read_to_be_looked_at(database: Database) -> None:
    """Choosing, counting and the age of the oldest come from the index of what waits, whatever lies in the table."""
    await put(database, update(1, -1, text="x"), update(2, -2, text="y"))
    chats, heads = str(inbox._CHATS), inbox._HEADS.format(asked="(-1), (-2)")
    given = {"bot": BOT, "line": inbox.WORDS, "after": -99, "most": 5, "last": 9}
    plans: list[str] = []
    async with database.read() as connection:
        for query in (chats, heads, str(inbox._WAITING), str(inbox._BURIED)):
            known = {name: value for name, value in given.items() if f":{name}" in query}
            found = await connection.execute(text(f"explain query plan {query}"), known)
            plans += [row.detail for row in found if row.detail.split()[1:2] in (["inbox"], ["i"], ["j"])]
        assert await inbox.chats(connection, BOT, inbox.WORDS, after=-99, most=5) == [-2, -1]
        assert await inbox.chats(connection, BOT, inbox.WORDS, after=-2, most=5) == [-1]
        found_heads = await inbox.heads(connection, BOT, inbox.WORDS, [-1, -2, -3], each=9)
        assert [head.update_id for head in found_heads] == [2, 1]
    assert len(plans) >= 6
    assert all(plan.startswith("SEARCH") and "USING COVERING INDEX ix_inbox_" in plan for plan in plans), plans


async def test_what_was_stored_raw_is_buried_after_its_media_were_looked_at(database: Database) -> None:
    """A payload that is no JSON reaches the rescue as far as it can be read, and is set aside with its error."""
    raw = '{"update_id":7,"message":{"chat":{"id":-1},"message_id":2,"photo":[{"file_id":"f","file_unique_id":"u"'
    await database.write(lambda connection: inbox.put(connection, BOT, [inbox.Arrival(7, -1, inbox.MEDIA, raw)], 8))
    rescued: list[Json] = []

    async def handle(_turn: Turn) -> None:
        raise AssertionError("no handler understands it")

    async def rescue(turn: Turn) -> None:
        rescued.append(turn.raw)

    async with working(database, handle) as dispatch:
        dispatch._rescue = rescue
        async with asyncio.timeout(PATIENCE):
            while True:
                async with database.read() as connection:
                    depth = await inbox.depth(connection, BOT)
                if depth.buried:
                    break
                await asyncio.sleep(0.02)
    assert [one["message"]["photo"] for one in rescued] == [[{"file_id": "f", "file_unique_id": "u"}]]


async def test_a_row_that_ends_during_a_look_is_not_taken_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done and released after a look at the queue has begun is not put to work a second time by it."""
    taken: list[inbox.Row] = []
    line = line_of(update(1, -1))
    feed = Feed(database, line, room=8, each=4, put=taken.append)
    await put(database, update(1, -1), update(2, -1))
    await feed._go_round(BOT)
    look = inbox.heads

    async def slow(*args: Any, **options: Any) -> list[inbox.Head]:
        found = await look(*args, **options)
        await database.write(lambda connection: inbox.finish(connection, BOT, [1]))
        feed.release(taken[0])
        return found

    monkeypatch.setattr(inbox, "heads", slow)
    await feed._go_round(BOT)
    assert [row.update_id for row in taken] == [1, 2]
