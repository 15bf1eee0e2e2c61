"""What a report can be about, worst first, and the words for it. Nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from bot.i18n import SOURCE, Html, listed, say


class Category(StrEnum):
    """What a reporter says a post is, worst first; who says nothing leaves it empty."""

    MINORS = "minors"
    INTIMATE = "intimate"
    VIOLENCE = "violence"
    SPAM = "spam"
    OTHER = "other"


CATEGORIES = tuple(Category)

Kinds = Mapping[str, int]
"""How many reporters chose each category."""


def worst(kinds: Kinds) -> Category | None:
    """Return the worst that reporters chose, None while nobody chose anything."""
    return next((one for one in CATEGORIES if kinds.get(one)), None)


def is_of_minors(kinds: Kinds) -> bool:
    """Whether somebody says that minors are shown: then nothing may lead to the post."""
    return bool(kinds.get(Category.MINORS))


def words(language: str, category: str) -> Html:
    """Name a category, as on its button."""
    known = {
        Category.MINORS: say(language, "A minor, sexually"),
        Category.INTIMATE: say(language, "Intimate, without consent"),
        Category.VIOLENCE: say(language, "Violence, threats"),
        Category.SPAM: say(language, "Spam, fraud"),
        Category.OTHER: say(language, "Something else"),
    }
    return known[Category(category)]


def counted(language: str, kinds: Kinds) -> Html | None:
    """Say what reporters chose, worst first, with how many chose it; None while nobody chose anything."""
    chosen = [
        say(language, "{what} ({count})", what=words(language, one), count=kinds[one])
        for one in CATEGORIES
        if kinds.get(one)
    ]
    return say(language, "What: {kinds}", kinds=listed(language, chosen)) if chosen else None


def named(language: str, text: str) -> Category | None:
    """Return the category that the first word of a reason names, in the reporter's language or in English."""
    first = re.match(r"\w[\w-]*", text.strip())
    if first is None:
        return None
    word = first[0].casefold()
    known = {one: {*_names(SOURCE)[one].split(), *_names(language)[one].casefold().split()} for one in CATEGORIES}
    return next((one for one in CATEGORIES if word in known[one]), None)


def _names(language: str) -> dict[Category, str]:
    """Return the words that name each category, between spaces."""
    return {
        Category.MINORS: say(language, "minor minors child children csam"),
        Category.INTIMATE: say(language, "nonconsensual non-consensual ncii intimate nude nudes deepfake"),
        Category.VIOLENCE: say(language, "violence violent threat threats gore"),
        Category.SPAM: say(language, "spam scam fraud advertising"),
        Category.OTHER: say(language, "other"),
    }
