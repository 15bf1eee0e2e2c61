"""The story of a raid: many removals in one chat, told in one line instead of a notice each. It removes nothing."""

from __future__ import annotations

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, guardians, metrics, quiet
from bot.calls import CHATTER
from bot.i18n import Html, duration, name, say, say_n
from bot.model import ChatSettings, MediaPost, MessageRef
from bot.outcome import Done, Outcome
from bot.store import caps, chats, outbox
from bot.store import raids as records
from bot.store.cases import Case
from bot.store.db import Database
from bot.store.raids import Line, Raid, Toll

KEY = "raid:"
"""What the keys of calls begin with that tell of a raid: ``raid:<number>:<chat>`` is the one that is edited later."""

LOUD = 3
"""Removals of one raid that have a notice each: so many a minute nobody takes for a flood by the bot."""

QUIET_SECONDS = 60.0
"""Time without a removal after which a raid is over."""

GIVE_UP_SECONDS = 600.0
"""Time after which its last words are said although removals are still under way."""

EDIT_SECONDS = 10.0
"""Time between edits of a line: Telegram takes about 20 messages a minute in a group."""

LOOK_SECONDS = 2.0
"""Time between looks for lines to be edited."""


async def hush(connection: AsyncConnection, post: MediaPost, case: Case, settings: ChatSettings, log_id: int) -> bool:
    """Count a removal; say whether it is one of so many that one line tells of them, here and in the chat `log_id`."""
    going_on = await records.going_on(connection, case.chat_id)
    raid = going_on[-1] if going_on else None
    if raid is None or time.time() - raid.last_at > QUIET_SECONDS:
        await records.begin(connection, case.chat_id, case.id)
        return False
    posts = await records.grow(connection, raid, case.id)
    if posts == LOUD + 1:
        await _announce(connection, raid, post, settings, log_id)
    return posts > LOUD


async def _announce(
    connection: AsyncConnection, raid: Raid, post: MediaPost, settings: ChatSettings, log_id: int
) -> None:
    places = {log_id: guardians.topic(settings, log_id)}
    if post.chat_type != "channel" and not quiet.is_silent(settings):
        places[raid.chat_id] = post.thread_id
    for chat_id, thread_id in places.items():
        await records.add_line(connection, raid.id, chat_id, thread_id)
        language = await guardians.tongue(connection, settings, chat_id)
        text = began(language, post.chat_title if chat_id != raid.chat_id else "")
        call = calls.say(f"{KEY}{raid.id}:{chat_id}", chat_id, text, rank=CHATTER, thread_id=thread_id)
        await outbox.put(connection, [call])


async def place(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Note which message tells of a raid, once Telegram has said so: that one is edited."""
    number, _, chat_id = row.key.removeprefix(KEY).partition(":")
    if isinstance(outcome, Done) and isinstance(outcome.result, dict) and row.key.count(":") == KEY.count(":") + 1:
        await records.place(connection, int(number), int(chat_id), outcome.result["message_id"])


# --- as time goes on -----------------------------------------------------------------------------


async def follow(database: Database) -> bool:
    """Bring the lines of all raids up to date and end those that are over; say whether there is anything to send.

    All that it goes by is in the database: a raid that was going on when the bot stopped is told of at the next start.
    """
    async with database.read() as connection:
        going_on = await records.going_on(connection)
        holding = await caps.holding(connection)
    metrics.RAIDS.set(sum(raid.posts > LOUD for raid in going_on))
    for kind in metrics.CAPS:
        metrics.BREAKERS.labels(kind).set(holding.get(kind, 0))
    if not any(raid.posts > LOUD or time.time() - raid.last_at > QUIET_SECONDS for raid in going_on):
        return False
    return await database.write(tell)


async def tell(connection: AsyncConnection) -> bool:
    """Say in each line what its raid has come to; return whether there is anything to send."""
    said = [await _tell(connection, raid) for raid in await records.going_on(connection)]
    return any(said)


async def _tell(connection: AsyncConnection, raid: Raid) -> bool:
    quiet = time.time() - raid.last_at
    lines = await records.lines(connection, raid.id)
    toll = await records.toll(connection, raid)
    is_over = quiet > QUIET_SECONDS and (not toll.pending or quiet > GIVE_UP_SECONDS)
    if is_over:
        await records.end(connection, raid.id)
    settings = await chats.settings(connection, raid.chat_id)
    said = [await _bring_up(connection, raid, line, toll, settings, is_over=is_over) for line in lines]
    return any(said)


async def _bring_up(
    connection: AsyncConnection, raid: Raid, line: Line, toll: Toll, settings: ChatSettings, *, is_over: bool
) -> bool:
    """Edit a line, or at the end say it anew where its message is not known; say whether there is anything to send."""
    title = settings.title if line.chat_id != raid.chat_id else ""
    text = told(await guardians.tongue(connection, settings, line.chat_id), title, raid, toll, is_over=is_over)
    key = f"{KEY}{raid.id}:{line.chat_id}"
    if line.message_id is None:
        if is_over and not await records.is_waiting(connection, key):
            call = calls.say(f"{key}:end", line.chat_id, text, rank=CHATTER, thread_id=line.thread_id)
            await outbox.put(connection, [call])
        return is_over
    is_due = time.time() - line.shown_at >= EDIT_SECONDS and toll.removed > line.shown
    if not is_over and (not is_due or await records.is_waiting(connection, f"{key}:{line.shown}")):
        return False
    await records.show(connection, line, toll.removed)
    mark = "end" if is_over else toll.removed
    ref = MessageRef(line.chat_id, line.message_id)
    await outbox.put(connection, [calls.rewrite(f"{key}:{mark}", ref, text)])
    return True


# --- what is said --------------------------------------------------------------------------------


def began(language: str, title: str) -> Html:
    """Say that a raid began; with `title` to those who read it elsewhere."""
    if title:
        return say(language, "🛡 Raid in {chat}: I remove what is listed, and tell of all of it here.", chat=name(title))
    return say(language, "🛡 Raid: I remove what is listed, and tell of all of it here.")


def told(language: str, title: str, raid: Raid, toll: Toll, *, is_over: bool) -> Html:
    """Say what a raid has come to, in one line."""
    values = {
        "posts": say_n(language, "{n} post", "{n} posts", toll.removed),
        "people": say_n(language, "{n} person", "{n} people", toll.posters),
        "time": duration(language, max(1.0, raid.last_at - raid.started_at)),
        "first": raid.first_case,
        "last": raid.last_case,
        "chat": name(title) if title else "",
    }
    if title and is_over:
        return say(
            language,
            "🛡 Raid in {chat} over: {posts} of {people} removed within {time}; cases {first}–{last}.",
            **values,
        )
    if title:
        return say(
            language, "🛡 Raid in {chat}: {posts} of {people} removed within {time}; cases {first}–{last}.", **values
        )
    if is_over:
        return say(language, "🛡 Raid over: {posts} of {people} removed within {time}; cases {first}–{last}.", **values)
    return say(language, "🛡 Raid: {posts} of {people} removed within {time}; cases {first}–{last}.", **values)
