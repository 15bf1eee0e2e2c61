"""Cases, what was done about them, strikes, and the buttons that decide them. Deciding is not done here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Match, MessageRef, SenderKind
from bot.store import upsert
from bot.store.fedtables import fed_chats
from bot.store.tables import audit, buttons, case_actions, cases, strikes


@dataclass(frozen=True, slots=True)
class Case:
    """Everything about one incident, but what was done about it."""

    id: int
    chat_id: int
    incident: str
    kind: str
    state: str
    message_id: int | None
    sender_kind: str
    sender_id: int
    sender_name: str
    list_name: str | None
    category: str | None
    tier: int | None
    how: str | None
    reason: str
    strike: int | None
    spared: str | None
    posted_at: float | None
    opened_at: float

    @property
    def message(self) -> MessageRef | None:
        """The message that the case is about, if it is about one."""
        return MessageRef(self.chat_id, self.message_id) if self.message_id is not None else None

    @property
    def is_open(self) -> bool:
        """Whether an admin has still to decide."""
        return self.state == "open"

    @property
    def is_channel(self) -> bool:
        """Whether the poster is a channel identity."""
        return self.sender_kind == SenderKind.CHANNEL


@dataclass(frozen=True, slots=True)
class CaseAction:
    """One thing done, or to be done, about a case, with Telegram's answer."""

    kind: str
    by_name: str | None
    detail: str
    state: str
    answer: str
    at: float


@dataclass(frozen=True, slots=True)
class Strike:
    """A strike that counts: given when and in which case, and when it expires; times in seconds since 1970."""

    at: float
    case_id: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class Button:
    """What a button's token stands for."""

    token: str
    kind: str
    chat_id: int
    case_id: int | None
    state: str
    claimed_by: int | None
    data: str
    created_at: float


# --- cases ---------------------------------------------------------------------------------------


async def open_case(connection: AsyncConnection, **facts: Any) -> tuple[Case, bool]:
    """Return the case of an incident, opening it when there is none, and whether it is new."""
    is_new = await upsert.add(connection, cases, {"opened_at": time.time(), **facts})
    found = await find(connection, facts["chat_id"], facts["incident"], facts["kind"])
    if found is None:  # pragma: no cover - it was inserted, or stood in the way of the insertion
        raise LookupError("the case just opened is not there")
    return found, is_new


async def find(connection: AsyncConnection, chat_id: int, incident: str, kind: str) -> Case | None:
    """Return the case of an incident."""
    where = (cases.c.chat_id == chat_id) & (cases.c.incident == incident) & (cases.c.kind == kind)
    row = (await connection.execute(_cases().where(where))).one_or_none()
    return None if row is None else Case(*row)


async def get(connection: AsyncConnection, case_id: int) -> Case | None:
    """Return a case by its number."""
    row = (await connection.execute(_cases().where(cases.c.id == case_id))).one_or_none()
    return None if row is None else Case(*row)


async def set_state(connection: AsyncConnection, case_id: int, state: str) -> bool:
    """Open or close a case; say whether that changed anything, so that of two deciders one wins."""
    where = (cases.c.id == case_id) & (cases.c.state != state)
    return bool((await connection.execute(update(cases).where(where).values(state=state))).rowcount)


async def worsen(connection: AsyncConnection, case_id: int, match: Match, strike: int, message_id: int) -> None:
    """Replace what a case was opened for by a surer match of the same incident; what it asked an admin is decided."""
    facts = {"list_name": match.list_name, "category": match.category, "tier": int(match.tier), "how": match.how}
    closed = {"state": "closed", "strike": strike, "message_id": message_id}
    await connection.execute(update(cases).where(cases.c.id == case_id).values(**facts, **closed))


async def note(
    connection: AsyncConnection,
    case_id: int,
    kind: str,
    *,
    key: str | None = None,
    by: tuple[int, str] | None = None,
    detail: str = "",
) -> None:
    """Record an action of a case; with `key` it is pending until the outbox row of that key is closed."""
    by_id, by_name = by or (None, None)
    row = {"case_id": case_id, "kind": kind, "key": key, "by_id": by_id, "by_name": by_name, "detail": detail}
    state = "pending" if key else "done"
    is_new = await upsert.add(connection, case_actions, {**row, "state": state, "at": time.time()})
    if not is_new:  # it failed before and is tried again
        tried = (case_actions.c.key == key) & (case_actions.c.state == "refused")
        await connection.execute(update(case_actions).where(tried).values(state=state, answer=""))


async def answer(connection: AsyncConnection, key: str, state: str, words: str) -> bool:
    """Record how the outbox row of `key` ended; say whether a case was waiting for it."""
    statement = update(case_actions).where(case_actions.c.key == key).values(state=state, answer=words)
    return bool((await connection.execute(statement)).rowcount)


async def actions(connection: AsyncConnection, case_id: int) -> list[CaseAction]:
    """Return what was done about a case, in order."""
    columns = (
        case_actions.c.kind,
        case_actions.c.by_name,
        case_actions.c.detail,
        case_actions.c.state,
        case_actions.c.answer,
        case_actions.c.at,
    )
    query = select(*columns).where(case_actions.c.case_id == case_id).order_by(case_actions.c.id)
    return [CaseAction(*row) for row in await connection.execute(query)]


async def is_removed(connection: AsyncConnection, case_id: int) -> bool:
    """Say whether a case's post is removed, or about to be; what Telegram refused to remove still stands."""
    where = (case_actions.c.case_id == case_id) & (case_actions.c.kind == "delete")
    found = await connection.scalar(select(case_actions.c.id).where(where, case_actions.c.state != "refused").limit(1))
    return found is not None


def _cases() -> Any:
    return select(*(cases.c[field] for field in Case.__dataclass_fields__))


# --- strikes -------------------------------------------------------------------------------------


async def active_strikes(connection: AsyncConnection, chat_id: int, sender_id: int, *, but: str = "") -> int:
    """Count a poster's strikes that have neither expired nor been taken back, leaving out the incident `but`.

    Those of the other chats of the chat's federation count as well, if the chat lets them.
    """
    here = (fed_chats.c.chat_id == chat_id) & fed_chats.c.acts & fed_chats.c.strikes
    fed_id = select(fed_chats.c.fed_id).where(here).scalar_subquery()
    others = select(fed_chats.c.chat_id).where(fed_chats.c.fed_id == fed_id)
    is_shared = (strikes.c.chat_id == chat_id) | strikes.c.chat_id.in_(others)
    where = is_shared & (strikes.c.sender_id == sender_id) & strikes.c.lifted_at.is_(None)
    is_other = (strikes.c.chat_id != chat_id) | (strikes.c.incident != but)  # incidents are numbered by their chat
    query = select(func.count()).where(where, strikes.c.expires_at > time.time(), is_other)
    return await connection.scalar(query) or 0


async def strikes_of(connection: AsyncConnection, chat_id: int, sender_id: int) -> list[Strike]:
    """Return a poster's strikes that count, oldest first."""
    where = (strikes.c.chat_id == chat_id) & (strikes.c.sender_id == sender_id) & strikes.c.lifted_at.is_(None)
    query = select(strikes.c.at, strikes.c.case_id, strikes.c.expires_at).where(
        where, strikes.c.expires_at > time.time()
    )
    return [Strike(*row) for row in await connection.execute(query.order_by(strikes.c.id))]


async def strike(
    connection: AsyncConnection, *, chat_id: int, sender_id: int, incident: str, case_id: int, seconds: int
) -> bool:
    """Count a strike for `seconds`, once for each incident; say whether it is new."""
    now = time.time()
    row = {"chat_id": chat_id, "sender_id": sender_id, "incident": incident, "case_id": case_id}
    return await upsert.add(connection, strikes, {**row, "at": now, "expires_at": now + seconds})


async def lift_strike(connection: AsyncConnection, chat_id: int, sender_id: int) -> int | None:
    """Take back a poster's newest strike that counts; return the case that it was given in, None without one."""
    now = time.time()
    where = (strikes.c.chat_id == chat_id) & (strikes.c.sender_id == sender_id) & strikes.c.lifted_at.is_(None)
    query = select(strikes.c.id, strikes.c.case_id).where(where, strikes.c.expires_at > now)
    newest = (await connection.execute(query.order_by(strikes.c.id.desc()).limit(1))).one_or_none()
    if newest is None:
        return None
    await connection.execute(update(strikes).where(strikes.c.id == newest.id).values(lifted_at=now))
    return int(newest.case_id)


# --- buttons -------------------------------------------------------------------------------------


async def new_button(
    connection: AsyncConnection, kind: str, chat_id: int, *, case_id: int | None = None, data: str = ""
) -> str:
    """Return a fresh random token that stands for something to decide in `chat_id`."""
    token = secrets.token_urlsafe(12)
    row = {"token": token, "kind": kind, "chat_id": chat_id, "case_id": case_id, "data": data}
    await connection.execute(buttons.insert().values(**row, created_at=time.time()))
    return token


async def button(connection: AsyncConnection, token: str) -> Button | None:
    """Return what a token stands for."""
    columns = [buttons.c[field] for field in Button.__dataclass_fields__]
    row = (await connection.execute(select(*columns).where(buttons.c.token == token))).one_or_none()
    return None if row is None else Button(*row)


async def case_button(connection: AsyncConnection, case_id: int) -> Button | None:
    """Return the token of a case's card, None when the case never had buttons."""
    columns = [buttons.c[field] for field in Button.__dataclass_fields__]
    where = (buttons.c.case_id == case_id) & (buttons.c.kind == "case")
    row = (await connection.execute(select(*columns).where(where).limit(1))).one_or_none()
    return None if row is None else Button(*row)


async def use_button(connection: AsyncConnection, token: str) -> bool:
    """Close a button; say whether it was open, so that of two presses one wins."""
    where = (buttons.c.token == token) & (buttons.c.state == "open")
    return bool((await connection.execute(update(buttons).where(where).values(state="used"))).rowcount)


async def keep_data(connection: AsyncConnection, token: str, data: str) -> None:
    """Replace what is kept with a button."""
    await connection.execute(update(buttons).where(buttons.c.token == token).values(data=data))


async def claim(connection: AsyncConnection, token: str, user_id: int | None) -> None:
    """Note who looks after a card."""
    await connection.execute(update(buttons).where(buttons.c.token == token).values(claimed_by=user_id))


async def claimed(connection: AsyncConnection) -> list[Button]:
    """Return the cards of open cases that somebody looks after, or did until their time ran out."""
    columns = [buttons.c[field] for field in Button.__dataclass_fields__]
    where = buttons.c.claimed_by.is_not(None) & (buttons.c.kind == "case") & (buttons.c.state == "open")
    return [Button(*row) for row in await connection.execute(select(*columns).where(where))]


# --- audit ---------------------------------------------------------------------------------------

AUDIT_CODES = frozenset(
    f"{area}.{what}"
    for area, things in {
        "appeal": ("filed", "upheld", "reduced", "overturned", "settled", "lapsed", "gone"),
        "breaker": ("tripped", "lifted"),
        "canary": ("failed",),
        "case": (
            "claim",
            "release",
            "take",
            "delete",
            "warn",
            "mute",
            "ban",
            "block",
            "dismiss",
            "misuse",
            "allow",
            "undo",
        ),
        "chat": ("joined", "left", "migrated", "rights_given", "rights_lost"),
        "fed": ("new", "join", "leave", "ban", "unban", "promote", "demote", "acts", "strikes", "import"),
        "list": ("block", "allow", "import", "remove"),
        "moderation": ("warn", "unwarn", "mute", "unmute", "ban", "unban", "kick", "purge"),
        "quarantine": ("held", "kept", "released"),
        "report": ("filed", "category", "lifted", "held"),
        "store": ("restored",),
        "settings": ("preset", "unscannable", "language", "logchat", "rules", "export", "import", "trust", "untrust"),
    }.items()
    for what in things
)
"""Everything that the audit log can say."""


async def record(
    connection: AsyncConnection, code: str, *, chat_id: int | None = None, actor_id: int | None = None, detail: str = ""
) -> None:
    """Write a line of the audit log. Raises ValueError when `code` is not one of `AUDIT_CODES`."""
    if code not in AUDIT_CODES:
        raise ValueError(f"{code} is no audit code")
    row = {"at": time.time(), "chat_id": chat_id, "actor_id": actor_id, "code": code, "detail": detail}
    await connection.execute(audit.insert().values(**row))


async def audit_lines(connection: AsyncConnection, chat_id: int, limit: int = 50) -> Sequence[tuple[float, str, str]]:
    """Return a chat's newest audit lines: when, code, detail."""
    columns = (audit.c.at, audit.c.code, audit.c.detail)
    query = select(*columns).where(audit.c.chat_id == chat_id).order_by(audit.c.id.desc()).limit(limit)
    return [(row.at, row.code, row.detail) for row in await connection.execute(query)]
