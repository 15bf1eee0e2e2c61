"""What is said about appeals: to who was acted on, to the admins who decide, to the group. Pure; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.calls import button
from bot.i18n import DISTURBING, Html, length, lines, name, plain, say, say_n
from bot.model import ActionKind, Decision
from bot.notices import poster, shorten
from bot.store.appeals import Appeal, State
from bot.store.cases import Case, CaseAction

LONGEST = 1000
"""Characters that an appeal may have: with its card it stays well under Telegram's 4,096."""

Rows = list[list[dict[str, str]]]


def words_of(text: str) -> str:
    """Return somebody's words in one line, without the marks that would turn the text around them."""
    return " ".join(DISTURBING.sub(" ", text).split())


def moment(at: float) -> str:
    """Return a moment as it stands in notices."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


# --- to who was acted on -------------------------------------------------------------------------


def letter(language: str, case: Case, chat_title: str, decision: Decision, *, is_kick: bool, is_removed: bool) -> Html:
    """Tell somebody plainly what was done about them and why."""
    what = _costs(language, decision)
    if is_kick:
        what.append(say(language, "You were removed from the chat, and may come back."))
    if case.reason and case.kind == "moderation":
        what.append(say(language, "Reason: {reason}.", reason=shorten(words_of(case.reason)).rstrip(".")))
    return Html(" ".join((_first(language, case, chat_title, is_removed=is_removed), *what)))


def _first(language: str, case: Case, chat_title: str, *, is_removed: bool) -> Html:
    values = {"chat": name(chat_title), "number": case.id}
    if case.kind == "match":
        return say(
            language,
            "<b>Case {number}</b> · {chat}: a post of yours was removed, because it matches a list of known abuse.",
            **values,
        )
    if is_removed:
        return say(language, "<b>Case {number}</b> · {chat}: an admin removed a post of yours.", **values)
    return say(language, "<b>Case {number}</b> · {chat}: an admin decided about you.", **values)


def _costs(language: str, decision: Decision) -> list[Html]:
    costs = []
    if decision.strike:
        costs.append(
            say_n(
                language,
                "You have {n} strike that counts now.",
                "You have {n} strikes that count now.",
                decision.strike,
            )
        )
    for action in decision.actions:
        if action.kind is ActionKind.MUTE:
            costs.append(say(language, "You are muted for {time}.", time=length(language, action.seconds or 0)))
        elif action.kind is ActionKind.BAN and action.seconds is not None:
            costs.append(say(language, "You are banned for {time}.", time=length(language, action.seconds)))
        elif action.kind is ActionKind.BAN:
            costs.append(say(language, "You are banned."))
    return costs


def how_to(language: str, number: int, *, until: float | None) -> Html:
    """Tell somebody how to appeal in a case, and until when."""
    if until is None:
        return say(
            language,
            "Was this a mistake? Write to me here, with your reason: <code>/appeal {number} your reason</code>. "
            "An admin decides, and not the one who acted if there is another.",
            number=number,
        )
    return say(
        language,
        "Was this a mistake? Write to me here, with your reason, until {time}: "
        "<code>/appeal {number} your reason</code>. An admin decides, and not the one who acted if there is another.",
        number=number,
        time=moment(until),
    )


def filed(language: str, appeal: Appeal, *, is_alone: bool) -> Html:
    """Tell the appellant that the admins have the appeal, and until when they decide."""
    alone = say(language, "Only one admin can decide it, who acted as well: there is no other in that chat.")
    return lines(
        say(
            language,
            "Your appeal (case {number}) is with the admins. "
            "I will tell you what they decide, by {time} at the latest.",
            number=appeal.case_id,
            time=moment(appeal.until),
        ),
        alone if is_alone else None,
    )


def outcome(language: str, appeal: Appeal, chat_title: str, remark: Html | None = None) -> Html:
    """Tell the appellant how the appeal ended; `remark` says what changed."""
    values = {"chat": name(chat_title), "number": appeal.case_id}
    words = {
        State.UPHELD: say(
            language, "<b>Case {number}</b> · {chat}: an admin looked at your appeal, and it stays as it is.", **values
        ),
        State.REDUCED: say(
            language, "<b>Case {number}</b> · {chat}: an admin looked at your appeal, and made it milder.", **values
        ),
        State.OVERTURNED: say(
            language, "<b>Case {number}</b> · {chat}: an admin looked at your appeal, and you were right.", **values
        ),
        State.SETTLED: say(
            language, "<b>Case {number}</b> · {chat}: an admin took it back, so your appeal is closed.", **values
        ),
        State.LAPSED: say(
            language,
            "<b>Case {number}</b> · {chat}: no admin decided your appeal in time. It stays as it is.",
            **values,
        ),
        State.GONE: say(
            language,
            "<b>Case {number}</b> · {chat}: I am not in that chat any more, so your appeal is closed. "
            "Please ask its admins.",
            **values,
        ),
    }
    return lines(words[appeal.state], remark)


def once_more(language: str, number: int, until: float) -> Html:
    """Tell an appellant whom nobody answered that they may ask once more."""
    return say(
        language,
        "You may ask once more until {time}: <code>/appeal {number} your reason</code>",
        number=number,
        time=moment(until),
    )


# --- to admins -----------------------------------------------------------------------------------


def card(language: str, appeal: Appeal, case: Case, chat_title: str, done: Html, *, is_private: bool) -> Html:
    """Say to admins who objects to what; their words only where admins alone read them."""
    words = say(language, "“{reason}”", reason=appeal.text) if appeal.text else None
    hidden = say(language, "What they say is for admins alone: write to me in private, /case {number}", number=case.id)
    return lines(
        say(language, "<b>Case {number}</b> · Appeal", number=case.id),
        say(language, "Chat: {title}", title=name(chat_title)),
        say(language, "From: {who}", who=poster(language, case)),
        say(language, "Against: {what}", what=done),
        words if is_private else hidden if appeal.is_open else None,
        None if appeal.is_open else say(language, "✔ {what}", what=state_words(language, appeal, is_named=is_private)),
    )


def rule_of(language: str, appeal: Appeal, *, is_alone: bool, is_free: bool) -> Html:
    """Say who decides an open appeal, and until when."""
    if is_free:
        return say(
            language, "I acted by myself, so any admin may decide. Open until {time}.", time=moment(appeal.until)
        )
    if is_alone:
        return say(
            language,
            "Nobody else here could decide it, so the admin who acted may. Open until {time}.",
            time=moment(appeal.until),
        )
    return say(
        language,
        "Another admin than the one who acted decides. Open until {time}.",
        time=moment(appeal.until),
    )


def keyboard(language: str, token: str) -> Rows:
    """Return the buttons that decide an appeal."""
    return [
        [
            button(plain(say(language, "Uphold")), f"p:{token}:uphold"),
            button(plain(say(language, "Reduce")), f"p:{token}:reduce"),
        ],
        [button(plain(say(language, "Overturn: take it all back")), f"p:{token}:overturn")],
    ]


def state_words(language: str, appeal: Appeal, *, is_named: bool) -> Html:
    """Say how an appeal stands; with `is_named` by which admin."""
    words = {
        State.OPEN: say(language, "open until {time}", time=moment(appeal.until)),
        State.UPHELD: say(language, "upheld: it stays as it is"),
        State.REDUCED: say(language, "reduced: made milder"),
        State.OVERTURNED: say(language, "overturned: all taken back"),
        State.SETTLED: say(language, "closed: the case was taken back"),
        State.LAPSED: say(language, "not decided in time: it stays as it is"),
        State.GONE: say(language, "closed: I left the chat"),
        State.WITHDRAWN: say(language, "withdrawn"),
    }
    if appeal.by_id is None:
        return words[appeal.state]
    by_name = name(appeal.by_name) if is_named and appeal.by_name else say(language, "an admin")
    return say(language, "{what} — {name}", what=words[appeal.state], name=by_name)


def in_case(language: str, appeal: Appeal, *, is_private: bool) -> Html:
    """Say in a case's file how its appeal stands, and where admins alone read it what it says."""
    return lines(
        say(language, "Appeal: {state}", state=state_words(language, appeal, is_named=is_private)),
        say(language, "“{reason}”", reason=appeal.text) if is_private and appeal.text else None,
    )


def overview(language: str, waiting: Sequence[Appeal]) -> Html:
    """Say which appeals wait, those that lapse first before the others; what they say is not in it."""
    if not waiting:
        return say(language, "No appeal waits here.")
    return lines(
        say(
            language,
            "<b>Appeals that wait</b>. To read and decide one: <code>/case {number}</code>",
            number=waiting[0].case_id,
        ),
        *(
            say(language, "• Case {number}: open until {time}", number=one.case_id, time=moment(one.until))
            for one in waiting
        ),
    )


def reminder(language: str, appeal: Appeal, chat_title: str) -> Html:
    """Remind the admins of an appeal that waits."""
    return say(
        language,
        "⏰ <b>Case {number}</b> · {chat}: an appeal still waits for an admin, until {time}.",
        number=appeal.case_id,
        chat=name(chat_title),
        time=moment(appeal.until),
    )


def lapsed(language: str, appeal: Appeal, chat_title: str) -> Html:
    """Tell the admins that an appeal ended because nobody decided it."""
    return say(
        language,
        "<b>Case {number}</b> · {chat}: nobody decided the appeal in time, so it is closed. What was done stays.",
        number=appeal.case_id,
        chat=name(chat_title),
    )


def against(language: str, done: Sequence[CaseAction]) -> Html:
    """Name what an appeal is against, in a row."""
    kinds = {one.kind for one in done if one.state != "refused"}
    words = {
        "delete": say(language, "message removed"),
        "strike": say(language, "strike"),
        "warn": say(language, "warned"),
        "mute": say(language, "muted"),
        "ban": say(language, "banned"),
        "kick": say(language, "removed from the chat"),
    }
    return Html(", ".join(text for kind, text in words.items() if kind in kinds))
