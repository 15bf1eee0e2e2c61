"""The story of a raid: many cases in one chat, told in one line instead of a notice and a card each."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards, guardians, metrics, quiet, raidcards, topics
from bot.calls import CARD, CHATTER
from bot.model import ChatSettings, MediaPost, MessageRef
from bot.outcome import Done, Outcome
from bot.raidcards import Telling
from bot.store import caps, chats, outbox
from bot.store import raids as records
from bot.store.cases import Case
from bot.store.db import Database
from bot.store.raids import Line, Raid, Toll

KEY = "raid:"
"""What the keys of calls begin with that tell of a raid: ``raid:<number>:<chat>`` is the one that is edited later."""

LOUD = 3
"""Removals of one raid that have a notice each, and cases that wait that have a card: nobody takes that for a flood."""

QUIET_SECONDS = 60.0
"""Time without a case after which a raid is over."""

GIVE_UP_SECONDS = 600.0
"""Time after which its last words are said although removals are still under way."""

EDIT_SECONDS = 10.0
"""Time between edits of a line: Telegram takes about 20 messages a minute in a group."""

LOOK_SECONDS = 2.0
"""Time between looks for lines to be edited."""


@dataclass(frozen=True, slots=True)
class Hush:
    """What one line tells of together with others: a removal's notice in the group, a case's card for the admins."""

    notice: bool = False
    card: bool = False


async def hush(
    connection: AsyncConnection,
    post: MediaPost,
    case: Case,
    settings: ChatSettings,
    log_id: int,
    *,
    is_removal: bool,
    is_counted: bool = False,
) -> Hush:
    """Count a case; say what of it is told in one line, here and in the chat `log_id`, because there are so many.

    With `is_counted` the case has a card already, or is about to, and its post is removed on top of that.
    """
    going_on = await records.going_on(connection, case.chat_id)
    raid = going_on[-1] if going_on else None
    if raid is None or time.time() - raid.last_at > QUIET_SECONDS:
        raid = await records.begin(connection, case.chat_id, case.id)
    raid = await records.grow(connection, raid, case.id, removed=is_removal, waits=case.is_open and not is_counted)
    hushed = Hush(raid.posts > LOUD, await _is_hushed(connection, raid, case))
    topic = post.thread_id if log_id == raid.chat_id else guardians.topic(settings, log_id)
    holds = is_counted or case.kind == cards.REPORT
    if hushed.card:
        await _announce(connection, raid, settings, Line(raid.id, log_id, topic), holds=holds)
    is_heard = post.chat_type != "channel" and not quiet.is_silent(settings)
    if hushed.notice and is_removal and is_heard:
        await _announce(connection, raid, settings, Line(raid.id, raid.chat_id, post.thread_id), holds=holds)
    return hushed


async def _is_hushed(connection: AsyncConnection, raid: Raid, case: Case) -> bool:
    """Whether a case has no card of its own; no faster than admins decide their cards nobody is flooded with more."""
    if not case.is_open:
        return raid.posts > LOUD
    return raid.waiting > LOUD and await records.has_waiting(connection, raid, LOUD + 1)


async def _announce(
    connection: AsyncConnection, raid: Raid, settings: ChatSettings, line: Line, *, holds: bool
) -> None:
    """Say that a raid began, once in each place."""
    place = line.chat_id
    if not await records.add_line(connection, raid.id, place, line.thread_id):
        return
    language = await guardians.tongue(connection, settings, place)
    title = settings.title if place != raid.chat_id else ""
    text = raidcards.began(language, title, removes=raid.posts > 0, holds=holds)
    rows = raidcards.way(language, raid) if raidcards.is_heard(raid, settings, place) else None
    key, rank, thread_id = f"{KEY}{raid.id}:{place}", _rank(raid, place), line.thread_id
    await outbox.put(connection, [calls.say(key, place, text, rank=rank, buttons=rows, thread_id=thread_id)])


def _rank(raid: Raid, place: int) -> int:
    """Return how surely something is said: what admins read elsewhere arrives, in the group it comes once at most."""
    return CHATTER if place == raid.chat_id else CARD


async def place(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Note which message tells of a raid, once Telegram has said so: that one is edited."""
    number, _, chat_id = row.key.removeprefix(KEY).removesuffix(topics.AGAIN).partition(":")
    if isinstance(outcome, Done) and isinstance(outcome.result, dict) and ":" not in chat_id:
        await records.place(connection, int(number), int(chat_id), outcome.result["message_id"])


# --- as time goes on -----------------------------------------------------------------------------


async def follow(database: Database) -> bool:
    """Bring the lines of all raids up to date and end those that are over; say whether there is anything to send.

    All that it goes by is in the database: a raid that was going on when the bot stopped is told of at the next start.
    """
    async with database.read() as connection:
        going_on = await records.going_on(connection)
        holding = await caps.holding(connection)
    metrics.RAIDS.set(sum(_is_loud(raid) for raid in going_on))
    for kind in metrics.CAPS:
        metrics.BREAKERS.labels(kind).set(holding.get(kind, 0))
    if not any(_is_loud(raid) or time.time() - raid.last_at > QUIET_SECONDS for raid in going_on):
        return False
    return await database.write(tell)


def _is_loud(raid: Raid) -> bool:
    return max(raid.posts, raid.waiting) > LOUD


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
    is_card = line.chat_id != raid.chat_id or await _is_read_by_admins(connection, settings)
    language = await guardians.tongue(connection, settings, line.chat_id)
    title = settings.title if line.chat_id != raid.chat_id else ""
    is_heard = raidcards.is_heard(raid, settings, line.chat_id)
    told = Telling(raid, toll, title, is_over=is_over, is_card=is_card, is_heard=is_heard)
    text, rows = raidcards.told(language, told), raidcards.keyboard(language, told)
    key, steps = f"{KEY}{raid.id}:{line.chat_id}", raidcards.steps(told)
    if line.message_id is None:
        if is_over and not await records.is_waiting(connection, key, f"{key}{topics.AGAIN}"):
            rank = _rank(raid, line.chat_id)
            call = calls.say(f"{key}:end", line.chat_id, text, rank=rank, buttons=rows, thread_id=line.thread_id)
            await outbox.put(connection, [call])
        return is_over
    is_due = time.time() - line.shown_at >= EDIT_SECONDS and steps > line.shown
    if not is_over and (not is_due or await records.is_waiting(connection, f"{key}:{line.shown}")):
        return False
    await records.show(connection, line, steps)
    mark = "end" if is_over else steps
    ref = MessageRef(line.chat_id, line.message_id)
    await outbox.put(connection, [calls.rewrite(f"{key}:{mark}", ref, text, buttons=rows)])
    return True


async def _is_read_by_admins(connection: AsyncConnection, settings: ChatSettings) -> bool:
    """Whether the chat itself is where its admins are told of cases: there is nowhere else."""
    owner = await chats.person(connection, settings.owner_id) if settings.owner_id else None
    return settings.log_chat_id is None and not (owner and owner.reachable)
