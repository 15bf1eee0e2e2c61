"""The story of a summary: what a chat's days came to, told to its admins once for each period, with a small picture."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, daybook, guardians, periods, rules
from bot.calls import CHATTER
from bot.chart import Chart
from bot.daybook import Sum
from bot.i18n import Html, duration, language_for, lines, name, say, say_n
from bot.model import ChatSettings
from bot.outcome import Call, Outcome, Refused
from bot.periods import WEEK, Period
from bot.store import caps, chats, counts, outbox
from bot.store.counts import Count, Subject
from bot.store.db import Database

KEY = "summary:"
"""What the keys of the calls begin with that tell of a period: ``summary:<chat>:<day>``, and ``…:ask:`` when asked."""

LOOK_SECONDS = 15 * 60.0
"""Time between looks for summaries that are due, at most: whoever just chose to have them gets the last one."""

AT_ONCE = 50
"""Chats that are told in one transaction: more would hold up the writer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a summary is read: chat, topic, language."""

    chat_id: int
    language: str
    thread_id: int | None = None


# --- in time -------------------------------------------------------------------------------------


async def send_due(database: Database, hour: int, now: float | None = None) -> bool:
    """Put the summaries that are due into the outbox; say whether there are any.

    What was told is in the database: a restart tells nothing twice, and of several periods missed the newest is told.
    """
    moment = time.time() if now is None else now
    async with database.read() as connection:
        subjects = await counts.subjects(connection)
    waiting = [(one, period) for one in subjects if (period := _due(one, moment, hour)) is not None]
    told = 0
    for start in range(0, len(waiting), AT_ONCE):
        part = waiting[start : start + AT_ONCE]

        async def tell(connection: AsyncConnection, part: Sequence[tuple[Subject, Period]] = part) -> int:
            return sum([await _tell(connection, subject, period) for subject, period in part])

        told += await database.write(tell)
    return bool(told)


def _due(subject: Subject, now: float, hour: int) -> Period | None:
    """Return the period that a chat has not been told of, None without one; nothing is due of before it was known."""
    period = periods.due(rules.load(subject.rules).summary, now, hour)
    if period is None or periods.moment(period, hour) <= subject.added_at:
        return None
    return period if subject.until_day is None or subject.until_day < period.until_day else None


async def _tell(connection: AsyncConnection, subject: Subject, period: Period) -> bool:
    """Tell a chat's admins of a period; say whether anything is said."""
    if not await counts.claim(connection, subject.chat_id, period.until_day):
        return False
    settings = await chats.settings(connection, subject.chat_id)
    place = await place_of(connection, settings)
    if place is None:
        return False
    found = await daybook.of(connection, subject.chat_id, _shown(period))
    if _sum(found, period).is_quiet and not await _is_worth_a_line(connection, subject, period):
        return False
    key = f"{KEY}{subject.chat_id}:{period.until_day}"
    await outbox.put(connection, [await call_of(connection, key, settings, period, place)])
    return True


async def _is_worth_a_line(connection: AsyncConnection, subject: Subject, period: Period) -> bool:
    """Whether a chat where nothing happened hears so: once a week, if it was told before and is no log itself."""
    is_week = period.length == WEEK and subject.until_day is not None
    return is_week and not await chats.logged_by(connection, subject.chat_id)


async def place_of(connection: AsyncConnection, settings: ChatSettings) -> Place | None:
    """Return where summaries go: the log chat, else the owner in private; never before the members of the group."""
    if settings.log_chat_id is not None:
        return Place(settings.log_chat_id, settings.language, guardians.topic(settings, settings.log_chat_id))
    owner = await chats.person(connection, settings.owner_id) if settings.owner_id is not None else None
    return Place(owner.user_id, language_for(owner.language)) if owner and owner.reachable else None


async def record(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Say a summary in words alone where no picture may be sent, and outside a topic that is gone."""
    if row.method != "sendPhoto" or not row.key.startswith(KEY) or not isinstance(outcome, Refused):
        return
    if outcome.new_chat_id is None:
        text = Html(row.args["caption"])
        await outbox.put(connection, [calls.say(f"{row.key}:words", row.chat_id, text, rank=CHATTER)])


# --- one summary ---------------------------------------------------------------------------------


async def call_of(connection: AsyncConnection, key: str, settings: ChatSettings, period: Period, place: Place) -> Call:
    """Return the call that tells of a period, with a picture unless there is nothing to draw."""
    shown = _shown(period)
    found = await daybook.of(connection, settings.chat_id, shown)
    sums = _sum(found, period)
    waiting = (await caps.tally(connection, settings.chat_id)).waiting
    text = words(place.language, settings.title, sums, period, waiting)
    if sums.is_quiet:
        return calls.say(key, place.chat_id, text, rank=CHATTER, thread_id=place.thread_id)
    chart = chart_of(found, shown, period).plain()
    return calls.draw(key, place.chat_id, text, chart, thread_id=place.thread_id)


def chart_of(found: Sequence[Count], shown: Period, period: Period) -> Chart:
    """Return what is drawn of the days shown, of which the last ones are the summary's."""
    return Chart(
        last_day=shown.until_day - 1,
        marked=period.length,
        checked=daybook.by_day(found, shown, daybook.CLEAN, daybook.MATCH, daybook.UNSCANNABLE),
        matched=daybook.by_day(found, shown, daybook.MATCH),
        reported=daybook.by_day(found, shown, daybook.REPORT),
    )


def _shown(period: Period) -> Period:
    """Return the days of the picture: a week, however short the period."""
    return Period(period.until_day - WEEK, period.until_day)


def _sum(found: Sequence[Count], period: Period) -> Sum:
    return daybook.total([one for one in found if period.first_day <= one.day < period.until_day])


def words(language: str, title: str, sums: Sum, period: Period, waiting: int) -> Html:
    """Say what a period came to; the squares are the colours of the picture."""
    return lines(
        say(language, "📊 <b>{chat}</b> · {days}", chat=name(title), days=_days(period)),
        *([_quiet(language)] if sums.is_quiet else (*_seen(language, sums), *_done(language, sums))),
        say_n(
            language,
            "⏳ {n} case waits for an admin: /cases open",
            "⏳ {n} cases wait for an admin: /cases open",
            waiting,
        )
        if waiting
        else None,
    )


def _quiet(language: str) -> Html:
    return say(language, "All quiet: nothing was posted that I check, and nothing was reported.")


def _seen(language: str, sums: Sum) -> Iterator[Html]:
    """Say what came in: posts and reports."""
    checked = format_decimal(sums.checked, locale=language)
    yield say_n(language, "🟦 {count} post checked", "🟦 {count} posts checked", sums.checked, count=checked)
    matched = format_decimal(sums.matched, locale=language)
    yield say_n(
        language, "🟥 {count} post matched a list", "🟥 {count} posts matched a list", sums.matched, count=matched
    )
    reported = format_decimal(sums.reported, locale=language)
    yield say_n(
        language, "🟨 {count} report by members", "🟨 {count} reports by members", sums.reported, count=reported
    )
    if sums.unscannable:
        unseen = format_decimal(sums.unscannable, locale=language)
        yield say_n(
            language,
            "❔ {count} post could not be checked",
            "❔ {count} posts could not be checked",
            sums.unscannable,
            count=unseen,
        )


def _done(language: str, sums: Sum) -> Iterator[Html]:
    """Say what was done, and how soon."""
    if sums.removed:
        yield say_n(
            language,
            "⏱ {count} post removed; it was gone within {time}",
            "⏱ {count} posts removed; half of them were gone within {time}",
            sums.removed,
            count=format_decimal(sums.removed, locale=language),
            time=_time(language, sums.removal_seconds),
        )
    if sums.decided:
        yield say_n(
            language,
            "⏱ {count} case decided by admins, within {time}",
            "⏱ {count} cases decided by admins; half of them within {time}",
            sums.decided,
            count=format_decimal(sums.decided, locale=language),
            time=_time(language, sums.decision_seconds),
        )


def _time(language: str, seconds: float | None) -> str:
    return duration(language, max(1.0, seconds or 0.0))


def _days(period: Period) -> str:
    first, last = periods.date_of(period.first_day), periods.date_of(period.until_day - 1)
    return str(first) if first == last else f"{first} – {last}"
