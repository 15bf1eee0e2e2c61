"""The feed of the lists over a real database: what is in memory is what is stored, from the file or from the rows."""

from __future__ import annotations

import asyncio
import random
import shutil
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.lists import saved, sync
from bot.lists.sync import ListFeed
from bot.matching import loose
from bot.matching.matcher import Matcher
from bot.matching.origins import Origin
from bot.model import ListKind, SignalKind, Trust
from bot.sandbox.client import PATIENCE
from bot.store import anchors, entries
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.store.schema import upgrade

State = dict[int, tuple[bytes, Origin | None]]
SIZES = {SignalKind.PDQ: 32, SignalKind.PHASH: 8, SignalKind.MD5: 16, SignalKind.SHA256: 32, SignalKind.FILE: 20}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written for lists of any size."""
    monkeypatch.setattr(sync, "SAVE_FROM", 1)


def state(matcher: Matcher) -> State:
    """Every entry in memory, with its value and where it stands."""
    held = matcher.entries
    values = held.sample(1_000_000)
    assert sorted(values) == sorted(held.ids().tolist())
    return {entry_id: (value, held.origin(entry_id)) for entry_id, value in values.items()}


async def stored(database: Database) -> State:
    """Every entry in the database."""
    async with database.read() as connection:
        rows = await connection.execute(text("select id, list_id, kind, value, category from entries"))
        return {row.id: (row.value, Origin(row.list_id, SignalKind(row.kind), row.category)) for row in rows}


async def make(database: Database, name: str, count: int, seed: int = 0) -> int:
    """A list with `count` entries of each kind; its id."""
    chance = random.Random(f"{name}{seed}")  # noqa: S311 - an example
    rows = [
        NewEntry(kind, chance.randbytes(size), category=chance.choice(["", "a", "b"]))
        for kind, size in SIZES.items()
        for _ in range(count)
    ]
    list_id = await database.write(
        lambda connection: entries.ensure_list(connection, name, kind=ListKind.BLOCK, trust=Trust.BAN)
    )
    await database.write(lambda connection: entries.add(connection, list_id, rows))
    return list_id


async def remove(database: Database, list_id: int, count: int) -> None:
    """Take the first `count` entries off a list."""
    async with database.read() as connection:
        rows = await connection.execute(text(f"select kind, value from entries where list_id={list_id} limit {count}"))  # noqa: S608 - numbers
        gone = [(SignalKind(row.kind), row.value) for row in rows]
    await database.write(lambda connection: entries.remove(connection, list_id, gone))


async def loaded(database: Database, folder: Path | None) -> tuple[ListFeed, Matcher, list[str]]:
    """A feed that has loaded, its matcher, and the events that it logged."""
    matcher = Matcher()
    feed = ListFeed(database, matcher, folder)
    with capture_logs() as logs:
        await feed.load()
    return feed, matcher, [f"{one['event']} {one.get('reason', one.get('saved'))}" for one in logs]


async def save(database: Database, folder: Path) -> None:
    """Load everything and write the file."""
    feed, _, _ = await loaded(database, folder)
    await feed.tidy()
    await feed.saved()


async def test_the_file_holds_what_the_database_holds(database: Database, tmp_path: Path) -> None:
    """A start with the file knows every entry of every kind, and where it stands, without reading the rows."""
    await make(database, "one", 50)
    await make(database, "two", 30)
    await save(database, tmp_path / "index")
    _, matcher, logged = await loaded(database, tmp_path / "index")
    assert logged == ["lists.loaded True"]
    assert state(matcher) == await stored(database)
    assert set(matcher.stats()) == {1, 2}


@pytest.mark.parametrize("seed", range(12))
async def test_what_changed_since_is_applied(database: Database, tmp_path: Path, seed: int) -> None:
    """Whatever was added, removed and dropped between save and start, in any order, memory is what the rows are."""
    chance = random.Random(seed)  # noqa: S311 - an example
    ids = [await make(database, name, 6) for name in ("one", "two", "three")]
    await save(database, tmp_path / "index")
    follower, followed, _ = await loaded(database, None)
    for step in range(chance.randint(1, 8)):
        list_id = chance.choice(ids)
        match chance.choice(["add", "remove", "drop", "again", "follow"]):
            case "add":
                await make(database, chance.choice(["one", "two", "four"]), 2, step)
            case "remove":
                await remove(database, list_id, chance.randint(1, 4))
            case "drop":
                await database.write(partial(entries.drop, list_id=list_id))
            case "again":  # a dropped list's id may be given to the next list
                await database.write(partial(entries.drop, list_id=list_id))
                ids.append(await make(database, f"again {step}", 3, step))
            case _:
                await follower.follow()
    await follower.follow()
    _, matcher, logged = await loaded(database, tmp_path / "index")
    assert logged == ["lists.loaded True"]
    assert state(matcher) == state(followed) == await stored(database)
    async with database.read() as connection:
        assert {one.id for one in await entries.all_lists(connection)} <= set(matcher.stats())


def _flip(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)


def _of_another_version(path: Path) -> None:
    about, dump = saved.read(path.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saved, "VERSION", 999)
        saved.write(path.parent, about, dump)


def _without_parts(path: Path) -> None:
    about, dump = saved.read(path.parent)
    saved.write(path.parent, about, dump._replace(facts={}))


def _without_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1_000])


def _without_most(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_flip, "damaged"),
        (_without_end, "ends before"),
        (_without_most, "header is damaged"),
        (lambda path: path.write_bytes(b""), "not an index file"),
        (lambda path: path.write_bytes(b"PK" * 5_000), "not an index file"),
        (_of_another_version, "version 999"),
        (_without_parts, "KeyError"),
    ],
)
async def test_a_bad_file_is_made_anew(
    database: Database, tmp_path: Path, harm: Callable[[Path], None], reason: str
) -> None:
    """A damaged, cut or foreign file is left aside with a line in the log, rows are read, and a good one follows."""
    await make(database, "one", 40)
    folder = tmp_path / "index"
    await save(database, folder)
    harm(folder / saved.NAME)
    feed, matcher, logged = await loaded(database, folder)
    assert logged[0].startswith("lists.index_ignored")
    assert reason in logged[0]
    assert logged[1:] == ["lists.loaded False"]
    assert state(matcher) == await stored(database)
    await feed.tidy()
    await feed.saved()
    assert (await loaded(database, folder))[2] == ["lists.loaded True"]


async def test_a_file_that_fails_late_is_made_anew(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is given up after it was taken over, for whatever reason, does not count as saved."""
    await make(database, "one", 40)
    folder = tmp_path / "index"
    await save(database, folder)

    async def fail(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(anchors, "totals", fail)
    feed, matcher, logged = await loaded(database, folder)
    assert logged == ["lists.index_ignored <class 'ValueError'>", "lists.loaded False"]
    assert state(matcher) == await stored(database)
    (folder / saved.NAME).unlink()
    await feed.tidy()
    await feed.saved()
    assert (folder / saved.NAME).exists()


async def test_a_file_of_another_database_is_left_aside(database: Database, tmp_path: Path) -> None:
    """A file that was made of another database is not believed, though its history looks the same."""
    other = Database(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    await upgrade(other)
    await other.start()
    await make(other, "one", 20)
    await save(other, tmp_path / "other")
    await other.stop()
    await make(database, "one", 20, seed=1)
    await save(database, tmp_path / "index")
    shutil.copy(tmp_path / "other" / saved.NAME, tmp_path / "index" / saved.NAME)
    _, matcher, logged = await loaded(database, tmp_path / "index")
    assert logged[0] == "lists.index_ignored it is of another database"
    assert state(matcher) == await stored(database)


async def test_a_restored_backup_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the database is put back to an older copy and goes another way, the file of the first way is left aside."""
    monkeypatch.setattr(sync, "SAVE_CHANGES", 1)
    path, folder = tmp_path / "haechi.db", tmp_path / "index"

    async def life(name: str, count: int, seed: int, *, saves: bool) -> tuple[State, State, list[str]]:
        opened = Database(f"sqlite+aiosqlite:///{path}")
        await upgrade(opened)
        await opened.start()
        await make(opened, name, count, seed)
        _, matcher, logged = await loaded(opened, folder)
        if saves:
            await save(opened, folder)
        found = state(matcher), await stored(opened), logged
        await opened.stop()
        return found

    await life("one", 20, 1, saves=True)
    shutil.copy(path, tmp_path / "backup.db")
    await life("two", 5, 2, saves=True)
    shutil.copy(tmp_path / "backup.db", path)
    held, rows, logged = await life("two", 5, 3, saves=False)
    assert logged[0] == "lists.index_ignored the database holds other entries"
    assert held == rows


async def test_rows_changed_behind_the_feed_are_noticed(database: Database, tmp_path: Path) -> None:
    """Entries that were taken away without the feed being told are not matched from the file."""
    await make(database, "one", 20)
    await save(database, tmp_path / "index")
    await database.write(lambda connection: connection.execute(text("delete from entries where id % 7 = 0")))
    _, matcher, logged = await loaded(database, tmp_path / "index")
    assert logged[0] == "lists.index_ignored the database holds other entries"
    assert state(matcher) == await stored(database)


async def test_a_change_while_the_file_is_written_is_kept(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is added and removed while the file is being written is seen at once, and after the next start."""
    list_id = await make(database, "one", 20)
    feed, matcher, _ = await loaded(database, tmp_path / "index")
    may_write, loop, write = asyncio.Event(), asyncio.get_running_loop(), saved.write

    def slowly(*arguments: object) -> None:
        asyncio.run_coroutine_threadsafe(may_write.wait(), loop).result()
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(saved, "write", slowly)
    await feed.save()
    await make(database, "two", 3)
    await remove(database, list_id, 5)
    await feed.follow()
    assert state(matcher) == await stored(database)
    may_write.set()
    await feed.saved()
    _, later, logged = await loaded(database, tmp_path / "index")
    assert logged == ["lists.loaded True"]
    assert state(later) == await stored(database)


async def test_the_file_is_its_owners_alone(database: Database, tmp_path: Path) -> None:
    """Hashes are in the file: nobody else may read it, nor look into its folder, and nothing else is left there."""
    await make(database, "one", 5)
    await save(database, tmp_path / "index")
    assert [path.name for path in (tmp_path / "index").iterdir()] == [saved.NAME]
    assert stat.S_IMODE((tmp_path / "index" / saved.NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "index").stat().st_mode) == 0o700


async def test_a_folder_that_takes_nothing_only_costs_time(database: Database, tmp_path: Path) -> None:
    """Where the file cannot be written the log says so, and everything else goes on."""
    (tmp_path / "index").write_text("in the way")
    await make(database, "one", 5)
    feed, matcher, _ = await loaded(database, tmp_path / "index")
    with capture_logs() as logs:
        await feed.tidy()
        await feed.saved()
    assert [one["event"] for one in logs] == ["lists.index_not_saved"]
    assert state(matcher) == await stored(database)


async def test_few_entries_are_not_saved(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the number from which it pays, no file is written."""
    monkeypatch.setattr(sync, "SAVE_FROM", 1_000)
    await make(database, "one", 5)
    await save(database, tmp_path / "index")
    assert not (tmp_path / "index").exists()


async def test_a_dropped_list_leaves_the_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hashes of a dropped list are out of the file at the next look, and without enough others the file goes."""
    folder = tmp_path / "index"
    first, second = await make(database, "one", 2), await make(database, "two", 60)  # too few for a compaction
    feed, matcher, _ = await loaded(database, folder)
    await feed.tidy()
    await feed.saved()
    gone = [value for value, origin in state(matcher).values() if origin and origin.list_id == first]
    assert all(value in (folder / saved.NAME).read_bytes() for value in gone)
    await database.write(partial(entries.drop, list_id=first))
    await feed.follow()
    await feed.tidy()
    await feed.saved()
    assert not any(value in (folder / saved.NAME).read_bytes() for value in gone)
    monkeypatch.setattr(sync, "SAVE_FROM", 1_000)
    await database.write(partial(entries.drop, list_id=second))
    await feed.follow()
    await feed.tidy()
    assert not (folder / saved.NAME).exists()


async def test_many_changes_are_saved_anew(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once enough has changed the file is written again, so that the next start has little to apply."""
    monkeypatch.setattr(sync, "SAVE_CHANGES", 5)
    list_id = await make(database, "one", 20)
    feed, _, _ = await loaded(database, tmp_path / "index")
    await feed.tidy()
    await feed.saved()
    before = saved.read(tmp_path / "index")[0]["seq"]
    await remove(database, list_id, 6)
    await feed.follow()
    await feed.tidy()
    await feed.saved()
    assert saved.read(tmp_path / "index")[0]["seq"] == before + 6


async def test_what_comes_after_an_early_load_is_there_when_ready(database: Database) -> None:
    """A feed that began to load ahead of time is ready only with what was listed until it runs."""
    await make(database, "one", 5)
    matcher = Matcher()
    feed = ListFeed(database, matcher)
    feed.begin()
    await _until(lambda: len(matcher.entries) == 25)
    list_id = await make(database, "two", 5)
    running = asyncio.create_task(feed.run())
    await feed.ready.wait()
    assert len(matcher.entries) == 50
    assert list_id in matcher.stats()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_an_early_load_can_be_given_up(database: Database) -> None:
    """A feed that began to load and never runs ends at once when told to, however often."""
    await make(database, "one", 5)
    feed = ListFeed(database, Matcher())
    await feed.stop()
    feed.begin()
    await feed.stop()
    await feed.stop()
    assert not feed.ready.is_set()


async def test_a_running_feed_sees_every_change(database: Database, tmp_path: Path) -> None:
    """A list that another process fills is matched, and forgotten, while the feed runs."""
    await make(database, "one", 5)
    matcher = Matcher()
    feed = ListFeed(database, matcher, tmp_path / "index")
    running = asyncio.create_task(feed.run())
    await feed.ready.wait()
    list_id = await make(database, "two", 5)
    await _until(lambda: list_id in matcher.stats() and len(matcher.entries) == 50)
    await database.write(lambda connection: entries.drop(connection, list_id))
    await _until(lambda: len(matcher.entries) == 25)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await feed.saved()
    assert (await loaded(database, tmp_path / "index"))[2] == ["lists.loaded True"]


@pytest.mark.parametrize(
    ("room", "work"), [(Matcher, "compact"), (loose, "prepare"), (saved, "write"), (saved, "read")]
)
def test_a_stop_waits_for_no_long_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: object, work: str
) -> None:
    """A process whose lists are being merged, compiled, saved or read, minutes with long ones, ends all the same."""
    monkeypatch.setattr(sync, "COMPILE_FROM", 1)
    monkeypatch.setattr(sync, "COMPILE_AFTER", 0.0)
    has_begun, may_end = threading.Event(), threading.Event()

    def endlessly(*_: object) -> None:
        has_begun.set()
        may_end.wait()
        raise OSError("nobody hears this")

    async def life() -> None:
        opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'haechi.db'}")
        await upgrade(opened)
        await opened.start()
        await make(opened, "one", 5)
        feed = ListFeed(opened, Matcher(), tmp_path / "index")
        running = asyncio.create_task(feed.run())
        await _until(has_begun.is_set)
        running.cancel()
        await asyncio.wait([running])
        await opened.stop()

    monkeypatch.setattr(room, work, endlessly)
    process = threading.Thread(target=asyncio.run, args=(life(),), daemon=True)
    process.start()
    process.join(PATIENCE)
    is_over = not process.is_alive()
    may_end.set()
    assert has_begun.is_set()
    assert is_over


async def test_what_waits_at_a_start_is_judged_before_the_look_up_is_compiled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling, which takes the interpreter for seconds, begins a while after the lists are ready; changes go on."""
    monkeypatch.setattr(sync, "COMPILE_FROM", 1)
    monkeypatch.setattr(sync, "COMPILE_AFTER", 2 * PATIENCE)
    monkeypatch.setattr(loose, "prepare", lambda: pytest.fail("too early"))
    await make(database, "one", 5)
    feed = ListFeed(database, matcher := Matcher())
    running = asyncio.create_task(feed.run())
    async with asyncio.timeout(PATIENCE):
        await feed.ready.wait()
        await make(database, "two", 5)
        while len(matcher.entries) < 10:  # noqa: ASYNC110 - the feed looks now and then
            await asyncio.sleep(0.02)
    assert feed._compiling is not None
    assert not feed._compiling.done()
    running.cancel()
    feed._compiling.cancel()
    await asyncio.wait([running, feed._compiling])


async def test_a_write_that_was_cut_off_counts_for_nothing(database: Database, tmp_path: Path) -> None:
    """What a stop left of a file half written is never read, and is gone after the next start: hashes are in it."""
    folder = tmp_path / "index"
    await make(database, "one", 20)
    await save(database, folder)
    (folder / f"{saved.NAME}.new").write_bytes((folder / saved.NAME).read_bytes()[:-500])
    _, matcher, logged = await loaded(database, folder)
    assert logged == ["lists.loaded True"]
    assert state(matcher) == await stored(database)
    assert [path.name for path in folder.iterdir()] == [saved.NAME]


async def _until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 - the feed tells nobody
            await asyncio.sleep(0.01)
