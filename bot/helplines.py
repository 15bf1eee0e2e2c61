"""Who helps people whose intimate pictures are shared, by country: the data file read, and its words. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

from bot.calls import button
from bot.i18n import Html, lines, link, listed, paragraphs, plain, say

FILE = Path(__file__).with_suffix(".toml")

EVERYWHERE = "INT"
"""The country of helplines that are for everybody."""

COUNTRIES = ("KR", "FR", "GB", "US", "EU", EVERYWHERE)
"""What one can choose, in the order of the buttons."""

BY_LANGUAGE = {"ko": "KR", "fr": "FR"}
"""The country to offer first to somebody of whom only the language is known; English says too little."""

UNION = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""Members of the European Union that have no entry of their own (ISO 3166)."""

ADULTS, MINORS = "adults", "minors"

REPORTING = "report"
"""What a hotline does that takes reports of pictures of minors."""

LOCAL = "local"
"""Instead of a language's code: the one of the country that one calls from."""

MARK = "v"
"""The letter that the data of these buttons begins with."""

Keyboard = list[list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Helpline:
    """One place to turn to, as the data file describes it."""

    country: str
    name: str
    does: tuple[str, ...]
    languages: tuple[str, ...]
    people: tuple[str, ...]
    source: str
    checked: date
    phone: str = ""
    keys: str = ""
    url: str = ""
    always: bool = False
    partial: bool = False


@cache
def all_helplines() -> tuple[Helpline, ...]:
    """Return every entry of the data file, in its order."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["helpline"]
    return tuple(_helpline(row) for row in rows)


def _helpline(row: dict[str, Any]) -> Helpline:
    facts: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Helpline(**facts)


def helplines(country: str, people: str = ADULTS) -> tuple[Helpline, ...]:
    """Return who helps adults or minors of a country: for minors the way that is theirs alone comes first."""
    fit = [one for one in all_helplines() if people in one.people and one.country in (country, EVERYWHERE)]
    if people == ADULTS:  # what only takes reports of pictures of minors is no help to them
        fit = [one for one in fit if one.does != (REPORTING,)]
    theirs = [one for one in fit if one.country == EVERYWHERE and one.people == (MINORS,)]
    near = [one for one in fit if one.country == country and one not in theirs]
    known = {one.url for one in near if one.url}
    return (*theirs, *near, *(one for one in fit if one not in theirs and one not in near and one.url not in known))


def hotlines(country: str) -> tuple[Helpline, ...]:
    """Return where pictures of minors are reported in a country, and everywhere."""
    return tuple(one for one in helplines(country, MINORS) if REPORTING in one.does)


def country_of(language_code: str | None) -> str:
    """Guess a country from Telegram's `language_code` (``ko``, ``en-GB``): what to offer first, and no more."""
    language, _, region = (language_code or "").replace("_", "-").partition("-")
    if region.upper() in COUNTRIES:
        return region.upper()
    if region.upper() in UNION:
        return "EU"
    return EVERYWHERE if region else BY_LANGUAGE.get(language.lower(), EVERYWHERE)


def country_for(chosen: str, language: str) -> str:
    """Return the country whose helplines a chat is told of: the one its admins chose, else by its language."""
    code = chosen.upper()
    if not code:
        return country_of(language)
    return code if code in COUNTRIES else "EU" if code in UNION else EVERYWHERE


# --- what it says ----------------------------------------------------------------------------------


def text(language: str, country: str, people: str) -> Html:
    """Say in plain words what to do first, and who helps."""
    found = [entry(language, one) for one in helplines(country, people)]
    for_whom = (
        say(language, "<b>{country}</b> · for people under 18", country=country_name(language, country))
        if people == MINORS
        else say(language, "<b>{country}</b> · for adults", country=country_name(language, country))
    )
    return paragraphs(
        lines(
            say(language, "<b>It is not your fault, and you are not alone.</b>"),
            say(
                language,
                "If intimate pictures or videos of you are shared, real or made up, or somebody threatens to share "
                "them, the people below help. Do not send the pictures here: nobody needs to see them. "
                "I keep no note of who asked.",
            ),
        ),
        say(
            language,
            "Do not pay, and do not answer threats. Keep the messages, names and addresses as proof. "
            "If you are in danger now, call the police.",
        ),
        for_whom,
        *found,
    )


def entry(language: str, one: Helpline) -> Html:
    """Say what a helpline is called, what it does, and how it is reached."""
    return lines(
        say(language, "<b>{name}</b>", name=one.name),
        *(deed_words(language, deed) for deed in one.does),
        _phone(language, one),
        link(one.url, one.url.removeprefix("https://")) if one.url else None,
        say(language, "Languages: {names}", names=_tongues(language, one)),
    )


def contact(language: str, one: Helpline) -> Html:
    """Say in a line what a helpline is called and how it is reached."""
    ways = [_phone(language, one), link(one.url, one.url.removeprefix("https://")) if one.url else None]
    return say(language, "• {name}: {ways}", name=one.name, ways=listed(language, [way for way in ways if way]))


def keyboard(language: str, country: str, people: str) -> Keyboard:
    """Return the buttons that choose another country, and for whom help is looked for."""
    tongues = [button(_chosen(country_name(language, one), one == country), _data(one, people)) for one in COUNTRIES]
    ages = [
        button(_chosen(say(language, "Under 18"), people == MINORS), _data(country, MINORS)),
        button(_chosen(say(language, "18 or older"), people == ADULTS), _data(country, ADULTS)),
    ]
    return [ages, *(tongues[place : place + 2] for place in range(0, len(tongues), 2))]


def country_name(language: str, country: str) -> Html:
    """Return what stands on a country's button."""
    names = {
        "KR": say(language, "South Korea"),
        "FR": say(language, "France"),
        "GB": say(language, "United Kingdom"),
        "US": say(language, "United States"),
        "EU": say(language, "European Union"),
        EVERYWHERE: say(language, "Everywhere"),
    }
    return names[country]


def deed_words(language: str, deed: str) -> Html:
    """Say in a line what a helpline does. Raises KeyError for a word that is not of the vocabulary."""
    words = {
        "fingerprint": say(
            language,
            "• makes digital fingerprints of the pictures on your own device, so that platforms taking part "
            "block them; the pictures never leave it",
        ),
        "removal": say(language, "• helps to have pictures taken down"),
        "counselling": say(language, "• listens and advises"),
        "legal": say(language, "• helps with the law"),
        "police": say(language, "• leads to the police"),
        REPORTING: say(language, "• takes reports of pictures that show the abuse of minors"),
    }
    return words[deed]


def _phone(language: str, one: Helpline) -> Html | None:
    if not one.phone:
        return None
    parts = [say(language, "Phone: {number}", number=one.phone)]
    if one.keys:
        parts.append(say(language, "then press {keys}", keys=one.keys))
    if one.always:
        parts.append(say(language, "day and night"))
    if one.partial:
        parts.append(say(language, "not in all countries"))
    return Html(", ".join(parts))


def _tongues(language: str, one: Helpline) -> Html:
    return listed(language, [_tongue(language, code) for code in one.languages])


def _tongue(language: str, code: str) -> str:
    if code == LOCAL:
        return plain(say(language, "those of the country"))
    return Locale.parse(code).get_language_name(language) or code


def _chosen(words: Html, is_chosen: bool) -> str:
    return f"● {plain(words)}" if is_chosen else plain(words)


def _data(country: str, people: str) -> str:
    return f"{MARK}:{country}:{people}"
