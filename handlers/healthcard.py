"""The health card: what works in a chat, what does not, and how to mend it, in words. Nothing is measured here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from babel.numbers import format_decimal

from bot.calls import button
from bot.canary import Finding, Step
from bot.health import STALE_SECONDS, State
from bot.i18n import Html, duration, lines, name, paragraphs, plain, say, say_n
from bot.model import HashList, ListKind, Trust, UnscannablePolicy
from bot.outcome import Outcome
from bot.panel import unscannable_meaning, unscannable_name
from bot.protection import ASKED, DELETE, NEEDED, Presence, fix, lacks, missing_lines, right_name
from bot.store.caps import Tally
from handlers import remedies

MAX_LISTS = 8
"""Lists named on a card; more are summed up."""

SLOW_SECONDS = 10.0
"""Age of the oldest waiting update from which a queue counts as lagging."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found out about a chat; `log_ok` is None when it has no log chat, `owner_ok` when no owner is known."""

    chat_id: int
    chat_type: str
    title: str
    language: str
    presence: Presence
    sees_all: bool
    log_title: str
    log_ok: bool | None
    state: State
    unscannable: UnscannablePolicy = UnscannablePolicy.NOTIFY
    tally: Tally = field(default_factory=Tally)
    log_type: str = "supergroup"
    owner_ok: bool | None = None


def card(checkup: Checkup, finding: Finding | None = None, posted: Outcome | None = None) -> Html:
    """Return the whole card, with what a canary test found if there was one, and what became of a test post."""
    language = checkup.language
    return paragraphs(
        say(language, "🩺 <b>Health of {title}</b>", title=name(checkup.title)),
        lines(*_rights(checkup)),
        lines(*_sight(checkup), *_readers(checkup)),
        lines(*_lists(checkup)),
        lines(*_calm(checkup)),
        lines(*_engine(language, checkup.state)),
        canary_words(language, finding, may_delete=DELETE in checkup.presence.rights) if finding else None,
        lines(*remedies.tested(language, name(checkup.log_title), checkup.log_type, posted)) if posted else None,
    )


def buttons(language: str, *, has_log: bool = False) -> list[list[dict[str, str]]]:
    """Return the card's buttons: one for each line that can be tested, and one for all."""
    rows = [[button(plain(say(language, "Test with the canary picture")), "h:canary")]]
    if has_log:
        rows.append([button(plain(say(language, "Test the log chat")), "h:log")])
    return [*rows, [button(plain(say(language, "Check again")), "h:again")]]


def canary_words(language: str, finding: Finding, *, may_delete: bool) -> Html:
    """Say what a canary test found; a bot removes its own posts even where it may remove nobody else's."""
    seconds = format_decimal(finding.seconds, format="0.0", locale=language)
    if finding.step is Step.REMOVED and not may_delete:
        return say(
            language,
            "🐤 ✗ The canary picture was recognised in {seconds} s, but without the right “Delete messages” I can "
            "remove only my own posts. What others post could not be removed: an admin has to delete it.",
            seconds=seconds,
        )
    words = {
        Step.REMOVED: say(
            language, "🐤 <b>Caught and removed in {seconds} s: the whole path works.</b>", seconds=seconds
        ),
        Step.NOT_POSTED: say(language, "🐤 ✗ The canary picture could not be posted: {words}", words=finding.words),
        Step.NOT_RECOGNISED: say(
            language,
            "🐤 ✗ The canary picture was not recognised within {seconds} s. Please tell whoever runs this bot.",
            seconds=seconds,
        ),
        Step.REFUSED: say(
            language,
            "🐤 ✗ The canary picture was recognised, but I could not remove it: {words} An admin has to delete it.",
            words=_sentence(finding.words),
        ),
        Step.STUCK: say(
            language,
            "🐤 ✗ The canary picture was recognised, but its removal still waits after {seconds} s.",
            seconds=seconds,
        ),
    }
    return words[finding.step]


def _rights(checkup: Checkup) -> Iterator[Html]:
    language, needed = checkup.language, NEEDED.get(checkup.chat_type, ())
    for right in needed:
        if right in checkup.presence.rights:
            yield say(language, "✓ {right}", right=right_name(language, right))
    missing = lacks(checkup.chat_type, checkup.presence)
    if missing:
        yield missing_lines(language, missing)
        yield fix(language, checkup.presence)
    for right in ASKED:
        if right not in needed and right in checkup.presence.rights:
            yield say(language, "✓ {right}", right=right_name(language, right))
    if "can_invite_users" not in checkup.presence.rights:
        yield say(language, "○ {right}: not needed, only practical.", right=right_name(language, "can_invite_users"))
        yield remedies.invite(language)


def _sight(checkup: Checkup) -> Iterator[Html]:
    """Say whether the bot sees everything, and what its kind of chat rules out."""
    language = checkup.language
    if checkup.presence.is_admin:
        yield say(language, "✓ I see every message, for I am an administrator.")
    elif checkup.sees_all:
        yield say(language, "✓ I see every message, for privacy mode is off.")
    else:
        yield say(
            language,
            "✗ Privacy mode hides most messages from me. Make me an administrator, "
            "or switch privacy mode off with @BotFather and add me again.",
        )
    if checkup.chat_type == "group":
        yield say(
            language,
            "ℹ️ In a basic group nobody can be muted, only banned. Letting new members see the earlier messages "
            "turns it into a supergroup.",
        )
    if checkup.chat_type == "channel":
        yield say(language, "ℹ️ In a channel only its admins post: I remove posts and punish nobody.")


def _readers(checkup: Checkup) -> Iterator[Html]:
    """Say whether the log chat and the owner can be told anything."""
    language = checkup.language
    if checkup.log_ok is None:
        yield say(language, "○ No log chat: /logchat sets one.")
        yield remedies.no_log(language)
    elif checkup.log_ok:
        yield say(language, "✓ Log chat: {title}", title=name(checkup.log_title))
    else:
        yield say(language, "✗ Log chat {title}: I may not write there.", title=name(checkup.log_title))
        yield remedies.log(language, checkup.log_type)
    if checkup.owner_ok:
        yield say(language, "✓ I may write to the owner in private.")
    elif checkup.owner_ok is False:
        yield say(language, "○ I may not write to the owner in private.")
        yield remedies.owner(language)


def _lists(checkup: Checkup) -> Iterator[Html]:
    language = checkup.language
    own = (None, checkup.chat_id)
    applying = [one for one in checkup.state.lists if one.chat_id in own and one.trust is not Trust.OFF]
    total = sum(one.size for one in applying if one.kind is not ListKind.CANARY)
    if not checkup.state.lists_ready:
        yield say(language, "✗ The lists are still being loaded: posts wait until that is done.")
        yield remedies.loading(language)
    yield say_n(
        language,
        "{mark} {count} entry applies to this chat:",
        "{mark} {count} entries apply to this chat:",
        total,
        mark="✓" if total else "✗",
        count=format_decimal(total, locale=language),
    )
    if not total and checkup.state.lists_ready:
        yield remedies.no_entries(language)
    largest = sorted(applying, key=lambda one: -one.size)
    yield from (_list(language, one, checkup.chat_id) for one in largest[:MAX_LISTS])
    if len(largest) > MAX_LISTS:
        rest = len(largest) - MAX_LISTS
        yield say_n(language, "• and {n} more list", "• and {n} more lists", rest)


def _calm(checkup: Checkup) -> Iterator[Html]:
    """Say what could not be checked, what waits for an admin, and which limits of the day are reached."""
    language, tally = checkup.language, checkup.tally
    policy = say(
        language,
        "<b>{name}</b>: {meaning}",
        name=unscannable_name(language, checkup.unscannable),
        meaning=unscannable_meaning(language, checkup.unscannable),
    )
    yield say_n(
        language,
        "○ {n} post of the last 24 hours could not be checked. {policy}",
        "○ {n} posts of the last 24 hours could not be checked. {policy}",
        tally.unscannable,
        policy=policy,
    )
    if tally.unscannable:
        yield remedies.unscannable(language)
    if tally.waiting:
        yield say_n(language, "○ {n} case waits for an admin.", "○ {n} cases wait for an admin.", tally.waiting)
        yield remedies.waiting(language)
    stopped = {
        "delete": say(language, "✗ The limit of the day is reached: only what is surely listed is removed."),
        "ban": say(language, "✗ The limit of the day is reached: nobody else is muted or banned."),
    }
    yield from (stopped[kind] for kind in tally.stopped)
    if tally.stopped:
        yield remedies.limit(language)


def _list(language: str, one: HashList, chat_id: int) -> Html:
    return say(
        language,
        "• {name}: {count}, changed {time} ago",
        name=list_title(language, one, chat_id),
        count=format_decimal(one.size, locale=language),
        time=duration(language, max(0.0, time.time() - one.updated_at.timestamp())),
    )


def list_title(language: str, one: HashList, chat_id: int) -> str:
    """Return what a list is called before people: its own name, or what it is to this chat."""
    if one.kind is ListKind.CANARY:
        return say(language, "canary picture")
    if one.chat_id == chat_id:
        return say(language, "this chat's block list") if one.kind is ListKind.BLOCK else _allowed(language)
    return name(one.name)


def _allowed(language: str) -> Html:
    return say(language, "this chat's list of what is allowed")


def _engine(language: str, state: State) -> Iterator[Html]:
    """Say how far behind the bot is, when it last heard from Telegram, and how well its decoders are locked in."""
    inbox = state.inbox
    is_quick = inbox.oldest_seconds < SLOW_SECONDS
    yield say(
        language,
        "{mark} Waiting updates: {updates}, the oldest for {time}. Waiting calls to Telegram: {calls}.",
        mark="✓" if is_quick else "✗",
        updates=inbox.waiting,
        time=duration(language, inbox.oldest_seconds),
        calls=state.outbox_waiting,
    )
    if not is_quick:
        yield remedies.queue(language)
    is_heard = state.poll_age is not None and state.poll_age < STALE_SECONDS
    if state.poll_age is None:
        yield say(language, "✗ Telegram was not heard of yet.")
    else:
        yield say(
            language,
            "{mark} Last heard of Telegram {time} ago",
            mark="✓" if is_heard else "✗",
            time=duration(language, state.poll_age),
        )
    if not is_heard:
        yield remedies.silence(language)
    levels = {
        "full": say(language, "✓ Decoders are locked in completely."),
        "none": say(language, "✗ Decoders are not locked in on this machine."),
    }
    yield levels.get(state.decoder_level, say(language, "○ Decoders are locked in as far as this machine can."))
    if state.decoder_level != "full":
        yield remedies.decoders(language)


def _sentence(words: str) -> str:
    return words if words.endswith(".") else f"{words}."
