"""What happened in a chat day by day: counted as it happens, summed up when somebody asks. Nothing is said here.

Each count is part of the transaction of what it counts, so a crash counts nothing twice and loses nothing.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import MediaPost, Verdict, VerdictKind
from bot.outcome import Done, Outcome
from bot.periods import Period
from bot.store import cases as records
from bot.store import counts, outbox
from bot.store.cases import Case
from bot.store.counts import Count

CLEAN, MATCH, UNSCANNABLE = VerdictKind.CLEAN.value, VerdictKind.MATCH.value, VerdictKind.UNSCANNABLE.value
REPORT, REMOVAL, DECISION = "report", "removal", "decision"
"""What is counted; of removals and decisions also after how long, in steps."""

PER_DOUBLE = 4
"""Steps in which a time doubles: a median is right to within a tenth, and a chat's day has some sixty rows at most."""

LAST_STEP = 100  # a year


@dataclass(frozen=True, slots=True)
class Sum:
    """What a period came to. Times in seconds are those within which half was done, None where nothing was."""

    checked: int = 0
    matched: int = 0
    unscannable: int = 0
    reported: int = 0
    removed: int = 0
    decided: int = 0
    removal_seconds: float | None = None
    decision_seconds: float | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened."""
        return not (self.checked or self.reported or self.removed or self.decided)


# --- counting ------------------------------------------------------------------------------------


async def scanned(connection: AsyncConnection, post: MediaPost, verdict: Verdict) -> None:
    """Count a post that was judged; the bot's own canary is none of the chat's."""
    if verdict.kind is not VerdictKind.CANARY:
        await counts.add(connection, post.ref.chat_id, verdict.kind.value)


async def reported(connection: AsyncConnection, chat_id: int) -> None:
    """Count a member's report."""
    await counts.add(connection, chat_id, REPORT)


async def decided(connection: AsyncConnection, case: Case) -> None:
    """Count a decision by an admin, and how long the case waited for it."""
    await counts.add(connection, case.chat_id, DECISION, step=step_of(time.time() - case.opened_at))


async def removed(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Count a post that is gone of those that the bot found, and how long it had stood, whoever had it removed."""
    if row.method != "deleteMessage" or row.case_id is None or not isinstance(outcome, Done):
        return
    case = await records.get(connection, row.case_id)
    if case is None or case.kind not in (MATCH, UNSCANNABLE) or case.posted_at is None:
        return
    await counts.add(connection, case.chat_id, REMOVAL, step=step_of(time.time() - case.posted_at))


def step_of(seconds: float) -> int:
    """Return the step that a time counts in: nought for less than a second."""
    return min(LAST_STEP, 1 + int(PER_DOUBLE * math.log2(seconds))) if seconds >= 1 else 0


def seconds_of(step: int) -> float:
    """Return the shortest time that counts in a step."""
    return 2.0 ** ((step - 1) / PER_DOUBLE) if step else 0.0


# --- summing up ----------------------------------------------------------------------------------


async def of(connection: AsyncConnection, chat_id: int, period: Period) -> list[Count]:
    """Return what was counted in a chat."""
    return await counts.between(connection, chat_id, period.first_day, period.until_day)


def total(found: Sequence[Count]) -> Sum:
    """Sum counts up."""
    sums: Counter[str] = Counter()
    for one in found:
        sums[one.what] += one.number
    return Sum(
        checked=sums[CLEAN] + sums[MATCH] + sums[UNSCANNABLE],
        matched=sums[MATCH],
        unscannable=sums[UNSCANNABLE],
        reported=sums[REPORT],
        removed=sums[REMOVAL],
        decided=sums[DECISION],
        removal_seconds=median(found, REMOVAL),
        decision_seconds=median(found, DECISION),
    )


def median(found: Sequence[Count], what: str) -> float | None:
    """Return the time within which half of something was done, None where nothing was."""
    steps: Counter[int] = Counter()
    for one in found:
        if one.what == what:
            steps[one.step] += one.number
    half, passed = sum(steps.values()) / 2, 0
    for step in sorted(steps):
        passed += steps[step]
        if passed >= half:
            return seconds_of(step)
    return None


def by_day(found: Sequence[Count], period: Period, *what: str) -> list[int]:
    """Return how often something was counted on each day of a period."""
    days: Counter[int] = Counter()
    for one in found:
        if one.what in what:
            days[one.day] += one.number
    return [days[day] for day in range(period.first_day, period.until_day)]
