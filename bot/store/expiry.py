"""Which rows are past their time, a bounded number at once, and their removal. How long that is, is a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import inbox as arriving
from bot.store import outbox as leaving
from bot.store.appealtables import appeals
from bot.store.reporttables import report_blocks, reports
from bot.store.tables import (
    audit,
    breakers,
    buttons,
    case_actions,
    cases,
    chats,
    files,
    hits,
    inbox,
    outbox,
    pauses,
    people,
    raid_lines,
    raids,
    sanctions,
    seen,
    strikes,
)
from bot.store.telltables import counts, raid_waits, summaries, unreachable
from bot.store.trusttables import trusted

DAY = 24 * 3600.0

FLOOD_SECONDS = 8 * DAY
"""How long the counts of the protection against floods are kept: a week shows how a chat was attacked."""

COUNT_SECONDS = 35 * DAY
"""How long it is counted what a chat's days came to: a summary looks back two weeks, whatever was down meanwhile."""

LASTING = frozenset({"case", "quarantine", "appeal"})
"""Kinds of button that last as long as what they decide; the others are questions of the moment."""

AWAY = ("left", "kicked")

Keys = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Before:
    """The moments, in seconds since 1970, before which each kind of thing is past its time; `now` is the present."""

    now: float
    inbox: float
    outbox: float
    seen: float
    files: float
    cases: float
    reports: float
    audit: float
    people: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The rows of a table that are past their time."""

    table: Table
    where: ColumnElement[bool]


def rules(before: Before) -> list[Rule]:
    """Return what is past its time, table by table: cases first, for other things last as long as they do."""
    today = int(before.now // DAY)
    flood = before.now - FLOOD_SECONDS
    return [
        Rule(inbox, (inbox.c.state != arriving.PENDING) & (inbox.c.done_at < before.inbox)),
        Rule(outbox, (outbox.c.state != leaving.DUE) & (outbox.c.created_at < before.outbox)),
        Rule(buttons, buttons.c.kind.not_in(LASTING) & (buttons.c.created_at < before.inbox)),
        Rule(seen, seen.c.posted_at < before.seen),
        Rule(files, files.c.seen_at < before.files),
        Rule(cases, (cases.c.opened_at < before.cases) & ~_is_needed(before.now)),
        Rule(strikes, ~counting(before.now) & ~exists().where(cases.c.id == strikes.c.case_id)),
        Rule(reports, reports.c.at < before.reports),
        Rule(report_blocks, report_blocks.c.until < before.now),
        Rule(audit, audit.c.at < before.audit),
        Rule(people, _is_forgotten(before)),
        Rule(trusted, _is_left(before)),
        Rule(sanctions, sanctions.c.day < today - FLOOD_SECONDS // DAY),
        Rule(breakers, breakers.c.day < today - FLOOD_SECONDS // DAY),
        Rule(raids, raids.c.last_at < flood),
        Rule(raid_lines, ~exists().where(raids.c.id == raid_lines.c.raid_id)),
        Rule(raid_waits, ~exists().where(raids.c.id == raid_waits.c.raid_id)),
        Rule(counts, counts.c.day < today - COUNT_SECONDS // DAY),
        Rule(summaries, summaries.c.until_day < today - COUNT_SECONDS // DAY),
        Rule(unreachable, unreachable.c.said_at < before.people),
        Rule(hits, hits.c.at < flood),
        Rule(pauses, pauses.c.until < before.now),
    ]


def counting(now: float) -> ColumnElement[bool]:
    """The strikes that still count."""
    return strikes.c.lifted_at.is_(None) & (strikes.c.expires_at > now)


async def find(connection: AsyncConnection, rule: Rule, limit: int) -> Keys:
    """Return the keys of up to `limit` rows that a rule is about."""
    query = select(*rule.table.primary_key).where(rule.where).limit(limit)
    return [tuple(row) for row in await connection.execute(query)]


async def remove(connection: AsyncConnection, rule: Rule, keys: Keys) -> int:
    """Remove the rows with these keys that the rule is still about, and what hangs on them; return how many."""
    where = has_key(rule.table, keys) & rule.where
    if rule.table is cases:
        return await drop_cases(connection, list(await connection.scalars(select(cases.c.id).where(where))))
    return (await connection.execute(delete(rule.table).where(where))).rowcount


async def drop_cases(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Remove cases with their actions, reports, buttons, strikes and appeals; return how many there were."""
    for table in (case_actions, reports, buttons, strikes, appeals):
        await connection.execute(delete(table).where(table.c.case_id.in_(ids)))
    return (await connection.execute(delete(cases).where(cases.c.id.in_(ids)))).rowcount


def has_key(table: Table, keys: Keys) -> ColumnElement[bool]:
    """The rows with these primary keys."""
    columns = list(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def _is_needed(now: float) -> ColumnElement[bool]:
    """The cases of strikes that count, and of appeals that wait."""
    strike = exists().where(strikes.c.case_id == cases.c.id, counting(now))
    return strike | exists().where(appeals.c.case_id == cases.c.id, appeals.c.state == "open")


def _is_forgotten(before: Before) -> ColumnElement[bool]:
    """People who neither wrote nor reported for long, and own no chat that the bot is in."""
    owns = exists().where(chats.c.owner_id == people.c.user_id, chats.c.bot_status.not_in(AWAY))
    reported = exists().where(reports.c.reporter_id == people.c.user_id, reports.c.at >= before.people)
    old: ColumnElement[bool] = people.c.updated_at < before.people
    return old & ~or_(owns, reported)


def _is_left(before: Before) -> ColumnElement[bool]:
    """Trusted members of chats that the bot left long ago, as far as the audit log tells when."""
    here = select(chats.c.chat_id).where(chats.c.bot_status.not_in(AWAY))
    lately = select(audit.c.chat_id).where(
        audit.c.code == "chat.left", audit.c.at >= before.people, audit.c.chat_id.is_not(None)
    )
    old: ColumnElement[bool] = trusted.c.at < before.people
    return old & trusted.c.chat_id.not_in(here) & trusted.c.chat_id.not_in(lately)
