"""The data file of /helpme: whole, sourced, and said in every language; whom it offers first."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from babel import Locale

from bot.helplines import (
    ADULTS,
    COUNTRIES,
    EVERYWHERE,
    LOCAL,
    MINORS,
    Helpline,
    all_helplines,
    country_of,
    deed_words,
    helplines,
    hotlines,
    keyboard,
    text,
)
from bot.i18n import languages, plain


@pytest.mark.parametrize("one", all_helplines(), ids=lambda one: f"{one.country} {one.name}")
def test_an_entry_is_whole(one: Helpline) -> None:
    """A helpline has a name, what it does, its languages, a way to reach it, a source and the day it was checked."""
    assert one.name.strip()
    assert one.country in COUNTRIES
    assert one.does
    assert all(deed_words("en", deed) for deed in one.does)
    assert one.languages
    assert all(code == LOCAL or Locale.parse(code) for code in one.languages)
    assert set(one.people) <= {ADULTS, MINORS}
    assert one.people
    assert one.phone or one.url
    assert re.fullmatch(r"[+\d][\d -]{2,16}|", one.phone)
    assert re.fullmatch(r"\d?", one.keys)
    assert all(re.fullmatch(r"https://[\w.-]+(/\S*)?", url) for url in (one.url, one.source) if url)
    assert one.source
    assert isinstance(one.checked, date)
    assert date(2026, 11, 1) <= one.checked <= datetime.now(UTC).date()


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_help(country: str) -> None:
    """There is somebody of its own for adults and for minors in every country, and a hotline for reports."""
    for people in (ADULTS, MINORS):
        assert any(one.country == country for one in helplines(country, people))
    assert hotlines(country)
    assert all("report" in one.does for one in hotlines(country))


@pytest.mark.parametrize("country", COUNTRIES)
def test_minors_are_shown_their_own_way_first(country: str) -> None:
    """Under 18 the first entry is the one that is for minors alone; adults never see it."""
    first = helplines(country, MINORS)[0]
    assert (first.name, first.people) == ("Take It Down (NCMEC)", (MINORS,))
    assert first not in helplines(country, ADULTS)
    assert "StopNCII.org" in [one.name for one in helplines(country, ADULTS)]
    names = [one.name for one in helplines(country, MINORS)]
    assert len(names) == len(set(names))


def test_what_the_product_promises_is_there() -> None:
    """Korea has 1377 and its support centre, France 3018, and the United Kingdom and the States their own."""
    phones = {country: {one.phone for one in helplines(country)} for country in COUNTRIES}
    assert {"1377", "1366"} <= phones["KR"]
    assert "3018" in phones["FR"]
    assert all(phones[country] - phones[EVERYWHERE] for country in COUNTRIES if country != EVERYWHERE)


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("ko", "KR"),
        ("fr", "FR"),
        ("fr-CA", "INT"),
        ("fr-BE", "EU"),
        ("en", "INT"),
        ("en-GB", "GB"),
        ("en-us", "US"),
        ("de-DE", "EU"),
        ("de", "INT"),
        ("", "INT"),
        (None, "INT"),
    ],
)
def test_the_first_offer_is_guessed(code: str | None, country: str) -> None:
    """The country that is offered first is Telegram's own, else the language's, else everywhere."""
    assert country_of(code) == country


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("people", [ADULTS, MINORS])
def test_it_is_said_whole_in_every_language(language: str, people: str) -> None:
    """What is said fits one message, and every country has its button, the chosen one marked."""
    for country in COUNTRIES:
        said = text(language, country, people)
        assert len(plain(said)) < 4096
        assert all(one.name in plain(said) for one in helplines(country, people))
        data = [button["callback_data"] for row in keyboard(language, country, people) for button in row]
        assert {f"v:{one}:{people}" for one in COUNTRIES} <= set(data)
        marked = [button for row in keyboard(language, country, people) for button in row if "●" in button["text"]]
        assert len(marked) == 2
