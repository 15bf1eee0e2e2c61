"""What admins read of a case: its card while it waits for them, and a line of the log. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, guardians
from bot.calls import button
from bot.i18n import Html, lines, name, plain, say, say_n
from bot.model import ChatSettings, Decision, MessageRef, VerdictKind
from bot.notices import deed_words, log_line, shorten, where
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store import reports as filed
from bot.store.cases import Button, Case, CaseAction

MAX_REASONS = 5
"""Reasons that a card repeats: with their lengths bounded a card stays under Telegram's 4,096 characters."""

REPORT = "report"
"""The kind of case that members open."""


AGAINST = frozenset({"ban", "mute", "kick", "strike", "warn"})
"""Actions against somebody, by their names on a case's record."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept with a card's token.

    `text` is what the card said when it was sent; a report's is made anew each time, for its count grows.
    `chat_id` and `message_id` are where it stands, once Telegram has said so; `claimer` is who looks after it;
    `decision` and `decider` are how it ended.
    """

    text: str = ""
    chat_id: int | None = None
    message_id: int | None = None
    claimer: str = ""
    decision: str = ""
    decider: str = ""

    @property
    def ref(self) -> MessageRef | None:
        """The card's message, None while it is not known."""
        if self.chat_id is None or self.message_id is None:
            return None
        return MessageRef(self.chat_id, self.message_id)


def card_of(kept: Button) -> Card:
    """Return what is kept with a card's token."""
    return Card(**json.loads(kept.data)) if kept.data else Card()


async def keep(connection: AsyncConnection, kept: Button, card: Card) -> None:
    """Keep a changed card with its token."""
    await records.keep_data(connection, kept.token, json.dumps(asdict(card), ensure_ascii=False))


async def new_token(connection: AsyncConnection, case: Case, text: str) -> str:
    """Return the token of a card that is about to be sent."""
    data = json.dumps(asdict(Card(text="" if case.kind == REPORT else text)), ensure_ascii=False)
    return await records.new_button(connection, "case", case.chat_id, case_id=case.id, data=data)


async def place(connection: AsyncConnection, case_id: int, ref: MessageRef) -> None:
    """Note where a card stands; if its case went on while it was on its way, bring it up to date."""
    found, case = await records.case_button(connection, case_id), await records.get(connection, case_id)
    if found is None or case is None:
        return
    await keep(connection, found, replace(card_of(found), chat_id=ref.chat_id, message_id=ref.message_id))
    shown = 1 if case.kind == REPORT else 0
    if not case.is_open or await filed.count(connection, case_id) > shown:
        await refresh(connection, case, mark=f"placed:{ref.message_id}")


async def refresh(connection: AsyncConnection, case: Case, *, mark: str) -> None:
    """Have the card say what holds now; `mark` tells this change from the card's others."""
    found = await records.case_button(connection, case.id)
    if found is None or (ref := card_of(found).ref) is None:
        return  # not sent yet: `place` looks again
    settings = await chats.settings(connection, case.chat_id)
    buttons = None
    if case.is_open:
        is_claimed = found.claimed_by is not None
        is_removed = case.kind != REPORT and await records.is_removed(connection, case.id)
        language = await guardians.tongue(connection, settings, ref.chat_id)
        buttons = keyboard(language, case, found.token, claimed=is_claimed, removed=is_removed)
    elif can_undo(case, await records.actions(connection, case.id)):
        buttons = undo_rows(await guardians.tongue(connection, settings, ref.chat_id), case)
    text = await text_of(connection, case, card_of(found), settings)
    key = f"card:{case.id}:{mark}"
    await outbox.put(connection, [calls.rewrite(key, ref, text, buttons=buttons, case_id=case.id)])


async def text_of(connection: AsyncConnection, case: Case, card: Card, settings: ChatSettings) -> Html:
    """Return what a card says now: the case, who reported it in number, who is on it, how it ended."""
    language = await guardians.tongue(connection, settings, card.chat_id or case.chat_id)
    count = await filed.count(connection, case.id)
    is_private = card.chat_id is not None and card.chat_id in {settings.log_chat_id, settings.owner_id} - {case.chat_id}
    reasons = await filed.reasons(connection, case.id) if is_private else []
    if case.kind == REPORT:
        chat = await chats.chat(connection, case.chat_id)
        text = report_card(language, case, chat.title if chat else "", count=count, reasons=reasons)
    else:
        text = reported(language, Html(card.text), count, reasons)
    if card.decision:
        words = decision_words(language, card.decision)
        return decided(language, text, card.decider, words)
    return claimed(language, text, card.claimer) if card.claimer else text


async def log(
    connection: AsyncConnection,
    case: Case,
    deed: str,
    *,
    by: tuple[int, str],
    decision: Decision | None = None,
    is_removed: bool = False,
) -> None:
    """Put a line in the chat's log about what an admin did, once for each deed of a case.

    A chat without a log chat gets none: the group has the answer already.
    """
    settings = await chats.settings(connection, case.chat_id)
    if settings.log_chat_id is None or settings.log_chat_id == case.chat_id:
        return
    language, chat = settings.language, await chats.chat(connection, case.chat_id)
    reason = case.reason or next(iter(await filed.reasons(connection, case.id)), "")
    what = deed_words(language, deed, decision or Decision(), is_removed=is_removed)
    text = log_line(language, case, chat.title if chat else "", what=what, by_name=by[1], reason=reason)
    line = calls.say(f"log:{case.id}:{deed}", settings.log_chat_id, text, rank=calls.CARD, case_id=case.id)
    await outbox.put(connection, [line])


# --- what it says ----------------------------------------------------------------------------------


def report_card(language: str, case: Case, chat_title: str, *, count: int, reasons: Sequence[str] = ()) -> Html:
    """Say to admins what members report; who they are is not said."""
    title = say_n(
        language,
        "<b>Case {number}</b> · Reported by {n} member",
        "<b>Case {number}</b> · Reported by {n} members",
        count,
        number=case.id,
    )
    return lines(
        title,
        *where(language, case, chat_title, with_link=True),
        say(language, "The poster is an admin here.") if case.spared in ("admin", "anonymous admin") else None,
        *_quoted(language, reasons),
    )


def reported(language: str, card: Html, count: int, reasons: Sequence[str]) -> Html:
    """Return the card of a case that the bot opened itself with the reports that came on top of it."""
    if not count:
        return card
    more = say_n(language, "Reported by {n} member as well.", "Reported by {n} members as well.", count)
    return lines(card, more, *_quoted(language, reasons))


def _quoted(language: str, reasons: Sequence[str]) -> list[Html]:
    return [say(language, "“{reason}”", reason=shorten(reason)) for reason in reasons[:MAX_REASONS]]


def claimed(language: str, card: Html, by_name: str) -> Html:
    """Return a card with the line that says who looks after it."""
    return lines(card, say(language, "{name} is looking after this.", name=name(by_name)))


def decided(language: str, card: Html, by_name: str, words: Html) -> Html:
    """Return a card with the line that says who decided what."""
    return lines(card, say(language, "✔ {what} — {name}", what=words, name=name(by_name)))


def keyboard(
    language: str, case: Case, token: str, *, claimed: bool = False, removed: bool = False
) -> list[list[dict[str, str]]]:
    """Return the buttons with which an admin decides an open case; what is listed already needs no listing.

    What is `removed` already is kept removed, or released: then it may be posted again.
    """

    def one(text: Html, action: str) -> dict[str, str]:
        return button(plain(text), f"c:{token}:{action}")

    first = one(say(language, "Let go"), "release") if claimed else one(say(language, "I take this"), "claim")
    delete = say(language, "Keep removed") if removed else say(language, "Delete")
    rows = [
        [first, one(delete, "delete")],
        [one(say(language, "Warn"), "warn"), one(say(language, "Mute"), "mute"), one(say(language, "Ban"), "ban")],
    ]
    is_held = removed and case.kind == VerdictKind.UNSCANNABLE
    last = [one(say(language, "Release"), "allow") if is_held else one(say(language, "Dismiss"), "dismiss")]
    if case.kind != VerdictKind.MATCH:
        last.insert(0, one(say(language, "Block this media"), "block"))
    misuse = [[one(say(language, "Misuse of reports"), "misuse")]] if case.kind == REPORT else []
    return [*rows, last, *misuse]


def undo_rows(language: str, case: Case) -> list[list[dict[str, str]]]:
    """Return the button that takes back what was done in a case; its card needs no token, for the case is the same."""
    return [[button(plain(say(language, "Undo")), f"u:undo:{case.id}")]]


def in_force(actions: Sequence[CaseAction]) -> set[str]:
    """Return what was done, or is about to be; what Telegram refused was not."""
    return {one.kind for one in actions if one.state != "refused"}


def can_undo(case: Case, actions: Sequence[CaseAction]) -> bool:
    """Say whether something was done in a case that can be taken back, and was not yet.

    A removed message cannot come back; of a listed picture it can be said that it may be posted again.
    """
    done = in_force(actions)
    is_listed = "block" in done or (case.kind == VerdictKind.MATCH and "delete" in done)
    return "undo" not in done and bool(done & AGAINST or is_listed)


def decision_words(language: str, decision: str) -> Html:
    """Say how an admin decided a card."""
    words = {
        "delete": say(language, "Removed"),
        "warn": say(language, "Removed, poster warned"),
        "mute": say(language, "Removed, poster muted"),
        "ban": say(language, "Removed, poster banned"),
        "block": say(language, "Removed, media blocked in this chat"),
        "allow": say(language, "Released: the same file may be posted again"),
        "dismiss": say(language, "Dismissed: no violation"),
        "misuse": say(language, "Dismissed: misuse of reports, none taken from whoever filed them for 30 days"),
    }
    return words[decision]
