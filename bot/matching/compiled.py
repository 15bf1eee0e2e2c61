"""The inner loop of the loose question, compiled by numba (the extra ``fast``); what is asked is `loose`'s business."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from bot.matching.loose import PASS, Pairs, evens
from bot.matching.segments import I64, U64, Segment

_BLOCK: Final = 4_096  # rows whose even bits stay in the first-level cache while all probes are asked
_FEW: Final = 8  # rows that are looked at together: 512 bits
_ROOM: Final = 1 << 16  # pairs that there is room for at first
_FEW_WORDS: Final = ir.VectorType(ir.IntType(64), _FEW)
_EVEN: Final = np.uint64(0x0000AAAA0000AAAA)  # as in `loose`


class _Asked(NamedTuple):
    """What is asked: the even bits and the four turns of each probe, and how far out."""

    evens: U64
    turns: U64
    radius: int


class _Place(NamedTuple):
    """Where: which probe, and the first of some rows."""

    probe: int
    row: int


def met(segment: Segment, turns: U64, radius: int) -> Pairs:
    """As `loose.met`. Runs without Python's lock."""
    columns = segment.columns[:, : segment.size]
    asked = _Asked(evens(np.ascontiguousarray(turns[:, 0].T)), turns, radius)
    room = _ROOM
    while True:
        found = np.empty((room, 4), np.int64)
        count = _scan(columns, asked, found)
        if count <= room:
            probe, row, which, distance = np.ascontiguousarray(found[:count].T)
            return probe, row, which, distance
        room = count


@intrinsic
def _ones(_typing: Any, word: Any) -> Any:
    """How many bits of a word are set."""
    return word(word), lambda _context, builder, _signature, args: builder.ctpop(args[0])


@intrinsic
def _first_set(_typing: Any, word: Any) -> Any:
    """The number of the lowest bit that is set; one must be."""
    zero_is_no_case = ir.Constant(ir.IntType(1), 1)
    return types.intp(word), lambda _context, builder, _signature, args: builder.cttz(args[0], zero_is_no_case)


@intrinsic
def _passing(_typing: Any, block: Any, _first: Any, _probe: Any, _most: Any) -> Any:
    """One bit for each of eight words of a block, from a first one on: is it within so many bits of a probe?"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        words = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.bitcast(builder.gep(words.data, [args[1]]), _FEW_WORDS.as_pointer())
        mixed = builder.xor(builder.load(place, align=8), _spread(builder, args[2]))
        kind = ir.FunctionType(_FEW_WORDS, [_FEW_WORDS])
        count = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{_FEW}i64")
        passed = builder.icmp_unsigned("<=", builder.call(count, [mixed]), _spread(builder, args[3]))
        return builder.zext(builder.bitcast(passed, ir.IntType(_FEW)), ir.IntType(64))

    return types.uint64(block, types.intp, types.uint64, types.uint64), emit


def _spread(builder: Any, word: Any) -> Any:
    """A word, eight times."""
    none = ir.Constant(_FEW_WORDS, ir.Undefined)
    one = builder.insert_element(none, word, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, none, ir.Constant(ir.VectorType(ir.IntType(32), _FEW), [0] * _FEW))


@njit(nogil=True)
def _scan(columns: U64, asked: Any, found: I64) -> int:
    """Write probe, row, turn and distance of what meets into `found` as far as there is room; return how many do."""
    block = np.empty(_BLOCK, np.uint64)
    count = 0
    for start in range(0, columns.shape[1], _BLOCK):
        _even_bits(columns, start, block[: columns.shape[1] - start])
        for probe in range(asked.evens.size):
            count += _ask(columns, asked, _Place(probe, start), block, found[count:])
    return count


@njit(nogil=True)
def _ask(columns: U64, asked: Any, place: Any, block: U64, found: I64) -> int:
    """Write what meets one probe in the block of rows that starts at `place`; return how many do."""
    count, probe = 0, asked.evens[place.probe]
    for first in range(0, min(_BLOCK, columns.shape[1] - place.row), _FEW):
        some = _passing(block, first, probe, np.uint64(PASS))
        if some:
            count += _look(columns, asked, _Place(place.probe, place.row + first), some, found[count:])
    return count


@njit(nogil=True)
def _even_bits(columns: U64, start: int, block: U64) -> None:
    """Write the bits that `loose.evens` gives of as many rows as `block` has, from `start` on."""
    for place in range(block.size):
        row = start + place
        first, second = columns[0, row] & _EVEN, columns[1, row] & _EVEN
        third, fourth = columns[2, row] & _EVEN, columns[3, row] & _EVEN
        block[place] = first | (second >> np.uint64(1)) | (third << np.uint64(16)) | (fourth << np.uint64(15))


@njit(nogil=True)
def _look(columns: U64, asked: Any, place: Any, some: np.uint64, found: I64) -> int:
    """Write those of eight rows from `place` on that are near indeed; `some` has a bit for each that passed."""
    count = 0
    while some:
        row = place.row + _first_set(some)
        some &= some - np.uint64(1)
        if row >= columns.shape[1]:  # beyond the last row stands what was there before
            break
        which, distance = _nearest(columns, row, asked.turns[place.probe])
        if distance <= asked.radius and count < found.shape[0]:
            found[count] = place.probe, row, which, distance
        count += distance <= asked.radius
    return count


@njit(nogil=True)
def _nearest(columns: U64, row: int, turns: U64) -> tuple[int, int]:
    """The turn that is nearest to a row, the first of them, and how many bits differ."""
    first, second, third, fourth = columns[0, row], columns[1, row], columns[2, row], columns[3, row]
    which, least = 0, np.uint64(257)
    for turn in range(turns.shape[0]):
        bits = _ones(turns[turn, 0] ^ first) + _ones(turns[turn, 1] ^ second)
        bits += _ones(turns[turn, 2] ^ third) + _ones(turns[turn, 3] ^ fourth)
        if bits < least:
            which, least = turn, bits
    return which, np.int64(least)
