"""The outbox: calls of the Bot API that wait to be made. Making them is the business of `bot.telegram.outbox`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outcome import Call
from bot.store import upsert
from bot.store.shares import NOBODYS, share_of
from bot.store.tables import outbox, pauses

DUE, SENT, DONE, FAILED = 0, 1, 2, 9
"""SENT is for calls that may happen at most once: they are marked before they are made."""


REPEATABLE = frozenset({"deleteMessage", "banChatMember", "banChatSenderChat", "restrictChatMember"})
"""Methods that change nothing when they are called twice."""


@dataclass(frozen=True, slots=True)
class Row:
    """One call that waits."""

    id: int
    key: str
    chat_id: int
    method: str
    args: dict[str, Any]
    rank: int
    case_id: int | None
    attempts: int
    created_at: float


async def put(connection: AsyncConnection, calls: Iterable[Call]) -> None:
    """Add `calls` in the caller's transaction; those whose key is known already add nothing.

    A removal or a ban that failed for good and is asked for again is tried again.
    """
    now = time.time()
    rows = [
        {
            "key": call.key,
            "chat_id": call.chat_id,
            "share": share_of(call.chat_id) if call.chat_id > 0 else NOBODYS,
            "method": call.method,
            "args": json.dumps(dict(call.args), ensure_ascii=False),
            "rank": call.rank,
            "case_id": call.case_id,
            "after": call.after,
            "created_at": now,
        }
        for call in calls
    ]
    await upsert.add_all(connection, outbox, rows)
    again = [row["key"] for row in rows if row["method"] in REPEATABLE]
    if again:
        failed = outbox.c.key.in_(again) & (outbox.c.state == FAILED)
        await connection.execute(update(outbox).where(failed).values(state=DUE, attempts=0, not_before=0, error=None))


EVERY = 99
"""A rank above all ranks."""

PAGE = 64
"""Calls looked at together while chats are sought: one chat's thousands must not be read to find another's."""

LEVELS = (0, 1, 2)
"""Ranks from which a chat's calls can be held back."""

Ceilings = Mapping[int, int]
"""Chats of which only calls below a rank, one of `LEVELS`, may be made."""


def _waiting() -> Select[Any]:
    """Select calls that nothing holds up, as a statement whose values come later: it is made many times a second."""
    fields = (outbox.c[name] for name in Row.__dataclass_fields__)
    now: BindParameter[float] = bindparam("now")
    earlier = outbox.alias("earlier")
    is_waiting = exists().where(earlier.c.key == outbox.c.after, earlier.c.state == DUE)
    is_paused = exists().where(
        pauses.c.chat_id == outbox.c.chat_id, pauses.c.rank <= outbox.c.rank, pauses.c.until > now
    )
    query = select(*fields).where(outbox.c.state == literal_column(str(DUE)), outbox.c.not_before <= now, ~is_paused)
    for level in LEVELS:
        is_free = outbox.c.chat_id.not_in(bindparam(f"held_{level}", expanding=True))
        query = query.where(is_free | (outbox.c.rank < level) if level else is_free)
    return query.where(outbox.c.after.is_(None) | ~is_waiting)


_DUE = _waiting().where(outbox.c.rank < bindparam("below")).order_by(outbox.c.rank, outbox.c.id).limit(PAGE)
_OVERDUE = (
    _waiting()
    .where(outbox.c.rank > 0, outbox.c.created_at < bindparam("since"), outbox.c.not_before < bindparam("since"))
    .order_by(outbox.c.id)
    .limit(1)
)
_REMOVALS = (
    _waiting()
    .where(outbox.c.chat_id == bindparam("chat_id"), outbox.c.method == "deleteMessage", outbox.c.rank == 0)
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)


async def due(
    connection: AsyncConnection, limit: int, *, ceilings: Ceilings | None = None, below: int = EVERY
) -> list[Row]:
    """Return up to `limit` calls that may be made now, lowest rank first, one for each chat; none if there is none.

    Only ranks below `below` are taken. There may be more, in chats other than those returned.
    """
    found: dict[int, Row] = {}
    for row in await _rows(connection, _DUE, ceilings or {}, below=below):
        found.setdefault(row.chat_id, row)
    return list(found.values())[:limit]


async def overdue(connection: AsyncConnection, since: float, *, ceilings: Ceilings) -> Row | None:
    """Return the call that has been kept waiting longest for others to go first, if it could be made since `since`."""
    rows = await _rows(connection, _OVERDUE, ceilings, since=since)
    return rows[0] if rows else None


async def removals(connection: AsyncConnection, chat_id: int, limit: int) -> list[Row]:
    """Return up to `limit` messages of a chat that are to be deleted now, in the order in which that was asked for."""
    return await _rows(connection, _REMOVALS, {}, chat_id=chat_id, most=limit)


async def _rows(connection: AsyncConnection, query: Select[Any], ceilings: Ceilings, **values: Any) -> list[Row]:
    held = {f"held_{level}": [chat_id for chat_id, top in ceilings.items() if top == level] for level in LEVELS}
    answer = await connection.execute(query, {"now": time.time(), **held, **values})
    return [Row(**{**row._asdict(), "args": json.loads(row.args)}) for row in answer]


async def mark_sent(connection: AsyncConnection, row_id: int) -> None:
    """Note that a call is about to be made that must not be made twice."""
    await connection.execute(update(outbox).where(outbox.c.id == row_id).values(state=SENT))


async def finish(connection: AsyncConnection, row: Row, *, error: str | None = None) -> None:
    """Close a call: done, or failed for good with `error`; what was to be said after it then goes unsaid."""
    closed = {"state": DONE if error is None else FAILED, "done_at": time.time(), "error": error}
    await connection.execute(update(outbox).where(outbox.c.id == row.id).values(**closed))
    if error is not None:
        unsaid = (outbox.c.after == row.key) & (outbox.c.state == DUE)
        await connection.execute(update(outbox).where(unsaid).values(**closed))


async def postpone(connection: AsyncConnection, row: Row, later: float, error: str) -> None:
    """Try `row` again from the time `later`; rows that belong together are given the same.

    What has the same rank in its chat and came later waits too, but for removals: an unban must not overtake the ban.
    """
    again = {"state": DUE, "attempts": outbox.c.attempts + 1, "not_before": later, "error": error[:500]}
    await connection.execute(update(outbox).where(outbox.c.id == row.id).values(**again))
    if row.rank > 0:
        behind = (outbox.c.chat_id == row.chat_id) & (outbox.c.rank == row.rank) & (outbox.c.id > row.id)
        waiting = behind & (outbox.c.state == DUE) & (outbox.c.not_before < later)
        await connection.execute(update(outbox).where(waiting).values(not_before=later))


async def pause(connection: AsyncConnection, chat_id: int, rank: int, until: float) -> None:
    """Make no call of `rank` or above in a chat before `until`, those that are put later included."""
    held = (pauses.c.chat_id == chat_id) & (pauses.c.rank == rank) & (pauses.c.until >= until)
    if await connection.scalar(select(exists().where(held))):
        return  # a longer one was asked for
    await upsert.put(connection, pauses, {"chat_id": chat_id, "rank": rank, "until": until})


async def depth(connection: AsyncConnection) -> tuple[int, int]:
    """Return how many calls wait, and how many failed for good: by literals, else no index of such rows is used."""
    waiting, failed = (
        select(func.count()).where(outbox.c.state == literal_column(str(state))) for state in (DUE, FAILED)
    )
    return await connection.scalar(waiting) or 0, await connection.scalar(failed) or 0


async def oldest(connection: AsyncConnection) -> float:
    """Return for how many seconds the oldest call has waited, 0 when none does."""
    waiting = outbox.c.state == literal_column(str(DUE))
    created = await connection.scalar(select(func.min(outbox.c.created_at)).where(waiting))
    return max(0.0, time.time() - created) if created else 0.0


async def retarget(connection: AsyncConnection, old_chat_id: int, new_chat_id: int) -> None:
    """Send the calls that wait for a group to the supergroup that it became.

    Calls about a message of the group end here: the supergroup numbers its messages anew.
    """
    here = (outbox.c.chat_id == old_chat_id) & (outbox.c.state == DUE)
    about_message = outbox.c.method.in_(("deleteMessage", "deleteMessages", "editMessageText"))
    ended = {"state": FAILED, "done_at": time.time(), "error": "the group became a supergroup"}
    await connection.execute(update(outbox).where(here, about_message).values(**ended))
    rows = await connection.execute(select(outbox.c.id, outbox.c.args).where(here))
    for row_id, args in rows.all():
        kept = {name: value for name, value in json.loads(args).items() if name != "reply_parameters"}
        changed = json.dumps({**kept, "chat_id": new_chat_id}, ensure_ascii=False)
        await connection.execute(
            update(outbox).where(outbox.c.id == row_id).values(chat_id=new_chat_id, args=changed, not_before=0)
        )
