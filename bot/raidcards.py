"""What is said of a raid: a line in the group, for the admins a card that stands for the cards of its cases."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards, guardians
from bot.calls import CARD, button, start_button
from bot.i18n import Html, duration, lines, listed, name, plain, say, say_n
from bot.model import ChatSettings
from bot.store import cases as records
from bot.store import outbox
from bot.store import raids as raid_records
from bot.store.cases import Case
from bot.store.raids import Raid, Toll

BUTTON = "next"
"""The button that shows the cards of cases that wait; its data ``d:next:<raid>``."""

LINK = "raid_"
"""What the payload of a link begins with that leads whom a raid's line concerns to me; the raid's number follows."""

AT_ONCE = 5
"""Cards that one press shows: Telegram takes about 20 messages a minute in a group."""


Rows = list[list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of a raid: with `title` to those who read it elsewhere, as a card to admins.

    With `is_heard` the group has a button that leads to an appeal.
    """

    raid: Raid
    toll: Toll
    title: str = ""
    is_over: bool = False
    is_card: bool = False
    is_heard: bool = False


async def show_next(connection: AsyncConnection, raid: Raid, settings: ChatSettings, target: int) -> int:
    """Send the cards of the next cases of a raid that wait and had none; return how many."""
    held = await raid_records.held(connection, raid, AT_ONCE)
    for case in held:
        await show(connection, case, settings, target)
    return len(held)


async def show(connection: AsyncConnection, case: Case, settings: ChatSettings, target: int) -> None:
    """Send the card of a case that a raid's card stood for."""
    found = await records.case_button(connection, case.id)
    if found is None or not case.is_open:
        return
    language = await guardians.tongue(connection, settings, target)
    card = cards.card_of(found)
    rows = cards.keyboard(language, case, found.token, await cards.state_of(connection, case, card))
    text = await cards.text_of(connection, case, replace(card, chat_id=target), settings)
    key = f"card:{case.id}:shown"
    thread_id = guardians.topic(settings, target)
    call = calls.say(key, target, text, rank=CARD, buttons=rows, thread_id=thread_id, case_id=case.id)
    await records.note(connection, case.id, "notify", key=key)
    await outbox.put(connection, [call])


# --- what is said --------------------------------------------------------------------------------


def steps(told: Telling) -> int:
    """Return how far a raid has come: more after every removal, and on a card after every case and decision."""
    if not told.is_card:
        return told.toll.removed
    return told.toll.removed + 2 * told.raid.waiting - told.toll.waiting


def began(language: str, title: str, *, removes: bool, holds: bool = False) -> Html:
    """Say that a raid began; with `title` to those who read it elsewhere. That anybody reported posts is not said."""
    if not removes:
        return _waiting_only(language, title)
    if holds and title:
        return say(
            language,
            "🛡 Raid in {chat}: I remove posts until an admin decides, and tell of all of it here.",
            chat=name(title),
        )
    if holds:
        return say(language, "🛡 Raid: I remove posts until an admin decides, and tell of all of it here.")
    if title:
        return say(language, "🛡 Raid in {chat}: I remove what is listed, and tell of all of it here.", chat=name(title))
    return say(language, "🛡 Raid: I remove what is listed, and tell of all of it here.")


def told(language: str, telling: Telling) -> Html:
    """Say what a raid has come to: in one line, on a card also by which lists, and what waits for an admin."""
    if not telling.is_card:
        return _sum(language, telling)
    toll = telling.toll
    matched = [say(language, "{name} ({count})", name=name(one), count=count) for one, count in toll.lists]
    return lines(
        _sum(language, telling) if toll.removed or not toll.waiting else _waiting_only(language, telling.title),
        say(language, "Lists: {lists}", lists=listed(language, matched)) if matched else None,
        _waiting(language, telling),
    )


def keyboard(language: str, telling: Telling) -> Rows | None:
    """Return the button that shows cards of cases that wait, unless all have theirs, and the way to an appeal."""
    rows: Rows = []
    if telling.is_card and telling.toll.held:
        words = say(language, "Show the next cards ({n})", n=telling.toll.held)
        rows.append([button(plain(words), f"d:{BUTTON}:{telling.raid.id}")])
    if telling.is_heard:
        rows += way(language, telling.raid)
    return rows or None


def is_heard(raid: Raid, settings: ChatSettings, target: int) -> bool:
    """Whether a line leads to an appeal as notices do: in the group, of removals, where appeals are heard."""
    return bool(target == raid.chat_id and raid.posts and settings.rules.appeals and settings.rules.appeal_link)


def way(language: str, raid: Raid) -> Rows:
    """Return the button for whoever a raid's line tells of: it leads to me, who tells each of their own cases."""
    return [[start_button(plain(say(language, "Was this a mistake?")), f"{LINK}{raid.id}")]]


def answer(language: str, shown: int) -> Html:
    """Say to whoever asked for cards how many there are."""
    if not shown:
        return say(language, "Every case that waits has its card.")
    return say_n(language, "Here is {n} card.", "Here are {n} cards.", shown)


def _waiting(language: str, telling: Telling) -> Html | None:
    waiting = telling.toll.waiting
    if not waiting:
        return None
    return say_n(
        language,
        "⏳ {n} case waits for an admin: /cases open",
        "⏳ {n} cases wait for an admin: /cases open",
        waiting,
    )


def _waiting_only(language: str, title: str) -> Html:
    if title:
        return say(language, "🛡 Many posts in {chat} at once wait for an admin: I tell of them here.", chat=name(title))
    return say(language, "🛡 Many posts at once wait for an admin: I tell of them here.")


def _posters(language: str, toll: Toll) -> Html:
    """Count whose posts were removed; whoever posts in a channel is the channel."""
    if toll.removed and not toll.posters:
        return say(language, "the channel itself")
    return say_n(language, "{n} person", "{n} people", toll.posters)


def _sum(language: str, telling: Telling) -> Html:
    raid, toll, title = telling.raid, telling.toll, telling.title
    values = {
        "posts": say_n(language, "{n} post", "{n} posts", toll.removed),
        "people": _posters(language, toll),
        "time": duration(language, max(1.0, raid.last_at - raid.started_at)),
        "first": raid.first_case,
        "last": raid.last_case,
        "chat": name(title) if title else "",
    }
    if title and telling.is_over:
        return say(
            language,
            "🛡 Raid in {chat} over: {posts} of {people} removed within {time}; cases {first}–{last}.",
            **values,
        )
    if title:
        return say(
            language, "🛡 Raid in {chat}: {posts} of {people} removed within {time}; cases {first}–{last}.", **values
        )
    if telling.is_over:
        return say(language, "🛡 Raid over: {posts} of {people} removed within {time}; cases {first}–{last}.", **values)
    return say(language, "🛡 Raid: {posts} of {people} removed within {time}; cases {first}–{last}.", **values)
