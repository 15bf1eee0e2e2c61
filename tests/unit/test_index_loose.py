"""The loose question against its brute-force twin: every pair that the even bits let through, and no other."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.matching import compiled, loose, segments
from bot.matching import index as index_module
from bot.matching.index import HammingIndex
from bot.media import pdq
from tests.texture import texture

Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Found = set[tuple[int, int, int]]  # window, entry, distance

EVEN = np.zeros((16, 16), np.bool_)
EVEN[::2, ::2] = True  # the first bit is the highest frequency, 16 in both directions


def turned(seed: int) -> Codes:
    """The eight hashes of a texture."""
    hashes, _ = pdq.dihedral(np.asarray(texture(seed, 192, 128)))
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(8, 32)


def flipped(code: Codes, bits: list[int]) -> Codes:
    """`code` with the given bits turned over."""
    mask = np.zeros(256, np.uint8)
    mask[bits] = 1
    return code ^ np.packbits(mask)


def brute_force(rows: dict[int, Codes], windows: Codes, radius: int, on_side: Flags) -> Found:
    """Compare everything with everything: the nearest turn among those whose family is asked and passes."""
    found = Found()
    for window, turns in enumerate(windows):
        families = loose.FAMILIES[: 1 + on_side[window]].tolist()
        bits = np.unpackbits(turns, axis=1)
        for entry_id, code in rows.items():
            differing = bits ^ np.unpackbits(code)
            evens = differing[:, EVEN.ravel()].sum(axis=1)
            asked = [turn for family in families if evens[family[0]] <= loose.PASS for turn in family]
            nearest = min((int(differing[turn].sum()) for turn in asked), default=999)
            if nearest <= radius:
                found.add((window, entry_id, nearest))
    return found


def answered(index: HammingIndex, windows: Codes, radius: int, on_side: Flags) -> Found:
    """What the index says, after a look at the turns."""
    near = index.loose(windows, radius, on_side)
    assert all(array.shape[:1] == near.window.shape for array in near)
    return {(int(w), int(e), int(d)) for w, _, e, d, _ in zip(*near, strict=True)}


BASES = [turned(seed) for seed in (1, 2, 3)]


@st.composite
def codes(draw: st.DrawFn) -> Codes:
    """A turn of one of three pictures with up to 80 bits turned over, or its complement."""
    base = draw(st.sampled_from(BASES))[draw(st.integers(0, 7))]
    code = flipped(base, draw(st.lists(st.integers(0, 255), unique=True, max_size=80)))
    return ~code if draw(st.booleans()) and draw(st.booleans()) else code


@pytest.mark.parametrize("is_compiled", [False, True], ids=["numpy", "compiled"])
@given(
    values=st.lists(codes(), max_size=14),
    gone=st.lists(st.integers(0, 13), max_size=4),
    compacted=st.integers(0, 14),
    asked=st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.booleans()), max_size=4),
    radius=st.sampled_from([0, 31, 40, 46, 54, 70, 256]),
)
def test_loose_equals_brute_force(
    *,
    values: list[Codes],
    gone: list[int],
    compacted: int,
    asked: list[tuple[int, bool]],
    radius: int,
    is_compiled: bool,
) -> None:
    """After adds, removes and compactions, every pair that the even bits let through is found, at its distance.

    That is so with numpy alone and with the compiled inner loop.
    """
    index, rows = HammingIndex(256), dict(enumerate(values))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "BANDS_FROM", 4)
        patch.setattr(index_module, "BANDS_FROM", 4)
        patch.setattr(index_module, "GROWTH", 6)
        patch.setattr(loose, "_BLOCK", 5)
        patch.setattr(loose, "_PROBES", 3)
        patch.setattr(loose, "_twin", {"met": compiled.met} if is_compiled else {})
        patch.setattr(compiled, "_ROOM", 2)
        for entry_id, value in rows.items():
            index.add([entry_id], value.tobytes())
            if entry_id == compacted:
                index.compact()
        index.remove(gone)
        left = {entry_id: value for entry_id, value in rows.items() if entry_id not in gone}
        windows = np.stack([BASES[one] for one, _ in asked]) if asked else np.empty((0, 8, 32), np.uint8)
        on_side = np.array([one for _, one in asked], np.bool_)
        assert answered(index, windows, radius, on_side) == brute_force(left, windows, radius, on_side)


@pytest.mark.parametrize("turn", range(8))
def test_nearest_turn_is_named(turn: int) -> None:
    """A listed picture that is posted turned or mirrored is found in the turn that undoes it."""
    index = HammingIndex(256)
    index.add([7], BASES[0][turn].tobytes())
    near = index.loose(BASES[0][None], 31)
    assert [array.tolist() for array in near[:-1]] == [[0], [turn], [7], [0]]
    assert near.code[0].tobytes() == BASES[0][turn].tobytes()


def test_only_windows_that_are_asked_on_their_side_are_found_so() -> None:
    """A quarter turn is found for the windows that are asked so, the others are found upright and on their head."""
    index = HammingIndex(256)
    index.add([1], BASES[0][1].tobytes())
    index.add([2], BASES[0][2].tobytes())
    near = index.loose(np.stack([BASES[0], BASES[0]]), 31, np.array([False, True]))
    assert list(zip(near.window.tolist(), near.entry_id.tolist(), strict=True)) == [(0, 2), (1, 1), (1, 2)]


def test_a_long_list_is_scanned_to_its_end() -> None:
    """Entries at the edges of the blocks that are scanned together are found, and each once, by either way."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 256, (40_003, 32), dtype=np.uint8)
    places = [0, 4_095, 4_096, 32_767, 32_768, 40_002]
    values[places] = BASES[0][0]
    index = HammingIndex(256)
    index.add(list(range(len(values))), values.tobytes())
    for is_compiled in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loose, "_twin", {"met": compiled.met} if is_compiled else {})
            assert index.loose(BASES[0][None], 70).entry_id.tolist() == places


@pytest.mark.parametrize("radius", [31, 40, 46, 54, 70])
def test_radius_is_inclusive(radius: int) -> None:
    """A hash at exactly the radius is found if its even bits pass, one bit further it is not."""
    index = HammingIndex(256)
    odd = np.flatnonzero(~EVEN.ravel()).tolist()
    index.add([1], flipped(BASES[0][0], odd[:radius]).tobytes())
    index.add([2], flipped(BASES[0][0], odd[: radius + 1]).tobytes())
    assert index.loose(BASES[0][None], radius).entry_id.tolist() == [1]


@pytest.mark.parametrize(("bits", "expected"), [(loose.PASS, [1]), (loose.PASS + 1, [])])
def test_even_bits_decide_who_passes(bits: int, expected: list[int]) -> None:
    """As many even bits as are documented may differ, and no more."""
    index = HammingIndex(256)
    index.add([1], flipped(BASES[0][0], np.flatnonzero(EVEN.ravel())[:bits].tolist()).tobytes())
    assert index.loose(BASES[0][None], 70).entry_id.tolist() == expected


def test_evens_survive_mirroring() -> None:
    """Of each family the even bits of all four turns differ by a few bits of 64, of the other by far more."""
    for base in BASES:
        evens = loose.evens(base.view(np.uint64).T)
        for family, others in (loose.FAMILIES, loose.FAMILIES[::-1]):
            assert np.bitwise_count(evens[family] ^ evens[family[0]]).max() <= 6
            assert np.bitwise_count(evens[others] ^ evens[family[0]]).min() > 6


def test_nothing_is_near_nothing() -> None:
    """No windows, or no entries, are no error: the arrays are empty."""
    index = HammingIndex(256)
    assert index.loose(BASES[0][None], 70).entry_id.size == 0
    index.add([1], BASES[0][0].tobytes())
    assert index.loose(np.empty((0, 8, 32), np.uint8), 70).entry_id.size == 0


@pytest.mark.parametrize("shape", [(8, 32), (1, 4, 32), (1, 8, 8)])
def test_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    """Anything but eight hashes for each window is an error that says what was expected."""
    with pytest.raises(ValueError, match="windows, 8, 32"):
        HammingIndex(256).loose(np.zeros(shape, np.uint8), 70)
    with pytest.raises(ValueError, match="windows, 8, 32"):
        HammingIndex(64).loose(np.zeros((1, 8, 8), np.uint8), 70)


def test_the_compiled_loop_is_taken_once_it_is_prepared() -> None:
    """With the extra `fast` the inner loop is compiled on demand and answers from then on; without it numpy does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loose, "_twin", {})
        patch.setitem(sys.modules, "bot.matching.compiled", None)
        patch.delattr("bot.matching.compiled", raising=False)
        assert not loose.prepare()
        assert loose._twin == {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loose, "_twin", {})
        assert loose.prepare()
        assert loose._twin == {"met": compiled.met}
