"""What people read of cases when they ask: pages of them, and why a post was removed. Nothing is looked up here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from bot.calls import button
from bot.i18n import Html, languages, lines, plain, say
from bot.notices import kind_words, poster, shorten
from bot.proof import reason_words
from bot.store.casebook import Filter, Page
from bot.store.cases import Case, CaseAction

DAY_SECONDS = 24 * 60 * 60

Rows = list[list[dict[str, str]]]


# --- pages ---------------------------------------------------------------------------------------


def page_text(language: str, page: Page) -> Html:
    """Return a page of cases: number, kind, poster, when, and which of them wait for an admin."""
    if not page.cases:
        return say(language, "There are no such cases here.")
    return lines(
        say(
            language,
            "<b>Cases</b>, newest first. The file of one: <code>/case {number}</code>",
            number=page.cases[0].id,
        ),
        *(_line(language, one) for one in page.cases),
    )


def _line(language: str, case: Case) -> Html:
    return say(
        language,
        "• {number} · {time} · {kind} · {who} · {state}",
        number=case.id,
        time=datetime.fromtimestamp(case.opened_at, UTC).strftime("%Y-%m-%d %H:%M"),
        kind=kind_words(language, case.kind),
        who=poster(language, case),
        state=say(language, "open") if case.is_open else say(language, "closed"),
    )


def keyboard(language: str, page: Page, wanted: str) -> Rows:
    """Return the buttons that lead to the next pages, none where there is but one."""
    row = []
    if page.has_newer and page.cases:
        row.append(button(plain(say(language, "◀ Newer")), f"k:newer:{wanted}:{page.cases[0].id}"))
    if page.has_older and page.cases:
        row.append(button(plain(say(language, "Older ▶")), f"k:older:{wanted}:{page.cases[-1].id}"))
    return [row] if row else []


def wanted_of(word: str, now: float) -> Filter | None:
    """Return which cases a word of a button asks for: ``all``, ``open``, ``today``, or ``u`` and a sender's id."""
    if word.startswith("u") and re.fullmatch(r"u-?\d{1,18}", word):
        return Filter(sender_id=int(word[1:]))
    known = {
        "all": Filter(),
        "open": Filter(is_open=True),
        "today": Filter(since=now // DAY_SECONDS * DAY_SECONDS),  # from midnight in UTC
    }
    return known.get(word)


# --- why -----------------------------------------------------------------------------------------


def number_in(text: str, *, has_title: bool) -> int | None:
    """Return the number of the case that one of the bot's own texts is about, None when it is about none.

    A text with a bold title has it there; in others it comes after all names and reasons that people chose.
    """
    found = list(_numbered().finditer(text))
    if not found:
        return None
    return int(found[0 if has_title else -1]["number"])


@cache
def _numbered() -> re.Pattern[str]:
    words = {plain(say(one, "Case {number}.", number=0)).partition(" ")[0] for one in languages()}
    return re.compile(rf"(?:{'|'.join(map(re.escape, sorted(words)))}) (?P<number>\d{{1,18}})", re.IGNORECASE)


def reason(language: str, case: Case, done: Sequence[CaseAction]) -> Html:
    """Say to anybody in the chat, plainly, what a case is about and whom to ask; no list, no name, no likeness."""
    return lines(
        say(language, "Case {number}: {why}", number=case.id, why=_why(language, case)),
        say(language, "It was taken back since.") if any(one.kind == "undo" for one in done) else None,
        say(
            language,
            "Is that a mistake? Tell an admin of this chat the number: they can read the case and take it back.",
        ),
    )


def _why(language: str, case: Case) -> Html:
    words = {
        "match": say(language, "the post matches a list of known abuse."),
        "canary": say(language, "it was the test picture that proves the protection works."),
        "report": say(language, "members reported the post, and the admins look at it or have decided."),
    }
    if case.kind == "unscannable":
        return say(language, "the post could not be checked: {reason}.", reason=reason_words(language, case.reason))
    if case.kind in words:
        return words[case.kind]
    if case.reason:
        return say(language, "an admin decided it. Reason: {reason}.", reason=shorten(case.reason).rstrip("."))
    return say(language, "an admin decided it, and gave no reason.")
