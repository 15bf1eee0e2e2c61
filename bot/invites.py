"""The way back for who was removed from a chat: a link for one person, passed on once Telegram has made it."""

from __future__ import annotations

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, guardians
from bot.calls import RECEIPT, RESTRICT
from bot.i18n import Html, language_for, lines, name, say
from bot.model import SenderKind
from bot.notices import poster
from bot.outcome import Call, Done, Outcome
from bot.store import appeals, chats, outbox, undone
from bot.store import cases as records
from bot.store.appeals import State
from bot.store.cases import Case
from bot.store.undone import Undone

METHOD = "createChatInviteLink"

WEEK = 7 * 24 * 60 * 60
"""Seconds after which a link that nobody used ends."""


def invite(case: Case, mark: str, *, after: str | None) -> Call:
    """Return the call that makes a link for one person; `after` is the key of the call that lifts their ban."""
    args = {
        "chat_id": case.chat_id,
        "name": f"Haechi {case.id}",
        "member_limit": 1,
        "expire_date": int(time.time()) + WEEK,
    }
    return Call(f"invite:{case.chat_id}:{case.sender_id}:{mark}", METHOD, args, case.chat_id, RESTRICT, case.id, after)


async def recipient(connection: AsyncConnection, case: Case, by_id: int) -> int | None:
    """Return who is given a link: the person, else where the admins read, else the admin; None who is out of reach."""
    settings = await chats.settings(connection, case.chat_id)
    if case.sender_kind == SenderKind.USER and await is_reachable(connection, case.sender_id):
        return case.sender_id
    if settings.log_chat_id is not None:
        return settings.log_chat_id
    people = (by_id, settings.owner_id or 0)
    reachable = [one for one in people if await is_reachable(connection, one)]
    return reachable[0] if reachable else None


async def is_reachable(connection: AsyncConnection, user_id: int) -> bool:
    """Say whether the bot may write to somebody."""
    found = await chats.person(connection, user_id)
    return found is not None and found.reachable


async def deliver(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Pass on a link once it is made, or tell the person without one; it is on record as of who took the case back."""
    case = await records.get(connection, row.case_id or 0)
    taken = await undone.last(connection, row.case_id or 0)
    by = taken or await _reduced(connection, row.case_id or 0)
    if case is None or by is None:
        return
    await records.note(connection, case.id, "invite", key=row.key, by=(by.by_id, by.by_name))
    link = outcome.result.get("invite_link") if isinstance(outcome, Done) and isinstance(outcome.result, dict) else None
    target = await recipient(connection, case, by.by_id)
    if target is None or (link is None and target != case.sender_id):
        return
    settings, person = await chats.settings(connection, case.chat_id), await chats.person(connection, target)
    language = language_for(person.language) if person else settings.language
    if target == case.sender_id:
        text = (told if taken else let_in)(language, case, settings.title, link)
    else:
        text = _passed_on(language, case, link or "")
    thread_id = guardians.topic(settings, target)
    await outbox.put(connection, [calls.say(f"told:{row.key}", target, text, rank=RECEIPT, thread_id=thread_id)])


async def _reduced(connection: AsyncConnection, case_id: int) -> Undone | None:
    """Return who made a case milder after an appeal, None when nobody did."""
    appeal = await appeals.get(connection, case_id)
    if appeal is None or appeal.state is not State.REDUCED:
        return None
    return Undone(appeal.by_id or 0, appeal.by_name, appeal.decided_at or 0)


def told(language: str, case: Case, chat_title: str, link: str | None = None) -> Html:
    """Tell somebody that what was done to them was taken back, with the way in if they need one."""
    return lines(
        say(
            language,
            "An admin of <b>{chat}</b> took back what was done about you (case {number}).",
            chat=name(chat_title),
            number=case.id,
        ),
        say(language, "You may come in again. The link is for you alone, for a week: {link}", link=link)
        if link
        else None,
    )


def let_in(language: str, case: Case, chat_title: str, link: str | None = None) -> Html:
    """Give somebody the way in whose ban was made milder; what else was decided they know."""
    values = {"number": case.id, "chat": name(chat_title)}
    if link is None:
        return say(
            language,
            "<b>Case {number}</b> · {chat}: I could not make a link for you. Please ask an admin to let you in.",
            **values,
        )
    return say(
        language,
        "<b>Case {number}</b> · {chat}: you may come in again. The link is for you alone, for a week: {link}",
        link=link,
        **values,
    )


def _passed_on(language: str, case: Case, link: str) -> Html:
    return say(
        language,
        "Case {number}: I cannot write to {who}. With this link one person may come in, within a week: {link}",
        number=case.id,
        who=poster(language, case),
        link=link,
    )
