"""Chats with their settings, and people that the bot has met. Who may change what is not decided here."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, Text, cast, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import rules
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.store import counts, joined, unreachable, upsert
from bot.store.appealtables import appeals
from bot.store.fedtables import fed_chats
from bot.store.reporttables import report_blocks
from bot.store.tables import (
    audit,
    breakers,
    buttons,
    cases,
    chats,
    hits,
    list_changes,
    lists,
    people,
    raids,
    sanctions,
    seen,
    strikes,
)
from bot.store.trusttables import trusted

AWAY = ("left", "kicked")

SETTINGS = (
    chats.c.chat_id,
    chats.c.preset,
    chats.c.unscannable,
    chats.c.log_chat_id,
    chats.c.language,
    chats.c.owner_id,
    chats.c.title,
    chats.c.rules,
)


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as the bot knows it; `bot_rights` are the names of the rights that the bot has there."""

    chat_id: int
    type: str
    title: str
    username: str | None
    linked_chat_id: int | None
    bot_status: str
    bot_rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the bot knows them; `reachable` when the bot may write to them in private."""

    user_id: int
    name: str
    language: str | None
    reachable: bool


async def settings(connection: AsyncConnection, chat_id: int) -> ChatSettings:
    """Return what the chat's admins chose, the defaults for a chat not met before."""
    row = (await connection.execute(select(*SETTINGS).where(chats.c.chat_id == chat_id))).one_or_none()
    if row is None:
        return ChatSettings(chat_id=chat_id)
    values = row._asdict()
    preset, unscannable = Preset(values.pop("preset")), UnscannablePolicy(values.pop("unscannable"))
    chosen = rules.load(values.pop("rules"))
    return ChatSettings(preset=preset, unscannable=unscannable, rules=chosen, **values)


async def chat(connection: AsyncConnection, chat_id: int) -> Chat | None:
    """Return what is known of a chat."""
    columns = (chats.c.chat_id, chats.c.type, chats.c.title, chats.c.username, chats.c.linked_chat_id)
    query = select(*columns, chats.c.bot_status, chats.c.bot_rights).where(chats.c.chat_id == chat_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Chat(*row[:-1], frozenset(row.bot_rights.split()))


async def meet(connection: AsyncConnection, chat_id: int, **facts: Any) -> None:
    """Keep facts of a chat (`type`, `title`, `username`, `language` …); the first meeting fills in the defaults."""
    known = await connection.scalar(select(chats.c.chat_id).where(chats.c.chat_id == chat_id))
    if known is None:
        first = {"type": "supergroup", "added_at": time.time()}
        await upsert.add(connection, chats, {"chat_id": chat_id, **first, **facts})
    elif facts:
        await change(connection, chat_id, **facts)


async def change(connection: AsyncConnection, chat_id: int, **facts: Any) -> None:
    """Change columns of a chat that is known."""
    await connection.execute(update(chats).where(chats.c.chat_id == chat_id).values(**facts))


async def migrate(connection: AsyncConnection, old: int, new: int) -> bool:
    """Move all that belongs to a group to the supergroup it became; say whether there was anything to move.

    A group that moved already may be met once more, by an update that was written before: what came over then stays.
    """
    row = (await connection.execute(select(chats).where(chats.c.chat_id == old))).one_or_none()
    if row is None:
        return False
    since = await connection.scalar(select(chats.c.added_at).where(chats.c.chat_id == new))
    is_again = since is not None and since < row.added_at
    if not is_again:
        await upsert.put(connection, chats, {**row._asdict(), "chat_id": new, "type": "supergroup"})
    await connection.execute(chats.delete().where(chats.c.chat_id == old))
    await _set_apart(connection, old, new, is_again=is_again)
    await connection.execute(seen.delete().where(seen.c.chat_id == old))
    await connection.execute(update(raids).where(raids.c.chat_id == old).values(state="over"))  # its lines stay behind
    for table in (sanctions, breakers, report_blocks, trusted, hits):
        await _join(connection, table, old, new, gives_way=old if is_again else new)
    for table in (lists, buttons, audit):
        await connection.execute(update(table).where(table.c.chat_id == old).values(chat_id=new))
    await connection.execute(update(chats).where(chats.c.log_chat_id == old).values(log_chat_id=new))
    for list_id in (await connection.scalars(select(lists.c.id).where(lists.c.chat_id == new))).all():
        await connection.execute(list_changes.insert().values(change="list", list_id=list_id))
    await counts.move(connection, old, new)
    await unreachable.move(connection, old, new)
    joined.CHATS.add(new)
    if await _join(connection, fed_chats, old, new, gives_way=old if is_again else new):
        await connection.execute(list_changes.insert().values(change="shared", list_id=0))
    return True


async def has_on_record(connection: AsyncConnection, chat_id: int, codes: Collection[str]) -> bool:
    """Whether the audit log has a line of one of `codes` about a chat."""
    query = select(audit.c.id).where(audit.c.chat_id == chat_id, audit.c.code.in_(codes)).limit(1)
    return await connection.scalar(query) is not None


async def _set_apart(connection: AsyncConnection, old: int, new: int, *, is_again: bool) -> None:
    """Move cases and strikes; a supergroup numbers its messages from 1 again, so that old incidents keep apart."""
    for table in (cases, strikes):
        number = cast(table.c.id, Text) + " "  # an album may come in parts, before and after the first time
        apart = {"chat_id": new, "incident": literal("before ") + (number if is_again else "") + table.c.incident}
        await connection.execute(update(table).where(table.c.chat_id == old).values(**apart))
    from_before = (cases.c.chat_id == new) & cases.c.incident.startswith("before ")
    await connection.execute(update(cases).where(from_before).values(message_id=None))
    nowhere = {"card_chat_id": None, "card_message_id": None}
    await connection.execute(update(appeals).where(appeals.c.card_chat_id == old).values(**nowhere))


async def _join(connection: AsyncConnection, table: Table, old: int, new: int, *, gives_way: int) -> int:
    """Move a table's rows to those that the new chat has; of two with one key that of `gives_way` is dropped."""
    other = table.alias()
    keys = [key.name for key in table.primary_key if key.name != "chat_id"]
    same = [other.c[name] == table.c[name] for name in keys]
    twice = exists().where(other.c.chat_id == (new if gives_way == old else old), *same)
    await connection.execute(table.delete().where(table.c.chat_id == gives_way, twice))
    return (await connection.execute(update(table).where(table.c.chat_id == old).values(chat_id=new))).rowcount


async def logged_by(connection: AsyncConnection, log_chat_id: int) -> list[int]:
    """Return the chats whose log goes to `log_chat_id`."""
    return list(await connection.scalars(select(chats.c.chat_id).where(chats.c.log_chat_id == log_chat_id)))


async def active(connection: AsyncConnection) -> list[int]:
    """Return the chats that the bot is in."""
    where = chats.c.bot_status.not_in(AWAY)
    return list(await connection.scalars(select(chats.c.chat_id).where(where)))


async def greet(connection: AsyncConnection, user_id: int, **facts: Any) -> None:
    """Keep facts of a person (`name`, `language`, `reachable`)."""
    await upsert.put(connection, people, {"user_id": user_id, **facts, "updated_at": time.time()})
    if facts.get("reachable"):
        await unreachable.drop(connection, user_id)


async def lose(connection: AsyncConnection, user_id: int) -> None:
    """Note that a person who is known takes no messages from the bot."""
    await connection.execute(update(people).where(people.c.user_id == user_id).values(reachable=False))


async def owned_by(connection: AsyncConnection, user_id: int) -> list[int]:
    """Return the chats that somebody owns and the bot is in."""
    where = (chats.c.owner_id == user_id) & chats.c.bot_status.not_in(AWAY)
    return list(await connection.scalars(select(chats.c.chat_id).where(where)))


async def person(connection: AsyncConnection, user_id: int) -> Person | None:
    """Return what is known of a person."""
    columns = (people.c.user_id, people.c.name, people.c.language, people.c.reachable)
    row = (await connection.execute(select(*columns).where(people.c.user_id == user_id))).one_or_none()
    return None if row is None else Person(*row)


async def bearers(connection: AsyncConnection, username: str) -> list[Person]:
    """Return who was last seen with a username, given in lower case: more than one when it changed hands."""
    columns = (people.c.user_id, people.c.name, people.c.language, people.c.reachable)
    query = select(*columns).where(people.c.username == username).order_by(people.c.updated_at.desc()).limit(5)
    return [Person(*row) for row in await connection.execute(query)]


async def named(connection: AsyncConnection, username: str) -> int | None:
    """Return the chat that was last known by a username."""
    query = select(chats.c.chat_id).where(func.lower(chats.c.username) == username.lower()).limit(1)
    return (await connection.scalars(query)).one_or_none()


async def discussing(connection: AsyncConnection, channel_id: int) -> int | None:
    """Return the group that is known to be linked to a channel."""
    query = select(chats.c.chat_id).where(chats.c.linked_chat_id == channel_id).limit(1)
    return (await connection.scalars(query)).one_or_none()
