"""The story of a judged post: case, strike and the calls that follow, in one transaction. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import (
    appealcards,
    breaker,
    calls,
    cards,
    durations,
    guardians,
    invites,
    letters,
    notices,
    purge,
    quarantine,
    quiet,
    raids,
    unreachable,
)
from bot.calls import CARD, CHATTER
from bot.i18n import Html
from bot.model import Action, ActionKind, ChatSettings, Decision, MediaPost, MessageRef, Verdict, VerdictKind
from bot.outcome import Call, Done, Gone, Outcome, Refused
from bot.policy import PUNISHABLE, Standing, decide, ladder, leading
from bot.raids import Hush
from bot.settings import Limits
from bot.store import cases as records
from bot.store import chats, media, outbox, trusted
from bot.store.cases import Case


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a post."""

    case: Case
    decision: Decision
    is_new: bool


LIMITS = Limits()

LASTING = frozenset({ActionKind.MUTE, ActionKind.BAN})
"""Actions that last for a time or for ever, and are noted with it."""


async def judge(
    connection: AsyncConnection,
    post: MediaPost,
    verdict: Verdict,
    poster: Standing,
    *,
    limits: Limits = LIMITS,
    maintainers: Sequence[int] = (),
) -> Judged | None:
    """Draw the consequences of a verdict, once for each incident however often it is asked.

    An album is one incident: its later pictures add their own removal and nothing else. What is over the chat's limit
    of the day waits for an admin; entries that hit too many people are shown to the `maintainers`.
    """
    await media.see(connection, post)
    if verdict.kind is VerdictKind.CLEAN:
        return await _late_sibling(connection, post)
    settings = await chats.settings(connection, post.ref.chat_id)
    verdict = replace(verdict, match=leading(verdict, settings))
    if poster in PUNISHABLE and await trusted.has(connection, post.ref.chat_id, post.sender.id):
        poster = Standing.TRUSTED
    strikes = await records.active_strikes(connection, post.ref.chat_id, post.sender.id, but=post.incident)
    decision = decide(verdict, poster, settings, strikes, can_mute=post.chat_type != "group")
    decision = await breaker.heed(connection, post, verdict, decision, limits)
    await quarantine.heed(connection, post, verdict, limits, maintainers)
    case, is_new = await _open(connection, post, verdict, decision)
    await _remove(connection, post, case, decision)
    if not is_new and (worse := await _worse(connection, post, case, verdict, decision)):
        case, is_new = worse, True
    if is_new:
        await _punish(connection, case, settings, decision)
        await _tell(connection, post, case, decision, settings=settings, partly=verdict.partly)
    return Judged(case, decision, is_new)


async def _open(
    connection: AsyncConnection, post: MediaPost, verdict: Verdict, decision: Decision
) -> tuple[Case, bool]:
    match = verdict.match
    needs_admin = decision.has(ActionKind.HOLD) or (
        decision.has(ActionKind.NOTIFY) and not decision.has(ActionKind.DELETE)
    )
    return await records.open_case(
        connection,
        chat_id=post.ref.chat_id,
        incident=post.incident,
        kind=verdict.kind.value,
        state="open" if needs_admin else "closed",
        message_id=post.ref.message_id,
        sender_kind=post.sender.kind.value,
        sender_id=post.sender.id,
        sender_name=post.sender.name,
        list_name=match.list_name if match else None,
        category=match.category if match else None,
        tier=int(match.tier) if match else None,
        how=match.how if match else None,
        reason=verdict.reasons[0] if verdict.reasons else "",
        strike=decision.strike,
        spared=decision.spared,
        posted_at=post.date.timestamp(),
    )


async def _worse(
    connection: AsyncConnection, post: MediaPost, case: Case, verdict: Verdict, decision: Decision
) -> Case | None:
    """Return the case as it is now if a later picture of its incident costs a strike or a ban that none before did."""
    if decision.strike is None or verdict.match is None:
        return None
    is_banned = any(one.kind == "ban" for one in await records.actions(connection, case.id))
    if case.strike is not None and (is_banned or not decision.has(ActionKind.BAN)):
        return None
    await records.worsen(connection, case.id, verdict.match, decision.strike, post.ref.message_id)
    if decision.has(ActionKind.HOLD):
        await records.set_state(connection, case.id, "open")
    return await records.get(connection, case.id)


async def _late_sibling(connection: AsyncConnection, post: MediaPost) -> Judged | None:
    """Remove a clean picture that belongs to an album which was removed already."""
    if post.album is None:
        return None
    for kind in (VerdictKind.MATCH, VerdictKind.UNSCANNABLE):
        case = await records.find(connection, post.ref.chat_id, post.incident, kind.value)
        done = await records.actions(connection, case.id) if case else []
        if case and any(action.kind == "delete" for action in done):
            decision = Decision((Action(ActionKind.DELETE, "album"),))
            await _remove(connection, post, case, decision)
            return Judged(case, decision, is_new=False)
    return None


async def _remove(connection: AsyncConnection, post: MediaPost, case: Case, decision: Decision) -> None:
    """Queue the removal of the post and of all that is known of its album."""
    if not decision.has(ActionKind.DELETE):
        return
    refs = {post.ref}
    if post.album:
        refs.update(await media.album(connection, post.ref.chat_id, post.album))
    for ref in sorted(refs, key=lambda one: one.message_id):
        await enqueue(connection, case, "delete", calls.delete(ref, case_id=case.id))


async def _punish(connection: AsyncConnection, case: Case, settings: ChatSettings, decision: Decision) -> None:
    for action in decision.actions:
        if action.kind is ActionKind.STRIKE:
            is_new = await records.strike(
                connection,
                chat_id=case.chat_id,
                sender_id=case.sender_id,
                incident=case.incident,
                case_id=case.id,
                seconds=ladder(settings).expiry_seconds,
            )
            if is_new:
                await records.note(connection, case.id, "strike", detail=str(decision.strike))
        elif action.kind in LASTING:
            await sanction(connection, case, action)
        elif action.kind is ActionKind.HOLD:
            await records.note(connection, case.id, "hold")


async def _tell(
    connection: AsyncConnection,
    post: MediaPost,
    case: Case,
    decision: Decision,
    *,
    settings: ChatSettings,
    partly: bool,
) -> None:
    is_removal = decision.has(ActionKind.DELETE)
    mark = f"{case.id}:{case.strike or 0}" + (":ban" if decision.has(ActionKind.BAN) else "")
    log_id = await admin_chat(connection, settings)
    hushed = Hush()
    if case.kind != VerdictKind.CANARY and (is_removal or case.is_open):
        hushed = await raids.hush(connection, post, case, settings, log_id, is_removal=is_removal)
    language = await guardians.tongue(connection, settings, log_id)
    card = card_of(language, case, post.chat_title, decision, partly=partly)
    if not hushed.card:
        await tell_admins(connection, case, settings, card, key=f"card:{mark}")
    elif case.is_open:  # the raid's card stands for its own until somebody asks for it
        await cards.new_token(connection, case, card)
    await letters.send(connection, case, decision, settings)
    if is_removal and not hushed.notice and post.chat_type != "channel":
        text = quiet.removal(settings, case, notices.group_notice(settings.language, case, decision))
        if text is None:
            return
        notice = calls.say(
            f"notice:{mark}",
            post.ref.chat_id,
            text,
            rank=CHATTER,
            buttons=await letters.link(connection, case, settings),
            thread_id=post.thread_id,
            case_id=case.id,
            after=calls.delete(post.ref).key,  # what could not be removed is not said to be
        )
        await outbox.put(connection, [notice])


def card_of(language: str, case: Case, chat_title: str, decision: Decision, *, partly: bool = False) -> Html:
    """Return the card that tells admins of a case the bot opened by itself."""
    if case.kind == VerdictKind.CANARY:
        return notices.canary_card(language, case, chat_title)
    if case.kind == VerdictKind.UNSCANNABLE:
        return notices.unscannable_card(language, case, chat_title, decision)
    return notices.match_card(language, case, chat_title, decision, partly=partly)


async def tell_admins(
    connection: AsyncConnection, case: Case, settings: ChatSettings, card: Html, *, key: str = ""
) -> None:
    """Send a card to where the chat's admins read: an open case gets the buttons that decide it, others “Undo”."""
    buttons, target = None, await admin_chat(connection, settings)
    if target == settings.chat_id:
        await unreachable.mind(connection, settings)
    if case.is_open:
        token = await cards.new_token(connection, case, card)
        language = await guardians.tongue(connection, settings, target)
        buttons = cards.keyboard(language, case, token, await cards.state_of(connection, case, cards.Card()))
    elif cards.can_undo(case, await records.actions(connection, case.id)):
        buttons = cards.undo_rows(await guardians.tongue(connection, settings, target), case)
    key, thread_id = key or f"card:{case.id}:{case.strike or 0}", guardians.topic(settings, target)
    call = calls.say(key, target, card, rank=CARD, buttons=buttons, thread_id=thread_id, case_id=case.id)
    await enqueue(connection, case, "notify", call)


async def admin_chat(connection: AsyncConnection, settings: ChatSettings) -> int:
    """Return where admins are told things: the log chat, else the owner in private, else the chat itself."""
    if settings.log_chat_id is not None:
        return settings.log_chat_id
    if settings.owner_id is not None:
        owner = await chats.person(connection, settings.owner_id)
        if owner and owner.reachable:
            return owner.user_id
    return settings.chat_id


# --- actions of a case ---------------------------------------------------------------------------


async def enqueue(
    connection: AsyncConnection,
    case: Case,
    kind: str,
    call: Call,
    *,
    by: tuple[int, str] | None = None,
    detail: str = "",
) -> None:
    """Queue a call that carries out an action of a case, and put the action on the case's record."""
    await records.note(connection, case.id, kind, key=call.key, by=by, detail=detail)
    await outbox.put(connection, [call])


async def sanction(
    connection: AsyncConnection, case: Case, action: Action, *, by: tuple[int, str] | None = None
) -> None:
    """Queue a mute or a ban, and put on record how long it lasts."""
    make = mute if action.kind is ActionKind.MUTE else ban
    detail = durations.compact(action.seconds) if action.seconds else ""
    await enqueue(connection, case, action.kind.value, make(case, seconds=action.seconds), by=by, detail=detail)


def mute(case: Case, *, seconds: int | None, mark: str = "") -> Call:
    """Return the call that mutes a case's poster; `mark` tells apart several in one case."""
    return calls.mute(case.chat_id, case.sender_id, f"{case.id}{mark}", seconds=seconds, case_id=case.id)


def ban(case: Case, *, seconds: int | None = None, mark: str = "") -> Call:
    """Return the call that bans a case's poster; `mark` tells apart several in one case."""
    return calls.ban(
        case.chat_id,
        case.sender_id,
        f"{case.id}{mark}",
        is_channel=case.is_channel,
        seconds=seconds,
        case_id=case.id,
    )


async def record(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Write down how a call ended, and tell the admins of one that Telegram refused."""
    await _place(connection, row, outcome)
    if isinstance(outcome, Refused) and outcome.new_chat_id is not None:
        await outbox.retarget(connection, row.chat_id, outcome.new_chat_id)
        await chats.migrate(connection, row.chat_id, outcome.new_chat_id)
        if row.method != "deleteMessage":
            return
    if row.method == invites.METHOD:
        await invites.deliver(connection, row, outcome)
    if isinstance(outcome, Refused) and row.method == "deleteMessages":
        await purge.halve(connection, row, outcome.reason)
    states = {Done: "done", Gone: "gone"}
    words = "" if isinstance(outcome, Done | Gone) else outcome.reason
    known = await records.answer(connection, row.key, states.get(type(outcome), "refused"), words)
    if not known or not words or row.case_id is None:
        return
    if row.method == "sendMessage":
        await _say_elsewhere(connection, row)
    else:
        await _alarm(connection, row, words)


async def _place(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Keep which message a line or a card became, to change it there."""
    if row.key.startswith(raids.KEY):
        await raids.place(connection, row, outcome)
    if row.key.startswith(appealcards.KEY):
        await appealcards.place(connection, row, outcome)
    if isinstance(outcome, Done) and isinstance(outcome.result, dict) and _is_card(row):
        await cards.place(connection, row.case_id or 0, MessageRef(row.chat_id, outcome.result["message_id"]))


async def _say_elsewhere(connection: AsyncConnection, row: outbox.Row) -> None:
    """Send a card that the log chat did not take to the owner, or to the chat itself."""
    case = await records.get(connection, row.case_id or 0)
    if case is None or row.key.endswith(":else"):
        return
    settings = replace(await chats.settings(connection, case.chat_id), log_chat_id=None)
    target = await admin_chat(connection, settings)
    if target == row.chat_id:
        target = settings.chat_id
    args = {**row.args, "chat_id": target, "message_thread_id": None}
    if case.kind == "report" and target == case.chat_id:  # what reporters wrote is for the admins alone
        args["text"] = await cards.text_of(connection, case, cards.Card(chat_id=target), settings)
    call = Call(f"{row.key}:else", row.method, args, target, row.rank, row.case_id)
    await enqueue(connection, case, "notify", call)


def _is_card(row: outbox.Row) -> bool:
    """Whether a call sent a card with the buttons that decide its case."""
    return row.method == "sendMessage" and row.rank == CARD and row.case_id is not None and "reply_markup" in row.args


async def _alarm(connection: AsyncConnection, row: outbox.Row, words: str) -> None:
    case = await records.get(connection, row.case_id or 0)
    if case is None:
        return
    settings = await chats.settings(connection, case.chat_id)
    chat = await chats.chat(connection, case.chat_id)
    action = row.key.split(":", 1)[0]
    title, username = (chat.title, chat.username) if chat else ("", None)
    failed_on = MessageRef(case.chat_id, row.args.get("message_id", case.message_id or 0))
    url = None if await cards.is_of_minors(connection, case) else notices.message_url(failed_on, username)
    target = await admin_chat(connection, settings)
    language = await guardians.tongue(connection, settings, target)
    text = notices.failure_alert(language, case, title, action, why=words, url=url)
    key, thread_id = f"alarm:{row.key}", guardians.topic(settings, target)
    await outbox.put(connection, [calls.say(key, target, text, rank=CARD, thread_id=thread_id, case_id=case.id)])
