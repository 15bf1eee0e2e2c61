"""The story of an entry that hits too many: switched off as a punisher, shown to the maintainers, decided by them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls
from bot.calls import CARD, button
from bot.i18n import Html, language_for, lines, name, plain, say, say_n
from bot.model import MediaPost, MessageRef, Verdict
from bot.settings import Limits
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store import quarantine as store
from bot.store.quarantine import Quarantined, Spread

HOUR, DAY = 60 * 60, 24 * 60 * 60

BUTTON = "quarantine"
"""The kind of button with which maintainers decide; its data ``q:<token>:<action>``."""

STATES = {"keep": "kept", "release": "released"}
"""What the buttons make of an entry."""


@dataclass(frozen=True, slots=True)
class Pressing:
    """One press by a maintainer; `mark` is different for every press."""

    token: str
    action: str
    by: tuple[int, str]
    card: MessageRef
    language: str
    mark: str


async def heed(
    connection: AsyncConnection, post: MediaPost, verdict: Verdict, limits: Limits, maintainers: Sequence[int]
) -> None:
    """Count whom the entries of a match hit, and switch off those that hit too many different people."""
    ids = verdict.entries
    if not ids:
        return
    await store.hit(connection, ids, post.ref.chat_id, post.sender.id)
    known = await store.known(connection, ids)
    doubted = [one for one in await _doubted(connection, post, ids, limits) if one.entry_id not in known]
    lists = await store.lists_of(connection, [one.entry_id for one in doubted])
    for list_id in sorted(set(lists.values())):
        mine = [one for one in doubted if lists.get(one.entry_id) == list_id]
        await _hold(connection, mine, list_id, maintainers)


async def _doubted(connection: AsyncConnection, post: MediaPost, ids: Sequence[int], limits: Limits) -> list[Spread]:
    """Return the entries that hit many people in many chats within a day, or many regulars of this one in an hour.

    A campaign is spread by few accounts, or by new ones; what a chat's regulars post by the dozen is a joke of the day,
    or a list that is wrong.
    """
    now = time.time()
    wide = [
        one
        for one in await store.spread(connection, ids, now - DAY)
        if one.posters >= limits.quarantine_posters and one.chats >= limits.quarantine_chats
    ]
    many = [
        one
        for one in await store.regulars(connection, ids, post.ref.chat_id, now - HOUR)
        if one.posters >= limits.quarantine_regulars
    ]
    return list({one.entry_id: one for one in [*many, *wide]}.values())


async def _hold(
    connection: AsyncConnection, doubted: Sequence[Spread], list_id: int, maintainers: Sequence[int]
) -> None:
    token = await records.new_button(connection, BUTTON, 0)
    for one in doubted:
        await store.hold(connection, one, list_id, token)
        await records.record(connection, "quarantine.held", detail=f"entry {one.entry_id}")
    found = await store.listed(connection, token=token)
    for user_id in maintainers:
        person = await chats.person(connection, user_id)
        language = language_for(person.language if person else None)
        rows = keyboard(language, token, found)
        call = calls.say(f"quarantine:{token}:{user_id}", user_id, words(language, found), rank=CARD, buttons=rows)
        await outbox.put(connection, [call])


async def decide(connection: AsyncConnection, pressing: Pressing) -> tuple[str, bool]:
    """Keep a card's entries off, or switch them on again; return what they are now and whether that is new.

    What was switched on again stays on: a maintainer has looked at it.
    """
    found = await store.listed(connection, token=pressing.token)
    wanted = STATES[pressing.action]
    if not found or all(one.state in (wanted, "released") for one in found):
        return found[0].state if found else "", False
    await store.decide(connection, found, wanted)
    await audit(connection, found, wanted, by=pressing.by[0])
    now = await store.listed(connection, token=pressing.token)
    text = lines(words(pressing.language, now), _decided(pressing.language, wanted, pressing.by[1]))
    rows = keyboard(pressing.language, pressing.token, now)
    key = f"quarantine:{pressing.token}:press:{pressing.mark}"  # a press never has the key of what somebody was told
    await outbox.put(connection, [calls.rewrite(key, pressing.card, text, buttons=rows)])
    return wanted, True


async def release(connection: AsyncConnection, list_id: int, entry_ids: Sequence[int]) -> int:
    """Switch entries of a list on again, all of them where none is named; return how many."""
    found = [one for one in await store.listed(connection) if one.list_id == list_id]
    found = [one for one in found if not entry_ids or one.entry_id in entry_ids]
    await store.decide(connection, found, "released")
    await audit(connection, found, "released", by=None)
    return len(found)


async def audit(connection: AsyncConnection, found: Sequence[Quarantined], state: str, *, by: int | None) -> None:
    """Put on record what became of entries."""
    for one in found:
        await records.record(connection, f"quarantine.{state}", actor_id=by, detail=f"entry {one.entry_id}")


# --- what is said --------------------------------------------------------------------------------


def words(language: str, found: Sequence[Quarantined]) -> Html:
    """Say which entries were switched off, and why; never what they hold."""
    most = max(found, key=lambda one: one.posters)
    category = name(most.category) if most.category else "—"
    people = say_n(language, "{n} person", "{n} people", most.posters)
    places = say_n(language, "{n} chat", "{n} chats", most.chats)
    return lines(
        say_n(
            language,
            "🚨 <b>{n} entry of “{list}” is in quarantine</b>: it matched posts of {people} in {places}.",
            "🚨 <b>{n} entries of “{list}” are in quarantine</b>: they matched posts of {people} in {places}.",
            len(found),
            list=name(most.list_name),
            people=people,
            places=places,
        ),
        say(language, "Category: {category}", category=category),
        say(language, "Numbers: {numbers}", numbers=", ".join(str(one.entry_id) for one in found)),
        say(
            language,
            "What they match is not removed and nobody is punished any more: each post is a case that waits for the "
            "admins of its chat. Is the list right, and somebody spreads this? Then switch on again. Is it wrong? Then "
            "keep it off, and take the entries off the list with “haechi lists remove”.",
        ),
    )


def keyboard(language: str, token: str, found: Sequence[Quarantined]) -> list[list[dict[str, str]]]:
    """Return the buttons that are left: what was kept off can still be switched on, what is on stays on."""
    states = {one.state for one in found}
    on = button(plain(say(language, "Switch on again")), f"q:{token}:release")
    off = button(plain(say(language, "Keep off")), f"q:{token}:keep")
    if "held" in states:
        return [[off, on]]
    return [[on]] if "kept" in states else []


def answer(language: str, state: str, *, is_new: bool) -> Html:
    """Say to the maintainer who pressed a button what holds now."""
    if not state:
        return say(language, "These entries are on no list any more.")
    if not is_new:
        return say(language, "This is decided already.")
    if state == "released":
        return say(language, "Switched on again: within a second they count as before.")
    return say(language, "They stay off.")


def _decided(language: str, state: str, by_name: str) -> Html:
    if state == "released":
        return say(language, "✔ Switched on again — {name}", name=name(by_name))
    return say(language, "✔ Kept off — {name}", name=name(by_name))
