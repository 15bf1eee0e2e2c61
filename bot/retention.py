"""What is forgotten, and when: round by round, a few rows at a time. The statements are in the store."""

from __future__ import annotations

import time
from collections import Counter

from bot import metrics
from bot.settings import Retention
from bot.store import expiry
from bot.store.db import Database
from bot.store.expiry import Before, Rule

HOUR, DAY = 3600.0, 24 * 3600.0

EVERY_SECONDS = HOUR
"""Time between two rounds."""

BATCH = 500
"""Rows that go in one transaction: some 10 ms, so that nobody waits for a round."""


def before(keep: Retention, now: float) -> Before:
    """Return the moments before which things are past their time."""
    return Before(
        now=now,
        inbox=now - keep.inbox_hours * HOUR,
        outbox=now - keep.outbox_hours * HOUR,
        seen=now - keep.seen_hours * HOUR,
        files=now - keep.files_hours * HOUR,
        cases=now - keep.cases_days * DAY,
        reports=now - keep.reports_days * DAY,
        audit=now - keep.audit_days * DAY,
        people=now - keep.people_days * DAY,
    )


async def purge(database: Database, keep: Retention, now: float | None = None) -> Counter[str]:
    """Forget what is past its time at `now`, the present unless given; return how many rows went, by table."""
    gone: Counter[str] = Counter()
    for rule in expiry.rules(before(keep, time.time() if now is None else now)):
        while count := await _batch(database, rule):
            gone[rule.table.name] += count
            metrics.FORGOTTEN.labels(rule.table.name).inc(count)
    if gone:
        await database.truncate_log()
    return gone


async def _batch(database: Database, rule: Rule) -> int:
    """Forget a few rows of a table. They are looked for beside the writer, which is held for the removal alone."""
    async with database.read() as connection:
        keys = await expiry.find(connection, rule, BATCH)
    if not keys:
        return 0
    return await database.write(lambda connection: expiry.remove(connection, rule, keys))
