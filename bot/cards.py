"""What admins read of a case: its card while it waits for them, and a line of the log. Nothing is decided here."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, categories, guardians, helplines, minors
from bot.calls import button
from bot.categories import Kinds
from bot.i18n import Html, lines, name, plain, say, say_n
from bot.model import ChatSettings, Decision, MessageRef, VerdictKind
from bot.notices import deed_words, log_line, shorten, where, where_to_look
from bot.store import cases as records
from bot.store import chats, media, outbox
from bot.store import reports as filed
from bot.store.cases import Button, Case, CaseAction

MAX_REASONS = 5
"""Reasons that a card repeats: with their lengths bounded a card stays under Telegram's 4,096 characters."""

MAX_HOLDER = 10
"""Characters of a name that a button repeats."""

REPORT = "report"
"""The kind of case that members open."""


AGAINST = frozenset({"ban", "mute", "kick", "strike", "warn"})
"""Actions against somebody, by their names on a case's record."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept with a card's token.

    `text` is what the card said when it was sent; a report's is made anew each time, for its count grows.
    `chat_id` and `message_id` are where it stands, once Telegram has said so; `claimer` is who looks after it since
    when and until when, and `claims` how often somebody took it; `decision` and `decider` are how it ended. `worst` is
    the category that it was sent with.
    """

    text: str = ""
    chat_id: int | None = None
    message_id: int | None = None
    claimer: str = ""
    decision: str = ""
    decider: str = ""
    claimed_at: float = 0.0
    claimed_until: float = 0.0
    claims: int = 0
    worst: str = ""
    is_of_minors: bool = False  # stays when whoever said so is forgotten

    @property
    def is_claimed(self) -> bool:
        """Whether somebody looks after it at this moment."""
        return bool(self.claimer) and self.claimed_until > time.time()

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
    worst = categories.worst(await filed.kinds(connection, case.id)) or ""
    kept = Card("" if case.kind == REPORT else text, worst=worst, is_of_minors=worst == categories.Category.MINORS)
    data = json.dumps(asdict(kept), ensure_ascii=False)
    return await records.new_button(connection, "case", case.chat_id, case_id=case.id, data=data)


async def place(connection: AsyncConnection, case_id: int, ref: MessageRef) -> None:
    """Note where a card stands; if its case went on while it was on its way, bring it up to date."""
    found, case = await records.case_button(connection, case_id), await records.get(connection, case_id)
    if found is None or case is None:
        return
    card = replace(card_of(found), chat_id=ref.chat_id, message_id=ref.message_id)
    await keep(connection, found, card)
    shown = 1 if case.kind == REPORT else 0
    is_worse = card.worst != (categories.worst(await filed.kinds(connection, case_id)) or "")
    if not case.is_open or is_worse or await filed.count(connection, case_id) > shown:
        await refresh(connection, case, mark=f"placed:{ref.message_id}")


async def refresh(connection: AsyncConnection, case: Case, *, mark: str) -> None:
    """Have the card say what holds now; `mark` tells this change from the card's others."""
    found = await records.case_button(connection, case.id)
    if found is None or (ref := card_of(found).ref) is None:
        return  # not sent yet: `place` looks again
    settings = await chats.settings(connection, case.chat_id)
    buttons = None
    if case.is_open:
        language = await guardians.tongue(connection, settings, ref.chat_id)
        buttons = keyboard(language, case, found.token, await state_of(connection, case, card_of(found)))
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
    said = Said(
        count=count,
        kinds=kinds_of(card, await filed.kinds(connection, case.id)),
        reasons=await filed.reasons(connection, case.id) if is_private else [],
        country=helplines.country_for(settings.rules.country, settings.language),
    )
    if case.kind == REPORT:
        is_held = case.is_open and await records.is_removed(connection, case.id)
        text = report_card(language, case, settings.title, said, is_held=is_held)
    else:
        text = reported(language, Html(card.text), said)
    if card.decision:
        words = decision_words(language, card.decision)
        return decided(language, text, card.decider, words)
    return claimed(language, text, card) if card.is_claimed else text


def kinds_of(card: Card, kinds: Kinds) -> Kinds:
    """Return what reporters chose; that minors are shown counts though its reporter is forgotten by now."""
    is_missing = card.is_of_minors and not categories.is_of_minors(kinds)
    return {**kinds, categories.Category.MINORS: 1} if is_missing else kinds


async def is_of_minors(connection: AsyncConnection, case: Case) -> bool:
    """Whether somebody said that a case's post shows minors."""
    found = await records.case_button(connection, case.id)
    card = card_of(found) if found else Card()
    return card.is_of_minors or categories.is_of_minors(await filed.kinds(connection, case.id))


async def mark(connection: AsyncConnection, case: Case, *, is_of_minors: bool) -> None:
    """Keep with a case's card whether its post is said to show minors."""
    if (found := await records.case_button(connection, case.id)) is not None:
        await keep(connection, found, replace(card_of(found), is_of_minors=is_of_minors))


async def said_in(connection: AsyncConnection, language: str, case: Case) -> Html | None:
    """Say in a case's file how many members reported it, and as what; None where nobody did."""
    if not (count := await filed.count(connection, case.id)):
        return None
    more = say_n(language, "Reported by {n} member", "Reported by {n} members", count)
    return lines(more, categories.counted(language, await filed.kinds(connection, case.id)))


async def state_of(connection: AsyncConnection, case: Case, card: Card) -> State:
    """Return what the buttons of an open case go by."""
    is_removed = await records.is_removed(connection, case.id)
    has_media = is_removed and case.message is not None and bool(await media.files_of(connection, case.message))
    return State(card.claimer if card.is_claimed else "", card.claims, is_removed, has_media)


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
    key, thread_id = f"log:{case.id}:{deed}", settings.rules.log_thread_id
    line = calls.say(key, settings.log_chat_id, text, rank=calls.CARD, thread_id=thread_id, case_id=case.id)
    await outbox.put(connection, [line])


# --- what it says ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What members said about a post: how many, what they chose, in which words; `country` is whose hotlines count."""

    count: int
    kinds: Kinds
    reasons: Sequence[str] = ()
    country: str = helplines.EVERYWHERE


@dataclass(frozen=True, slots=True)
class State:
    """What the buttons of a card go by: who is on it for the nth time, whether the post is gone, and was a medium."""

    claimer: str = ""
    claims: int = 0
    is_removed: bool = False
    has_media: bool = False


def report_card(language: str, case: Case, chat_title: str, said: Said, *, is_held: bool = False) -> Html:
    """Say to admins what members report; who they are is not said. Of minors, nothing leads to the post."""
    is_of_minors = categories.is_of_minors(said.kinds)
    title = say_n(
        language,
        "<b>Case {number}</b> · Reported by {n} member",
        "<b>Case {number}</b> · Reported by {n} members",
        said.count,
        number=case.id,
    )
    return lines(
        title,
        *where(language, case, chat_title, with_link=not is_of_minors and not is_held),
        say(language, "The poster is an admin here.") if case.spared in ("admin", "anonymous admin") else None,
        say(language, "⏸ Removed until you decide.") if is_held else None,
        where_to_look(language, case) if is_held and not is_of_minors else None,
        *_said(language, said),
    )


def reported(language: str, card: Html, said: Said) -> Html:
    """Return the card of a case that the bot opened itself with the reports that came on top of it."""
    if not said.count:
        return card
    shown = minors.unlinked(card) if categories.is_of_minors(said.kinds) else card
    more = say_n(language, "Reported by {n} member as well.", "Reported by {n} members as well.", said.count)
    return lines(shown, more, *_said(language, said))


def _said(language: str, said: Said) -> list[Html | None]:
    """Say what reporters chose and wrote; of minors, what not to do, and nothing of theirs that leads anywhere."""
    is_of_minors = categories.is_of_minors(said.kinds)
    reasons = [minors.without_links(reason) if is_of_minors else reason for reason in said.reasons[:MAX_REASONS]]
    return [
        categories.counted(language, said.kinds),
        minors.warning(language, said.country) if is_of_minors else None,
        *(say(language, "“{reason}”", reason=shorten(reason)) for reason in reasons),
    ]


def claimed(language: str, text: Html, card: Card) -> Html:
    """Return a card with the line that says who looks after it, since when and until when."""
    since, until = (datetime.fromtimestamp(at, UTC).strftime("%H:%M") for at in (card.claimed_at, card.claimed_until))
    words = say(
        language,
        "{name} is looking after this, since {since} until {until} UTC.",
        name=name(card.claimer),
        since=since,
        until=until,
    )
    return lines(text, words)


def decided(language: str, card: Html, by_name: str, words: Html) -> Html:
    """Return a card with the line that says who decided what."""
    return lines(card, say(language, "✔ {what} — {name}", what=words, name=name(by_name)))


NOTHING = State()


def keyboard(language: str, case: Case, token: str, state: State = NOTHING) -> list[list[dict[str, str]]]:
    """Return the buttons with which an admin decides an open case; what is listed already needs no listing.

    What is removed already is kept removed, or released: then it may be posted again.
    """

    def one(text: Html, action: str) -> dict[str, str]:
        return button(plain(text), f"c:{token}:{action}")

    is_claimed = bool(state.claimer)
    first = one(say(language, "Let go"), "release") if is_claimed else one(say(language, "I take this"), "claim")
    delete = say(language, "Keep removed") if state.is_removed else say(language, "Delete")
    holder = shorten_name(state.claimer)
    take = [[one(say(language, "Take over from {name}", name=holder), f"take:{state.claims}")]] if is_claimed else []
    rows = [
        [first, one(delete, "delete")],
        *take,
        [one(say(language, "Warn"), "warn"), one(say(language, "Mute"), "mute"), one(say(language, "Ban"), "ban")],
    ]
    is_held = state.is_removed and case.kind in (VerdictKind.UNSCANNABLE, REPORT)
    is_held = is_held and (state.has_media or case.kind != REPORT)
    dismiss = one(say(language, "Dismiss"), "dismiss")
    last = [one(say(language, "Release"), "allow") if is_held else dismiss]
    if case.kind != VerdictKind.MATCH:
        last.insert(0, one(say(language, "Block this media"), "block"))
    misuse = [[one(say(language, "Misuse of reports"), "misuse")]] if case.kind == REPORT else []
    unheld = [[dismiss]] if is_held and case.kind == REPORT else []  # for when its files are forgotten
    return [*rows, last, *unheld, *misuse]


def shorten_name(text: str) -> str:
    """Return a name that fits on a button."""
    cleaned = name(text)
    return cleaned if len(cleaned) <= MAX_HOLDER else cleaned[: MAX_HOLDER - 1] + "…"


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
