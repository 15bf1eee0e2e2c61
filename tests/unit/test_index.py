"""The indexes against their brute-force twins: same answers on any list, after any change."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.matching import bands as bands_module
from bot.matching import index as index_module
from bot.matching import segments
from bot.matching.bands import WIDE_FROM, Bands, _flips, layout
from bot.matching.index import ExactIndex, HammingIndex
from bot.matching.segments import Hit

Rows = list[tuple[int, bytes]]
Step = tuple[str, list[bytes], list[int]]  # what is done, with which codes or which ids


def brute_force(rows: Rows, codes: list[bytes], radius: int) -> list[Hit]:
    """Compare everything with everything, one integer at a time."""
    hits = [
        Hit(query, entry_id, distance)
        for query, code in enumerate(codes)
        for entry_id, value in rows
        if (distance := (int.from_bytes(code) ^ int.from_bytes(value)).bit_count()) <= radius
    ]
    return sorted(hits, key=lambda hit: (hit.query, hit.distance, hit.entry_id))


def flipped(code: bytes, bits: Iterator[int] | list[int] | range) -> bytes:
    """`code` with the given bits turned over."""
    mask = sum(1 << bit for bit in bits)
    return (int.from_bytes(code) ^ mask).to_bytes(len(code))


@st.composite
def clustered(draw: st.DrawFn, size: int) -> bytes:
    """Codes of which many are near-duplicates or complements of each other."""
    base = draw(st.sampled_from([bytes(size), b"\xff" * size, b"\x5a" * size, bytes(range(size))]))
    return flipped(base, draw(st.lists(st.integers(0, size * 8 - 1), unique=True, max_size=40)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[Step]]:
    """A width in bytes, and adds, removes and compactions in any order."""
    size = draw(st.sampled_from([8, 32]))
    codes, ids = st.lists(clustered(size), max_size=12), st.lists(st.integers(0, 40), max_size=8)
    steps = st.tuples(st.sampled_from(["add", "add", "remove", "compact"]), codes, ids)
    return size, draw(st.lists(steps, max_size=12))


@given(
    st.lists(st.lists(st.integers(0, 200), min_size=1, max_size=9), min_size=1, max_size=6),
    st.lists(st.integers(-1, 202), max_size=60),
    st.booleans(),
)
def test_rows_leave_in_whatever_order_they_came(batches: list[list[int]], gone: list[int], is_compacted: bool) -> None:
    """Rows added in any order of their ids, one id several times too, are removed by id, compacted or not."""
    index = HammingIndex(64)
    rows = [(entry_id, bytes([entry_id] * 8)) for batch in batches for entry_id in batch]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "GROWTH", 16)
        patch.setattr(index_module, "DEAD", 1_000)
        for batch in batches:
            index.add(batch, [bytes([entry_id] * 8) for entry_id in batch])
        if is_compacted:
            index.remove([rows[0][0]])
            assert index.compact() == bool(len(index))
            rows = [row for row in rows if row[0] != rows[0][0]]
        index.remove(gone)
    left = [row for row in rows if row[0] not in gone]
    assert index.query(bytes(8), 64) == brute_force(left, [bytes(8)], 64)
    assert index.values(np.arange(201)) == dict(left)


@given(histories(), st.data(), st.sampled_from([0, 5, 7, 31, 32, 40, 47, 48, 64, 255, 256]))
def test_index_equals_brute_force(history: tuple[int, list[Step]], data: st.DataObject, radius: int) -> None:
    """After any adds, removes and compactions the index answers what comparing everything answers, banded or not."""
    size, steps = history
    index, rows = HammingIndex(size * 8), Rows()
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in ((segments, "BANDS_FROM", 4), (index_module, "BANDS_FROM", 4)):
            patch.setattr(module, name, value)
        patch.setattr(segments, "CROWD", 0.01)  # never too crowded for the bands
        patch.setattr(index_module, "GROWTH", 8)
        for step in steps:
            rows = _apply(index, rows, step)
        codes = data.draw(st.lists(clustered(size), max_size=3)) + [value for _, value in rows[:2]]
        assert index.query(codes, radius) == brute_force(rows, codes, radius)
        assert len(index) == len(rows)


def _apply(index: HammingIndex, rows: Rows, step: Step) -> Rows:
    what, codes, ids = step
    if what == "add":
        first = max((entry_id for entry_id, _ in rows), default=-1) + 1
        fresh = list(enumerate(codes, first))
        index.add([entry_id for entry_id, _ in fresh], codes)
        return rows + fresh
    if what == "remove":
        index.remove(ids)
        return [row for row in rows if row[0] not in ids]
    index.compact()
    return rows


@pytest.fixture(scope="module", name="large")
def _large() -> tuple[HammingIndex, NDArray[np.uint8]]:
    """60,000 hashes in bands, 5,000 behind them, and 6,000 near-duplicates of one."""
    random = np.random.default_rng(7)
    codes = random.integers(0, 256, (71_000, 32), dtype=np.uint8)
    codes[54_000:60_000] = codes[0]
    codes[54_000:60_000, 0] = random.integers(0, 256, 6_000, dtype=np.uint8)
    index = HammingIndex(256)
    index.add(np.arange(66_000), codes[:66_000])
    assert index.compact()
    index.add(np.arange(66_000, 71_000), codes[66_000:])
    index.remove(range(100, 200))
    return index, codes


@given(
    st.sampled_from([0, 50, 150, 59_999, 60_001, 70_999]),
    st.lists(st.integers(0, 255), unique=True, max_size=60),
    st.sampled_from([0, 15, 31, 40, 46, 47, 48, 54, 70]),
)
def test_large_index_equals_scan(
    large: tuple[HammingIndex, NDArray[np.uint8]], row: int, bits: list[int], radius: int
) -> None:
    """Bands, tail, tombstones and crowded buckets together give what a plain scan of all rows gives."""
    index, codes = large
    query = flipped(codes[row].tobytes(), bits)
    difference = codes ^ np.frombuffer(query, np.uint8)
    distances = np.bitwise_count(difference).sum(axis=1, dtype=np.uint16)
    distances[100:200] = 999
    near = np.flatnonzero(distances <= radius)
    expected = {(int(found), int(distances[found])) for found in near}
    assert {(hit.entry_id, hit.distance) for hit in index.query(query, radius)} == expected


@pytest.mark.parametrize("widths", [(16,) * 16, (16,) * 4, *(w for _, wide in WIDE_FROM for w in wide.values())])
@pytest.mark.parametrize("radius", [0, 3, 5, 7, 11, 15, 31, 40, 46])
def test_bands_miss_nothing_at_the_radius(widths: tuple[int, ...], radius: int) -> None:
    """However exactly `radius` flips are spread, evenly or just over one band's budget, the row stays a candidate."""
    size = sum(widths) // 8
    radius = min(radius, size)
    random = np.random.default_rng(radius)
    codes = random.integers(0, 256, (200, size), dtype=np.uint8)
    bands = Bands.of(codes, widths)
    for row in range(200):
        spread = _spread(random, widths, radius, row)
        bits = np.unpackbits(codes[row])
        bits[spread] ^= 1
        found = bands.candidates(np.packbits(bits)[None], radius)
        assert row in bands.rows_of(found, 0, 1)[1]


def _spread(random: np.random.Generator, widths: tuple[int, ...], radius: int, row: int) -> NDArray[np.int64]:
    """Bits to turn over: anywhere, or dealt out to the bands so that all but one get one more than they look for."""
    if row % 2:
        return random.permutation(sum(widths))[:radius]
    _, places = layout(widths)
    flips = dict(enumerate(most for _, most in _flips(widths, 200, radius)))
    dealt: list[int] = []
    for band in random.permutation(len(widths)).tolist():
        inside = places.reshape(len(widths), -1)[band]
        inside = random.permutation(inside[inside < sum(widths)])
        dealt += inside[: flips[band] + 1].tolist()
    return np.array(dealt[:radius], np.int64)


@pytest.mark.parametrize("radius", [31, 40, 46, 54, 70])
def test_wide_bands_equal_scan(large: tuple[HammingIndex, NDArray[np.uint8]], radius: int) -> None:
    """In wide bands, as of many millions of rows, the index answers what a plain scan answers, at every radius used."""
    _, codes = large
    rows, queries = codes[:66_000], [flipped(codes[number].tobytes(), range(radius + number)) for number in (0, 1, 2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands_module, "WIDE_FROM", [(4, wide) for _, wide in WIDE_FROM])
        index = HammingIndex(256)
        index.add(np.arange(len(rows)), rows)
        assert index.compact()
    for query in queries:
        distances = np.bitwise_count(rows ^ np.frombuffer(query, np.uint8)).sum(axis=1, dtype=np.uint16)
        near = np.flatnonzero(distances <= radius)
        expected = {(int(found), int(distances[found])) for found in near}
        assert {(hit.entry_id, hit.distance) for hit in index.query(query, radius)} == expected


@pytest.mark.parametrize(("size", "radius"), [(32, 31), (8, 5)])
def test_radius_is_inclusive(size: int, radius: int) -> None:
    """A hash at exactly the radius is found, one bit further it is not."""
    index = HammingIndex(size * 8)
    code = bytes(range(size))
    index.add([1], code)
    assert index.query(flipped(code, range(radius)), radius) == [Hit(0, 1, radius)]
    assert index.query(flipped(code, range(radius + 1)), radius) == []


def test_empty_index_matches_nothing() -> None:
    """An index without rows, or whose rows are all gone, answers nothing at any radius."""
    index = HammingIndex(256)
    assert index.query(bytes(32), 256) == []
    index.add([1, 2], bytes(64))
    index.remove([1, 2])
    assert index.query(bytes(32), 256) == []
    assert len(index) == 0
    assert not index.compact()


def test_complement_is_at_full_distance() -> None:
    """The complement of a hash is 256 bits away: the count does not wrap."""
    index = HammingIndex(256)
    index.add([1], b"\x0f" * 32)
    assert index.query(b"\xf0" * 32, 255) == []
    assert index.query(b"\xf0" * 32, 256) == [Hit(0, 1, 256)]


def test_query_takes_any_batch() -> None:
    """Bytes, a list of bytes and an array of bytes are the same question."""
    index = HammingIndex(64)
    codes = [b"abcdefgh", b"ABCDEFGH"]
    index.add([1, 2], codes)
    array = np.frombuffer(b"".join(codes), np.uint8).reshape(2, 8)
    assert index.query(codes, 0) == index.query(b"".join(codes), 0) == index.query(array, 0) == [(0, 1, 0), (1, 2, 0)]


@pytest.mark.parametrize("codes", [b"short", [b"x" * 31], [b"x" * 16, b"x" * 16], np.zeros((1, 4), np.uint64)])
def test_wrong_width_is_refused(codes: bytes) -> None:
    """A code of another width is an error that says the width, and nothing is added."""
    index = HammingIndex(256)
    with pytest.raises(ValueError, match="32 bytes"):
        index.add([1], codes)
    assert len(index) == 0


def test_ids_and_codes_must_pair_up() -> None:
    """More ids than codes is an error, and nothing is added."""
    index = HammingIndex(64)
    with pytest.raises(ValueError, match="2 ids for 1 codes"):
        index.add([1, 2], bytes(8))
    with pytest.raises(ValueError, match="multiple of 64"):
        HammingIndex(100)
    assert len(index) == 0


def test_changes_during_compaction_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added and removed while a compaction runs is there, and gone, when it is done."""
    index = HammingIndex(64)
    index.add([1, 2, 3, 4], [bytes([number] * 8) for number in range(4)])
    index.remove([1])
    real = segments.merge

    def interrupted(before: tuple[segments.Segment, ...]) -> segments.Segment:
        assert not index.compact()  # one at a time
        index.add([5], b"\x05" * 8)
        index.remove([2, 5])
        index.add([6], b"\x06" * 8)
        return real(before)

    monkeypatch.setattr(index_module, "merge", interrupted)
    assert index.compact()
    assert sorted(hit.entry_id for hit in index.query(bytes(8), 64)) == [3, 4, 6]
    assert len(index) == 3


def test_all_removed_during_compaction_stays_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment that loses its last row while it is being merged does not come back."""
    index = HammingIndex(64)
    index.add([1, 2], bytes(16))
    index.remove([1])
    real = segments.merge

    def emptied(before: tuple[segments.Segment, ...]) -> segments.Segment:
        index.remove([2])
        return real(before)

    monkeypatch.setattr(index_module, "merge", emptied)
    assert index.compact()
    assert index.query(bytes(8), 64) == []


def test_a_running_query_keeps_its_snapshot() -> None:
    """What a query began with stays as it was, whatever is added and removed before it is done."""
    index = HammingIndex(64)
    index.add([1, 2], bytes(16))
    words = np.zeros((1, 1), np.uint64)
    (before,) = index._segments
    index.add([3], bytes(8))
    index.remove([1])
    assert sorted(hit.entry_id for hit in before.query(words, 0)) == [1, 2]
    assert sorted(hit.entry_id for hit in index.query(bytes(8), 0)) == [2, 3]


def test_readers_never_see_half_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that queries all the while sees both rows of every pair or neither, never a torn row."""
    monkeypatch.setattr(index_module, "GROWTH", 16)
    index = HammingIndex(256)
    done, torn = Event(), []

    def read() -> None:
        while not done.is_set():
            if len(index.query(b"\xaa" * 32, 0)) % 2:
                torn.append(True)

    reader = Thread(target=read)
    reader.start()
    try:
        for number in range(0, 600, 2):
            index.add([number, number + 1], b"\xaa" * 64)
            if number % 6 == 0:
                index.remove([number, number + 1])
            if number % 60 == 0:
                index.compact()
    finally:
        done.set()
        reader.join()
    assert not torn
    assert len(index) == 400


def test_million_rows_load_and_are_found() -> None:
    """A million hashes are taken in one call and searched at once."""
    codes = np.random.default_rng(3).integers(0, 256, (1_000_000, 32), dtype=np.uint8)
    index = HammingIndex(256)
    index.add(np.arange(1_000_000), codes)
    query = flipped(codes[999_999].tobytes(), range(31))
    assert index.query(query, 31) == [Hit(0, 999_999, 31)]
    assert len(index) == 1_000_000


@given(st.lists(st.tuples(st.sampled_from("ar"), st.integers(0, 6), st.sampled_from([b"x", b"y", b"z"]))))
def test_exact_index_equals_a_dictionary(steps: list[tuple[str, int, bytes]]) -> None:
    """After any adds and removes each value leads to exactly the ids that have it."""
    index, twin = ExactIndex(), dict[int, bytes]()
    for step, entry_id, value in steps:
        if step == "a":
            index.add([entry_id], [value])
            twin[entry_id] = value
        else:
            index.remove([entry_id])
            twin.pop(entry_id, None)
    for value in (b"x", b"y", b"z", b"absent"):
        assert sorted(index.query(value)) == sorted(key for key, known in twin.items() if known == value)
    assert len(index) == len(twin)
