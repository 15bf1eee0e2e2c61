"""Whole copies of an SQLite database: taken while the bot writes, put back while none runs. Locking is `lock`'s."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.errors import UserError
from bot.store.outbox import DUE, FAILED
from bot.store.schema import revisions

TAKEN_AT = "backup"
"""The key in `meta` of the time at which a copy was taken."""

UNSAID = "not sent: the database was restored from a backup, and it may have been said before"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: when the copy was taken, the words that will not be sent, and where the old database is."""

    taken_at: float | None
    unsaid: int
    kept: Path | None


def file_of(url: str) -> Path | None:
    """Return the file of a database's address, None when it is on a server or in memory."""
    parsed = make_url(url)
    name = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(name) if name and name != ":memory:" else None


def save(database: Path, target: Path, *, force: bool = False) -> int:
    """Copy a database, a running bot's too, to `target` as of one moment; return the copy's size in bytes.

    The copy is whole or not there at all, and for its owner alone. Raises `UserError`.
    """
    if not database.exists():
        raise UserError(f"{database}: there is no database yet; it is made when the bot first starts")
    if target.exists() and not force:
        raise UserError(f"{target}: is there already; name another file, or overwrite it with --force")
    with _fresh(target.with_name(f"{target.name}.part")) as fresh:
        _copy(database, fresh, "rw")
        with contextlib.closing(_open(fresh)) as copy, copy:
            copy.execute("insert or replace into meta values (?, ?)", (TAKEN_AT, str(time.time())))
        check(fresh)
        _place(fresh, target, force=force)
    return target.stat().st_size


def check(source: Path) -> str:
    """Return the revision of a copy's schema. Raises `UserError` unless the copy is whole and known here."""
    try:
        with contextlib.closing(_open(source, "ro")) as copy:
            found = [row[0] for row in copy.execute("pragma integrity_check(1)")]
            if found != ["ok"]:
                raise UserError(f"{source}: the database in it is damaged: {found[0]}")
            row = copy.execute("select version_num from alembic_version").fetchone()
    except sqlite3.Error as error:
        raise UserError(f"{source}: is no backup of Haechi's: {error}") from error
    known = revisions()
    if row is None or row[0] not in known:
        raise UserError(
            f"{source}: its schema is {row[0] if row else 'none'}, and this Haechi knows up to {known[-1]}; "
            "restore it with the version that wrote it, or a later one"
        )
    return str(row[0])


def restore(source: Path, database: Path, *, words_from: int) -> Restored:
    """Put the copy in the place of `database`, which is kept beside it; hold the lock meanwhile.

    Calls that are made at most once, those of rank `words_from` and up, are closed as not sent: what waited when the
    copy was taken has been said since. Deletions, bans and cards are made again. Raises `UserError`; then nothing
    has changed.
    """
    check(source)
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _fresh(database.with_name(f"{database.name}.restoring")) as fresh:
        _copy(source, fresh, "ro")
        with contextlib.closing(_open(fresh)) as copy, copy:
            taken_at = copy.execute("select value from meta where key=?", (TAKEN_AT,)).fetchone()
            copy.execute("delete from meta where key=?", (TAKEN_AT,))
            closed = (FAILED, time.time(), UNSAID, DUE, words_from)
            query = "update outbox set state=?, done_at=?, error=? where state=? and rank>=?"
            unsaid = copy.execute(query, closed).rowcount
            detail = f"{unsaid} messages not sent"
            copy.execute("insert into audit (at, code, detail) values (?, 'store.restored', ?)", (time.time(), detail))
        kept = _set_aside(database)
        _place(fresh, database, force=True)
    return Restored(float(taken_at[0]) if taken_at else None, unsaid, kept)


def _set_aside(database: Path) -> Path | None:
    """Give the present database a second name that was not taken yet, with all that its log holds."""
    if not database.exists():
        return None
    kept = next(name for name in _names(database) if not name.exists())
    log = database.with_name(f"{database.name}-wal")
    try:
        with contextlib.closing(_open(database)) as old:
            old.execute("pragma journal_mode=delete").fetchall()
    except sqlite3.OperationalError as error:
        raise UserError(f"{database}: another program has it open: {error}; stop it, then restore") from error
    except sqlite3.DatabaseError:  # it is damaged, which is why somebody restores: it is kept as it is
        if log.exists():
            log.rename(f"{kept}-wal")
    if log.exists():  # a log that stays would be read into the new database
        raise UserError(f"{log}: another program has the database open; stop it, then restore")
    os.link(database, kept)
    return kept


def _names(database: Path) -> Iterator[Path]:
    yield database.with_name(f"{database.name}.before-restore")
    for number in range(2, 10_000):
        yield database.with_name(f"{database.name}.before-restore-{number}")


@contextlib.contextmanager
def _fresh(path: Path) -> Iterator[Path]:
    """An empty file for its owner alone, gone at the end unless it was given another name."""
    try:
        path.unlink(missing_ok=True)  # of a copy that was interrupted
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _copy(source: Path, empty: Path, mode: str) -> None:
    """Copy what one transaction sees, without the pages of what was forgotten."""
    try:
        with contextlib.closing(_open(source, mode)) as database:
            database.execute("vacuum into ?", (str(empty),))
    except sqlite3.Error as error:
        raise UserError(f"{source}: cannot be copied to {empty}: {error}") from error


def _place(fresh: Path, target: Path, *, force: bool) -> None:
    """Give a written file its name at once and for good."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    try:
        if force:
            fresh.replace(target)
        else:
            os.link(fresh, target)
    except OSError as error:
        raise UserError(f"{target}: cannot be written: {error.strerror}") from error
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _open(path: Path, mode: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=5)
