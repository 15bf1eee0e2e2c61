"""The card of an appeal: sent to who decides, brought up to date, closed; the appellant told. Nothing is decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appealtexts, calls, cards, guardians, topics
from bot.calls import CARD, RECEIPT
from bot.i18n import Html, language_for, lines
from bot.model import ChatSettings, MessageRef, VerdictKind
from bot.outcome import Done, Outcome, Refused
from bot.store import appeals as records
from bot.store import cases, chats, outbox
from bot.store.appeals import Appeal, State
from bot.store.cases import Case

KEY = "appeal:"
"""What the key of the call begins with that sends a card: ``appeal:<case>:<tries>``."""

ELSEWHERE = ":else"

By = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Bench:
    """Who may decide an appeal, by their ids.

    `is_alone` says that nobody but who acted could, `is_free` that the bot acted by itself, so that anybody may who is
    able to.
    """

    judges: tuple[int, ...] = ()
    is_alone: bool = False
    is_free: bool = False


def bench(able: Sequence[int], acted: Collection[int], appellant_id: int) -> Bench:
    """Choose among the admins who are able to: who acted may decide only where nobody else could."""
    others = tuple(one for one in able if one not in acted and one != appellant_id)
    if others:
        return Bench(others, is_free=not acted)
    rest = tuple(one for one in able if one != appellant_id)
    return Bench(rest, is_alone=bool(rest))


# --- the card ------------------------------------------------------------------------------------


async def send(connection: AsyncConnection, appeal: Appeal, case: Case, chosen: Bench) -> None:
    """Send the card to the log chat, else to a reachable one of who may decide, the owner first, else to the chat."""
    settings = await chats.settings(connection, case.chat_id)
    target = await _target(connection, settings, chosen.judges)
    language = await guardians.tongue(connection, settings, target)
    rule = appealtexts.rule_of(language, appeal, is_alone=chosen.is_alone, is_free=chosen.is_free)
    text = lines(await _text(connection, appeal, case, settings, target), rule)
    rows, thread_id = appealtexts.keyboard(language, appeal.token), guardians.topic(settings, target)
    key = f"{KEY}{case.id}:{appeal.tries}"
    await outbox.put(connection, [calls.say(key, target, text, rank=CARD, buttons=rows, thread_id=thread_id)])


async def _target(connection: AsyncConnection, settings: ChatSettings, judges: Sequence[int]) -> int:
    if settings.log_chat_id is not None:
        return settings.log_chat_id
    for user_id in sorted(judges, key=lambda one: one != settings.owner_id):
        person = await chats.person(connection, user_id)
        if person and person.reachable:
            return user_id
    return settings.chat_id


async def _text(connection: AsyncConnection, appeal: Appeal, case: Case, settings: ChatSettings, target: int) -> Html:
    language = await guardians.tongue(connection, settings, target)
    done = appealtexts.against(language, await cases.actions(connection, case.id))
    is_private = target != case.chat_id
    return appealtexts.card(language, appeal, case, settings.title, done, is_private=is_private)


async def place(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Note where a card stands, and bring it up to date if that is needed; where refused, send it elsewhere."""
    number, _, tries = row.key.removeprefix(KEY).removesuffix(ELSEWHERE).removesuffix(topics.AGAIN).partition(":")
    appeal, case = await records.get(connection, int(number)), await cases.get(connection, int(number))
    if appeal is None or case is None or str(appeal.tries) != tries:
        return
    if isinstance(outcome, Done) and isinstance(outcome.result, dict):
        ref = MessageRef(row.chat_id, outcome.result["message_id"])
        await records.place(connection, case.id, ref)
        if not appeal.is_open:
            await refresh(connection, case)
    elif isinstance(outcome, Refused) and outcome.new_chat_id is None and not row.key.endswith(ELSEWHERE):
        await _send_elsewhere(connection, row, appeal, case)


async def _send_elsewhere(connection: AsyncConnection, row: outbox.Row, appeal: Appeal, case: Case) -> None:
    """Send a card that was refused where it was sent to the owner in private, else or if they acted to the chat."""
    settings = await chats.settings(connection, case.chat_id)
    owner = await chats.person(connection, settings.owner_id or 0)
    barred = {row.chat_id, appeal.appellant_id, *(await records.acts(connection, case.id)).by_ids}
    is_told = owner is not None and owner.reachable and owner.user_id not in barred
    target = owner.user_id if owner and is_told else case.chat_id
    if target == row.chat_id:
        return
    language = await guardians.tongue(connection, settings, target)
    text = await _text(connection, appeal, case, settings, target)
    key, rows = f"{row.key}{ELSEWHERE}", appealtexts.keyboard(language, appeal.token)
    await outbox.put(connection, [calls.say(key, target, text, rank=CARD, buttons=rows)])


async def refresh(connection: AsyncConnection, case: Case) -> None:
    """Have the card of an appeal that ended say how, without buttons."""
    appeal = await records.get(connection, case.id)
    if appeal is None or appeal.card is None:
        return  # not sent yet: `place` looks again
    settings = await chats.settings(connection, case.chat_id)
    text = await _text(connection, appeal, case, settings, appeal.card.chat_id)
    key = f"appealed:{case.id}:{appeal.tries}:{appeal.state}:{appeal.card.message_id}"
    await outbox.put(connection, [calls.rewrite(key, appeal.card, text)])


# --- the end -------------------------------------------------------------------------------------


async def tell(
    connection: AsyncConnection, case: Case, remark: Html | None = None, *, after: str | None = None
) -> None:
    """Tell the appellant how the appeal ended, and what changed."""
    appeal = await records.get(connection, case.id)
    person = await chats.person(connection, appeal.appellant_id) if appeal else None
    if appeal is None or person is None or not person.reachable:
        return
    settings = await chats.settings(connection, case.chat_id)
    text = appealtexts.outcome(tongue(appeal), appeal, settings.title, remark)
    key = f"heard:{case.id}:{appeal.tries}:{appeal.state}"
    await outbox.put(connection, [calls.say(key, appeal.appellant_id, text, rank=RECEIPT, after=after)])


def tongue(appeal: Appeal) -> str:
    """Return the language that the appellant is spoken to in."""
    return language_for(appeal.language)


async def settle(connection: AsyncConnection, case: Case, by: By, *, after: str | None = None) -> bool:
    """Close the appeal of a case that was taken back by other means; say whether there was an open one."""
    if not await records.close(connection, case.id, State.SETTLED, by=by):
        return False
    await refresh(connection, case)
    await tell(connection, case, after=after)
    await cases.record(connection, "appeal.settled", chat_id=case.chat_id, actor_id=by[0], detail=f"case {case.id}")
    return True


async def settle_lifted(connection: AsyncConnection, lifting: Case, lifted: str, by: By) -> None:
    """Close a person's appeals against nothing but what an admin's command gave back in the case `lifting`.

    A strike that still counts, and a listed picture, stay in question.
    """
    for appeal in await records.open_of(connection, lifting.chat_id, lifting.sender_id):
        case = await cases.get(connection, appeal.case_id)
        if case is None or case.kind == VerdictKind.MATCH or await records.strikes_in(connection, case.id):
            continue
        done = cards.in_force(await cases.actions(connection, case.id)) & cards.AGAINST
        if done <= set(lifted.split()):
            await settle(connection, case, by)
