"""What is said where somebody reports pictures of minors: how to report them, and nothing that leads to them. Pure."""

from __future__ import annotations

import re

from bot import helplines
from bot.i18n import Html, lines, say

LEADING = re.compile(r"\S*(?:://|\w\.\w|@\w)\S*")
"""Words that a client may show as a link."""

LINKED = re.compile(r'^.*<a href="(?!tg://user\?).*$\n?', re.MULTILINE)
"""Lines of a card that lead anywhere but to a person."""


def warning(language: str, country: str) -> Html:
    """Tell admins what not to do with such a post, and who takes the report of it."""
    return lines(
        say(
            language,
            "⛔ Said to show the abuse of a minor. Do not open, forward, save or screenshot it, not even as proof: "
            "that can be a crime. It can be removed without being looked at.",
        ),
        _hotlines(language, country),
    )


def advice(language: str, country: str) -> Html:
    """Tell whoever reported such a post the same."""
    return lines(
        say(
            language,
            "⛔ Do not forward, save or screenshot it, not even as proof: that can be a crime. "
            "The admins can remove it without looking at it.",
        ),
        _hotlines(language, country),
    )


def without_links(words: str) -> str:
    """Return somebody's words with “…” for everything that may lead anywhere."""
    return LEADING.sub("…", words)


def unlinked(card: Html) -> Html:
    """Return a card without the lines that lead to a message."""
    return Html(LINKED.sub("", card).rstrip("\n"))


def _hotlines(language: str, country: str) -> Html:
    """Name who takes reports of such pictures in a country, with their addresses."""
    return lines(
        say(language, "Report it here:"), *(helplines.contact(language, one) for one in helplines.hotlines(country))
    )
