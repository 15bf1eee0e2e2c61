"""Days and weeks of summaries: each is due once, none is left out, whatever the clock says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.periods import DAY_SECONDS, WEEK, Period, date_of, day_of, due, moment, recent, wait
from bot.rules import Summary

MOMENTS = st.floats(0, 4e9, allow_nan=False)
HOURS = st.integers(0, 23)
TELLING = st.sampled_from([Summary.DAILY, Summary.WEEKLY])


def at(text: str) -> float:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def span(period: Period | None) -> tuple[str, str]:
    """The first day of a period and the last."""
    assert period is not None
    return str(date_of(period.first_day)), str(date_of(period.until_day - 1))


@pytest.mark.parametrize(
    ("cadence", "now", "days"),
    [
        (Summary.DAILY, "2026-11-25 06:00", ("2026-11-24", "2026-11-24")),
        (Summary.DAILY, "2026-11-25 05:59", ("2026-11-23", "2026-11-23")),
        (Summary.WEEKLY, "2026-11-30 06:00", ("2026-11-23", "2026-11-29")),  # a Monday
        (Summary.WEEKLY, "2026-11-30 05:59", ("2026-11-16", "2026-11-22")),
        (Summary.WEEKLY, "2026-12-06 23:00", ("2026-11-23", "2026-11-29")),  # the Sunday after
    ],
)
def test_a_summary_is_of_the_days_before_its_hour(cadence: Summary, now: str, days: tuple[str, str]) -> None:
    """At six o'clock yesterday is told, on Monday the week from Monday to Sunday."""
    assert span(due(cadence, at(now), 6)) == days


@given(TELLING, MOMENTS, HOURS)
def test_what_is_due_is_over_and_the_newest(cadence: Summary, now: float, hour: int) -> None:
    """A period that is due has ended, its hour has come, and the next one's has not."""
    period = due(cadence, now, hour)
    assert period is not None
    assert period.length == (1 if cadence is Summary.DAILY else WEEK)
    assert moment(period, hour) <= now < moment(period, hour) + period.length * DAY_SECONDS


@given(TELLING, MOMENTS, HOURS)
def test_no_day_is_left_out_or_told_twice(cadence: Summary, now: float, hour: int) -> None:
    """The period that is due next begins where this one ends."""
    period = due(cadence, now, hour)
    assert period is not None
    following = due(cadence, now + period.length * DAY_SECONDS, hour)
    assert following is not None
    assert following.first_day == period.until_day


@given(MOMENTS, HOURS)
def test_the_wait_ends_at_the_hour(now: float, hour: int) -> None:
    """Whoever sleeps that long wakes when a day's summary becomes due, and sleeps a day at most."""
    seconds = wait(now, hour)
    assert 0 < seconds <= DAY_SECONDS
    rest = (now + seconds - hour * 3600) % DAY_SECONDS
    assert min(rest, DAY_SECONDS - rest) < 1e-3


@given(MOMENTS)
def test_what_is_asked_for_ends_today(now: float) -> None:
    """Asked for, the last days include the one that is not over."""
    assert recent(1, now) == Period(day_of(now), day_of(now) + 1)
    assert recent(7, now).length == WEEK


def test_never_is_never_due() -> None:
    """A chat that wants no summary has none due."""
    assert due(Summary.NEVER, 1e9, 6) is None
