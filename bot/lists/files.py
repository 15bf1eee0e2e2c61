"""List files into the database and out of it. How a line is read is in `formats`, what a list means in `matching`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ListFormatError
from bot.lists.formats import BadLine, Row, parse
from bot.model import ListKind, SignalKind, Trust
from bot.store import cases as records
from bot.store import entries
from bot.store.db import Database
from bot.store.entries import NewEntry

SUSPECT = 16
"""PDQ entries from which on a file is asked whether it holds PDQ hashes at all."""

BATCH = 5_000
"""Rows of one transaction: a running bot waits for the writer no longer than a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Import:
    """What came of a file: entries that are new, those that were listed before, and the lines left out."""

    added: int
    known: int
    bad: tuple[BadLine, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The list that a file goes to; kind and trust count only when it is made anew."""

    name: str
    kind: ListKind = ListKind.BLOCK
    trust: Trust = Trust.WARN
    chat_id: int | None = None


def check(path: Path, kind: SignalKind | None) -> tuple[int, tuple[BadLine, ...]]:
    """Read a whole file without keeping anything: how many good rows it has, and its bad lines.

    Raises `ListFormatError` when it cannot be read as a list at all, or when what it calls PDQ is something else.
    """
    good, bad = 0, []
    pdq = odd = 0
    with closing(_lines(path)) as lines:
        for one in parse(lines, kind):
            if isinstance(one, BadLine):
                bad.append(one)
            else:
                good += 1
                pdq += one.kind is SignalKind.PDQ
                odd += one.kind is SignalKind.PDQ and int.from_bytes(one.value).bit_count() % 2
    _refuse_mistaken(path, pdq, odd)
    return good, tuple(bad)


async def read(
    database: Database,
    path: Path,
    target: Target,
    *,
    kind: SignalKind | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Import:
    """Put a file's entries on a list. Checks the whole file first, so that one in a wrong format adds nothing."""
    good, bad = check(path, kind)
    added = 0

    async def make(connection: AsyncConnection) -> int:
        return await entries.ensure_list(
            connection,
            target.name,
            kind=target.kind,
            trust=target.trust,
            chat_id=target.chat_id,
            source=path.name,
        )

    list_id = await database.write(make)
    with closing(_lines(path)) as lines:
        rows = (one for one in parse(lines, kind) if isinstance(one, Row))
        while batch := list(islice(rows, BATCH)):
            added += await database.write(_adding(list_id, batch))
            progress(len(batch))
    detail = f"{target.name}: {added} new of {good}"
    await database.write(lambda connection: records.record(connection, "list.import", detail=detail))
    return Import(added, good - added, bad)


def parsed(path: Path, kind: SignalKind | None = None) -> list[Row]:
    """Return the good rows of a file. Raises `ListFormatError` when there is a bad line, naming the first."""
    with closing(_lines(path)) as lines:
        found = list(parse(lines, kind))
    for one in found:
        if isinstance(one, BadLine):
            raise ListFormatError(f"{path}:{one.number}: {one.reason}")
    return [one for one in found if isinstance(one, Row)]


async def rows(database: Database, list_id: int) -> AsyncIterator[Row]:
    """Stream a list's entries as rows of a list file."""
    async with database.read() as connection:
        async for one in entries.rows(connection, list_id):
            yield Row(one.kind, one.value, category=one.category, source=one.source, note=one.note)


def _refuse_mistaken(path: Path, pdq: int, odd: int) -> None:
    """Refuse SHA-256 hashes that are taken for PDQ, of which they have the length and nothing else tells them apart.

    PDQ hashes have 128 bits set, mirrored ones an even number too, and only ties make that odd; of hashes like SHA-256
    every second one is odd: of 16 of them more than a quarter in 96 %, of 32 in over 99 %.
    """
    if pdq >= SUSPECT and odd * 4 > pdq:
        raise ListFormatError(
            f"{path}: {odd} of {pdq} entries taken for pdq have an odd number of bits set, which PDQ hashes have not: "
            "expected PDQ hashes, or the kind of the entries named (sha256 before each hash, or --signal sha256)"
        )


def _adding(list_id: int, batch: list[Row]) -> Callable[[AsyncConnection], Awaitable[int]]:
    values = [NewEntry(row.kind, row.value, row.category, row.note, row.source) for row in batch]

    async def add(connection: AsyncConnection) -> int:
        return await entries.add(connection, list_id, values)

    return add


def _lines(path: Path) -> Generator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline=None) as text:
            yield from text
    except OSError as error:
        raise ListFormatError(f"{path}: cannot be read: {error.strerror}") from error
