"""The loose question to PDQ hashes: many windows of one picture at once, mirrored and turned, far out. Not exact.

Mirroring a picture negates the odd frequencies of its transform and leaves the even ones; a quarter turn also swaps
rows and columns. So the 64 bits of a hash that are even in both directions are (but for the median, which shifts by
1.6 to 1.8 bits) the same for four of the eight turns: two scans of 8-byte words stand for eight of 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.matching.segments import I64, U8, U64, Flags, Segment, empty, ones

WORDS = 4  # of a PDQ hash
TURNS = 8
FAMILIES = np.array([[0, 2, 4, 5], [1, 3, 6, 7]])  # turns, as hashes.DIHEDRAL numbers them: upright ones, quarter turns

# Bits of the 64 that may differ. Unrelated pictures pass once in 250; of true pairs at 50 bits or less of the 256, 99.7
# to 100 % pass, at 51 to 60 96 to 99 %, at 61 to 70 84 to 94 % (lab: 300 photos, 95 attacks, 20 to 22 bits).
PASS = 21

_BLOCK = 32_768  # rows at a time: their words stay in the second-level cache while all windows are asked
_PROBES = 32  # scans at a time: their counts stay there as well
_EVEN = np.uint64(0x0000AAAA0000AAAA)  # of a word's four rows of frequencies every second, of each every second bit
_COLUMNS, _ROWS = 0x5555555555555555, 0xFFFF0000FFFF0000  # those of odd frequency
_FLIPS = np.array([0, _COLUMNS, _ROWS, _COLUMNS ^ _ROWS], np.uint64)  # what turns do to a hash, but for the median


Pairs = tuple[I64, I64, I64, I64]
"""Probe, row, the number of the nearest turn among the probe's, and its distance, for each probe and row that meet."""


_twin: dict[str, Callable[[Segment, U64, int], Pairs]] = {}  # of `met`, compiled; empty before `prepare`


class Near(NamedTuple):
    """What some windows may resemble: arrays of equal length, one element for each window and entry that meet."""

    window: I64
    turn: I64  # the nearest of the eight
    entry_id: I64
    distance: I64  # in that turn, in bits
    code: U64  # the entry's hash, (n, 4)


def evens(columns: U64) -> U64:
    """The 64 bits of each PDQ hash (words, rows) that mirroring leaves alone, in an order of their own."""
    first, second, third, fourth = columns & _EVEN
    even: U64 = first | second >> np.uint64(1) | third << np.uint64(16) | fourth << np.uint64(15)
    return even


def near(segments: Sequence[Segment], asked: U64, radius: int, quarter_turns: Flags) -> Near:
    """Every live row of `segments` within `radius` bits of any turn of each window of `asked` (windows, 8, 4).

    A window that is not among `quarter_turns` (windows,) is asked in the four turns that keep it upright or on its
    head. Pairs that `PASS` loses are missing. Ordered by window, then by entry.
    """
    probes = [(window, 0) for window in range(len(asked))]
    probes += [(window, 1) for window in np.flatnonzero(quarter_turns).tolist()]
    of_probe = np.array(probes, np.int64).reshape(-1, 2)
    turns = np.ascontiguousarray(asked[of_probe[:, :1], FAMILIES[of_probe[:, 1]]])  # (probes, turns, words)
    ask = _twin.get("met", met)
    parts = [_of_pairs(segment, of_probe, ask(segment, turns, radius)) for segment in segments]
    found = [_nothing(), *parts]
    columns: Iterator[NDArray[Any]] = (np.concatenate(column) for column in zip(*found, strict=True))
    joined = Near(*columns)
    order = np.lexsort((joined.turn, joined.distance, joined.entry_id, joined.window))
    window, entry_id = joined.window[order], joined.entry_id[order]
    first = np.ones(order.size, np.bool_)  # both families may have found the pair: the nearer one stands first
    first[1:] = (window[1:] != window[:-1]) | (entry_id[1:] != entry_id[:-1])
    kept = order[first]
    return Near(joined.window[kept], joined.turn[kept], joined.entry_id[kept], joined.distance[kept], joined.code[kept])


def prepare() -> bool:
    """Compile the inner loop, in some seconds; until then numpy answers. Says whether the extra ``fast`` is there."""
    try:
        from bot.matching import compiled  # noqa: PLC0415 - takes a second, and not everybody has what it imports
    except ImportError:
        return False
    compiled.met(empty(1, WORDS), np.empty((0, 4, WORDS), np.uint64), 0)
    _twin["met"] = compiled.met
    return True


def forget() -> None:
    """Have numpy answer again: for whoever compares the two."""
    _twin.clear()


def _nothing() -> Near:
    none = np.empty(0, np.int64)
    return Near(none, none, none, none, np.empty((0, WORDS), np.uint64))


def _of_pairs(segment: Segment, of_probe: I64, pairs: Pairs) -> Near:
    """What is near in one segment, of pairs with its rows; `of_probe` (probes, 2) are window and family."""
    live = ~segment.dead[pairs[1]]
    probe, row, which, distance = (column[live] for column in pairs)
    window, family = of_probe[probe].T
    return Near(window, FAMILIES[family, which], segment.ids[row].astype(np.int64), distance, segment.codes(row))


def met(segment: Segment, turns: U64, radius: int) -> Pairs:
    """The rows of `segment`, living or dead, within `radius` of any of the `turns` of a probe.

    `turns` are (probes, 4, 4). `compiled.met` is the same, compiled.
    """
    none = np.empty(0, np.int64)
    found = [(none, none, none, none)]
    first = np.ascontiguousarray(turns[:, 0])
    reach = radius + _strays(turns)
    for probe, row in _passing(segment.columns[:, : segment.size], evens(np.ascontiguousarray(first.T))):
        codes = segment.codes(row)
        left = np.flatnonzero(_in_any_turn(codes ^ first.take(probe, axis=0)) <= reach.take(probe))
        distances = np.bitwise_count(turns[probe[left]] ^ codes[left, None]).sum(axis=2, dtype=np.int64)
        nearest = distances.min(axis=1)
        kept = np.flatnonzero(nearest <= radius)
        found.append((probe[left[kept]], row[left[kept]], distances[kept].argmin(axis=1), nearest[kept]))
    probes, rows, nearest_turns, all_bits = (np.concatenate(column) for column in zip(*found, strict=True))
    return probes, rows, nearest_turns, all_bits


def _in_any_turn(differing: U64) -> I64:
    """How many of the bits `differing` (pairs, 4) there would be in the nearest turn, if turns were flips and no more.

    A turn flips the odd columns of frequencies, the odd rows, or what is odd in one of both: 128 bits of 256.
    """
    most = ones(differing & _FLIPS[1])
    for flip in _FLIPS[2:]:
        np.maximum(most, ones(differing & flip), out=most)
    return ones(differing).astype(np.int64) - np.maximum(0, 2 * most.astype(np.int64) - 128)


def _strays(turns: U64) -> I64:
    """By how many bits the turns of each probe differ at most from its first one flipped, (probes,).

    A row is within that of as near to a turn as to the first one flipped, whatever the turns are.
    """
    flipped = turns[:, :1] ^ _FLIPS[:, None]
    bits = np.bitwise_count(turns[:, :, None] ^ flipped[:, None]).sum(axis=3, dtype=np.int64)
    strays: I64 = bits.min(axis=2).max(axis=1)
    return strays


def _passing(columns: U64, probes: U64) -> Iterator[tuple[I64, I64]]:
    """Probe and row of all pairs whose even bits are near, block by block."""
    mixed, counts = np.empty(_BLOCK, np.uint64), np.empty((_PROBES, _BLOCK), np.uint8)
    for start in range(0, columns.shape[1], _BLOCK):
        block = evens(columns[:, start : start + _BLOCK])  # made anew: 9 ms a million, for all windows together
        for first in range(0, probes.size, _PROBES):
            some = probes[first : first + _PROBES]
            passed = _scan(block, some, mixed[: block.size], counts[: some.size, : block.size])
            probe, row = np.divmod(_set(passed.ravel()), block.size)
            probe += first
            row += start
            yield probe, row


def _scan(block: U64, probes: U64, mixed: U64, counts: U8) -> Flags:
    """Which of `block` (rows,) pass for which of `probes`; `mixed` and `counts` are memory to work in."""
    steps = probes.copy()
    steps[1:] ^= probes[:-1]  # what turns a row mixed with one probe into the row mixed with the next, in place
    source = block
    for step, count in zip(steps[:, None], counts, strict=True):
        np.bitwise_xor(source, step, out=mixed)
        np.bitwise_count(mixed, out=count)
        source = mixed
    passed: Flags = np.less_equal(counts, PASS)
    return passed


def _set(flags: Flags) -> I64:
    """Where `flags` are set, when few are: eight at a time first, which takes half the time of looking at each."""
    whole = flags.size // 8 * 8
    eights = flags[:whole].view(np.uint64)
    some = np.flatnonzero(eights != 0)
    inside = np.flatnonzero(eights[some].view(np.bool_))
    return np.concatenate([(some[inside >> 3] << 3) + (inside & 7), np.flatnonzero(flags[whole:]) + whole])
