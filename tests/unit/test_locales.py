"""The catalogues hold to the code: every text in every language, whole, with its placeholders and its markup."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.i18n import LOCALES, SOURCE, languages, plain, say, say_n

ROOT = Path(__file__).parents[2]
KEYWORDS = {"say": (2,), "say_n": (2, 3)}
TRANSLATED = [language for language in languages() if language != SOURCE]

MAX_BUTTON, MAX_TOAST = 32, 200
"""Characters of a button that a phone shows in a row of its own, and of an answer to a press (answerCallbackQuery).

How many fit where several stand in a row is in test_buttons.
"""

BUTTONS = {"button", "url_button", "choice", "one"}
"""Functions whose texts stand on buttons."""

NAMES = {"preset_name", "unscannable_name", "country_name", "page_name", "knob_name", "value_name", "_word"}
"""Functions that return the texts of buttons."""

TOASTS = {"Toast"}
TOAST_FILES = {"bot/review.py", "handlers/callback.py", "handlers/rights.py"}
"""Where texts are made that become toasts."""

Id = str | tuple[str, ...]
Texts = AbstractSet[str]
Forms = str | list[str] | tuple[str, ...] | None


@cache
def _texts() -> frozenset[Id]:
    """Every text of the code; a text with plural forms is a pair."""
    found: set[Id] = set()
    for folder in ("bot", "handlers"):
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, [("**.py", "python")], keywords=KEYWORDS):
            found.add(text if isinstance(text, str) else tuple(text))
    return frozenset(found)


@cache
def _catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "haechi.po").open("rb") as file:
        return read_po(file, locale=language)


def _messages(language: str) -> Iterator[Message]:
    return (message for message in _catalogue(language) if message.id)


def _forms(text: Forms) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)\}", text))


def _tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?\w+[^>]*>", text))


def _commands(text: str) -> list[str]:
    return sorted(re.findall(r"/[a-z]+", text))


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("bot", "handlers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_said(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether this is a call that translates; `calls.say`, which sends, is another."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS


def _said(node: ast.AST) -> Iterator[str]:
    """The texts that are said anywhere inside a piece of code."""
    for call in ast.walk(node):
        if _is_said(call):
            places = KEYWORDS[_name(call)]
            yield from (str(getattr(call.args[place - 1], "value", "")) for place in places if place <= len(call.args))


def _said_in(functions: Texts, *, within: Texts = frozenset(), files: Texts = frozenset()) -> set[str]:
    """The texts said in the arguments of calls of `functions`, in the bodies of those in `within`, and in `files`."""
    found: set[str] = set()
    for name, tree in _sources():
        if name in files:
            found.update(_said(tree))
        for node in ast.walk(tree):
            is_call = isinstance(node, ast.Call) and _name(node) in functions
            if is_call or (isinstance(node, ast.FunctionDef) and node.name in within):
                found.update(_said(node))
    return found


def test_there_are_korean_and_french() -> None:
    """Haechi speaks English, French and Korean from the start."""
    assert set(languages()) >= {"en", "fr", "ko"}


def test_every_text_is_spelled_out_where_it_is_said() -> None:
    """A text that is not a literal would be in no catalogue."""
    for name, tree in _sources():
        for call in ast.walk(tree):
            if _is_said(call):
                for place in KEYWORDS[_name(call)]:
                    text = call.args[place - 1]
                    assert isinstance(text, ast.Constant), f"{name}:{call.lineno}"
                    assert text.value, f"{name}:{call.lineno}"


def test_the_template_is_up_to_date() -> None:
    """haechi.pot, from which a new language starts, holds exactly the texts of the code."""
    with (LOCALES / "haechi.pot").open("rb") as file:
        template = {message.id for message in read_po(file) if message.id}
    assert {tuple(one) if isinstance(one, (list, tuple)) else one for one in template} == _texts()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_there_and_none_is_left_over(language: str) -> None:
    """A catalogue has each text of the code, no other, and nothing obsolete."""
    assert {message.id for message in _messages(language)} == _texts()
    assert not _catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_for_certain(language: str) -> None:
    """No translation is empty or fuzzy, and each plural text has all the forms of its language."""
    for message in _messages(language):
        forms = _forms(message.string)
        assert all(forms), message.id
        assert not message.fuzzy, message.id
        assert len(forms) == (_catalogue(language).num_plurals if message.pluralizable else 1), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_markup_are_the_same(language: str) -> None:
    """A translation fills in what the text does, and opens and closes the same tags."""
    for message in _messages(language):
        source = _forms(message.id)[-1]
        for form in _forms(message.string):
            assert _placeholders(form) == _placeholders(source), form
            assert _tags(form) == _tags(source), form
            assert _commands(form) == _commands(source), form


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_plural_rule_is_the_one_of_the_language(language: str) -> None:
    """Korean has one form for all numbers; French has zero and one together."""
    rule = {"ko": [0, 0, 0], "fr": [0, 0, 1]}.get(language)
    if rule is not None:
        forms = [say_n(language, "{n} picture", "{n} pictures", number) for number in (0, 1, 2)]
        assert [len(set(forms[:2])), len(set(forms))] == [2, 3]
        message = _catalogue(language).get(("{n} picture", "{n} pictures"))
        assert message is not None
        wanted = [_forms(message.string)[form] for form in rule]
        assert forms == [text.format(n=number) for number, text in enumerate(wanted)]


@pytest.mark.parametrize("language", [SOURCE, *TRANSLATED])
def test_buttons_are_short(language: str) -> None:
    """A button's text fits a phone's width in every language."""
    texts = _said_in(BUTTONS, within=NAMES)
    assert len(texts) > 15, "the buttons are not found in the code any more"
    for text in texts:
        shown = _shown(language, text)
        assert len(shown) <= MAX_BUTTON, shown


@pytest.mark.parametrize("language", [SOURCE, *TRANSLATED])
def test_toasts_are_short(language: str) -> None:
    """What Telegram shows after a press has at most 200 characters, a name of 64 among them."""
    texts = _said_in(TOASTS, within={"refusal"}, files=TOAST_FILES)
    assert len(texts) > 10, "the toasts are not found in the code any more"
    for text in texts:
        shown = re.sub(r"\{\w+\}", "n" * 64, _shown(language, text))
        assert len(shown) <= MAX_TOAST, shown


@pytest.mark.parametrize("language", ["fr"])
def test_french_spaces_do_not_break(language: str) -> None:
    """Before high punctuation and inside quotation marks French has a space that does not break the line."""
    for message in _messages(language):
        for form in _forms(message.string):
            assert not re.search(r" [:;!?»]|« ", form), form
            assert "'" not in form, form


def _shown(language: str, text: str) -> str:
    if language == SOURCE:
        return plain(text)
    found = _catalogue(language).get(text)
    return plain(found.string) if found is not None and isinstance(found.string, str) else plain(text)


def test_a_language_without_a_catalogue_is_english() -> None:
    """An unknown language is answered in the language of the code."""
    assert say("xx", "Close") == "Close"
