"""Where entries stand, against a dictionary: same answers after any change, few bytes each."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.matching.origins import GONE, Origin, Origins
from bot.model import SignalKind

PLACES = [Origin(1, SignalKind.PDQ, ""), Origin(1, SignalKind.MD5, "a"), Origin(2, SignalKind.PDQ, "b")]
IDS = st.sampled_from([0, 1, 2, 65_535, 65_536, 65_537, 1 << 20, (1 << 40) + 3, -1])


@given(st.lists(st.tuples(st.lists(IDS, unique=True, max_size=5), st.sampled_from([None, *PLACES])), max_size=10))
def test_origins_equal_a_dictionary(steps: list[tuple[list[int], Origin | None]]) -> None:
    """After any puts and removals every id has its place, and lists have their sizes, before and after a copy."""
    origins, twin = Origins(), dict[int, Origin]()
    for ids, origin in steps:
        origins.put(np.array(ids, np.int64), GONE if origin is None else origins.code(origin))
        for entry_id in ids:
            if origin is None:
                twin.pop(entry_id, None)
            else:
                twin[entry_id] = origin
    for made in (origins, Origins.of_columns(*origins.columns())):
        assert {one: made.get(one) for one in twin} == twin
        assert all(made.get(one) is None for one in (3, 65_538, 1 << 50) if one not in twin)
        assert made.sizes() == Counter(twin.values())
        assert sorted(made.ids().tolist()) == sorted(twin)
        assert sorted(made.of_list(1).tolist()) == sorted(one for one, origin in twin.items() if origin.list_id == 1)


def test_more_places_than_two_bytes_hold() -> None:
    """With 70,000 categories every entry still knows its own."""
    origins = Origins()
    places = [Origin(1, SignalKind.PDQ, str(number)) for number in range(70_000)]
    origins.put(np.arange(70_000), np.array([origins.code(place) for place in places]))
    assert all(origins.get(number) == places[number] for number in (0, 1, 65_534, 65_535, 65_536, 69_999))
    assert sum(origins.sizes().values()) == 70_000


def test_a_million_take_a_byte_each() -> None:
    """A million entries of one list take one megabyte."""
    origins = Origins()
    origins.put(np.arange(1, 1_000_001), origins.code(PLACES[0]))
    _, _, pages = origins.columns()
    assert sum(page.nbytes for page in pages) < 1_100_000
