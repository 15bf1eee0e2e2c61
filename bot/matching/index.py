"""Indexes over the entries' hashes: search within a distance, and by equality. What a hit means is the matcher's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np

from bot.matching.loose import TURNS, WORDS, Near, near
from bot.matching.segments import BANDS_FROM, GROWTH, I64, U8, U64, Flags, Hit, Segment, empty, merge

Codes = bytes | bytearray | memoryview | Sequence[bytes] | U8

STALE = 8  # bands are made anew when the rows outside them pass 1/8 of the rows within …
DEAD = 10  # … or when 1/10 of all rows are tombstones


class HammingIndex:
    """Hashes of one width, searched exactly within a radius.

    The index is a tuple of segments that every change replaces as a whole: a query in another thread sees the index
    before the change or after it. Writers wait for each other; readers never wait.
    """

    def __init__(self, bits: int) -> None:
        """Make an empty index for codes of `bits` bits: 256 for PDQ, 64 for pHash."""
        if bits <= 0 or bits % 64:
            raise ValueError(f"an index needs a multiple of 64 bits, not {bits}")
        self.bits = bits
        self._segments: tuple[Segment, ...] = ()
        self._writing = Lock()
        self._compacting = Lock()

    def __len__(self) -> int:
        return sum(len(segment) for segment in self._segments)

    def add(self, ids: Sequence[int] | I64, codes: Codes) -> None:
        """Add one row for each id and code; they are found as soon as this returns.

        Raises ValueError if the numbers differ or a code has another width; nothing is added then.
        """
        rows = self._words(codes)
        numbers = np.asarray(ids, np.int64)
        if numbers.shape != (len(rows),):
            raise ValueError(f"{numbers.size} ids for {len(rows)} codes")
        if not numbers.size:
            return
        with self._writing:
            self._segments = _appended(self._segments, numbers, rows)

    def remove(self, ids: Iterable[int] | I64) -> None:
        """Take the rows of `ids` out of every answer; unknown ids are passed over. 1 ms in a million rows."""
        gone = ids if isinstance(ids, np.ndarray) else np.fromiter(ids, np.int64)
        if not gone.size:
            return
        with self._writing:
            changed = [segment.remove(gone) for segment in self._segments]
            self._segments = tuple(segment for segment in changed if len(segment))

    def query(self, codes: Codes, radius: int) -> list[Hit]:
        """Every row within `radius` bits of each of `codes`, in the order of the queries, nearest first."""
        queries = self._words(codes)
        found = [hit for segment in self._segments for hit in segment.query(queries, radius)]
        return sorted(found, key=lambda hit: (hit.query, hit.distance, hit.entry_id))

    def loose(self, codes: U8, radius: int, quarter_turns: Flags | None = None) -> Near:
        """The rows within `radius` bits of any of the eight turns of each window, but for what the prefilter loses.

        `codes` are the PDQ hashes of windows, (windows, 8, 32), turned in the order of `hashes.DIHEDRAL`. One element
        for each window and entry that meet, with the nearest turn. Only windows among `quarter_turns`, (windows,), are
        asked in the four turns on their side as well; all are by default. Only for 256 bits; see `matching.loose`.
        """
        if codes.dtype != np.uint8 or codes.shape[1:] != (TURNS, self.bits // 8) or self.bits != WORDS * 64:
            raise ValueError(f"expected codes of (windows, {TURNS}, 32) bytes, not {codes.dtype} of {codes.shape}")
        on_side = np.ones(len(codes), np.bool_) if quarter_turns is None else quarter_turns
        return near(self._segments, np.ascontiguousarray(codes).view(np.uint64), radius, on_side)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The index as it is at this moment; a later change does not show in it."""
        return self._segments

    @classmethod
    def of_segments(cls, bits: int, segments: tuple[Segment, ...]) -> HammingIndex:
        """The index of `segments`, whose arrays may be read-only."""
        index = cls(bits)
        index._segments = segments
        return index

    def values(self, ids: I64) -> dict[int, bytes]:
        """The codes of `ids`; unknown ids are left out."""
        values: dict[int, bytes] = {}
        for segment in self._segments:
            rows = segment.rows_of(ids)
            rows = rows[~segment.dead[rows]]
            codes = segment.columns[:, rows].T
            values |= {
                entry_id: code.tobytes() for entry_id, code in zip(segment.ids[rows].tolist(), codes, strict=True)
            }
        return values

    def compact(self) -> bool:
        """Drop the tombstones and sort the rows into bands, if that is worth it; whether it was.

        About a second for a million rows: call it from a background thread. Queries, adds and removes go on meanwhile.
        """
        if not self._compacting.acquire(blocking=False):
            return False
        try:
            with self._writing:
                if not _is_stale(self._segments):
                    return False
                before = self._segments = tuple(segment.seal() for segment in self._segments)
            merged = merge(before)
            with self._writing:
                self._segments = _caught_up(merged, before, self._segments)
            return True
        finally:
            self._compacting.release()

    def _words(self, codes: Codes) -> U64:
        """`codes` as (rows, words) of 64 bits; a distance does not mind the byte order."""
        size = self.bits // 8
        if isinstance(codes, np.ndarray):
            octets = np.ascontiguousarray(codes)
        elif isinstance(codes, (bytes, bytearray, memoryview)):
            octets = np.frombuffer(codes, np.uint8)
        elif any(len(code) != size for code in codes):
            raise ValueError(f"expected codes of {size} bytes each")
        else:
            octets = np.frombuffer(b"".join(codes), np.uint8)
        if octets.dtype != np.uint8 or octets.size % size or octets.shape[1:] not in ((), (size,)):
            raise ValueError(f"expected codes of {size} bytes each")
        return octets.reshape(-1, size).view(np.uint64)


class ExactIndex:
    """Hashes that match by equality only: MD5, SHA-256, Telegram's file ids. Each id has one value.

    Two dictionaries that share their keys and values: 0.2 kB an entry. Reading needs no lock: a key's ids are replaced
    as a whole.
    """

    def __init__(self) -> None:
        """Make an empty index."""
        self._ids: dict[bytes, int | tuple[int, ...]] = {}  # a lone id stands for itself: most are alone
        self._values: dict[int, bytes] = {}
        self._writing = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def add(self, ids: Iterable[int], values: Iterable[bytes]) -> None:
        """Add each id with its value; an id that has a value already gets the new one."""
        with self._writing:
            for entry_id, value in zip(ids, values, strict=True):
                self._drop(entry_id)
                self._values[entry_id] = value
                known = self._ids.setdefault(value, entry_id)
                if known != entry_id:
                    self._ids[value] = (*_as_tuple(known), entry_id)

    def remove(self, ids: Iterable[int]) -> None:
        """Forget `ids`; unknown ones are passed over."""
        with self._writing:
            for entry_id in ids:
                self._drop(entry_id)

    def columns(self) -> tuple[list[int], list[bytes]]:
        """Every id, and its value."""
        with self._writing:
            return list(self._values), list(self._values.values())

    def values(self, ids: Iterable[int]) -> dict[int, bytes]:
        """The values of `ids`; unknown ids are left out."""
        return {entry_id: self._values[entry_id] for entry_id in ids if entry_id in self._values}

    def query(self, value: bytes) -> tuple[int, ...]:
        """The ids of every entry with this very value."""
        known = self._ids.get(value)
        return () if known is None else _as_tuple(known)

    def _drop(self, entry_id: int) -> None:
        value = self._values.pop(entry_id, None)
        if value is None:
            return
        left = tuple(known for known in self.query(value) if known != entry_id)
        if left:
            self._ids[value] = left
        else:
            del self._ids[value]


def _as_tuple(known: int | tuple[int, ...]) -> tuple[int, ...]:
    return known if isinstance(known, tuple) else (known,)


def _appended(segments: tuple[Segment, ...], ids: I64, rows: U64) -> tuple[Segment, ...]:
    """The segments with `rows` in the last one, or in a new one if they do not fit."""
    if segments and segments[-1].room >= len(rows):
        return (*segments[:-1], segments[-1].add(ids, rows))
    return (*segments, empty(max(GROWTH, len(rows)), rows.shape[1]).add(ids, rows))


def _is_stale(segments: tuple[Segment, ...]) -> bool:
    rows = sum(segment.size for segment in segments)
    dead = rows - sum(len(segment) for segment in segments)
    banded = sum(segment.size for segment in segments if segment.bands is not None)
    return dead * DEAD > rows or (rows >= BANDS_FROM and (rows - banded) * STALE > banded)


def _caught_up(merged: Segment, before: tuple[Segment, ...], now: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """`merged`, made from `before`, with what was removed and added `now`, while it was being made."""
    current = {id(segment.ids): segment for segment in now}  # a change keeps the array of ids
    gone = []
    for old in before:
        new = current.pop(id(old.ids), None)  # None: the segment lost its last row
        gone.append(old.ids[old.live] if new is None else old.ids[new.dead & ~old.dead])
    merged = merged.remove(np.concatenate(gone))
    return tuple(segment for segment in (merged, *current.values()) if len(segment))
