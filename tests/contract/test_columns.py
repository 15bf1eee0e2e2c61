"""Entries read in bulk over a real database: what the database packs is what its rows hold."""

from __future__ import annotations

import random

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import sequence
from bot.model import ListKind, SignalKind, Trust
from bot.sequence import Shown
from bot.store import columns, entries
from bot.store.db import Database
from bot.store.entries import NewEntry

Rows = list[tuple[int, SignalKind, int, str, bytes]]

SIZES = {SignalKind.PDQ: 32, SignalKind.PHASH: 8, SignalKind.MD5: 16, SignalKind.SHA256: 32}


def _value(kind: SignalKind, chance: random.Random) -> bytes:
    if kind is SignalKind.VPDQ:
        return sequence.pack([Shown(at, 100, chance.randbytes(32)) for at in range(chance.randint(1, 4))])
    return chance.randbytes(SIZES.get(kind) or chance.randint(1, 40))


async def make(database: Database, name: str, kinds: list[SignalKind], seed: int = 1) -> Rows:
    """A list with an entry for each of `kinds`, in that order; its rows."""
    chance = random.Random(f"{name}{seed}")  # noqa: S311 - an example
    made = [NewEntry(kind, _value(kind, chance), chance.choice(["", "a", "ü\0'", "b"])) for kind in kinds]

    async def write(connection: AsyncConnection) -> Rows:
        list_id = await entries.ensure_list(connection, name, kind=ListKind.BLOCK, trust=Trust.BAN)
        before = await entries._highest(connection)
        await entries.add(connection, list_id, made)
        return [(id_, one.kind, list_id, one.category, one.value) for id_, one in enumerate(made, before + 1)]

    return await database.write(write)


async def packed(database: Database, **bounds: int) -> tuple[Rows, int]:
    """What comes out, as rows in the order of their ids, and in how many pieces."""
    async with database.read() as connection:
        pieces = [piece async for piece in columns.load(connection, **bounds)]
    found = [
        (int.from_bytes(one.ids[8 * place : 8 * place + 8]), one.kind, one.list_id, one.category, value)
        for piece in pieces
        for one in piece
        for place, value in enumerate(one.each())
    ]
    return sorted(found), len(pieces)


@pytest.mark.parametrize(("rows", "videos"), [(1, 1), (7, 2), (1_000, 1_000)])
async def test_every_entry_comes_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, rows: int, videos: int
) -> None:
    """Entries of every kind, list, category and length come out once each, whatever the size of a piece."""
    monkeypatch.setattr(columns, "ROWS", rows)
    monkeypatch.setattr(columns, "VIDEOS", videos)
    made = [row for name in ("one", "two") for row in await make(database, name, [*SignalKind] * 4)]
    found, pieces = await packed(database)
    assert found == made
    assert pieces >= 2


async def test_a_range_of_ids_and_gaps(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two ids, with entries gone before, between and behind, exactly those that are left come out."""
    monkeypatch.setattr(columns, "ROWS", 3)
    made = await make(database, "one", [*SignalKind] * 5)
    gone = {row[0] for row in made[::3]}
    await database.write(lambda connection: entries.remove_ids(connection, made[0][2], gone))
    for first, last in ((0, 100), (5, 20), (6, 6), (7, 7), (31, 90)):
        found, _ = await packed(database, first=first, last=last)
        assert found == [row for row in made if first <= row[0] <= last and row[0] not in gone]


async def test_an_empty_database_gives_nothing(database: Database) -> None:
    """Without entries there is no piece."""
    assert await packed(database) == ([], 0)
