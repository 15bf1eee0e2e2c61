"""The database: sound, known, how large; and what it tells of lists, chats and what went wrong. It is only read."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import protection
from bot.doctor.finding import Finding, error, ok, warning
from bot.errors import ConfigError, StoreError
from bot.model import ListKind
from bot.protection import Presence
from bot.settings import Settings
from bot.store import backup, chats, entries, outbox
from bot.store.db import Database
from bot.store.inbox import BURIED
from bot.store.schema import revisions
from bot.store.tables import inbox

SHOWN = 20
"""Chats named one by one; the rest is counted."""

DAY = 86_400.0
OLD_DAYS = 90
"""Days after which a list that nobody changed is worth a look."""

_RIGHTS = {protection.DELETE: "Delete messages", protection.RESTRICT: "Ban users"}


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """All that there is to say about the database."""
    file = backup.file_of(settings.store.url)
    if file is not None and not file.exists():
        yield ok("database", f"{file} is not there yet; the first start makes it")
        return
    if file is not None:
        found = list(_sound(file))
        for one in found:
            yield one
        if any(one.grade == "error" for one in found):
            return
    try:
        async for one in _content(settings):
            yield one
    except ConfigError as failure:
        yield error("database", str(failure), "leave store.url empty: the database is then haechi.db in data_dir")
    except (SQLAlchemyError, StoreError, OSError) as failure:
        words = str(getattr(failure, "orig", None) or failure)
        yield error("database", f"cannot be read: {words}", "see store.url, and whether the server answers")


def _sound(file: Path) -> Iterator[Finding]:
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as database:
            problems = [row[0] for row in database.execute("pragma integrity_check(3)")]
            revision = next(iter(database.execute("select version_num from alembic_version")), ("none",))[0]
    except sqlite3.Error as failure:
        yield error("database", f"{file} cannot be read: {failure}", "put a backup back: haechi restore FILE")
        return
    size = f"{file} is sound, {file.stat().st_size / 1e6:,.1f} MB"
    if problems != ["ok"]:
        yield error("database", f"{file} is damaged: {problems[0]}", "put a backup back: haechi restore FILE")
    elif file.stat().st_mode & 0o077:
        yield warning("database", f"{size}, but others than its owner may read it", f"chmod 600 {file}")
    else:
        yield ok("database", size)
    yield _schema(revision)


def _schema(revision: str) -> Finding:
    known = revisions()
    if revision not in known:
        text = f"the schema is {revision}, which this version does not know"
        return error("schema", text, "run the version that wrote it, or a later one")
    if revision != known[-1]:
        return ok("schema", f"{revision}; the next start brings it to {known[-1]}")
    return ok("schema", f"{revision}, the newest")


async def _content(settings: Settings) -> AsyncIterator[Finding]:
    database = Database(settings.store.url)
    try:
        async with database.read() as connection:
            async for one in _lists(connection):
                yield one
            async for one in _chats(connection):
                yield one
            async for one in _queues(connection):
                yield one
            yield await _maintainers(connection, settings)
    finally:
        await database.stop()


async def _lists(connection: AsyncConnection) -> AsyncIterator[Finding]:
    found = [one for one in await entries.all_lists(connection) if one.kind is not ListKind.CANARY]
    if not any(one.size for one in found if one.kind is ListKind.BLOCK):
        yield warning("lists", "nothing is listed: nothing but the canary will be removed", "haechi lists import FILE")
    for one in found:
        days = (time.time() - one.updated_at.timestamp()) / DAY
        text = f"{one.name}: {one.size:,} entries, changed {days:.0f} days ago"
        if days > OLD_DAYS and one.chat_id is None:
            yield warning("list", text, "ask its source for a newer one, and import that")
        else:
            yield ok("list", text)


async def _chats(connection: AsyncConnection) -> AsyncIterator[Finding]:
    active = [known for number in await chats.active(connection) if (known := await chats.chat(connection, number))]
    lacking = [(chat, _lacks(chat)) for chat in active]
    bare = [(chat, rights) for chat, rights in lacking if rights]
    yield ok("chats", f"the bot is in {len(active)}, and in {len(active) - len(bare)} with all the rights it needs")
    fix = "in the chat's info → Edit → Administrators → the bot, switch them on; /check there tells more"
    for chat, rights in bare[:SHOWN]:
        yield warning("chat", f"{chat.title or chat.chat_id} ({chat.chat_id}): lacks {', '.join(rights)}", fix)
    if len(bare) > SHOWN:
        yield warning("chat", f"and {len(bare) - SHOWN} more chats lack a right", fix)


def _lacks(chat: chats.Chat) -> list[str]:
    missing = protection.lacks(chat.type, Presence(chat.bot_status, chat.bot_rights))
    return [_RIGHTS.get(right, right) for right in missing]


async def _queues(connection: AsyncConnection) -> AsyncIterator[Finding]:
    buried = await connection.scalar(select(func.count()).where(inbox.c.state == BURIED)) or 0
    waiting, failed = await outbox.depth(connection)
    if buried:
        fix = "look for dispatch.buried and dispatch.failed in the log; their media were scanned all the same"
        yield warning("inbox", f"{buried} updates of the last 48 hours could not be handled", fix)
    else:
        yield ok("inbox", "no update was set aside")
    oldest = await outbox.oldest(connection)
    text = (
        f"{waiting} calls wait, the oldest for {oldest:.0f} s; Telegram refused {failed} of the last 48 hours for good"
    )
    yield ok("outbox", text)


async def _maintainers(connection: AsyncConnection, settings: Settings) -> Finding:
    """Whether anybody is told when an entry is switched off: the bot may write to those alone who pressed Start."""
    named = settings.maintainers
    if not named:
        text = "nobody is named: of entries that hit too many people and are switched off nobody is told"
        return warning("maintainers", text, "set maintainers = [11], with your numeric id")
    known = [await chats.person(connection, user_id) for user_id in named]
    deaf = [user_id for user_id, one in zip(named, known, strict=True) if one is None or not one.reachable]
    if deaf:
        text = f"the bot cannot write to {len(deaf)} of {len(named)}: {', '.join(map(str, deaf))}"
        return warning("maintainers", text, "have them open a private chat with the bot and press Start")
    return ok("maintainers", f"the bot can write to all {len(named)}")
