"""Hash lists of any size, written straight into a data folder's database. How they are loaded is what is measured."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bot.curation import signals_of
from bot.media.decoder import fingerprint_file
from bot.model import Fingerprint, ListKind, Trust
from bot.store import entries
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.store.schema import upgrade

SEED = 1
INSERT = (
    "insert into entries (list_id, kind, value, category, note, source, added_at) values (?, 'pdq', ?, ?, '', ?, ?)"
)


async def fill(folder: Path, count: int, known: tuple[bytes, ...] = ()) -> None:
    """Put the pictures `known` on a list, and random PDQ hashes until it has `count` entries; no bot may be running."""
    signals = [one for data in known for one in signals_of(None, await _fingerprint(data))]
    database = Database(f"sqlite+aiosqlite:///{folder / 'haechi.db'}")
    await upgrade(database)
    await database.start()
    list_id = await database.write(
        lambda connection: entries.ensure_list(connection, "known abuse", kind=ListKind.BLOCK, trust=Trust.BAN)
    )
    rows = [NewEntry(kind, value) for kind, value in signals]
    await database.write(lambda connection: entries.add(connection, list_id, rows))
    await database.stop()
    with sqlite3.connect(folder / "haechi.db") as connection:
        connection.executemany(INSERT, _random(list_id, max(0, count - len(rows))))
    connection.close()


def _random(list_id: int, count: int) -> Iterator[tuple[int, bytes, str, str, float]]:
    size, now = 32, time.time()
    octets = np.random.default_rng(SEED).bytes(size * count)
    for place in range(0, len(octets), size):
        yield list_id, octets[place : place + size], "abuse", "an exchange", now


async def _fingerprint(data: bytes) -> Fingerprint:
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        return await fingerprint_file(Path(file.name))
