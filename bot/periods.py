"""Which days a summary is about, and when it is due. Pure arithmetic of days in UTC; no clock is read here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.rules import Summary

HOUR_SECONDS = 60 * 60
DAY_SECONDS = 24 * HOUR_SECONDS
WEEK = 7

THURSDAY = 3  # the weekday of 1970-01-01, counted from Monday


@dataclass(frozen=True, slots=True)
class Period:
    """Days since 1970 in UTC: from the first up to `until_day`, which is no part of it."""

    first_day: int
    until_day: int

    @property
    def length(self) -> int:
        """How many days it has."""
        return self.until_day - self.first_day


def due(cadence: Summary, now: float, hour: int) -> Period | None:
    """Return the newest period whose summary is due at `now`, None without one: days end at midnight, weeks on Sunday.

    It is due at `hour` of the day after, and stays the newest until the next one is.
    """
    today = day_of(now - hour * HOUR_SECONDS)
    if cadence is Summary.DAILY:
        return Period(today - 1, today)
    if cadence is Summary.WEEKLY:
        monday = today - (today + THURSDAY) % WEEK
        return Period(monday - WEEK, monday)
    return None


def moment(period: Period, hour: int) -> float:
    """Return when a period's summary is due."""
    return float(period.until_day * DAY_SECONDS + hour * HOUR_SECONDS)


def recent(days: int, now: float) -> Period:
    """Return the last days, the one that is not over included."""
    until = day_of(now) + 1
    return Period(until - days, until)


def wait(now: float, hour: int) -> float:
    """Return the seconds until the next time at which summaries become due."""
    return DAY_SECONDS - (now - hour * HOUR_SECONDS) % DAY_SECONDS


def day_of(now: float) -> int:
    """Return the day of a moment."""
    return int(now // DAY_SECONDS)


def date_of(day: int) -> date:
    """Return the date of a day."""
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).date()
