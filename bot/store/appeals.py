"""Appeals: filed, where their cards stand, how they ended, and who had acted. Nothing is decided or queued here."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import MessageRef
from bot.store import upsert
from bot.store.appealtables import appeals
from bot.store.fedtables import fed_bans
from bot.store.tables import case_actions, cases, chats, strikes

ACTING = frozenset({"ban", "mute", "kick", "strike", "warn", "delete"})
"""Actions against a post or its poster, by their names on a case's record."""

AWAY = ("left", "kicked")

FEDERATIONS = re.compile(r"(?:before )?fban:(?P<id>\d+)", re.ASCII)
"""The incident of a case in which the ban of a federation was carried out, by the ban's number."""


class State(StrEnum):
    """How an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REDUCED = "reduced"
    OVERTURNED = "overturned"
    SETTLED = "settled"  # the case was taken back by other means
    LAPSED = "lapsed"  # nobody decided in time
    GONE = "gone"  # the bot left the chat
    WITHDRAWN = "withdrawn"  # the appellant asked to be forgotten


@dataclass(frozen=True, slots=True)
class Appeal:
    """One person's objection to a case; times in seconds since 1970. `tries` is how often it was filed."""

    case_id: int
    token: str
    appellant_id: int
    language: str | None
    text: str
    state: State
    tries: int
    at: float
    until: float
    remind_at: float | None
    decided_at: float | None
    by_id: int | None
    by_name: str
    card_chat_id: int | None
    card_message_id: int | None

    @property
    def is_open(self) -> bool:
        """Whether an admin has still to decide."""
        return self.state is State.OPEN

    @property
    def card(self) -> MessageRef | None:
        """The card's message, None while it is not known."""
        if self.card_chat_id is None or self.card_message_id is None:
            return None
        return MessageRef(self.card_chat_id, self.card_message_id)


@dataclass(frozen=True, slots=True)
class Acts:
    """Who acted in a case, the bot apart, and when anything was done last (seconds since 1970)."""

    by_ids: frozenset[int] = frozenset()
    at: float | None = None


# --- one appeal ----------------------------------------------------------------------------------


async def get(connection: AsyncConnection, case_id: int) -> Appeal | None:
    """Return the appeal of a case."""
    found = await _select(connection, appeals.c.case_id == case_id)
    return found[0] if found else None


async def by_token(connection: AsyncConnection, token: str) -> Appeal | None:
    """Return the appeal that a card's token stands for."""
    found = await _select(connection, appeals.c.token == token)
    return found[0] if found else None


async def file(connection: AsyncConnection, case_id: int, **facts: Any) -> Appeal:
    """Open the appeal of a case, anew where an earlier one came to nothing."""
    before = await get(connection, case_id)
    fresh = {"state": State.OPEN.value, "token": secrets.token_urlsafe(12), "at": time.time()}
    empty = dict.fromkeys(("decided_at", "by_id", "card_chat_id", "card_message_id"))
    tries = before.tries + 1 if before else 1
    await upsert.put(
        connection, appeals, {"case_id": case_id, **empty, **fresh, "tries": tries, "by_name": "", **facts}
    )
    found = await get(connection, case_id)
    if found is None:  # pragma: no cover - it was just put there
        raise LookupError("the appeal just filed is not there")
    return found


async def close(connection: AsyncConnection, case_id: int, state: State, *, by: tuple[int, str] | None = None) -> bool:
    """End an open appeal; say whether it was open, so that of two who decide one wins."""
    by_id, by_name = by or (None, "")
    ended = {"state": state.value, "decided_at": time.time(), "by_id": by_id, "by_name": by_name, "remind_at": None}
    where = (appeals.c.case_id == case_id) & (appeals.c.state == State.OPEN.value)
    return bool((await connection.execute(update(appeals).where(where).values(**ended))).rowcount)


async def reopen(connection: AsyncConnection, appeal: Appeal) -> None:
    """Put an appeal back to how it stood before it was decided in this transaction."""
    before = {
        "state": State.OPEN.value,
        "decided_at": None,
        "by_id": None,
        "by_name": "",
        "remind_at": appeal.remind_at,
    }
    await connection.execute(update(appeals).where(appeals.c.case_id == appeal.case_id).values(**before))


async def place(connection: AsyncConnection, case_id: int, ref: MessageRef) -> None:
    """Note where an appeal's card stands."""
    where = {"card_chat_id": ref.chat_id, "card_message_id": ref.message_id}
    await connection.execute(update(appeals).where(appeals.c.case_id == case_id).values(**where))


async def reminded(connection: AsyncConnection, case_id: int) -> bool:
    """Note that the admins were reminded of an open appeal; say whether they had not been."""
    where = (appeals.c.case_id == case_id) & appeals.c.remind_at.is_not(None)
    return bool((await connection.execute(update(appeals).where(where).values(remind_at=None))).rowcount)


# --- many ----------------------------------------------------------------------------------------


async def filed_since(connection: AsyncConnection, user_id: int, since: float) -> int:
    """Count the appeals that a person filed after `since`."""
    where = (appeals.c.appellant_id == user_id) & (appeals.c.at > since)
    return await connection.scalar(select(func.count()).where(where)) or 0


async def waiting(connection: AsyncConnection, chat_ids: Collection[int], limit: int) -> list[Appeal]:
    """Return the open appeals of cases in these chats, those that lapse first before the others."""
    here = appeals.c.case_id.in_(select(cases.c.id).where(cases.c.chat_id.in_(chat_ids)))
    return await _select(connection, here & (appeals.c.state == State.OPEN.value), limit)


async def open_of(connection: AsyncConnection, chat_id: int, sender_id: int) -> list[Appeal]:
    """Return a person's open appeals in a chat."""
    here = appeals.c.case_id.in_(select(cases.c.id).where(cases.c.chat_id == chat_id))
    return await _select(connection, here & (appeals.c.appellant_id == sender_id) & _is_open())


async def due(connection: AsyncConnection, now: float, limit: int) -> list[Appeal]:
    """Return open appeals that have lapsed, of which the admins are to be reminded, or whose chat the bot has left."""
    left = select(cases.c.id).join(chats, chats.c.chat_id == cases.c.chat_id).where(chats.c.bot_status.in_(AWAY))
    is_due = or_(appeals.c.until <= now, appeals.c.remind_at <= now, appeals.c.case_id.in_(left))
    return await _select(connection, _is_open() & is_due, limit)


def _is_open() -> ColumnElement[bool]:
    return appeals.c.state == State.OPEN.value


async def _select(connection: AsyncConnection, where: ColumnElement[bool], limit: int = 100) -> list[Appeal]:
    columns = [appeals.c[field] for field in Appeal.__dataclass_fields__]
    query = select(*columns).where(where).order_by(appeals.c.until, appeals.c.case_id).limit(limit)
    return [Appeal(**{**row._asdict(), "state": State(row.state)}) for row in await connection.execute(query)]


# --- what an appeal is about ---------------------------------------------------------------------


async def acts(connection: AsyncConnection, case_id: int) -> Acts:
    """Return who acted in a case and when last; what Telegram refused was not done."""
    where = (case_actions.c.case_id == case_id) & case_actions.c.kind.in_(ACTING) & (case_actions.c.state != "refused")
    rows = (await connection.execute(select(case_actions.c.by_id, case_actions.c.at).where(where))).all()
    by_ids = {row.by_id for row in rows} | {await _federations_admin(connection, case_id)}
    return Acts(frozenset(one for one in by_ids if one is not None), max((row.at for row in rows), default=None))


async def _federations_admin(connection: AsyncConnection, case_id: int) -> int | None:
    """Return who decided the ban of a federation that a case carried out; its record names none of the chat's own."""
    incident = await connection.scalar(select(cases.c.incident).where(cases.c.id == case_id))
    found = FEDERATIONS.fullmatch(incident or "")
    by_id = select(fed_bans.c.by_id).where(fed_bans.c.id == int(found["id"])) if found else None
    return None if by_id is None else await connection.scalar(by_id)


async def strikes_in(connection: AsyncConnection, case_id: int) -> int:
    """Count the strikes of a case that count."""
    return await connection.scalar(select(func.count()).where(*_counting(case_id))) or 0


async def halve_strikes(connection: AsyncConnection, case_id: int) -> float:
    """Have the strikes of a case count for half of the time that is left; return when the last one ends."""
    now = time.time()
    halved = {"expires_at": (strikes.c.expires_at + now) / 2}
    await connection.execute(update(strikes).where(*_counting(case_id)).values(**halved))
    ends = await connection.scalar(select(func.max(strikes.c.expires_at)).where(strikes.c.case_id == case_id))
    return float(ends or now)


def _counting(case_id: int) -> tuple[ColumnElement[bool], ...]:
    return strikes.c.case_id == case_id, strikes.c.lifted_at.is_(None), strikes.c.expires_at > time.time()
