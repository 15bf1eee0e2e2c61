"""Counts summed up: medians from steps are near the times, and each number lands on its day."""

from __future__ import annotations

import statistics
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot import daybook
from bot.daybook import LAST_STEP, REMOVAL, by_day, median, seconds_of, step_of, total
from bot.periods import Period
from bot.store.counts import Count

TIMES = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


def counted(times: list[float]) -> list[Count]:
    """Removals after these times, as they are counted."""
    steps = Counter(map(step_of, times))
    return [Count(1, REMOVAL, step, number) for step, number in steps.items()]


@given(st.floats(0, 1e12))
def test_a_time_counts_in_a_step_near_it(seconds: float) -> None:
    """A step stands for times from its own up to a fifth longer; less than a second is nought."""
    step = step_of(seconds)
    assert 0 <= step <= LAST_STEP
    if seconds < 1:
        assert step == 0
    elif step < LAST_STEP:
        assert seconds_of(step) <= seconds * 1.0001
        assert seconds <= seconds_of(step) * 1.2


@given(TIMES)
def test_the_median_is_near(times: list[float]) -> None:
    """Half of the removals were made within the time that is told, to within a step."""
    found = median(counted(times), REMOVAL)
    exact = statistics.median_low(times)
    assert found is not None
    assert found <= exact * 1.0001
    assert exact <= max(1.0, found * 1.2)
    assert median(counted(times), daybook.DECISION) is None


def test_what_was_checked_is_all_that_was_judged() -> None:
    """Clean, matched and unscannable posts are all checked posts; each is told on its day."""
    found = [Count(3, "clean", 0, 5), Count(3, "match", 0, 2), Count(4, "unscannable", 0, 1), Count(4, "report", 0, 1)]
    sums = total(found)
    assert (sums.checked, sums.matched, sums.unscannable, sums.reported) == (8, 2, 1, 1)
    assert by_day(found, Period(2, 6), "clean", "match", "unscannable") == [0, 7, 1, 0]
    assert not sums.is_quiet
    assert total([]).is_quiet
