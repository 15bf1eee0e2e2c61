"""What reporters are told in private: their report arrived, what it is about, how it ended. Nothing is sent here."""

from __future__ import annotations

from bot import categories, helplines, minors
from bot.calls import button
from bot.categories import CATEGORIES, Category
from bot.i18n import Html, lines, paragraphs, plain, say
from bot.store.cases import Case

BUTTON = "report"
"""The kind of button by which a reporter says what a post is; its data ``r:<token>:<category>``."""

Rows = list[list[dict[str, str]]]


def thanks(language: str, number: int, category: str, country: str) -> Html:
    """Tell a reporter that the admins have it, what it is said to be, and of minors what not to do."""
    return paragraphs(
        lines(
            say(
                language,
                "Thank you. Your report (case {number}) is with the admins, who do not see whose it is; "
                "I will tell you what they decide.",
                number=number,
            ),
            say(language, "You say it is: {what}", what=categories.words(language, category)) if category else None,
        ),
        minors.advice(language, country) if category == Category.MINORS else None,
        say(language, "What is it? The admins see it on their card.") if not category else None,
    )


def keyboard(language: str, token: str, chosen: str) -> Rows:
    """Return the buttons by which a reporter says what a post is, the chosen one marked."""
    texts = [(one, plain(categories.words(language, one))) for one in CATEGORIES]
    return [[button(f"● {text}" if one == chosen else text, f"r:{token}:{one}")] for one, text in texts]


def outcome(language: str, case: Case, decision: str, category: str = "", country: str = helplines.EVERYWHERE) -> Html:
    """Tell a reporter what became of their report; of minors, once more what not to do."""
    if decision == "misuse":
        words = say(
            language,
            "Your report (case {number}) was looked at: an admin calls it misuse. "
            "For 30 days I take no reports from you in that chat.",
            number=case.id,
        )
    elif decision in ("dismiss", "allow"):
        words = say(
            language,
            "Your report (case {number}) was looked at: an admin found no violation. Thank you.",
            number=case.id,
        )
    else:
        words = say(language, "Your report (case {number}) was looked at and acted on. Thank you.", number=case.id)
    return paragraphs(words, minors.advice(language, country) if category == Category.MINORS else None)
