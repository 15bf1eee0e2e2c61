"""Speaking many languages: whose is chosen, plurals, lengths of time, rows of things, and one more by a catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot import i18n, panelpages
from bot.cli import counting
from bot.i18n import duration, language_for, languages, length, listed, own_name, say, say_n
from bot.model import ChatSettings
from bot.panel import View
from handlers.menus import describe

DAY = 24 * 60 * 60


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("fr-CA", "fr"),
        ("FR", "fr"),
        ("en-US", "en"),
        ("xx", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_persons_language_is_the_nearest_there_is(code: str | None, language: str) -> None:
    """A region without a catalogue of its own reads its language, an unknown one English."""
    assert language_for(code) == language


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (60, {"en": "1 minute", "fr": "1 minute", "ko": "1분"}),
        (30 * 60, {"en": "30 minutes", "fr": "30 minutes", "ko": "30분"}),
        (3600, {"en": "1 hour", "fr": "1 heure", "ko": "1시간"}),
        (DAY, {"en": "1 day", "fr": "1 jour", "ko": "1일"}),
        (2 * DAY, {"en": "2 days", "fr": "2 jours", "ko": "2일"}),
        (7 * DAY, {"en": "1 week", "fr": "1 semaine", "ko": "1주"}),
        (90 * 60, {"en": "90 minutes", "fr": "90 minutes", "ko": "90분"}),
    ],
)
def test_lengths_of_time_are_said_as_the_language_does(seconds: int, shown: dict[str, str]) -> None:
    """A length is exact, in the largest unit that it is a whole number of, in the form that its number asks for."""
    assert {language: length(language, seconds).replace("\N{NO-BREAK SPACE}", " ") for language in shown} == shown
    assert all(duration(language, seconds) for language in languages())


@pytest.mark.parametrize(("number", "french"), [(0, "0 image"), (1, "1 image"), (2, "2 images")])
def test_plurals_follow_the_languages_own_rule(number: int, french: str) -> None:
    """French counts zero like one, English like many, and Korean has one form for all numbers."""
    forms = {language: say_n(language, "{n} picture", "{n} pictures", number) for language in languages()}
    assert forms["fr"].replace("\N{NO-BREAK SPACE}", " ") == french
    assert forms["en"] == ("1 picture" if number == 1 else f"{number} pictures")
    assert forms["ko"].replace(str(number), "") == say_n("ko", "{n} picture", "{n} pictures", 9).replace("9", "")


def test_several_things_stand_in_a_row_as_the_language_has_it() -> None:
    """The last of several is joined by the language's own word."""
    rows = {language: listed(language, ["a", "b", "c"]) for language in ("en", "fr", "ko")}
    assert rows == {"en": "a, b, and c", "fr": "a, b et c", "ko": "a, b 및 c"}
    assert listed("fr", ["<b>{a}</b>"]) == "<b>{a}</b>"
    assert listed("en", []) == ""


@pytest.mark.parametrize(("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")])
def test_the_terminal_counts_in_english(number: int, said: str) -> None:
    """The command line has a singular."""
    assert counting.entries(number) == said
    assert counting.files(1) == "1 file"
    assert (counting.known(1), counting.known(2)) == ("1 was listed before", "2 were listed before")


# --- one more language -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of catalogues with those of the product and two made up: Italian, and Portuguese as in Brazil."""
    for language in ("fr", "ko"):
        (tmp_path / language).symlink_to(i18n.LOCALES / language)
    for language in ("it", "pt_BR"):
        place = tmp_path / language / "LC_MESSAGES" / "haechi.po"
        place.parent.mkdir(parents=True)
        place.write_bytes(b"")
        with (i18n.LOCALES / "haechi.pot").open("rb") as template:
            texts = read_po(template)
        catalogue = Catalog(locale=language, domain="haechi")
        for message in texts:
            if message.id:
                forms = tuple(f"{language} {one}" for one in message.id) if message.pluralizable else ""
                catalogue.add(message.id, forms or f"{language} {message.id}")
        with place.open("wb") as file:
            write_po(file, catalogue)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    i18n._catalogue.cache_clear()
    yield tmp_path
    i18n._catalogue.cache_clear()


def test_a_language_is_added_by_a_catalogue(folder: Path) -> None:
    """A folder with a catalogue is all it takes: people, chats, plurals, menus and the panel speak the language."""
    assert languages() == ("en", "fr", "it", "ko", "pt_BR"), folder
    assert (language_for("it-CH"), language_for("pt-BR"), language_for("pt")) == ("it", "pt_BR", "en")
    assert say("it", "Close") == "it Close"
    assert say_n("it", "{n} picture", "{n} pictures", 1) == "it 1 picture"
    assert say_n("it", "{n} picture", "{n} pictures", 3) == "it 3 pictures"
    assert length("it", 2 * DAY) == "2 giorni"
    assert describe("pt_BR", "help").startswith("pt_BR ")
    made = panelpages.page(View(ChatSettings(-1001, language="it"), "it"), "language")
    assert made is not None
    shown = [one["text"] for row in made[1] for one in row]
    assert {"● Italiano", "한국어", "Français", "English"} <= set(shown)
    assert (own_name("it"), own_name("nonsense")) == ("Italiano", "nonsense")
