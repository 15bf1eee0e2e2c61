"""Texts in the reader's language, safe to be sent as Telegram's HTML. Which text to say is not decided here."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DOMAIN = "haechi"
SOURCE = "en"
"""The language of the texts in the code; it needs no catalogue."""

LOCALES = Path(__file__).parent / "locales"

MAX_NAME = 64
"""Characters of a person's or a chat's name that a card shows: Telegram's own limit for first names."""

DISTURBING = re.compile("[\u0000-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters and direction marks, with which a name could rearrange the card around it."""

Unit = Literal["week", "day", "hour", "minute", "second"]

UNITS: tuple[tuple[Unit, int], ...] = (
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)
"""Units of time by Babel's names, with their seconds; months and years have no fixed length."""


class Html(str):
    """Text that is HTML already: `say` puts it in as it is."""

    __slots__ = ()


def languages() -> tuple[str, ...]:
    """Return the codes of all languages that there are texts in."""
    return (SOURCE, *sorted(path.name for path in LOCALES.iterdir() if (path / "LC_MESSAGES").is_dir()))


def language_for(code: str | None) -> str:
    """Return the best language for a user's `language_code` (``fr-CA`` → ``fr``), English when there is none.

    A catalogue of a region's own, such as ``pt_BR``, is preferred to the language's.
    """
    wanted = (code or "").replace("-", "_").lower()
    known = {one.lower(): one for one in languages()}
    return known.get(wanted) or known.get(wanted.partition("_")[0]) or SOURCE


def own_name(language: str) -> str:
    """Return what a language calls itself (“Français”), as it stands on a button; its code where nobody knows."""
    try:
        found = Locale.parse(language).get_display_name(language) or language
    except (UnknownLocaleError, ValueError):
        return language
    return found[:1].upper() + found[1:]


def say(language: str, text: str, /, **values: object) -> Html:
    """Return `text` in `language` with `values` filled in, each made harmless unless it is `Html` itself."""
    return Html(_catalogue(language).gettext(text).format_map(_harmless(values)))


def say_n(language: str, one: str, many: str, number: int, /, **values: object) -> Html:
    """Return the form of a text that fits `number`, which is filled in as ``{n}``."""
    text = _catalogue(language).ngettext(one, many, number)
    return Html(text.format_map(_harmless({**values, "n": number})))


def plain(text: str) -> str:
    """Return HTML from `say` as plain text, for places where Telegram shows no markup (buttons, toasts)."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def name(text: str) -> str:
    """Return a name fit for a card: one line, no direction marks, not longer than `MAX_NAME`."""
    cleaned = DISTURBING.sub("", text).strip() or "?"
    return cleaned if len(cleaned) <= MAX_NAME else cleaned[: MAX_NAME - 1] + "…"


def mention(user_id: int, text: str) -> Html:
    """Return a link to a user that works without a username."""
    return Html(f'<a href="tg://user?id={user_id}">{html.escape(name(text))}</a>')


def link(url: str, text: str) -> Html:
    """Return a link; `text` is made harmless unless it is `Html`."""
    shown = text if isinstance(text, Html) else html.escape(text)
    return Html(f'<a href="{html.escape(url)}">{shown}</a>')


def lines(*parts: str | None) -> Html:
    """Join the parts that are not empty, a line each."""
    return Html("\n".join(part for part in parts if part))


def paragraphs(*parts: str | None) -> Html:
    """Join the parts that are not empty, with a blank line between them."""
    return Html("\n\n".join(part for part in parts if part))


def listed(language: str, parts: Sequence[str]) -> Html:
    """Name several things in a row as the language does (“a, b, and c”, “a, b 및 c”); each is HTML already."""
    return Html(format_list(list(parts), locale=language))


def duration(language: str, seconds: float) -> str:
    """Return about how long something took or lies back, in its largest unit (“2 hours”, “7일”)."""
    return format_timedelta(timedelta(seconds=round(seconds)), locale=language, threshold=1.5)


def length(language: str, seconds: int) -> str:
    """Return a length of time exactly, in the largest unit that it is a whole number of (“1 day”, “90 minutes”)."""
    unit = next(unit for unit, size in UNITS if seconds % size == 0)
    # Not format_unit: it knows no Korean. With a threshold that nothing reaches, no larger unit is taken than this.
    return format_timedelta(timedelta(seconds=seconds), granularity=unit, threshold=float("inf"), locale=language)


def _harmless(values: dict[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, Html) else html.escape(str(value)) for key, value in values.items()}


@cache
def _catalogue(language: str) -> NullTranslations:
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if language == SOURCE or not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return GNUTranslations(binary)
