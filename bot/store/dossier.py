"""Everything that is kept about one person, as a document: theirs alone, no hash and nobody else's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.appealtables import appeals
from bot.store.fedtables import fed_admins, fed_bans, fed_chats, feds
from bot.store.reporttables import report_blocks, reports
from bot.store.shares import share_of
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
    lists,
    outbox,
    people,
    sanctions,
    seen,
    strikes,
)
from bot.store.telltables import unreachable
from bot.store.trusttables import trusted

Document = dict[str, Any]

TIMES = frozenset({"at", "opened", "posted", "given", "expires", "taken_back", "updated", "asked", "ends", "decided"})
"""Columns of the document that are moments."""


async def of(connection: AsyncConnection, user_id: int) -> Document:
    """Return what is kept about a person.

    A report about them that admins have still to look at is left out: it would warn them of whoever filed it.
    """
    document: Document = {"about": user_id, "made": _moment(datetime.now(UTC).timestamp())}
    for name, query in (_queries(user_id) | _appeals(user_id) | _reports(user_id) | _federations(user_id)).items():
        document[name] = [_row(row._mapping) for row in await connection.execute(query)]  # noqa: SLF001 - its public name
    for case in document["cases"]:
        case["done"] = [_row(row._mapping) for row in await connection.execute(_done(case["number"]))]  # noqa: SLF001
    document["updates"] = await _updates(connection, user_id)
    document["told"] = await _told(connection, user_id)
    return document


def _queries(user_id: int) -> dict[str, Select[Any]]:
    undecided = (cases.c.kind == "report") & (cases.c.state == "open")
    return {
        "person": _select(
            people, people.c.user_id == user_id, "name", "username", "language", "reachable", updated="updated_at"
        ),
        "strikes": _select(
            strikes,
            strikes.c.sender_id == user_id,
            "chat_id",
            case="case_id",
            given="at",
            expires="expires_at",
            taken_back="lifted_at",
        ),
        "cases": _select(
            cases,
            (cases.c.sender_id == user_id) & ~undecided,
            "chat_id",
            "kind",
            "state",
            "message_id",
            "sender_name",
            "category",
            "reason",
            "strike",
            number="id",
            posted="posted_at",
            opened="opened_at",
        ),
        "decisions": _select(
            case_actions, case_actions.c.by_id == user_id, "kind", "by_name", "detail", "at", case="case_id"
        ),
        "claimed_cards": _select(buttons, buttons.c.claimed_by == user_id, "chat_id", case="case_id", at="created_at"),
        "lifted_limits": _select(breakers, breakers.c.lifted_by == user_id, "chat_id", "kind", "lifted_name"),
        "audit": _select(audit, audit.c.actor_id == user_id, "at", "chat_id", "code", "detail"),
        "listed": select(lists.c.name.label("list"), entries.c.category, entries.c.added_at.label("at"))
        .join(lists, lists.c.id == entries.c.list_id)
        .where(entries.c.added_by == user_id),
        "owned_chats": _select(chats, chats.c.owner_id == user_id, "chat_id", "title"),
        "trusted": _select(trusted, trusted.c.sender_id == user_id, "chat_id", "name", "at"),
        "trust_given": _select(trusted, trusted.c.by_id == user_id, "chat_id", "at"),
        "said_to_be_out_of_reach": _select(unreachable, unreachable.c.who == user_id, "chat_id", at="said_at"),
        "posts": _select(seen, seen.c.sender_id == user_id, "chat_id", "message_id", at="posted_at"),
        "removals_counted": _select(sanctions, sanctions.c.who == str(user_id), "chat_id", "kind", "day"),
        "matches_counted": _select(hits, hits.c.sender_id == user_id, "chat_id", "at"),
        "asked_to_be_forgotten": _select(erasures, erasures.c.user_id == user_id, asked="asked_at"),
    }


def _appeals(user_id: int) -> dict[str, Select[Any]]:
    mine, decided = appeals.c.appellant_id == user_id, appeals.c.by_id == user_id
    return {
        "appeals": _select(appeals, mine, "text", "language", "state", "at", case="case_id", ends="until"),
        "appeals_decided": _select(appeals, decided, "by_name", "state", case="case_id", decided="decided_at"),
    }


def _reports(user_id: int) -> dict[str, Select[Any]]:
    mine = reports.c.reporter_id == user_id
    return {
        "reports": _select(reports, mine, "reason", "category", "outcome", "language", "at", case="case_id"),
        "report_blocks": _select(report_blocks, report_blocks.c.reporter_id == user_id, "chat_id", ends="until"),
    }


def _federations(user_id: int) -> dict[str, Select[Any]]:
    return {
        "owned_federations": _select(feds, feds.c.owner_id == user_id, "id", "name", at="created_at"),
        "federations_served": _select(fed_admins, fed_admins.c.user_id == user_id, "fed_id", "name", at="added_at"),
        "federations_joined": _select(fed_chats, fed_chats.c.joined_by == user_id, "fed_id", "chat_id", at="joined_at"),
        "federation_bans": _select(fed_bans, fed_bans.c.sender_id == user_id, "fed_id", "name", "reason", "at"),
        "federation_bans_given": _select(fed_bans, fed_bans.c.by_id == user_id, "fed_id", "by_name", "at"),
    }


def _select(table: Any, where: ColumnElement[bool], *names: str, **renamed: str) -> Select[Any]:
    """Select columns as they are called, and others under a plainer name."""
    columns = [table.c[name] for name in names] + [table.c[name].label(label) for label, name in renamed.items()]
    return select(*columns).where(where)


def _done(case_id: int) -> Select[Any]:
    """What was done about a case; by which admin is not the person's to know."""
    return _select(case_actions, case_actions.c.case_id == case_id, "kind", "detail", "state", "at")


async def _updates(connection: AsyncConnection, user_id: int) -> list[Document]:
    """What the person wrote or pressed, as far as it is still in the inbox."""
    named = _may_be_of(inbox, user_id) & inbox.c.payload.contains(str(user_id))
    rows = await connection.execute(select(inbox.c.received_at, inbox.c.payload).where(named))
    found = []
    for at, payload in rows:
        for kind, body in _bodies(payload):
            if isinstance(author := body.get("from"), dict) and author.get("id") == user_id:
                words = body.get("text") or body.get("caption") or body.get("data")
                found.append({"at": _moment(at), "kind": kind, "text": words})
    return found


def _bodies(payload: str) -> list[tuple[str, Document]]:
    """Return the objects of an update by their names, none of what is no update at all."""
    try:
        raw = json.loads(payload)
    except (ValueError, RecursionError):
        return []
    return [(kind, body) for kind, body in raw.items() if isinstance(body, dict)] if isinstance(raw, dict) else []


async def _told(connection: AsyncConnection, user_id: int) -> list[Document]:
    """What the bot said to the person, as far as it is still in the outbox."""
    to_them = _may_be_of(outbox, user_id) & (outbox.c.chat_id == user_id)
    query = select(outbox.c.created_at, outbox.c.args).where(to_them)
    sent = [(at, json.loads(args)) for at, args in await connection.execute(query)]
    return [{"at": _moment(at), "text": args.get("text") or args.get("caption")} for at, args in sent]


def _may_be_of(queue: Table, user_id: int) -> ColumnElement[bool]:
    """The rows of a person's share, and those from before there were shares."""
    return or_(queue.c.share == share_of(user_id), queue.c.share.is_(None))


def _row(row: Mapping[Any, Any]) -> Document:
    return {name: _moment(value) if name in TIMES else value for name, value in row.items()}


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
