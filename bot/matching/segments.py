"""Segments: rows of hashes in columns, and the search within one. Which segments there are is the index's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from mmap import mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.matching.bands import Bands

U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ids = I64 | NDArray[np.uint32]  # the smaller where they fit: ids count up from 1

GROWTH = 65_536  # rows of a segment that grows by single adds
BLOCK = 65_536  # rows scanned at a time: xor and counts of a block stay in the cache
PREFIX = 2  # words a scan looks at: two random 128-bit prefixes are within 31 bits once in 10^9
BANDS_FROM = 50_000  # rows below which a scan is as fast as the bands (0.06 ms either way)
BATCH = 65_536  # candidates of all queries looked at together: their codes take 2 MB
CROWD = 3  # beyond a third of the rows as candidates, expected or met, a scan is faster than gathering them


_EACH_BYTE, _TOP = np.uint32(0x01010101), np.uint32(24)


class Hit(NamedTuple):
    """One answer of a query: the row of the query, the entry and their distance in bits."""

    query: int
    entry_id: int
    distance: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows [0, size) of shared columns.

    Rows beyond `size` may be written while others read; rows within never change, and tombstones are copied to change.
    """

    columns: U64  # (words, capacity); of a merged segment the words of a row stand together, for they are gathered
    ids: Ids  # (capacity,)
    dead: Flags  # (capacity,)
    size: int = 0
    bands: Bands | None = None
    is_ascending: bool = True  # whether each id is above the one before, as the feed gives them

    @property
    def room(self) -> int:
        """How many more rows fit."""
        return self.ids.size - self.size

    @property
    def live(self) -> I64:
        """The rows that are not tombstones."""
        return np.flatnonzero(~self.dead[: self.size])

    def codes(self, rows: I64) -> U64:
        """The codes of `rows`, (rows, words)."""
        if self.columns.T.flags.c_contiguous:
            return self.columns.T.take(rows, axis=0)
        return np.ascontiguousarray(self.columns[:, rows].T)  # take would copy the columns whole

    def __len__(self) -> int:
        return self.size - int(np.count_nonzero(self.dead[: self.size]))

    def add(self, ids: I64, rows: U64) -> Segment:
        """The segment with `rows` (rows, words) behind the others; they must fit."""
        start, end = self.size, self.size + len(rows)
        self.columns[:, start:end] = rows.T
        self.ids[start:end] = ids
        is_ascending = self.is_ascending and _is_ascending(self.ids[max(0, start - 1) : end])
        return replace(self, size=end, is_ascending=is_ascending)

    def remove(self, ids: I64) -> Segment:
        """The segment with tombstones on the rows of `ids`."""
        struck = self.rows_of(ids)
        if not struck.size:
            return self
        dead = self.dead.copy()
        dead[struck] = True
        return replace(self, dead=dead)

    def rows_of(self, ids: I64) -> I64:
        """The rows of `ids`, tombstones among them."""
        known = self.ids[: self.size]
        if not self.is_ascending or not known.size:
            return np.flatnonzero(np.isin(known, ids))
        within = ids[(ids >= known[0]) & (ids <= known[-1])].astype(
            known.dtype
        )  # else all that are known are converted
        rows = np.searchsorted(known, within)
        return np.asarray(rows[known[rows] == within], np.int64)

    def seal(self) -> Segment:
        """The same rows with room for no more."""
        end = self.size
        return replace(self, columns=self.columns[:, :end], ids=self.ids[:end], dead=self.dead[:end])

    def query(self, queries: U64, radius: int) -> Iterator[Hit]:
        """Every live row within `radius` bits of each of `queries` (queries, words), in no order."""
        for asked, rows in self._candidates(queries, radius):
            yield from self._near(queries, asked, rows, radius)

    def _candidates(self, queries: U64, radius: int) -> Iterator[tuple[I64, I64]]:
        """Queries and rows that may be near each other, some at a time."""
        crowded = np.ones(len(queries), np.bool_)
        if self.bands is not None and self.bands.cost(radius) * CROWD < self.size:
            found = self.bands.candidates(queries.view(np.uint8), radius)
            crowded = found.counts > self.size // CROWD
            if crowded.any():
                found.lengths[crowded] = found.counts[crowded] = 0
            for first, last in pairwise(_parts(found.counts)):
                yield self.bands.rows_of(found, first, last)
        if crowded.any():
            yield from self._scan(np.flatnonzero(crowded).tolist(), queries, radius)

    def _scan(self, scanned: Sequence[int], queries: U64, radius: int) -> Iterator[tuple[I64, I64]]:
        """The rows whose first words are near, block by block for all queries, so that a block is read once."""
        for start in range(0, self.size, BLOCK):
            block = self.columns[:PREFIX, start : min(start + BLOCK, self.size)]
            for query in scanned:
                rows = _near_prefix(block, queries[query], radius)
                if rows.size:
                    yield np.full(rows.size, query), rows + start

    def _near(self, queries: U64, asked: I64, rows: I64, radius: int) -> Iterator[Hit]:
        """Those of the pairs of a query, by its number in `asked`, and a row that are near indeed, each once."""
        differing = self.codes(rows)
        differing ^= queries if len(queries) == 1 else queries.take(asked, axis=0)
        close = np.flatnonzero(ones(differing) <= radius)
        if not close.size:
            return
        distances = np.bitwise_count(differing[close]).sum(axis=1, dtype=np.int64)
        close, distances = close[distances <= radius], distances[distances <= radius]
        pairs = zip(asked[close].tolist(), rows[close].tolist(), distances.tolist(), strict=True)
        for query, row, distance in dict.fromkeys(pairs):
            if not self.dead[row]:
                yield Hit(query, int(self.ids[row]), distance)


def ones(words: U64) -> NDArray[np.uint32]:
    """How many bits are set in each row of `words` (rows, words).

    In a row of four words, 256 count as none: what is near is to be counted again. Four bytes times 0x01010101 have
    their sum in the highest byte, which takes a tenth of the time of adding them up.
    """
    counts = np.bitwise_count(words)
    if words.shape[1] != 4:  # noqa: PLR2004 - bytes of 32 bits
        return np.asarray(counts.sum(axis=1, dtype=np.uint32), np.uint32)
    return np.asarray(counts.view(np.uint32)[:, 0] * _EACH_BYTE >> _TOP, np.uint32)


def _parts(counts: I64) -> list[int]:
    """Where to part queries with so many candidates each into runs of about `BATCH`: the first of each, and the end."""
    if int(counts.sum()) <= BATCH:
        return [0, len(counts)]
    part = np.cumsum(counts) // BATCH
    return [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(counts)]


def empty(capacity: int, words: int) -> Segment:
    """A segment without rows; its memory is taken up as rows come."""
    columns = _memory(words * capacity, np.dtype(np.uint64)).reshape(words, capacity)
    return Segment(columns, _memory(capacity, np.dtype(np.int64)), _memory(capacity, np.dtype(np.bool_)))


def _memory(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros straight from the system, which gets them back after a merge: the heap would keep a third of the index."""
    return np.frombuffer(mmap(-1, count * dtype.itemsize), dtype)


def dump(segment: Segment) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What `restored` makes the segment of again: facts that JSON can hold, and arrays. Removed codes are not in it."""
    codes, dead = segment.columns[:, : segment.size].T, segment.dead[: segment.size]
    if dead.any():
        codes = codes.copy()
        codes[dead] = 0
    arrays: dict[str, NDArray[Any]] = {
        "codes": codes,
        "ids": segment.ids[: segment.size],
        "dead": dead,
    }
    if segment.bands is not None:
        arrays |= {"order": segment.bands.order, "starts": segment.bands.starts}
    return {"widths": segment.bands.widths if segment.bands else []}, arrays


def restored(facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Segment:
    """The sealed segment that `dump` was given; its arrays may be read-only."""
    bands = Bands(tuple(facts["widths"]), arrays["order"], arrays["starts"]) if facts["widths"] else None
    ids, dead = arrays["ids"], arrays["dead"]
    if not dead.any():
        dead = np.zeros(ids.size, np.bool_)  # takes no memory as long as it is not written to
    return Segment(arrays["codes"].T, ids, dead, ids.size, bands, _is_ascending(ids))


def merge(segments: Sequence[Segment]) -> Segment:
    """One sealed segment of all live rows, by id, in bands if they are many: about 1 s for a million PDQ hashes."""
    total = sum(map(len, segments))
    codes, ids = np.empty((total, len(segments[0].columns)), np.uint64), np.empty(total, np.int64)
    place = 0
    for segment in segments:  # one after the other, for the heap keeps what was beside each other
        rows = segment.live
        codes[place : place + rows.size] = segment.codes(rows)
        ids[place : place + rows.size] = segment.ids[rows]
        place += rows.size
    if not _is_ascending(ids):
        order = np.argsort(ids, kind="stable")
        ids, codes = ids[order], codes[order]
    bands = Bands.of(codes.view(np.uint8)) if ids.size >= BANDS_FROM else None
    return Segment(codes.T, _small(ids), np.zeros(ids.size, np.bool_), ids.size, bands, _is_ascending(ids))


def _is_ascending(ids: Ids) -> bool:
    return bool((ids[1:] > ids[:-1]).all())


def _small(ids: I64) -> Ids:
    """`ids` in as few bytes as hold them."""
    limits = np.iinfo(np.uint32)
    return ids.astype(np.uint32) if ids.size and ids.min() >= 0 and ids.max() <= limits.max else ids


def _near_prefix(block: U64, words: U64, radius: int) -> I64:
    """Rows of `block` (words, rows) that are within `radius` as far as its words go: at most 128 bits, one byte."""
    distances = np.bitwise_count(block[0] ^ words[0])
    for column, word in zip(block[1:], words[1:], strict=False):
        distances += np.bitwise_count(column ^ word)
    return np.flatnonzero(distances <= radius)
