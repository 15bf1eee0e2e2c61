"""What is said about cases, to admins, groups and reporters: never a hash, never a picture. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot import lengths
from bot.i18n import Html, lines, link, listed, mention, name, plain, say, say_n
from bot.model import ActionKind, Decision, MessageRef, SenderKind
from bot.policy import CAP
from bot.proof import how_words, reason_words, tier_words
from bot.store.cases import Case, CaseAction

MAX_REASON = 300
"""Characters of somebody's own words that a card repeats."""

MAX_ANSWER = 200
"""Characters of Telegram's own words that a card repeats."""

MAX_TEXT = 4096
"""What Telegram takes in one message (sendMessage): UTF-16 units, markup not counted."""


def message_url(ref: MessageRef, username: str | None = None) -> str | None:
    """Return the address of a message for its chat's members; basic groups have none."""
    if username:
        return f"https://t.me/{username}/{ref.message_id}"
    text = str(ref.chat_id)
    return f"https://t.me/c/{text[4:]}/{ref.message_id}" if text.startswith("-100") else None


def poster(language: str, case: Case) -> Html:
    """Return who posted, as a link where there is something to link to."""
    if case.sender_kind == SenderKind.USER:
        return mention(case.sender_id, case.sender_name)
    if case.sender_kind == SenderKind.ANONYMOUS_ADMIN:
        return say(language, "an anonymous admin")
    if case.sender_kind == SenderKind.SELF:
        return say(language, "Haechi itself")
    return say(language, "{name} (channel)", name=name(case.sender_name))


# --- cards for admins ----------------------------------------------------------------------------


def match_card(language: str, case: Case, chat_title: str, decision: Decision, *, partly: bool = False) -> Html:
    """Say to admins what was found and what is being done about it."""
    is_removed = decision.has(ActionKind.DELETE)
    title = (
        say(language, "<b>Case {number}</b> · Known abuse removed", number=case.id)
        if is_removed
        else say(language, "<b>Case {number}</b> · Resembles known abuse: please decide", number=case.id)
    )
    return lines(
        title,
        *where(language, case, chat_title, with_link=not is_removed),
        _listed(language, case),
        say(language, "Why: {tier} ({how})", tier=tier_words(language, case.tier), how=how_words(language, case.how)),
        say(language, "Partly checked: the file is too large or damaged, so only a part of it was judged.")
        if partly
        else None,
        None if is_capped(decision) and not is_removed else done_words(language, decision),
        cap_words(language, decision),
        _spared(language, case),
    )


def unscannable_card(language: str, case: Case, chat_title: str, decision: Decision) -> Html:
    """Say to admins that a post could not be checked."""
    if decision.has(ActionKind.HOLD) and decision.has(ActionKind.DELETE):
        title = say(language, "<b>Case {number}</b> · Could not be checked: removed until you decide", number=case.id)
    elif decision.has(ActionKind.DELETE):
        title = say(language, "<b>Case {number}</b> · Could not be checked: removed", number=case.id)
    else:
        title = say(language, "<b>Case {number}</b> · Could not be checked: please look", number=case.id)
    return lines(
        title,
        *where(language, case, chat_title, with_link=not decision.has(ActionKind.DELETE)),
        say(language, "Why: {reason}", reason=reason_words(language, case.reason)),
        where_to_look(language, case) if decision.has(ActionKind.DELETE) and case.is_open else None,
        cap_words(language, decision),
    )


def is_capped(decision: Decision) -> bool:
    """Whether a limit of the day left something of a decision for an admin to do."""
    return any(action.kind is ActionKind.HOLD and action.reason == CAP for action in decision.actions)


def cap_words(language: str, decision: Decision) -> Html | None:
    """Say what a limit of the day left undone."""
    if not is_capped(decision):
        return None
    if decision.has(ActionKind.DELETE):
        return say(language, "⏸ The limit of the day is reached: the poster was not muted or banned. Please decide.")
    return say(language, "⏸ The limit of the day is reached: the post was not removed. Please decide.")


def where_to_look(language: str, case: Case) -> Html | None:
    """Say where an admin sees a removed post, of which nobody keeps a copy; a basic group has no such place."""
    if not str(case.chat_id).startswith("-100"):
        return None
    return say(language, "Telegram shows admins what was removed for 48 hours, under “Recent actions”.")


def canary_card(language: str, case: Case, chat_title: str) -> Html:
    """Say to admins that the canary picture was caught."""
    return lines(
        say(language, "<b>Case {number}</b> · Canary picture caught: the whole path works", number=case.id),
        *where(language, case, chat_title, with_link=False),
    )


def failure_alert(language: str, case: Case, chat_title: str, action: str, *, why: str, url: str | None) -> Html:
    """Say to admins what Telegram would not let the bot do, and where to do it by hand."""
    return lines(
        say(
            language, "⚠️ <b>Case {number}</b> · I could not {action}.", number=case.id, action=failed(language, action)
        ),
        *where(language, case, chat_title, with_link=False),
        say(language, "Telegram says: {words}", words=shorten(why, MAX_ANSWER)),
        link(url, say(language, "Open the message and remove it by hand")) if url and action == "delete" else None,
    )


def log_line(language: str, case: Case, chat_title: str, *, what: Html, by_name: str, reason: str) -> Html:
    """Say to the log chat, in one line, what an admin did in a case, to whom and why; `reason` may be empty."""
    done = say(
        language,
        "<b>Case {number}</b> · {chat} · {who}: {what} — {name}.",
        number=case.id,
        chat=name(chat_title),
        who=poster(language, case),
        what=what,
        name=name(by_name),
    )
    if not reason:
        return done
    words = _reason(language, case) if case.reason else shorten(reason)
    return Html(f"{done} {say(language, 'Reason: {reason}.', reason=words.rstrip('.'))}")


def deed_words(language: str, deed: str, decision: Decision, *, is_removed: bool) -> Html:
    """Say what an admin did and what it cost; a decision that mutes or bans names the length of it."""
    costs = _costs(language, decision)
    parts = [] if deed in ("mute", "ban") and costs else [action_words(language, deed)]
    removed = [action_words(language, "delete")] if is_removed and deed != "delete" else []
    return Html(", ".join((*removed, *parts, *costs)))


# --- notices for everybody -----------------------------------------------------------------------


def group_notice(language: str, case: Case, decision: Decision) -> Html:
    """Say to the group, without details, that something was removed and what it cost."""
    if case.kind == "canary":
        return say(
            language, "🐤 Haechi caught the canary picture: this chat is protected. Case {number}.", number=case.id
        )
    if case.kind == "unscannable" and decision.has(ActionKind.HOLD):
        return say(
            language,
            "A post could not be checked and was removed until an admin decides. Case {number}.",
            number=case.id,
        )
    if case.kind == "unscannable":
        return say(language, "A post could not be checked and was removed. Case {number}.", number=case.id)
    removed = say(
        language,
        "A post by {who} was removed: it matches a list of known abuse. Case {number}.",
        who=poster(language, case),
        number=case.id,
    )
    return Html(f"{removed} {cost}") if (cost := cost_words(language, decision)) else removed


# --- a whole case --------------------------------------------------------------------------------


def case_file(
    language: str,
    case: Case,
    chat_title: str,
    actions: Sequence[CaseAction],
    *,
    is_named: bool = True,
    reported: Html | None = None,
    more: str = "",
) -> Html:
    """Say all on record of a case, what members `reported`, and `more`; with `is_named` by which admins.

    What does not fit into one message is left out, the oldest actions first.
    """
    head, end = lines(_file_head(language, case, chat_title), reported), lines(_spared(language, case), more)
    done = [_action_line(language, action, is_named=is_named) for action in actions]
    return lines(head, *_newest(language, done, MAX_TEXT - _size(lines(head, end))), end)


def _file_head(language: str, case: Case, chat_title: str) -> Html:
    opened = datetime.fromtimestamp(case.opened_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    state = say(language, "open") if case.is_open else say(language, "closed")
    return lines(
        say(
            language,
            "<b>Case {number}</b> · {kind} · {state}",
            number=case.id,
            kind=kind_words(language, case.kind),
            state=state,
        ),
        *where(language, case, chat_title, with_link=False),
        say(language, "Opened: {time}", time=opened),
        _listed(language, case) if case.list_name else None,
        say(language, "Why: {tier} ({how})", tier=tier_words(language, case.tier), how=how_words(language, case.how))
        if case.tier is not None
        else None,
        say(language, "Reason: {reason}", reason=_reason(language, case)) if case.reason else None,
    )


def _newest(language: str, done: Sequence[Html], room: int) -> list[Html]:
    """Return the newest of these lines that fit, under one that says how many are missing."""
    if sum(_size(line) + 1 for line in done) <= room:
        return list(done)
    kept: list[Html] = []
    room -= MAX_ANSWER  # for the line itself
    for line in reversed(done):
        room -= _size(line) + 1
        if room < 0:
            break
        kept.insert(0, line)
    left = len(done) - len(kept)
    return [say_n(language, "… {n} earlier entry is left out", "… {n} earlier entries are left out", left), *kept]


def _size(text: Html) -> int:
    """Return how much of a message a text takes, as Telegram counts."""
    return len(plain(text).encode("utf-16-le")) // 2


def _listed(language: str, case: Case) -> Html:
    category = name(case.category) if case.category else "—"
    return say(language, "List: {list} · {category}", list=name(case.list_name or ""), category=category)


def _reason(language: str, case: Case) -> str:
    return reason_words(language, case.reason) if case.kind == "unscannable" else shorten(case.reason)


def _action_line(language: str, action: CaseAction, *, is_named: bool) -> Html:
    when = datetime.fromtimestamp(action.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    states = {
        "pending": say(language, "under way"),
        "done": say(language, "done"),
        "gone": say(language, "was so already"),
        "refused": say(language, "refused by Telegram"),
    }
    by_name = name(action.by_name) if action.by_name and is_named else say(language, "an admin")
    who = say(language, " by {name}", name=by_name) if action.by_name else ""
    detail = f" · {action.detail}" if action.detail else ""
    words = f" · {shorten(action.answer, MAX_ANSWER)}" if action.state == "refused" and action.answer else ""
    return say(
        language,
        "• {time} {what}{detail}{who}: {state}{words}",
        time=when,
        what=action_words(language, action.kind),
        detail=detail,
        who=Html(who),
        state=states[action.state],
        words=words,
    )


def where(language: str, case: Case, chat_title: str, *, with_link: bool) -> list[Html]:
    """Say in which chat a case is and who posted, with a link to the message where it is still there."""
    shown = [
        say(language, "Chat: {title}", title=name(chat_title)),
        say(language, "Posted by: {who}", who=poster(language, case)),
    ]
    url = message_url(case.message) if with_link and case.message else None
    return [*shown, link(url, say(language, "Go to the message"))] if url else shown


# --- words ---------------------------------------------------------------------------------------


def _spared(language: str, case: Case) -> Html | None:
    words = {
        "admin": say(language, "The poster is an admin here: nobody was punished."),
        "anonymous admin": say(language, "The poster is an admin here: nobody was punished."),
        "linked channel": say(language, "It came from the linked channel: nobody was punished."),
        "own post": say(language, "It is the channel's own post: please see who may post here."),
        "service": say(language, "It came from a service account: nobody was punished."),
        "unknown": say(language, "I could not find out who the poster is here: nobody was punished."),
        "trusted": say(language, "The poster is trusted here: nobody was punished."),
    }
    return words.get(case.spared or "")


def done_words(language: str, decision: Decision) -> Html | None:
    """Say what is being done, in one line."""
    if not decision.actions:
        return None
    if not decision.has(ActionKind.DELETE):
        return say(language, "Done: nothing yet, this chat's settings ask you to decide.")
    parts = [say(language, "removed"), *_costs(language, decision)]
    return say(language, "Done: {what}", what=listed(language, parts))


def _costs(language: str, decision: Decision) -> list[Html]:
    """Say what happens to the poster, a part each."""
    parts = [say(language, "strike {number}", number=decision.strike)] if decision.strike else []
    for action in decision.actions:
        if action.kind is ActionKind.MUTE:
            parts.append(lengths.muted(language, action.seconds))
        elif action.kind is ActionKind.BAN:
            parts.append(lengths.banned(language, action.seconds))
    return parts


def cost_words(language: str, decision: Decision) -> Html | None:
    """Say to the group what the poster's strike costs."""
    for action in decision.actions:
        if action.kind is ActionKind.BAN:
            return lengths.poster_banned(language, action.seconds)
        if action.kind is ActionKind.MUTE:
            return lengths.poster_muted(language, action.seconds)
    if not decision.strike:
        return None
    return say_n(language, "The poster has {n} strike now.", "The poster has {n} strikes now.", decision.strike)


def kind_words(language: str, kind: str) -> Html:
    """Say what kind of case it is."""
    words = {
        "match": say(language, "match"),
        "unscannable": say(language, "unscannable"),
        "canary": say(language, "canary"),
        "report": say(language, "report"),
        "moderation": say(language, "moderation"),
    }
    return words.get(kind, Html(kind))


def action_words(language: str, kind: str) -> Html:
    """Say what was done, as an entry of a case file."""
    words = {
        "delete": say(language, "message removed"),
        "strike": say(language, "strike"),
        "mute": say(language, "muted"),
        "unmute": say(language, "unmuted"),
        "ban": say(language, "banned"),
        "kick": say(language, "removed from the chat"),
        "unban": say(language, "unbanned"),
        "warn": say(language, "warned"),
        "unwarn": say(language, "strike taken back"),
        "undo": say(language, "all taken back"),
        "invite": say(language, "link for one person made"),
        "notify": say(language, "admins told"),
        "hold": say(language, "held for an admin"),
        "dismiss": say(language, "dismissed"),
        "misuse": say(language, "reports called misuse"),
        "block": say(language, "media listed"),
        "allow": say(language, "media allowed"),
    }
    return words.get(kind, Html(kind))


def failed(language: str, kind: str) -> Html:
    """Say what could not be done, after “I could not …”."""
    words = {
        "delete": say(language, "remove the message"),
        "mute": say(language, "mute the poster"),
        "ban": say(language, "ban the poster"),
        "unmute": say(language, "unmute the member"),
        "unban": say(language, "unban the member"),
        "kick": say(language, "remove the member"),
        "invite": say(language, "make a link for one person"),
    }
    return words.get(kind, Html(kind))


def shorten(text: str, limit: int = MAX_REASON) -> str:
    """Return somebody's words, cut at a word's end when they are longer than `limit` characters."""
    one_line = " ".join(text.split())
    if len(one_line) <= limit:
        return one_line
    return one_line[:limit].rsplit(" ", 1)[0] + " …"
