"""Keeps a matcher in step with the lists in the database. What an entry means is not known here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import aside, metrics
from bot.lists import saved
from bot.lists.saved import Unusable
from bot.matching import loose
from bot.matching.dumps import Dump
from bot.matching.entries import NEAR, SIZES, Values
from bot.matching.matcher import Matcher
from bot.model import SignalKind, Trust
from bot.store import anchors, columns, entries, feds, quarantine
from bot.store.columns import Columns
from bot.store.db import Database
from bot.store.entries import Change

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.2
"""Time between looks at the feed of changes: an entry takes effect well within the second that is promised."""

COMPACT_LOOKS = 300
"""Looks between two compactions, a minute: until then large changes are searched more slowly, but searched."""

SAVE_FROM = 10_000
"""Entries from which the index is saved: fewer are read from the database in a tenth of a second."""

SAVE_CHANGES = 1_000
"""Changes of the feed after which it is saved anew, when a minute is over: as many are applied in a moment at start."""

COMPILE_FROM = 200_000
"""Entries from which the look-up of windows is compiled, where it can be: with fewer it takes milliseconds anyway."""

COMPILE_AFTER = 5.0
"""Seconds until that begins: it takes the interpreter for seconds, and at a start posts wait to be judged."""

SAMPLE = 128
"""Entries, over all and of the newest each, whose values are compared with the database's before a file is believed."""

_ID = np.dtype(">i8")

GAP = 2_000
"""Ids between two ranges of added entries that are read in one go: what is known already changes nothing."""


SHARED = Trust.WARN
"""The most that another chat's own list does by itself in a chat of the same federation: nobody is banned by it."""


class ListFeed:
    """Loads every list, then follows the changes. `ready` is set once everything is loaded.

    With a folder, what was loaded is kept there as a file that the next start maps instead of reading every row.
    Work on the whole of long lists takes minutes, so it is all done aside: a stop leaves it where it is.
    """

    def __init__(self, database: Database, matcher: Matcher, folder: Path | None = None) -> None:
        self._database = database
        self._matcher = matcher
        self._folder = folder
        self._seq = 0
        self._saved_seq: int | None = None  # None: what is in memory has never been saved
        self._writing: asyncio.Task[None] | None = None
        self._compiling: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()

    @property
    def version(self) -> int:
        """Which changes are in memory: another number when any list has changed since."""
        return self._seq

    async def sizes(self) -> dict[int, int]:
        """Return how many entries of each list are in force, none before all are: a moment's work for millions."""
        if not self.ready.is_set():
            return {}
        kinds = await asyncio.to_thread(self._matcher.entries.sizes)
        return {list_id: sum(sizes.values()) for list_id, sizes in kinds.items()}

    def begin(self) -> None:
        """Begin to load, while other things are still to be made ready for `run`."""
        self._loading = asyncio.create_task(self.load(), name="lists-load")

    async def stop(self) -> None:
        """Stop to load, if that is still going on; for whoever began but cannot run."""
        if self._loading is not None and self._loading.cancel():
            await asyncio.wait([self._loading])

    async def run(self) -> None:
        """Load, then follow until cancelled."""
        await (self._loading or self.load())
        await self.follow()  # what came while others were still at work, the canary for one
        self.ready.set()
        await self.tidy()
        looks = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.follow()
            looks += 1
            if looks % COMPACT_LOOKS == 0:
                await self.tidy()

    async def follow(self) -> None:
        """Apply what changed since the last look."""
        async with self._database.read() as connection:
            if found := await entries.changes(connection, self._seq):
                await self._apply(connection, found)
                self._seq = found[-1].seq
                metrics.LIST_ENTRIES.set(len(self._matcher.entries))

    async def load(self) -> None:
        """Load every list: from the file, if there is a good one, and what changed since; else from the database."""
        is_from_file = await self._load_saved()
        if not is_from_file:
            await self._load_all()
        count = len(self._matcher.entries)
        metrics.LIST_ENTRIES.set(count)
        log.info("lists.loaded", entries=count, saved=is_from_file)

    async def tidy(self) -> None:
        """Make searching fast again after large changes, and save them."""
        if self._compiling is None and len(self._matcher.entries) >= COMPILE_FROM:
            self._compiling = asyncio.create_task(self._compile(), name="lists-compile")  # changes do not wait for it
        is_compacted = await aside.run(self._matcher.compact)
        if is_compacted or self._saved_seq is None or self._seq - self._saved_seq >= SAVE_CHANGES:
            await self.save()

    async def _compile(self) -> None:
        await asyncio.sleep(COMPILE_AFTER)
        started = time.monotonic()
        if await aside.run(loose.prepare):
            log.info("lists.compiled", seconds=round(time.monotonic() - started, 1))

    async def save(self) -> None:
        """Begin to write what is in memory to the file, unless it is there; queries and changes go on meanwhile."""
        is_busy = self._writing is not None and not self._writing.done()
        if self._folder is None or is_busy or self._seq == self._saved_seq:
            return
        if len(self._matcher.entries) < SAVE_FROM:
            await aside.run(saved.remove, self._folder)
            return
        name = await self._database.write(anchors.ensure_name)
        async with self._database.read() as connection:
            change = await anchors.change(connection, self._seq)
        dump = await aside.run(self._matcher.entries.dump)  # nobody but this feed changes the entries
        about = {"database": name, "seq": self._seq, "change": change}
        self._writing = asyncio.create_task(self._write(self._folder, about, dump), name="lists-save")
        self._saved_seq = self._seq

    async def saved(self) -> None:
        """Wait until what `save` began is done."""
        if self._writing is not None:
            await self._writing

    async def _write(self, folder: Path, about: dict[str, object], dump: Dump) -> None:
        try:
            await aside.run(saved.write, folder, about, dump)
        except OSError as error:  # the next start is slower, that is all
            log.warning("lists.index_not_saved", error=error.strerror)

    # --- loading ----------------------------------------------------------------------------------

    async def _load_all(self) -> None:
        self._matcher.entries.clear()
        async with self._database.read() as connection:
            self._seq = await entries.last_change(connection)
            await self._put_lists(connection)
            async for piece in columns.load(connection):
                await aside.run(self._add, piece)

    async def _load_saved(self) -> bool:
        """Load the file and what changed since; whether all of it is what the database holds."""
        if self._folder is None:
            return False
        await aside.run(saved.tidy, self._folder)
        try:
            async with self._database.read() as connection:
                counting = asyncio.create_task(anchors.totals(connection))  # takes as long as reading, elsewhere
                try:
                    about, dump = await aside.run(saved.read, self._folder)
                finally:
                    totals = await counting
                await self._take_over(connection, about, dump, totals)
        except FileNotFoundError:
            return False
        except (OSError, Unusable, KeyError, TypeError, ValueError, IndexError) as error:
            self._saved_seq = None
            log.warning("lists.index_ignored", reason=str(error) if isinstance(error, Unusable) else repr(type(error)))
            return False
        return True

    async def _take_over(
        self, connection: AsyncConnection, about: dict[str, object], dump: Dump, totals: tuple[int, int]
    ) -> None:
        """Become the file with what changed since. Raises Unusable if it is not of this database's history.

        Nothing changes in what `connection` sees, of which `totals` are.
        """
        if about["database"] != await anchors.name(connection):
            raise Unusable("it is of another database")
        self._seq = int(str(about["seq"]))
        if about["change"] != await anchors.change(connection, self._seq):
            raise Unusable("the database has another history")
        await aside.run(self._matcher.entries.restore, dump)
        self._saved_seq = self._seq
        await self._put_lists(connection)
        if found := await entries.changes(connection, self._seq):
            await self._apply(connection, found)
            self._seq = found[-1].seq
        if not await self._is_true(connection, totals):
            raise Unusable("the database holds other entries")

    async def _is_true(self, connection: AsyncConnection, totals: tuple[int, int]) -> bool:
        """Whether the ids in memory are the database's, by its `totals`, and the values of a sample of them."""
        ids = await aside.run(self._matcher.entries.ids)
        sample = await aside.run(self._matcher.entries.sample, SAMPLE)
        is_same = (ids.size, int(ids.sum())) == totals
        return is_same and sample == await anchors.values(connection, sample)

    # --- changes ----------------------------------------------------------------------------------

    async def _apply(self, connection: AsyncConnection, found: list[Change]) -> None:
        """Bring the matcher to what `connection` sees, where `found` says that it changed.

        The entries are read as they are after the last change, and an id is never given twice, so their order does
        not matter: what is gone goes first, for a list's id may be given again after it was dropped.
        """
        for list_id in dict.fromkeys(one.list_id for one in found if one.change == "drop_list"):
            await aside.run(self._matcher.drop_list, list_id)
            self._saved_seq = None  # what was dropped does not stay in the file for long
        gone = [np.arange(first, last + 1) for first, last in _ranges(found, "removed")]
        if gone:
            await aside.run(self._matcher.remove, np.concatenate(gone).tolist())
        if any(one.change in ("list", "quarantine", feds.SHARED) for one in found):
            await self._put_lists(connection)
        for first, last in _joined(_ranges(found, "added")):
            async for piece in columns.load(connection, first=first, last=last):
                await aside.run(self._add, piece)

    async def _put_lists(self, connection: AsyncConnection) -> None:
        for one in await entries.bare_lists(connection):
            self._matcher.put(one)
        shared = await feds.sharing(connection)
        self._matcher.share(
            {chat: (others, SHARED if acts else Trust.NOTIFY) for chat, (others, acts) in shared.items()}
        )
        off = await quarantine.off(connection)
        self._matcher.quarantine(off)
        metrics.QUARANTINED.set(len(off))

    def _add(self, piece: list[Columns]) -> None:
        for kind in dict.fromkeys(one.kind for one in piece):
            parts = [one for one in piece if one.kind is kind]
            sizes = [len(one.ids) // _ID.itemsize for one in parts]
            ids = np.frombuffer(b"".join(one.ids for one in parts), _ID).astype(np.int64)
            owners = np.repeat([one.list_id for one in parts], sizes)
            places = [one.category for one in parts]
            categories = places[0] if len(parts) == 1 else [*chain.from_iterable(map(repeat, places, sizes))]
            self._matcher.add_bulk(kind, ids, owners, _values(kind, parts), categories=categories)


def _values(kind: SignalKind, parts: list[Columns]) -> Values:
    """The values of one kind: as an array where they are of one length and are kept so, else one by one."""
    if kind in NEAR and all(one.size == SIZES[kind] for one in parts):
        return np.frombuffer(b"".join(one.values for one in parts), np.uint8).reshape(-1, SIZES[kind])
    return [value for one in parts for value in one.each()]


def _ranges(found: Iterable[Change], change: str) -> Iterator[tuple[int, int]]:
    """The closed ranges of entries that changes of one kind touched."""
    for one in found:
        if one.change == change and one.first is not None and one.last is not None:
            yield one.first, one.last


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges in order, those close to each other as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first - joined[-1][1] <= GAP:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined
