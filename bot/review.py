"""The story of a card: decided once, by one admin. Rights are checked before; nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import answers, calls, cards, cases, claims, curation, daybook, letters, moderation, quiet, removal, reports
from bot.calls import CHATTER
from bot.cards import Card
from bot.claims import Claiming
from bot.i18n import Html, name, say
from bot.model import Action, ActionKind, ChatSettings, Decision, Fingerprint, ListKind, MessageRef
from bot.moderation import By, Deed, Obstacle, Scene
from bot.policy import Standing
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store.cases import Button, Case

PUNISHING = {"warn": Deed.WARN, "mute": Deed.MUTE, "ban": Deed.BAN}

LISTING = {"block": ListKind.BLOCK, "allow": ListKind.ALLOW}
"""The actions that need the post's files: to have them removed from now on, or let through."""

DECISIONS = frozenset({"delete", "block", "allow", "dismiss", reports.MISUSE, *PUNISHING})
"""The actions that close a case; those of `claims` do not."""


class Fate(StrEnum):
    """What came of a press."""

    DONE = "done"
    CLAIMED = "claimed"
    RELEASED = "released"
    TAKEN = "taken"  # somebody else looks after it
    DECIDED = "decided"  # somebody was first
    HINDERED = "hindered"
    NO_MEDIA = "no media"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One press of a card's button by an admin who may do it.

    `card` is where the card stands; `mark` is different for every press; `files` are the post's, by file_unique_id,
    with what is known of them. `number` is the claim that a button spoke of, `seconds` how long one lasts. `thread_id`
    is the topic that the post was in, as far as it is known.
    """

    button: Button
    case: Case
    action: str
    by: By
    scene: Scene
    card: MessageRef
    mark: str
    files: Sequence[tuple[str, Fingerprint | None]] = ()
    number: int | None = None
    seconds: float = claims.SECONDS
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """What came of a press: who decided or claimed the case, and how; or why it could not be done.

    `holder` is who looked after the case until then.
    """

    fate: Fate
    by_name: str = ""
    decision: str = ""
    hindrance: Obstacle | Standing | None = None
    holder: str = ""


async def rule(connection: AsyncConnection, ruling: Ruling) -> Ruled:
    """Do what a pressed button says, all of it in the caller's transaction; of two deciders one wins."""
    case = await records.get(connection, ruling.case.id) or ruling.case
    button = await records.button(connection, ruling.button.token) or ruling.button
    ruling = replace(ruling, case=case, button=button)
    card = replace(cards.card_of(button), chat_id=ruling.card.chat_id, message_id=ruling.card.message_id)
    if not case.is_open:
        return Ruled(Fate.DECIDED, card.decider, card.decision)
    if ruling.action in DECISIONS:
        return await _decide(connection, ruling, card)
    return await _claim(connection, ruling, card)


async def _claim(connection: AsyncConnection, ruling: Ruling, card: Card) -> Ruled:
    claiming = Claiming(
        ruling.button, ruling.case, ruling.action, ruling.by, ruling.mark, number=ruling.number, seconds=ruling.seconds
    )
    claimed = await claims.carry_out(connection, claiming, card)
    if not claimed.is_theirs and not claimed.is_free:
        return Ruled(Fate.TAKEN, claimed.holder)
    await _audit(connection, ruling)
    await cards.refresh(connection, ruling.case, mark=f"{ruling.action}:{ruling.mark}")
    return Ruled(Fate.RELEASED if claimed.is_free else Fate.CLAIMED, ruling.by[1], holder=claimed.holder)


async def _decide(connection: AsyncConnection, ruling: Ruling, card: Card) -> Ruled:
    if (hindrance := hindrance_of(ruling.action, ruling.scene)) is not None:
        return Ruled(Fate.HINDERED, hindrance=hindrance)
    if ruling.action in LISTING and not ruling.files:
        return Ruled(Fate.NO_MEDIA)
    if not await records.set_state(connection, ruling.case.id, "closed"):
        return Ruled(Fate.DECIDED, card.decider, card.decision)
    await records.use_button(connection, ruling.button.token)
    await daybook.decided(connection, ruling.case)
    await _act(connection, ruling)
    await _audit(connection, ruling)
    ended = replace(card, decision=ruling.action, decider=ruling.by[1])
    await cards.keep(connection, ruling.button, ended)
    closed = replace(ruling.case, state="closed")
    await cards.refresh(connection, closed, mark="decided")
    await reports.tell(connection, closed, ruling.action, by=ruling.by[0])
    holder = card.claimer if card.is_claimed and ruling.button.claimed_by != ruling.by[0] else ""
    if holder:
        await claims.tell(connection, ruling.button, closed, ruling.by, mark="decided", decision=ruling.action)
    return Ruled(Fate.DONE, ruling.by[1], ruling.action, holder=holder)


def hindrance_of(action: str, scene: Scene) -> Obstacle | Standing | None:
    """Say why a decision cannot be carried out: the poster is protected, or the bot lacks a right."""
    if action in PUNISHING and (found := moderation.obstacle(PUNISHING[action], scene)) is not None:
        return found
    if action not in ("dismiss", "allow", reports.MISUSE) and not scene.may_delete:
        return Obstacle.NO_DELETE_RIGHT
    return None


def words(language: str, outcome: Ruled) -> Html:
    """Say to whoever pressed a card's button what came of it."""
    if outcome.hindrance is not None:
        return answers.hindrance(language, outcome.hindrance)
    if outcome.fate is Fate.DONE and outcome.holder:
        what, holder = cards.decision_words(language, outcome.decision), name(outcome.holder)
        return say(language, "{what}. {name} was looking after this, and is told.", what=what, name=holder)
    if outcome.fate is Fate.DONE:
        return cards.decision_words(language, outcome.decision)
    if outcome.fate is Fate.CLAIMED and outcome.holder:
        return say(language, "You took this over from {name}.", name=name(outcome.holder))
    if outcome.fate is Fate.DECIDED and outcome.decision:
        what = cards.decision_words(language, outcome.decision)
        return say(language, "Decided already by {name}: {what}.", name=name(outcome.by_name), what=what)
    known = {
        Fate.CLAIMED: say(language, "You look after this now."),
        Fate.RELEASED: say(language, "Nobody looks after this now."),
        Fate.TAKEN: say(language, "{name} is looking after this already.", name=name(outcome.by_name)),
        Fate.NO_MEDIA: say(language, "I know of no picture or video in this message, so there is nothing to block."),
    }
    return known.get(outcome.fate) or say(language, "This is decided already.")


async def _act(connection: AsyncConnection, ruling: Ruling) -> None:
    """Carry a decision out. Whatever is decided against the poster removes the post as well: it is why."""
    case, by = ruling.case, ruling.by
    if ruling.action in ("dismiss", reports.MISUSE):
        if ruling.action == reports.MISUSE and case.kind == cards.REPORT:
            await reports.block(connection, case)
        await records.note(connection, case.id, ruling.action, by=by)
        await cards.log(connection, case, ruling.action, by=by)
        return
    if (kind := LISTING.get(ruling.action)) is not None:
        await curation.list_files(connection, ruling.files, kind=kind, chat_id=case.chat_id, by=by[0], case_id=case.id)
        await records.note(connection, case.id, ruling.action, by=by)
    if ruling.action == "allow":
        await cards.log(connection, case, "allow", by=by)
        await _tell_released(connection, ruling)
        return
    await removal.remove(connection, case, by=by)
    decision = Decision()
    if ruling.action in PUNISHING:
        settings = await chats.settings(connection, case.chat_id)
        decision = await _punish(connection, ruling, settings)
        await letters.send(connection, replace(case, state="closed"), decision, settings)
        await _tell_group(connection, ruling, decision, settings)
    await cards.log(connection, case, ruling.action, by=by, decision=decision, is_removed=True)


async def _punish(connection: AsyncConnection, ruling: Ruling, settings: ChatSettings) -> Decision:
    """Queue what was decided against the poster; return it, with what a warning cost."""
    case, by = ruling.case, ruling.by
    if ruling.action == "warn":
        return await moderation.strike(connection, case, ruling.scene, by=by)
    seconds = moderation.mute_seconds(settings) if ruling.action == "mute" else None
    action = Action(ActionKind(ruling.action), "admin", seconds)
    await cases.sanction(connection, case, action, by=by)
    return Decision((action,))


async def _tell_group(connection: AsyncConnection, ruling: Ruling, decision: Decision, settings: ChatSettings) -> None:
    """Tell the group, and so the poster, what was decided; that anybody reported it is not said."""
    if ruling.scene.chat_type == "channel":
        return
    case = ruling.case
    text = quiet.ruling(settings, case, answers.sanction(settings.language, case, PUNISHING[ruling.action], decision))
    if text is not None:
        rows = await letters.link(connection, replace(case, state="closed"), settings)
        key, thread_id = f"sanction:{case.id}", ruling.thread_id
        call = calls.say(key, case.chat_id, text, rank=CHATTER, buttons=rows, thread_id=thread_id, case_id=case.id)
        await outbox.put(connection, [call])


async def _tell_released(connection: AsyncConnection, ruling: Ruling) -> None:
    """Tell the group, and so the poster, that what was held may be posted again."""
    if ruling.scene.chat_type == "channel":
        return
    case, settings = ruling.case, await chats.settings(connection, ruling.case.chat_id)
    if quiet.is_silent(settings):
        return
    text = (
        say(
            settings.language,
            "An admin released a post that was held: the same file may be posted here again. Case {number}.",
            number=case.id,
        )
        if case.kind == cards.REPORT
        else say(
            settings.language,
            "An admin released the post that could not be checked: the same file may be forwarded here. Case {number}.",
            number=case.id,
        )
    )
    key, thread_id = f"released:{case.id}", ruling.thread_id
    call = calls.say(key, case.chat_id, text, rank=CHATTER, thread_id=thread_id, case_id=case.id)
    await outbox.put(connection, [call])


async def _audit(connection: AsyncConnection, ruling: Ruling) -> None:
    case, code = ruling.case, f"case.{ruling.action}"
    await records.record(connection, code, chat_id=case.chat_id, actor_id=ruling.by[0], detail=f"case {case.id}")
