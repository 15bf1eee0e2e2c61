"""The story of a chat's limits of the day: counted, reached, told loudly, lifted. Rights are checked before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, guardians, unreachable
from bot.calls import CARD, button
from bot.i18n import Html, lines, name, plain, say, say_n
from bot.model import ActionKind, Decision, MediaPost, MessageRef, SenderKind, Verdict, VerdictKind
from bot.policy import Room, capped
from bot.settings import Limits
from bot.store import caps, chats, outbox
from bot.store import cases as records
from bot.store.cases import Button

BUTTON = "breaker"
"""The kind of button that lifts a limit; its data ``b:<token>:<kind>``."""

DELETE, BAN = "delete", "ban"
"""What is limited: people whose posts are removed, and people who are muted or banned."""


class Fate(StrEnum):
    """What came of a press."""

    LIFTED = "lifted"
    LIFTED_BEFORE = "lifted before"
    OVER = "over"  # the day has ended, and with it the limit


@dataclass(frozen=True, slots=True)
class Lifting:
    """One press of the button by an admin who may do it; `mark` is different for every press."""

    button: Button
    by: tuple[int, str]
    card: MessageRef
    title: str
    language: str
    mark: str


async def heed(
    connection: AsyncConnection, post: MediaPost, verdict: Verdict, decision: Decision, limits: Limits
) -> Decision:
    """Return what of a decision the chat's limits of the day let happen, and count it.

    People are counted, each once a day, not posts: whoever counts already goes on being acted against, so that no
    raider can use a limit up for the others. Where many post under one name each post counts.
    """
    if verdict.kind is VerdictKind.CANARY or not decision.has(ActionKind.DELETE):
        return decision
    decision = capped(verdict, decision, Room(may_delete=await _take(connection, post, DELETE, limits.daily_deletes)))
    if not (decision.has(ActionKind.BAN) or decision.has(ActionKind.MUTE)):
        return decision
    return capped(verdict, decision, Room(may_restrict=await _take(connection, post, BAN, limits.daily_bans)))


async def _take(connection: AsyncConnection, post: MediaPost, kind: str, limit: int) -> bool:
    """Count a poster if there is room; say whether the bot may act against them by itself."""
    chat_id = post.ref.chat_id
    who = str(post.sender.id) if post.sender.kind in (SenderKind.USER, SenderKind.CHANNEL) else post.incident
    if await caps.is_counted(connection, chat_id, kind, who):
        return True
    reached = await caps.breaker(connection, chat_id, caps.today(), kind)
    is_lifted = reached is not None and reached.lifted_by is not None
    if is_lifted or await caps.count(connection, chat_id, kind) < limit:
        await caps.add(connection, chat_id, kind, who)
        return True
    if await caps.trip(connection, chat_id, kind):
        await _alarm(connection, post, kind, limit)
    return False


async def _alarm(connection: AsyncConnection, post: MediaPost, kind: str, limit: int) -> None:
    """Tell the owner and the log chat that a limit is reached."""
    chat_id, day = post.ref.chat_id, caps.today()
    await records.record(connection, "breaker.tripped", chat_id=chat_id, detail=f"{kind}: {limit}")
    data = json.dumps({"day": day, "kind": kind, "limit": limit})
    token = await records.new_button(connection, BUTTON, chat_id, data=data)
    settings = await chats.settings(connection, chat_id)
    for target, language in await guardians.of(connection, settings):
        text, rows = words(language, post.chat_title, kind, limit), keyboard(language, kind, token)
        key, thread_id = f"breaker:{chat_id}:{day}:{kind}:{target}", guardians.topic(settings, target)
        await outbox.put(connection, [calls.say(key, target, text, rank=CARD, buttons=rows, thread_id=thread_id)])
    await unreachable.mind(connection, settings)


async def lift(connection: AsyncConnection, lifting: Lifting) -> tuple[Fate, str]:
    """Lift the limit that a button stands for until the day ends; return what came of it, and who lifted it."""
    facts = json.loads(lifting.button.data)
    reached = await caps.breaker(connection, lifting.button.chat_id, facts["day"], facts["kind"])
    if reached is None or facts["day"] != caps.today():
        return Fate.OVER, ""
    by_id, by_name = lifting.by
    if not await caps.lift(connection, reached, by=by_id, name=by_name):
        return Fate.LIFTED_BEFORE, reached.lifted_name
    chat_id, kind = lifting.button.chat_id, facts["kind"]
    await records.record(connection, "breaker.lifted", chat_id=chat_id, actor_id=by_id, detail=kind)
    text = lines(words(lifting.language, lifting.title, kind, facts["limit"]), _lifted(lifting.language, by_name))
    await outbox.put(connection, [calls.rewrite(f"breaker:{lifting.mark}", lifting.card, text)])
    return Fate.LIFTED, by_name


# --- what is said --------------------------------------------------------------------------------


def words(language: str, title: str, kind: str, limit: int) -> Html:
    """Say which limit is reached, what still happens, and what it takes to go on."""
    if kind == DELETE:
        reached = say_n(
            language,
            "🚨 <b>{chat}: limit of the day reached.</b> I have removed posts of {n} person today.",
            "🚨 <b>{chat}: limit of the day reached.</b> I have removed posts of {n} people today.",
            limit,
            chat=name(title),
        )
        rest = say(
            language,
            "What is surely on a fully trusted list is still removed, and so is what these people post. "
            "Everything else stays, and each post is a case that waits for you.",
        )
    else:
        reached = say_n(
            language,
            "🚨 <b>{chat}: limit of the day reached.</b> I have muted or banned {n} person today.",
            "🚨 <b>{chat}: limit of the day reached.</b> I have muted or banned {n} people today.",
            limit,
            chat=name(title),
        )
        rest = say(
            language,
            "Posts are removed as before, but I mute and ban nobody else: each is a case that waits for you.",
        )
    ask = say(
        language,
        "Is it a raid? Then lift the limit; it holds again from 00:00 UTC. "
        "Am I wrong? Then choose “Watch” in /settings.",
    )
    return lines(reached, rest, ask)


def keyboard(language: str, kind: str, token: str) -> list[list[dict[str, str]]]:
    """Return the button that lifts a limit."""
    return [[button(plain(say(language, "Lift the limit for today")), f"b:{token}:{kind}")]]


def answer(language: str, fate: Fate, by_name: str) -> Html:
    """Say to whoever pressed the button what came of it."""
    said = {
        Fate.LIFTED: say(language, "The limit is lifted until 00:00 UTC."),
        Fate.LIFTED_BEFORE: say(language, "Lifted already by {name}.", name=name(by_name)),
        Fate.OVER: say(language, "That day is over, and its limit with it."),
    }
    return said[fate]


def _lifted(language: str, by_name: str) -> Html:
    return say(language, "✔ Lifted for today — {name}", name=name(by_name))
