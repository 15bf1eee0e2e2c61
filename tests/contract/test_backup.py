"""Backup and restore of a real database: whole, private, in one step, and never onto a running bot."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.calls import CARD, DELETE, RECEIPT
from bot.errors import UserError
from bot.outcome import Call
from bot.store import backup, lock, outbox
from bot.store.db import Database
from bot.store.schema import revisions
from bot.store.tables import meta


def ask(file: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask a database file something, without changing it."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def mode(file: Path) -> int:
    """A file's permissions."""
    return stat.S_IMODE(file.stat().st_mode)


def names(folder: Path) -> set[str]:
    """The names of all that is in a folder."""
    return {path.name for path in folder.iterdir()}


async def _pairs(database: Database, count: int) -> None:
    """Write rows two by two, each pair in one transaction."""
    for number in range(count):

        async def work(connection: AsyncConnection, number: int = number) -> None:
            for half in ("left", "right"):
                await connection.execute(meta.insert().values(key=f"{half}:{number}", value="x" * 2_000))

        await database.write(work)


async def _call(database: Database, key: str, rank: int) -> None:
    calls = [Call(key, "sendMessage", {"chat_id": 1, "text": key}, 1, rank)]
    await database.write(lambda connection: outbox.put(connection, calls))


async def test_a_backup_is_of_one_moment_and_private(database: Database, tmp_path: Path) -> None:
    """Taken while transactions go on, every backup holds whole ones, is sound, for its owner alone, and new."""
    assert database.path is not None
    writing = asyncio.create_task(_pairs(database, 400))
    counts = []
    for number in range(4):
        target = tmp_path / f"{number}.db"
        size = await asyncio.to_thread(backup.save, database.path, target)
        assert (size, mode(target)) == (target.stat().st_size, 0o600)
        halves = dict(ask(target, "select substr(key, 1, 5), count(*) from meta where key like '%:%' group by 1"))
        assert halves.get("left:", 0) == halves.get("right", 0)
        assert ask(target, "pragma integrity_check") == [("ok",)]
        counts.append(halves.get("left:", 0))
    await writing
    assert counts == sorted(counts)
    assert {name for name in names(tmp_path) if name[0].isdigit()} == {"0.db", "1.db", "2.db", "3.db"}
    before = (tmp_path / "0.db").read_bytes()
    with pytest.raises(UserError, match="--force"):
        backup.save(database.path, tmp_path / "0.db")
    assert (tmp_path / "0.db").read_bytes() == before
    backup.save(database.path, tmp_path / "0.db", force=True)
    assert ask(tmp_path / "0.db", "select count(*) from meta where key like 'left:%'") == [(400,)]


def _leave_in_log(file: Path, statement: str) -> None:
    """Change a database as a process does that is killed then: the change is in its log only."""
    program = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('pragma journal_mode=wal');"
        "c.execute(sys.argv[2]); c.commit(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(file), statement], check=False)
    assert file.with_name(f"{file.name}-wal").stat().st_size > 0


async def test_a_restore_says_no_word_twice_and_keeps_what_was(database: Database, tmp_path: Path) -> None:
    """Words that waited are closed as not sent, deletions and cards stay due; the old database is beside the new."""
    for rank in (DELETE, CARD, RECEIPT, RECEIPT + 1):
        await _call(database, f"old {rank}", rank)
    await database.stop()
    copy, place = tmp_path / "copy.db", tmp_path / "elsewhere" / "haechi.db"
    assert database.path is not None
    backup.save(database.path, copy)
    fresh = backup.restore(copy, place, words_from=RECEIPT)
    assert (fresh.unsaid, fresh.kept, mode(place)) == (2, None, 0o600)
    assert fresh.taken_at is not None
    query = "select rank, state, error like 'not sent: %' from outbox order by rank"
    assert ask(place, query) == [(DELETE, 0, None), (CARD, 0, None), (RECEIPT, 9, 1), (RECEIPT + 1, 9, 1)]
    assert ask(place, "select code, detail from audit") == [("store.restored", "2 messages not sent")]
    _leave_in_log(place, "insert into meta values ('late', '1')")
    first, second = (backup.restore(copy, place, words_from=RECEIPT).kept for _ in range(2))
    assert first == place.with_name("haechi.db.before-restore")
    assert second == place.with_name("haechi.db.before-restore-2")
    assert ask(first, "select value from meta where key='late'") == [("1",)]
    assert ask(place, "select value from meta where key='late'") == []
    assert names(place.parent) == {place.name, first.name, second.name}


async def test_a_restore_refuses_what_it_cannot_trust(database: Database, tmp_path: Path) -> None:
    """A damaged file, one of another kind, an unknown schema, an open database: one line, and nothing has changed."""
    await database.stop()
    place = database.path
    assert place is not None
    copy = tmp_path / "copy.db"
    backup.save(place, copy)
    was = place.read_bytes()
    torn, other, newer = (tmp_path / name for name in ("torn.db", "other.db", "newer.db"))
    torn.write_bytes(copy.read_bytes()[:-4096])
    other.write_bytes(b"not a database" * 100)
    newer.write_bytes(copy.read_bytes())
    with contextlib.closing(sqlite3.connect(newer)) as changed, changed:
        changed.execute("update alembic_version set version_num='9999'")
    for bad, words in (
        (torn, "is no backup|damaged"),
        (other, "is not a database"),
        (newer, f"its schema is 9999, and this Haechi knows up to {revisions()[-1]}"),
        (tmp_path / "missing.db", "unable to open"),
    ):
        with pytest.raises(UserError, match=words):
            backup.restore(bad, place, words_from=RECEIPT)
    with contextlib.closing(sqlite3.connect(place)) as user:
        user.execute("pragma journal_mode=wal")
        user.execute("begin")
        user.execute("select * from meta").fetchall()
        with pytest.raises(UserError, match="another program has"):
            backup.restore(copy, place, words_from=RECEIPT)
    assert ask(place, "select count(*) from audit") == [(0,)]
    assert len(place.read_bytes()) == len(was)
    assert not place.with_name("haechi.db.before-restore").exists()


async def test_one_bot_for_each_database(tmp_path: Path) -> None:
    """Whoever runs holds the lock; a second one is told which database it is, and the end of the first lets go."""
    place = tmp_path / "haechi.db"
    assert not lock.is_taken(place)
    async with lock.held(place):
        assert lock.is_taken(place)
        with lock.taken(place) as is_free:
            assert not is_free
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lock, "PATIENCE", 0.0)
            with pytest.raises(UserError, match=r"another bot runs on .*haechi\.db"):
                async with lock.held(place):
                    pytest.fail("two bots run on one database")
    async with lock.held(place), lock.held(None):
        assert lock.is_taken(place)
    assert not lock.is_taken(place)
    assert mode(tmp_path / "haechi.db.lock") == 0o600
