"""What a report is about: named by buttons or by the first word, counted, and of minors leading nowhere."""

from __future__ import annotations

import pytest

from bot import helplines, minors
from bot.categories import CATEGORIES, Category, counted, is_of_minors, named, words, worst
from bot.i18n import Html, languages, plain


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("nonconsensual this is me", Category.INTIMATE),
        ("Non-Consensual", Category.INTIMATE),
        ("minor", Category.MINORS),
        ("spam, again", Category.SPAM),
        ("violence", Category.VIOLENCE),
        ("other", Category.OTHER),
        ("this is spam", None),
        ("spammer", None),
        ("", None),
        ("…!", None),
    ],
)
def test_the_first_word_may_name_the_category(reason: str, category: Category | None) -> None:
    """A reason that begins with a category's name chooses it, in any case; a word further on does not."""
    assert named("en", reason) is category


@pytest.mark.parametrize(("language", "reason"), [("ko", "스팸 광고"), ("fr", "mineur nu"), ("ko", "spam")])
def test_the_reporters_language_counts_as_well(language: str, reason: str) -> None:
    """The names of the reporter's own language and the English ones are understood."""
    assert named(language, reason) in (Category.SPAM, Category.MINORS)


def test_the_worst_comes_first() -> None:
    """Of what several people chose the worst is named first, each with how many chose it."""
    kinds = {"spam": 3, "minors": 1, "other": 1}
    assert worst(kinds) is Category.MINORS
    assert worst({}) is None
    assert counted("en", {}) is None
    assert plain(counted("en", kinds) or "") == "What: A minor, sexually (1), Spam, fraud (3), and Something else (1)"
    assert is_of_minors(kinds)
    assert not is_of_minors({"intimate": 9})


@pytest.mark.parametrize("language", languages())
def test_every_category_has_words(language: str) -> None:
    """Each category has its own name in every language."""
    assert len({words(language, one) for one in CATEGORIES}) == len(CATEGORIES)


@pytest.mark.parametrize(
    "text",
    ["https://t.me/c/1/2", "see t.me/chat/5 now", "@somebody has it", "tg://privatepost?x=1", "example.com"],
)
def test_words_of_reporters_lead_nowhere(text: str) -> None:
    """What a client may turn into a link is left out of somebody's words."""
    shown = minors.without_links(f"look {text} there")
    assert shown.startswith("look ")
    assert shown.endswith(" there")
    assert not any(sign in shown for sign in ("t.me", "://", "@", "example"))


def test_a_card_loses_its_links_and_keeps_the_poster() -> None:
    """The line that leads to the message goes, the mention of whoever posted stays."""
    card = Html('<b>Case 1</b>\nBy: <a href="tg://user?id=5">Min</a>\n<a href="https://t.me/c/1/2">Go</a>\nWhy: x')
    assert minors.unlinked(card) == '<b>Case 1</b>\nBy: <a href="tg://user?id=5">Min</a>\nWhy: x'


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("country", helplines.COUNTRIES)
def test_hotlines_are_named_for_admins_and_reporters(language: str, country: str) -> None:
    """Both are told every hotline of the country that takes such reports, and how to reach it."""
    for text in (minors.warning(language, country), minors.advice(language, country)):
        assert helplines.hotlines(country)
        for one in helplines.hotlines(country):
            assert one.name in plain(text)
            assert one.url.removeprefix("https://") in text or one.phone in text


@pytest.mark.parametrize(
    ("chosen", "language", "country"),
    [
        ("", "ko", "KR"),
        ("", "fr", "FR"),
        ("", "en", "INT"),
        ("gb", "ko", "GB"),
        ("DE", "en", "EU"),
        ("BR", "ko", "INT"),
    ],
)
def test_the_chats_country_comes_before_its_language(chosen: str, language: str, country: str) -> None:
    """The country that admins chose decides, else the chat's language; without an entry it is everywhere."""
    assert helplines.country_for(chosen, language) == country
