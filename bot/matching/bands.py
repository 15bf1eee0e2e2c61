"""Multi-index hashing: which rows can lie near a hash at all. The distances themselves are measured by the index."""

from __future__ import annotations

from functools import cache
from heapq import heapify, heapreplace
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]

WIDE_FROM = (  # rows from which wider bands pay: fewer rows to look at, but larger tables of where buckets start
    (500_000, {256: (18,) * 10 + (19,) * 4}),  # 0.20 ms a query of a million instead of 0.24, 7 bytes a row more
    (3_000_000, {256: (18,) * 7 + (22,) * 4 + (21,) * 2, 64: (22, 21, 21)}),  # 0.3 ms of 10 million instead of 1.4
    (8_000_000, {256: (21,) * 8 + (22,) * 4, 64: (22, 21, 21)}),  # 0.25 ms of 10 million, in as much memory
)
WIDTH = 16  # bits of a band of fewer rows: 65,536 buckets, so that a million rows leave 15 a bucket
SEED = 1  # any fixed permutation does; a new one would change timings, and make saved bands wrong
_KEY_BLOCK = 16_384  # rows whose bits are unpacked at a time: 8 MB


def widths_for(bits: int, rows: int) -> tuple[int, ...]:
    """The widths of the bands, in bits, that serve so many rows best."""
    fitting = [widths[bits] for least, widths in WIDE_FROM if rows >= least and bits in widths]
    return fitting[-1] if fitting else (WIDTH,) * (bits // WIDTH)


class Candidates(NamedTuple):
    """Where rows stand that may be near: for each query and bucket the first place and how many, and all of each."""

    starts: I64  # (queries, buckets)
    lengths: I64
    counts: I64  # (queries,)


class Bands:
    """The rows of one segment, sorted into buckets by each band of their permuted bits.

    Exact by the pigeonhole principle: if every band b of a row differs from the query in more than t_b bits, they
    differ in at least sum(t_b + 1) bits altogether. So flips with sum(t_b + 1) > radius miss nothing.
    The permutation keeps similar pictures (text, line art) from crowding into one bucket; distances do not see it.
    """

    def __init__(self, widths: tuple[int, ...], order: U32, starts: U32) -> None:
        """Take bands as they were made: `order` (bands, rows), and where each bucket of each band starts in it."""
        self.widths, self.order, self.starts = widths, order, starts
        self.rows = order.shape[1]
        ends = np.cumsum([0, *((1 << width) + 1 for width in widths)])
        if ends[-1] != starts.size or len(widths) != len(order):
            raise ValueError("these bands are not of these widths")
        self._first_bucket = ends[:-1]
        self._plans: dict[int, _Plan] = {}

    @classmethod
    def of(cls, codes: U8, widths: tuple[int, ...] | None = None) -> Bands:
        """Sort `codes` (rows, bytes) into buckets: about 1 s and 68 bytes a row for a million PDQ hashes."""
        rows, size = codes.shape
        widths = widths or widths_for(size * 8, rows)
        order = np.empty((len(widths), rows), np.uint32)
        starts = np.zeros(sum((1 << width) + 1 for width in widths), np.uint32)
        first = 1  # of each band the first bucket starts at 0
        for band, (width, keys) in enumerate(zip(widths, _all_keys(codes, widths), strict=True)):
            order[band] = _sorted(keys)
            np.cumsum(
                np.bincount(keys, minlength=1 << width), dtype=np.uint32, out=starts[first : first + (1 << width)]
            )
            first += (1 << width) + 1
        return cls(widths, order, starts)

    def cost(self, radius: int) -> int:
        """Buckets and rows that a query of this radius looks at, in evenly filled bands."""
        return self._plan(radius).cost

    def candidates(self, codes: U8, radius: int) -> Candidates:
        """Where the candidates of each of `codes` (queries, bytes) stand, for `rows_of`."""
        plan = self._plan(radius)
        buckets = _keys(codes, self.widths).astype(np.int64).take(plan.bands, axis=1)
        buckets ^= plan.masks
        buckets += plan.first_buckets
        starts = self.starts.take(buckets).astype(np.int64)
        buckets += 1
        lengths = self.starts.take(buckets) - starts
        starts += plan.first_places
        return Candidates(starts, lengths, lengths.sum(axis=1))

    def rows_of(self, found: Candidates, first: int, last: int) -> tuple[I64, I64]:
        """Query and row of every candidate of the queries `first` to `last`; a row may come several times.

        Many queries at once, for each step on few rows takes longer to call than to do.
        """
        starts, lengths = found.starts[first:last].flatten(), found.lengths[first:last].ravel()
        starts -= np.cumsum(lengths)
        starts += lengths
        places = np.repeat(starts, lengths)
        places += np.arange(places.size)
        queries = np.repeat(np.arange(first, last), found.counts[first:last])
        return queries, self.order.ravel().take(places).astype(np.int64)

    def _plan(self, radius: int) -> _Plan:
        if radius not in self._plans:  # radii are few: one for each rule
            flips = _flips(self.widths, self.rows, radius)
            cost = sum(_bucket_cost(w, self.rows) * comb(w, n) for w, t in flips for n in range(t + 1))
            masks = [_masks(width, most) for width, most in flips]
            bands = np.repeat(np.arange(len(masks)), [mask.size for mask in masks])
            places = bands * self.rows
            self._plans[radius] = _Plan(int(cost), bands, np.concatenate(masks), self._first_bucket[bands], places)
        return self._plans[radius]


class _Plan(NamedTuple):
    """Every bucket to look into for an exact answer within a radius."""

    cost: int
    bands: I64
    masks: I64  # flips of the key
    first_buckets: I64  # of the band, among those of all bands
    first_places: I64  # likewise


def _flips(widths: tuple[int, ...], rows: int, radius: int) -> list[tuple[int, int]]:
    """Width and most flips (-1: not looked at) of each band, so that they suffice and cost least."""
    most = [-1] * len(widths)
    steps = [(_bucket_cost(width, rows), band) for band, width in enumerate(widths)]
    heapify(steps)
    for _ in range(min(radius, sum(widths)) + 1):  # each further flip goes to the band where it costs least
        _, band = steps[0]
        most[band] += 1
        further = comb(widths[band], most[band] + 1) * _bucket_cost(widths[band], rows)
        heapreplace(steps, (further or float("inf"), band))
    return list(zip(widths, most, strict=True))


def _bucket_cost(width: int, rows: int) -> float:
    """What one bucket costs: about as much as one row to look it up, and its rows."""
    return 1 + rows / (1 << width)


@cache  # widths are four, flips few
def _masks(width: int, flips: int) -> I64:
    """All masks of `width` bits that have at most `flips` of them set."""
    chosen = (bits for count in range(flips + 1) for bits in combinations(range(width), count))
    return np.array([sum(1 << bit for bit in bits) for bits in chosen], np.int64)


@cache
def layout(widths: tuple[int, ...]) -> tuple[int, I64]:
    """Bits of a key's place, and which bit of a code goes to each; one behind the last stands for a zero."""
    bits = sum(widths)
    place = 16 if max(widths) <= WIDTH else 32
    permutation = np.random.default_rng(SEED).permutation(bits)
    places = np.full((len(widths), place), bits)
    start = 0
    for band, width in enumerate(widths):
        places[band, :width] = permutation[start : start + width]
        start += width
    return place, places.ravel()


def _keys(codes: U8, widths: tuple[int, ...]) -> NDArray[np.uint16] | U32:
    """The key of each code in each band, (codes, bands)."""
    place, places = layout(widths)
    bits = np.zeros((len(codes), sum(widths) + 1), np.uint8)
    bits[:, :-1] = np.unpackbits(codes, axis=1)
    packed = np.packbits(bits.take(places, axis=1), axis=1, bitorder="little")
    return packed.view(np.dtype(f"<u{place // 8}"))


def _all_keys(codes: U8, widths: tuple[int, ...]) -> NDArray[np.uint16] | U32:
    """The keys of many codes, (bands, codes)."""
    keys = np.empty((len(widths), len(codes)), _keys(codes[:0], widths).dtype)
    for start in range(0, len(codes), _KEY_BLOCK):
        keys[:, start : start + _KEY_BLOCK] = _keys(codes[start : start + _KEY_BLOCK], widths).T
    return keys


def _sorted(keys: NDArray[np.uint16] | U32) -> I64:
    """The order of `keys`. Sixteen bits at a time, for those numpy sorts by counting."""
    low = np.argsort(keys.astype(np.uint16), kind="stable")
    if keys.dtype.itemsize == 2:  # noqa: PLR2004 - bytes
        return low
    high = (keys >> 16).astype(np.uint16)
    return low[np.argsort(high[low], kind="stable")]
