"""What is said about the reports that wait: a line each, oldest first. Of minors nothing leads to the post. Pure."""

from __future__ import annotations

import html

from bot import cards, categories
from bot.calls import button
from bot.cards import Card
from bot.categories import Category
from bot.i18n import Html, duration, lines, link, name, plain, say, say_n
from bot.notices import message_url
from bot.store.openreports import MOST_CHATS, OpenReport, Page

Rows = list[list[dict[str, str]]]


def page_text(language: str, page: Page, now: float, *, here: int, is_partial: bool = False) -> Html:
    """List the open reports of a page as read in the chat `here`: of its own it names neither chat nor admin."""
    title = say(language, "No reports wait.")
    if page.open:
        title = say_n(language, "<b>{n} report waits</b>", "<b>{n} reports wait</b>, oldest first", page.total)
    entries = (_entry(language, one, now, is_here=one.case.chat_id == here) for one in page.open)
    return lines(title, *entries, _more(language) if is_partial else None)


def _more(language: str) -> Html:
    """Say that there may be more, and where they are listed."""
    return say(
        language,
        "I look in no more than {n} chats, first in those where you decided something. "
        "If one of yours is missing, send /reports there.",
        n=MOST_CHATS,
    )


def keyboard(language: str, page: Page) -> Rows:
    """Return the buttons that lead to the other pages, none where there is but one."""
    row = []
    if page.has_older and page.open:
        row.append(button(plain(say(language, "◀ Older")), f"o:older:{page.open[0].case.id}"))
    if page.has_newer and page.open:
        row.append(button(plain(say(language, "Newer ▶")), f"o:newer:{page.open[-1].case.id}"))
    return [row] if row else []


def _entry(language: str, one: OpenReport, now: float, *, is_here: bool) -> Html:
    card = cards.card_of(one.button) if one.button else cards.Card()
    worst = categories.worst(cards.kinds_of(card, one.kinds))
    parts = [
        say(language, "• Case {number}", number=one.case.id),
        Html(duration(language, max(1.0, now - one.case.opened_at))),
        Html(html.escape(name(one.title))) if not is_here else None,
        categories.words(language, worst) if worst else None,
        say_n(language, "{n} member", "{n} members", one.count),
        _holder(language, card, is_named=not is_here),
        say(language, "removed until decided") if one.is_removed else None,
        *_links(language, one, card, is_shown=not one.is_removed and worst is not Category.MINORS),
    ]
    return Html(" · ".join(part for part in parts if part))


def _holder(language: str, card: Card, *, is_named: bool) -> Html | None:
    """Say who looks after a case at this moment."""
    if not card.is_claimed:
        return None
    return say(language, "{name} is on it", name=name(card.claimer) if is_named else say(language, "an admin"))


def _links(language: str, one: OpenReport, card: Card, *, is_shown: bool) -> list[Html]:
    """Lead to the message if it may be shown, and to the card."""
    message = one.case.message if is_shown else None
    urls = {
        say(language, "message"): message_url(message, one.username) if message else None,
        say(language, "card"): message_url(card.ref) if card.ref else None,
    }
    return [link(url, words) for words, url in urls.items() if url]
