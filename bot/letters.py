"""What is told to who was acted on: a letter in private, or from the group the way to me. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appealtexts, calls, cards, invites
from bot.calls import RECEIPT, Rows, start_button
from bot.i18n import language_for, lines, plain, say
from bot.model import ActionKind, ChatSettings, Decision, SenderKind
from bot.store import appeals, chats, outbox
from bot.store import cases as records
from bot.store.cases import Case, CaseAction

LINK = "appeal_"
"""What the payload of a link to an appeal begins with; the token follows."""

BUTTON = "appeal"
"""The kind of the token in such a link."""


def can_appeal(case: Case, settings: ChatSettings, actions: Sequence[CaseAction]) -> bool:
    """Say whether a person was acted on in a case, by something that can be taken back, where appeals are heard."""
    is_persons = case.sender_kind == SenderKind.USER and not case.is_open
    return is_persons and settings.rules.appeals and cards.can_undo(case, actions)


async def until(connection: AsyncConnection, case: Case, settings: ChatSettings) -> float | None:
    """Return until when an appeal in a case is heard, None for ever; it is counted from what was done last."""
    if not settings.rules.appeal_seconds:
        return None
    acts = await appeals.acts(connection, case.id)
    return (acts.at or case.opened_at) + settings.rules.appeal_seconds


async def send(connection: AsyncConnection, case: Case, decision: Decision, settings: ChatSettings) -> bool:
    """Tell somebody in private what was done about them, why, and how to appeal; say whether that can be."""
    person = await chats.person(connection, case.sender_id)
    if person is None or not person.reachable:
        return False
    actions = await records.actions(connection, case.id)
    if not can_appeal(case, settings, actions):
        return False
    language, done = language_for(person.language), cards.in_force(actions)
    text = lines(
        appealtexts.letter(
            language, case, settings.title, decision, is_kick="kick" in done, is_removed="delete" in done
        ),
        appealtexts.how_to(language, case.id, until=await until(connection, case, settings)),
    )
    key, after = f"letter:{case.id}:{case.strike or 0}", _deed(case, decision, done)
    await outbox.put(connection, [calls.say(key, case.sender_id, text, rank=RECEIPT, after=after)])
    return True


def _deed(case: Case, decision: Decision, done: Collection[str]) -> str | None:
    """Return the key of the call that hurts most: what Telegram refuses is not told as done."""
    chat_id, sender_id, number = case.chat_id, case.sender_id, str(case.id)
    if decision.has(ActionKind.BAN):
        return calls.ban(chat_id, sender_id, number, is_channel=False).key
    if decision.has(ActionKind.MUTE):
        return calls.mute(chat_id, sender_id, number, seconds=None).key
    if "kick" in done:
        return calls.kick(chat_id, sender_id, number, chat_type="").key
    return calls.delete(case.message).key if "delete" in done and case.message else None


async def link(connection: AsyncConnection, case: Case, settings: ChatSettings) -> Rows | None:
    """Return the button for a notice in the group that leads who was acted on to me, if only that reaches them."""
    if not settings.rules.appeal_link or await invites.is_reachable(connection, case.sender_id):
        return None
    if not can_appeal(case, settings, await records.actions(connection, case.id)):
        return None
    token = await records.new_button(connection, BUTTON, case.chat_id, case_id=case.id)
    return [[start_button(plain(say(settings.language, "Was this a mistake?")), f"{LINK}{token}")]]
