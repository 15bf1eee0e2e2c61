"""A person out of the tables: what goes at once, what stays for as long as it counts. When it is done, is not here."""

from __future__ import annotations

import html
import json
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.i18n import name as shown_name
from bot.store import expiry, upsert
from bot.store import inbox as arriving
from bot.store import outbox as leaving
from bot.store.appealtables import appeals
from bot.store.fedtables import fed_admins, fed_bans, fed_chats
from bot.store.reporttables import report_blocks, reports
from bot.store.tables import (
    audit,
    breakers,
    buttons,
    case_actions,
    cases,
    chats,
    entries,
    erasures,
    hits,
    inbox,
    outbox,
    pauses,
    people,
    sanctions,
    seen,
    strikes,
)
from bot.store.telltables import unreachable
from bot.store.trusttables import trusted

DAY = 24 * 3600.0

LIMIT_SECONDS = DAY
"""How long a report counts against its reporter's limits (`bot.reports`): forgetting it would lift them."""

NOBODY = 0
"""The sender of what is no longer anybody's."""

TREATED = frozenset(
    {"inbox", "outbox", "pauses", "chats", "people", "seen", "entries", "cases", "case_actions", "strikes"}
    | {"fed_admins", "fed_bans", "fed_chats", "feds", "sanctions", "breakers", "hits", "reports", "report_blocks"}
    | {"buttons", "audit", "erasures", "trusted", "appeals", "unreachable"}
)
"""Tables with something of people in them; a test holds that every other one is in `IMPERSONAL`."""

IMPERSONAL = frozenset({"meta", "files", "lists", "list_changes", "raids", "raid_lines", "quarantine"}) | frozenset(
    {"counts", "summaries", "raid_waits"}
)
"""Tables that know chats, files and hashes, and nobody who wrote or decided anything."""


INDEXED, INDEXES_BESIDES = TREATED - {"entries"}, frozenset({"ix_entries_added_by"})
"""Where traces of somebody may stand: all indexes of these tables, but of a million entries those by person alone."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked to be forgotten, when, under which names they are known, and what stands for them in the audit log."""

    user_id: int
    asked_at: float
    names: tuple[str, ...]
    alias: int

    @property
    def words(self) -> tuple[str, ...]:
        """The person's number and names, as they stand in columns of text and of JSON."""
        named = {form for name in self.names for form in (name, shown_name(name), html.escape(name)) if form.strip()}
        as_json = {json.dumps(form, ensure_ascii=is_ascii)[1:-1] for form in named for is_ascii in (True, False)}
        return (str(self.user_id), *sorted(named | as_json))


# --- asking ----------------------------------------------------------------------------------------


async def ask(connection: AsyncConnection, user_id: int, name: str) -> None:
    """Keep that a person asked to be forgotten, with the names that they are known by so far."""
    names = await _names(connection, user_id) | {name}
    row = {"user_id": user_id, "asked_at": time.time(), "names": json.dumps(sorted(filter(None, names)))}
    await upsert.put(connection, erasures, {**row, "alias": -1 - secrets.randbelow(2**52)})
    await connection.execute(update(chats).where(chats.c.owner_id == user_id).values(owner_id=None))


async def requests(connection: AsyncConnection) -> list[Request]:
    """Return everybody who asked and of whom something is left."""
    rows = await connection.execute(select(erasures).order_by(erasures.c.asked_at))
    return [Request(row.user_id, row.asked_at, tuple(json.loads(row.names)), row.alias) for row in rows]


async def _names(connection: AsyncConnection, user_id: int) -> set[str]:
    queries = (
        select(people.c.name).where(people.c.user_id == user_id),
        select(people.c.username).where(people.c.user_id == user_id),
        select(cases.c.sender_name).where(cases.c.sender_id == user_id),
        select(case_actions.c.by_name).where(case_actions.c.by_id == user_id),
        select(appeals.c.by_name).where(appeals.c.by_id == user_id),
        select(breakers.c.lifted_name).where(breakers.c.lifted_by == user_id),
        select(trusted.c.name).where(trusted.c.sender_id == user_id),
    )
    return {found for query in queries for found in await connection.scalars(query) if found}


# --- the queues: found beside the writer, in which whole messages are searched ---------------------------


async def updates_about(connection: AsyncConnection, request: Request, limit: int, *, waiting: bool) -> expiry.Keys:
    """Return the keys of updates, done or waiting, in which the person is named; those that were emptied are not."""
    state = inbox.c.state == arriving.PENDING if waiting else inbox.c.state != arriving.PENDING
    where = state & (inbox.c.received_at <= request.asked_at) & (inbox.c.payload != "{}")
    named = _names_them(request, inbox.c.payload, inbox.c.error)
    query = select(*inbox.primary_key).where(where, or_(inbox.c.chat_id == request.user_id, named))
    return [tuple(row) for row in await connection.execute(query.limit(limit))]


async def calls_about(connection: AsyncConnection, request: Request, limit: int, *, waiting: bool) -> expiry.Keys:
    """Return the keys of calls, ended or waiting, that are to the person or name them."""
    state = outbox.c.state == leaving.DUE if waiting else outbox.c.state != leaving.DUE
    named = _names_them(request, outbox.c.key, outbox.c.after, outbox.c.args, outbox.c.error)
    where = state & (outbox.c.created_at <= request.asked_at)
    query = select(outbox.c.id).where(where, or_(outbox.c.chat_id == request.user_id, named)).limit(limit)
    return [tuple(row) for row in await connection.execute(query)]


async def empty_updates(connection: AsyncConnection, keys: expiry.Keys) -> None:
    """Keep nothing of these updates but their numbers: a repeated one must still be known."""
    where = expiry.has_key(inbox, keys) & (inbox.c.state != arriving.PENDING)
    await connection.execute(update(inbox).where(where).values(**arriving.EMPTIED, size=2))


async def drop_calls(connection: AsyncConnection, keys: expiry.Keys) -> None:
    """Forget these calls, which have been made."""
    where = expiry.has_key(outbox, keys) & (outbox.c.state != leaving.DUE)
    await connection.execute(delete(outbox).where(where))


def _names_them(request: Request, *columns: Any) -> ColumnElement[bool]:
    return or_(*(column.contains(word, autoescape=True) for column in columns for word in request.words))


# --- everything else ------------------------------------------------------------------------------------


async def erase(connection: AsyncConnection, request: Request) -> None:
    """Erase what is known of a person, but for strikes that count, open cases, and what a day's limits count."""
    user_id, until = request.user_id, request.asked_at
    await _erase_cases(connection, request)
    await _erase_appeals(connection, request)
    await _erase_reports(connection, request)
    await _erase_deeds(connection, request)
    await _erase_buttons(connection, request)
    await _erase_from_federations(connection, request)
    gone = (
        (people, (people.c.user_id == user_id) & (people.c.updated_at <= until)),
        (strikes, (strikes.c.sender_id == user_id) & (strikes.c.at <= until) & ~expiry.counting(time.time())),
        (sanctions, (sanctions.c.who == str(user_id)) & (sanctions.c.day < time.time() // DAY)),
        (report_blocks, (report_blocks.c.reporter_id == user_id) & (report_blocks.c.until <= time.time())),
        (pauses, pauses.c.chat_id == user_id),
        (trusted, (trusted.c.sender_id == user_id) & (trusted.c.at <= until)),
        (unreachable, unreachable.c.who == user_id),
    )
    for table, where in gone:
        await connection.execute(delete(table).where(where))
    posted = (seen.c.sender_id == user_id) & (seen.c.posted_at <= until)
    await connection.execute(update(seen).where(posted).values(sender_id=NOBODY))
    hit = (hits.c.sender_id == user_id) & (hits.c.at <= until)
    await connection.execute(update(hits).where(hit).values(sender_id=request.alias))


async def _erase_cases(connection: AsyncConnection, request: Request) -> None:
    """Take the person out of their cases: those that still count lose the name, the others everything of theirs."""
    about = (cases.c.sender_id == request.user_id) & (cases.c.opened_at <= request.asked_at)
    await connection.execute(update(cases).where(about).values(sender_name=""))
    counts = (cases.c.state == "open") | exists().where(strikes.c.case_id == cases.c.id, expiry.counting(time.time()))
    over = list(await connection.scalars(select(cases.c.id).where(about, ~counts)))
    await connection.execute(delete(buttons).where(buttons.c.case_id.in_(over)))
    await connection.execute(delete(appeals).where(appeals.c.case_id.in_(over)))
    await connection.execute(update(reports).where(reports.c.case_id.in_(over)).values(reason=""))
    of_case = case_actions.c.case_id.in_(over)
    await connection.execute(update(case_actions).where(of_case).values(key=None, answer=""))
    for number in over:
        nobodys = {"sender_id": NOBODY, "message_id": None, "posted_at": None, "reason": ""}
        values = {**nobodys, "incident": f"erased:{number}"}
        await connection.execute(update(cases).where(cases.c.id == number).values(**values))


async def _erase_appeals(connection: AsyncConnection, request: Request) -> None:
    """Take the person's words back, and with them what admins had still to decide; that it was, stays with the case."""
    mine = (appeals.c.appellant_id == request.user_id) & (appeals.c.at <= request.asked_at)
    await connection.execute(update(appeals).where(mine).values(text="", language=None))
    withdrawn = {"state": "withdrawn", "decided_at": time.time(), "remind_at": None}
    await connection.execute(update(appeals).where(mine, appeals.c.state == "open").values(**withdrawn))
    decided = (appeals.c.by_id == request.user_id) & (appeals.c.decided_at <= request.asked_at)
    await connection.execute(update(appeals).where(decided).values(by_id=request.alias, by_name=""))


async def _erase_reports(connection: AsyncConnection, request: Request) -> None:
    mine = (reports.c.reporter_id == request.user_id) & (reports.c.at <= request.asked_at)
    await connection.execute(delete(reports).where(mine, reports.c.at <= time.time() - LIMIT_SECONDS))
    await connection.execute(update(reports).where(mine).values(reason="", language=None, outcome="void"))


async def _erase_deeds(connection: AsyncConnection, request: Request) -> None:
    """Put the alias where the person decided something: the records go on saying that one and the same person did."""
    user_id, alias = request.user_id, request.alias
    until = request.asked_at
    decided = (case_actions.c.by_id == user_id) & (case_actions.c.at <= until)
    await connection.execute(update(case_actions).where(decided).values(by_id=alias, by_name=""))
    listed = (entries.c.added_by == user_id) & (entries.c.added_at <= until)
    await connection.execute(update(entries).where(listed).values(added_by=alias))
    trusting = (trusted.c.by_id == user_id) & (trusted.c.at <= until)
    await connection.execute(update(trusted).where(trusting).values(by_id=alias))
    lifted = breakers.c.lifted_by == user_id
    await connection.execute(update(breakers).where(lifted).values(lifted_by=alias, lifted_name=""))
    acted = (audit.c.actor_id == user_id) & (audit.c.at <= until)
    await connection.execute(update(audit).where(acted).values(actor_id=alias))
    told = audit.c.detail.contains(str(user_id)) & (audit.c.at <= until)
    for row in (await connection.execute(select(audit.c.id, audit.c.detail).where(told))).all():
        detail = re.sub(rf"(?<!\d){user_id}(?!\d)", str(alias), row.detail)
        await connection.execute(update(audit).where(audit.c.id == row.id).values(detail=detail))


async def _erase_from_federations(connection: AsyncConnection, request: Request) -> None:
    """Leave of a federation what it stands on: who owns it, and the number of somebody it has banned."""
    user_id, until = request.user_id, request.asked_at
    serving = (fed_admins.c.user_id == user_id) & (fed_admins.c.added_at <= until)
    await connection.execute(delete(fed_admins).where(serving))
    joined = (fed_chats.c.joined_by == user_id) & (fed_chats.c.joined_at <= until)
    await connection.execute(update(fed_chats).where(joined).values(joined_by=request.alias))
    banned = (fed_bans.c.sender_id == user_id) & (fed_bans.c.at <= until)
    await connection.execute(update(fed_bans).where(banned).values(name="", reason=""))
    decided = (fed_bans.c.by_id == user_id) & (fed_bans.c.at <= until)
    await connection.execute(update(fed_bans).where(decided).values(by_id=request.alias, by_name=""))


async def _erase_buttons(connection: AsyncConnection, request: Request) -> None:
    """Forget the questions that were put to the person or name them, and take them out of cards that are needed."""
    old = buttons.c.created_at <= request.asked_at
    named = or_(_names_them(request, buttons.c.data), buttons.c.claimed_by == request.user_id)
    private = buttons.c.chat_id == request.user_id
    await connection.execute(delete(buttons).where(old, or_(private, named & (buttons.c.kind != "case"))))
    await connection.execute(update(buttons).where(buttons.c.claimed_by == request.user_id).values(claimed_by=None))
    cards = named & (buttons.c.kind == "case")
    rows = (await connection.execute(select(buttons.c.token, buttons.c.data).where(old, cards))).all()
    for token, data in rows:
        kept = json.dumps(_without(request, json.loads(data)), ensure_ascii=False) if data else ""
        await connection.execute(update(buttons).where(buttons.c.token == token).values(data=kept))


def _without(request: Request, value: Any) -> Any:
    """Return what is kept with a card without the person's names; their number stays where the card is about them."""
    if isinstance(value, dict):
        return {key: _without(request, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(request, one) for one in value]
    if not isinstance(value, str):
        return value
    linked = re.sub(rf'(<a href="tg://user\?id={request.user_id}">)[^<]*(</a>)', r"\1?\2", value)
    for word in sorted(request.words[1:], key=len, reverse=True):
        linked = "" if linked == word else linked.replace(f"— {word}", "— ?")
    return linked


# --- what is left --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Left:
    """What of a person still counts: until when each strike does, whether a case is open, or a limit runs."""

    strikes: Sequence[float] = ()
    is_open: bool = False
    is_limited: bool = False

    def __bool__(self) -> bool:
        return bool(self.strikes) or self.is_open or self.is_limited


async def left(connection: AsyncConnection, user_id: int, until: float) -> Left:
    """Return what still counts of all that is known of a person up to the moment `until`."""
    now = time.time()
    struck = (strikes.c.sender_id == user_id) & (strikes.c.at <= until) & expiry.counting(now)
    ends = await connection.scalars(select(strikes.c.expires_at).where(struck).order_by(strikes.c.expires_at))
    waits = (cases.c.sender_id == user_id) & (cases.c.opened_at <= until) & (cases.c.state == "open")
    limits = (
        select(reports.c.id).where(reports.c.reporter_id == user_id, reports.c.at <= until),
        select(report_blocks.c.until).where(report_blocks.c.reporter_id == user_id),
        select(sanctions.c.day).where(sanctions.c.who == str(user_id), sanctions.c.day <= until // DAY),
    )
    return Left(
        strikes=tuple(ends),
        is_open=await _any(connection, [select(cases.c.id).where(waits)]),
        is_limited=await _any(connection, limits),
    )


async def forget_names(connection: AsyncConnection, request: Request) -> None:
    """Let go of the person's names: no queue holds them any more."""
    where = (erasures.c.user_id == request.user_id) & (erasures.c.asked_at == request.asked_at)
    await connection.execute(update(erasures).where(where).values(names="[]"))


async def close(connection: AsyncConnection, request: Request) -> None:
    """Forget the request: nothing of the person is left."""
    where = (erasures.c.user_id == request.user_id) & (erasures.c.asked_at == request.asked_at)
    await connection.execute(delete(erasures).where(where))


async def _any(connection: AsyncConnection, queries: Iterable[Any]) -> bool:
    return any([await connection.scalar(query.limit(1)) is not None for query in queries])
