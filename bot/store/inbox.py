"""The inbox: updates as they came, until they are done or buried. What an update means is not known here."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.shares import NOBODYS, share_of
from bot.store.tables import inbox, meta

PENDING, DONE, BURIED = 0, 1, 9

EMPTIED: Mapping[str, Any] = {"payload": "{}", "chat_id": 0, "error": None, "share": NOBODYS}
"""What is left of an update of which nothing is to be kept but its number."""

QUICK, MEDIA, WORDS = LINES = (0, 1, 2)
"""The lines that updates wait in: what people ask for and what changes rights, posts to be scanned, all the rest."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One update that came in: `payload` is its JSON text, or what Telegram sent instead."""

    update_id: int
    chat_id: int
    line: int
    payload: str
    author_id: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One update as it came: `payload` is its raw JSON text, `attempts` how often it failed so far."""

    bot_id: int
    update_id: int
    chat_id: int
    payload: str
    attempts: int = 0
    line: int = WORDS


@dataclass(frozen=True, slots=True)
class Head:
    """One of the oldest updates of its chat in a line; `size` counts the characters of its payload."""

    update_id: int
    chat_id: int
    size: int


async def put(connection: AsyncConnection, bot_id: int, arrivals: Sequence[Arrival], offset: int | None) -> None:
    """Keep updates, and the offset that acknowledges them if there is one, in the caller's transaction."""
    await upsert.add_all(connection, inbox, [_stored(bot_id, one) for one in arrivals])
    if offset is not None:
        await upsert.put(connection, meta, {"key": f"offset:{bot_id}", "value": str(offset)})


async def put_own(connection: AsyncConnection, bot_id: int, raw: Mapping[str, Any]) -> int:
    """Keep a post that the bot made itself, numbered downwards from -1 so that it meets none of Telegram's."""
    lowest = await connection.scalar(select(func.min(inbox.c.update_id)).where(inbox.c.bot_id == bot_id))
    number = min(lowest or 0, 0) - 1
    arrival = Arrival(number, chat_of(raw), MEDIA, json.dumps({**raw, "update_id": number}))
    await upsert.add(connection, inbox, _stored(bot_id, arrival))
    return number


def _stored(bot_id: int, arrival: Arrival) -> dict[str, Any]:
    return {
        "bot_id": bot_id,
        "update_id": arrival.update_id,
        "chat_id": arrival.chat_id,
        "line": arrival.line,
        "size": len(arrival.payload),
        "received_at": time.time(),
        "payload": arrival.payload,
        "share": NOBODYS if arrival.author_id is None else share_of(arrival.author_id),
    }


async def offset(connection: AsyncConnection, bot_id: int) -> int | None:
    """Return the offset to ask Telegram for next, or None at the very first start."""
    value = await connection.scalar(select(meta.c.value).where(meta.c.key == f"offset:{bot_id}"))
    return None if value is None else int(value)


# --- choosing ------------------------------------------------------------------------------------

# The index of what waits is partial, so its condition stands here as it stands there, not as a parameter. From one
# chat to the next is one step down the index: however much waits, looking costs by the chats that are looked at.
_CHATS = text("""
with recursive waiting(chat_id) as (
  select min(chat_id) from inbox where state = 0 and bot_id = :bot and line = :line and chat_id > :after
  union all
  select (select min(i.chat_id) from inbox i
          where i.state = 0 and i.bot_id = :bot and i.line = :line and i.chat_id > waiting.chat_id)
  from waiting where waiting.chat_id is not null
)
select chat_id from waiting where chat_id is not null limit :most
""")

# A scalar subquery is asked once for each chat, so a chat's rows are read as far as the last one wanted.
_HEADS = """
with asked(chat_id) as (values {asked})
select i.update_id, i.chat_id, i.size from asked join inbox i on i.chat_id = asked.chat_id
where i.state = 0 and i.bot_id = :bot and i.line = :line and i.update_id <= coalesce(
  (select j.update_id from inbox j
   where j.state = 0 and j.bot_id = :bot and j.line = :line and j.chat_id = asked.chat_id
   order by j.update_id limit 1 offset :last), 9223372036854775807)
order by i.chat_id, i.update_id
"""

# Naming the lines makes the index of what waits the better one in the eyes of either engine.
_WAITING = text("select count(*), min(received_at) from inbox where state = 0 and bot_id = :bot and line in (0, 1, 2)")
_BURIED = text("select count(*) from inbox where state = 9 and bot_id = :bot")


async def chats(connection: AsyncConnection, bot_id: int, line: int, *, after: int, most: int) -> list[int]:
    """Return up to `most` chats with updates that wait in a line, in the order of their ids, from above `after`."""
    given = {"bot": bot_id, "line": line, "after": after, "most": most}
    return list((await connection.execute(_CHATS, given)).scalars())


async def heads(
    connection: AsyncConnection, bot_id: int, line: int, chat_ids: Sequence[int], *, each: int
) -> list[Head]:
    """Return the oldest updates that wait in a line, up to `each` for every chat."""
    # Whole numbers that stand in the statement, for a list has no form of a parameter that both engines take.
    asked = text(_HEADS.format(asked=", ".join(f"({int(chat_id)})" for chat_id in chat_ids)))
    given = {"bot": bot_id, "line": line, "last": each - 1}
    return [Head(*row) for row in await connection.execute(asked, given)] if chat_ids else []


async def media_naming(connection: AsyncConnection, bot_id: int, chat_id: int, word: str) -> list[str]:
    """Return the payloads of posts with media that wait in a chat and hold `word` somewhere: the first 20."""
    here = (inbox.c.state == PENDING) & (inbox.c.bot_id == bot_id) & (inbox.c.line == MEDIA)
    query = select(inbox.c.payload).where(here, inbox.c.chat_id == chat_id, inbox.c.payload.contains(word))
    return list(await connection.scalars(query.order_by(inbox.c.update_id).limit(20)))


async def rows(connection: AsyncConnection, bot_id: int, update_ids: Sequence[int]) -> list[Row]:
    """Return whole updates, in the order of their numbers."""
    columns = (inbox.c.bot_id, inbox.c.update_id, inbox.c.chat_id, inbox.c.payload, inbox.c.attempts, inbox.c.line)
    query = select(*columns).where(inbox.c.bot_id == bot_id, inbox.c.update_id.in_(update_ids))
    return [Row(*row) for row in await connection.execute(query.order_by(inbox.c.update_id))]


# --- closing -------------------------------------------------------------------------------------


async def finish(connection: AsyncConnection, bot_id: int, update_ids: Sequence[int]) -> None:
    """Mark updates as done."""
    statement = (
        update(inbox)
        .where(inbox.c.bot_id == bot_id, inbox.c.update_id == bindparam("done_id"))
        .values(state=DONE, done_at=time.time())
    )
    await connection.execute(statement, [{"done_id": number} for number in update_ids])


async def forget(connection: AsyncConnection, bot_id: int, update_id: int) -> None:
    """Mark an update as done and keep nothing of it but its number."""
    where = (inbox.c.bot_id == bot_id) & (inbox.c.update_id == update_id)
    await connection.execute(update(inbox).where(where).values(state=DONE, done_at=time.time(), **EMPTIED))


async def fail(connection: AsyncConnection, row: Row, error: str, *, attempts: int) -> bool:
    """Count a failure of `row`; bury it at the last of `attempts` tries and say whether it is buried now."""
    is_last = row.attempts + 1 >= attempts
    state = case((inbox.c.attempts + 1 >= attempts, BURIED), else_=PENDING)
    where = (inbox.c.bot_id == row.bot_id) & (inbox.c.update_id == row.update_id) & (inbox.c.state == PENDING)
    await connection.execute(
        update(inbox)
        .where(where)
        .values(attempts=inbox.c.attempts + 1, error=error[:500], state=state, done_at=time.time() if is_last else None)
    )
    return is_last


async def bury(connection: AsyncConnection, row: Row, error: str) -> None:
    """Set `row` aside for good, with its error."""
    where = (inbox.c.bot_id == row.bot_id) & (inbox.c.update_id == row.update_id)
    await connection.execute(update(inbox).where(where).values(error=error[:500], state=BURIED, done_at=time.time()))


@dataclass(frozen=True, slots=True)
class Depth:
    """How many updates wait, how long the oldest has waited in seconds, and how many are buried."""

    waiting: int
    oldest_seconds: float
    buried: int


async def depth(connection: AsyncConnection, bot_id: int) -> Depth:
    """Measure the queue."""
    count, oldest = (await connection.execute(_WAITING, {"bot": bot_id})).one()
    buried = await connection.scalar(_BURIED, {"bot": bot_id})
    return Depth(count, max(0.0, time.time() - oldest) if oldest else 0.0, buried or 0)


def chat_of(raw: Mapping[str, Any]) -> int:
    """Return the id of the chat that an update belongs to, 0 where there is none."""
    for body in raw.values():
        if isinstance(body, dict):
            holder = body.get("message") if isinstance(body.get("message"), dict) else body
            chat = holder.get("chat") if isinstance(holder, dict) else None
            if isinstance(chat, dict) and is_number(chat.get("id")):
                return int(chat["id"])
    return 0


def author_of(raw: Mapping[str, Any]) -> int | None:
    """Return the number of whoever wrote or pressed what an update tells of."""
    for body in raw.values():
        author = body.get("from") if isinstance(body, dict) else None
        if isinstance(author, dict) and is_number(author.get("id")):
            return int(author["id"])
    return None


def is_number(value: Any) -> bool:
    """Whether a raw value is an integer that a database can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
