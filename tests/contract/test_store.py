"""The store over a real database: durable, private, all or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.calls import CARD, CHATTER, say
from bot.errors import StoreBusy, StoreError
from bot.model import ListKind, SignalKind, Trust
from bot.outcome import Call
from bot.store import cases, chats, entries, inbox, outbox
from bot.store.db import Database, Write
from bot.store.entries import NewEntry
from bot.store.schema import upgrade
from bot.store.tables import meta, metadata
from tests.contract import arrivals
from tests.running import TOKEN, haechi

BOT = 4242


def put_meta(key: str, value: str = "x") -> Write[str]:
    """A write that adds one row."""

    async def write(connection: AsyncConnection) -> str:
        await connection.execute(meta.insert().values(key=key, value=value))
        return key

    return write


async def keys(database: Database) -> set[str]:
    """All keys of the table that `put_meta` writes to."""
    async with database.read() as connection:
        return set(await connection.scalars(select(meta.c.key)))


async def test_the_schema_is_what_the_tables_say(database: Database) -> None:
    """Running every migration gives exactly the tables of the code."""

    def differences(connection: object) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))  # type: ignore[arg-type]

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_acknowledged_write_is_durable(database: Database) -> None:
    """The database syncs every commit to disk, in WAL mode."""
    async with database.writer.connect() as connection:
        assert await connection.scalar(text("pragma synchronous")) == 2
        assert await connection.scalar(text("pragma journal_mode")) == "wal"
        assert await connection.scalar(text("pragma secure_delete")) == 1


async def test_the_file_is_private(database: Database) -> None:
    """Hashes and reports are in the database: only its owner may read it."""
    path = database.path
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_writes_that_wait_share_a_commit(database: Database) -> None:
    """Forty writes at once cost one or two commits, not forty: each is an fsync."""
    commits: list[object] = []
    event.listen(database.writer.sync_engine, "commit", commits.append)
    names = [str(number) for number in range(40)]
    assert await asyncio.gather(*(database.write(put_meta(name)) for name in names)) == names
    assert 1 <= len(commits) <= 2


async def test_a_busy_event_loop_keeps_no_write_waiting(database: Database) -> None:
    """A write that was asked for becomes durable however long the event loop is at something else."""
    writing = asyncio.create_task(database.write(put_meta("meanwhile")))
    for _ in range(2):  # it is asked for, and handed over
        await asyncio.sleep(0)
    with contextlib.closing(sqlite3.connect(database.path or "")) as other:
        until = time.monotonic() + 60
        while not other.execute("select 1 from meta where key = 'meanwhile'").fetchone():
            assert time.monotonic() < until
            time.sleep(0.01)  # noqa: ASYNC251 - the loop does nothing else: that is the point
    assert not writing.done()
    assert await writing == "meanwhile"


async def test_what_is_read_together_is_one_state(database: Database) -> None:
    """Statements of one reading see the same state, whatever is written between them; the next reading sees that."""
    await database.write(put_meta("before"))
    async with database.read() as connection:
        assert set(await connection.scalars(select(meta.c.key))) == {"before"}
        await database.write(put_meta("after"))
        assert set(await connection.scalars(select(meta.c.key))) == {"before"}
    assert await keys(database) == {"before", "after"}


async def test_who_has_read_is_in_nobodys_way(database: Database) -> None:
    """When a reading ends it holds no old state: the log of the database can be emptied at once."""
    for name in ("a", "b"):
        await database.write(put_meta(name))
        await keys(database)
        assert await database.truncate_log()


async def test_a_reading_that_is_given_up_spoils_no_other(database: Database) -> None:
    """Whoever stops waiting for a long statement leaves a pool behind that answers rightly."""
    await database.write(put_meta("a"))
    long = "with recursive c(x) as (select 1 union all select x + 1 from c limit 1000000) select count(*) from c"
    for _ in range(6):  # more than the pool has connections
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), database.read() as connection:
                await connection.scalar(text(long))
    assert await keys(database) == {"a"}
    await database.write(put_meta("b"))
    assert await keys(database) == {"a", "b"}


async def test_one_failing_write_takes_no_other_with_it(database: Database) -> None:
    """Writes that share a commit fail each on its own."""

    async def bad(connection: AsyncConnection) -> None:
        await connection.execute(meta.insert().values(key="half", value="x"))
        raise ValueError("no")

    jobs = [database.write(put_meta("a")), database.write(bad), database.write(put_meta("b"))]
    results: list[object] = list(await asyncio.gather(*jobs, return_exceptions=True))
    assert results[0] == "a"
    assert isinstance(results[1], ValueError)
    assert results[2] == "b"
    assert await keys(database) == {"a", "b"}


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
async def test_an_answer_of_any_length_arrives_whole(database: Database, count: int) -> None:
    """However many rows a statement answers with, each comes once, all at a time or streamed."""
    rows = [{"key": f"{number:04}", "value": "x"} for number in range(count)]

    async def write(connection: AsyncConnection) -> None:
        if rows:
            await connection.execute(meta.insert(), rows)

    await database.write(write)
    query = select(meta.c.key).order_by(meta.c.key)
    async with database.read() as connection:
        assert list(await connection.scalars(query)) == [row["key"] for row in rows]
        streamed = await connection.stream_scalars(query.execution_options(yield_per=100))
        assert [key async for key in streamed] == [row["key"] for row in rows]


async def test_a_locked_database_is_tried_again(database: Database) -> None:
    """While another process holds the database, a write waits and then succeeds."""
    other = sqlite3.connect(database.path or "", isolation_level=None, timeout=0)
    other.execute("begin immediate")
    waiting = asyncio.create_task(database.write(put_meta("late")))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    other.execute("rollback")
    other.close()
    assert await waiting == "late"


async def test_a_database_that_stays_full_is_an_error(tmp_path: Path) -> None:
    """A disk that stays full ends in an error that says so, and nothing of the write is kept."""
    full = Database(f"sqlite+aiosqlite:///{tmp_path / 'full.db'}", busy_seconds=0.5)
    await upgrade(full)
    async with full.writer.connect() as connection:
        pages = await connection.scalar(text("pragma page_count"))
        await connection.execute(text(f"pragma max_page_count={pages}"))
    await full.start()
    with pytest.raises(StoreBusy, match="full"):
        await full.write(put_meta("big", "x" * 1_000_000))
    assert await keys(full) == set()
    await full.stop()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A database that cannot be created is one clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"store\.url"):
        Database(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'x.db'}")


async def test_updates_and_offset_are_stored_together(database: Database) -> None:
    """What the offset acknowledges is in the inbox, and a repeated update is kept once."""
    updates = [{"update_id": number, "message": {"chat": {"id": -5}}} for number in (3, 4)]
    for _ in range(2):
        await database.write(lambda connection: arrivals.put(connection, BOT, *updates))
    async with database.read() as connection:
        assert await inbox.offset(connection, BOT) == 5
        rows = await arrivals.pending(connection, BOT)
        assert [(row.update_id, row.chat_id) for row in rows] == [(3, -5), (4, -5)]


async def test_an_update_is_buried_at_the_last_try(database: Database) -> None:
    """A row that keeps failing is set aside with its error after the configured number of tries."""
    await database.write(lambda connection: arrivals.put(connection, BOT, {"update_id": 1}))
    row = inbox.Row(BOT, 1, 0, "{}")
    assert not await database.write(lambda connection: inbox.fail(connection, row, "first", attempts=2))
    again = inbox.Row(BOT, 1, 0, "{}", attempts=1)
    assert await database.write(lambda connection: inbox.fail(connection, again, "second", attempts=2))
    async with database.read() as connection:
        assert await arrivals.pending(connection, BOT) == []
        assert (await inbox.depth(connection, BOT)).buried == 1


def call(key: str, chat_id: int, rank: int) -> Call:
    """A call that waits."""
    return Call(key, "sendMessage", {"chat_id": chat_id}, chat_id, rank)


async def test_deletes_go_before_words_and_chats_take_turns(database: Database) -> None:
    """Of each chat the lowest rank comes first, and a chat that is being served waits."""
    calls = [call("a", -1, CHATTER), call("b", -1, 0), call("c", -2, CARD)]
    await database.write(lambda connection: outbox.put(connection, calls))
    await database.write(lambda connection: outbox.put(connection, calls))
    async with database.read() as connection:
        assert [row.key for row in await outbox.due(connection, 10)] == ["b", "c"]
        assert [row.key for row in await outbox.due(connection, 10, ceilings={-1: 0})] == ["c"]


async def test_a_flood_pause_holds_its_chat_only(database: Database) -> None:
    """Telegram's 429 stops the chat that it is for, and no other."""
    calls = [call("a", -1, 0), call("b", -1, CHATTER), call("c", -2, CARD)]
    await database.write(lambda connection: outbox.put(connection, calls))
    async with database.read() as connection:
        first = (await outbox.due(connection, 1))[0]
    await database.write(lambda connection: outbox.pause(connection, first.chat_id, first.rank, time.time() + 60))
    async with database.read() as connection:
        assert [row.key for row in await outbox.due(connection, 10)] == ["c"]


async def test_an_entry_shows_up_in_the_feed(database: Database) -> None:
    """Whatever changes a list, in whichever process, is there to be read in order by those who follow."""
    value = NewEntry(SignalKind.PDQ, bytes(range(32)))

    async def write(connection: AsyncConnection) -> tuple[int, int, int]:
        list_id = await entries.ensure_list(connection, "one", kind=ListKind.BLOCK, trust=Trust.BAN)
        first = await entries.add(connection, list_id, [value, value])
        second = await entries.add(connection, list_id, [value])
        await entries.remove(connection, list_id, [(value.kind, value.value)])
        return list_id, first, second

    list_id, first, second = await database.write(write)
    assert (first, second) == (1, 0)
    async with database.read() as connection:
        changes = await entries.changes(connection, 0)
        assert [(change.change, change.list_id) for change in changes] == [
            ("list", list_id),
            ("added", list_id),
            ("removed", list_id),
        ]
        assert await entries.changes(connection, changes[-1].seq) == []


async def test_one_incident_is_one_case_and_one_strike(database: Database) -> None:
    """However often an incident is judged, it has one case and costs one strike."""

    async def write(connection: AsyncConnection) -> tuple[bool, bool]:
        facts = {"chat_id": -1, "incident": "album:9", "kind": "match", "sender_kind": "user", "sender_id": 7}
        case, is_new = await cases.open_case(connection, **facts)
        is_struck = await cases.strike(
            connection, chat_id=-1, sender_id=7, incident="album:9", case_id=case.id, seconds=60
        )
        return is_new, is_struck

    assert await database.write(write) == (True, True)
    assert await database.write(write) == (False, False)
    async with database.read() as connection:
        assert await cases.active_strikes(connection, -1, 7) == 1
        assert await cases.active_strikes(connection, -1, 7, but="album:9") == 0


async def test_a_group_takes_everything_along_when_it_becomes_a_supergroup(database: Database) -> None:
    """Settings, cases, strikes and waiting calls follow a migration."""

    async def write(connection: AsyncConnection) -> None:
        await chats.meet(connection, -1, type="group", preset="watch", language="ko")
        await chats.meet(connection, -9, type="supergroup", log_chat_id=-1)
        facts = {"chat_id": -1, "incident": "message:1", "kind": "match", "sender_kind": "user", "sender_id": 7}
        case, _ = await cases.open_case(connection, **facts)
        await cases.strike(connection, chat_id=-1, sender_id=7, incident="message:1", case_id=case.id, seconds=60)
        await outbox.put(connection, [say("words", -1, "hello", rank=CARD)])
        await outbox.retarget(connection, -1, -100)
        await chats.migrate(connection, -1, -100)

    await database.write(write)
    async with database.read() as connection:
        settings = await chats.settings(connection, -100)
        assert (settings.preset, settings.language) == ("watch", "ko")
        assert (await chats.settings(connection, -9)).log_chat_id == -100
        assert await cases.active_strikes(connection, -100, 7) == 1
        waiting = await outbox.due(connection, 5)
        assert [(row.chat_id, row.args["chat_id"]) for row in waiting] == [(-100, -100)]


async def test_a_server_without_its_driver_is_one_clear_line(tmp_path: Path) -> None:
    """PostgreSQL, whose driver is not shipped, ends every command in a line that names the key and what is expected."""
    words = "haechi: store.url: PostgreSQL needs the driver asyncpg, which is not shipped: expected "
    server = {"HAECHI_STORE__URL": "postgresql+asyncpg://haechi:sesame@127.0.0.1/haechi"}
    for command in (("run",), ("lists", "show")):
        code, _, err = await haechi(tmp_path, *command, HAECHI_TELEGRAM__TOKEN=TOKEN, **server)
        assert (code, err) == (2, f"{words}sqlite+aiosqlite:///PATH, or nothing\n")
    code, out, _ = await haechi(tmp_path, "doctor", HAECHI_TELEGRAM__TOKEN="", **server)
    assert code == 1
    assert "store.url: PostgreSQL needs the driver asyncpg" in out
