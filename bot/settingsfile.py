"""A chat's settings as a file, to keep or to take to another chat: written, read strictly, every problem named. Pure.

The log chat, its topic and the federation are not in it: they are places of one chat, and not its owner's alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.i18n import Html, languages, say
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.rules import DEFAULTS, Rules
from bot.store.trusted import Trusted

VERSION = 1

KIND = "settings"
"""What the key `haechi` of such a file says."""

MAX_BYTES = 256 * 1024
"""Bytes of a file: as many trusted members as a chat can have, with the longest names in any script."""

MOST_TRUSTED, MOST_LETTERS = 500, 256

LARGEST_ID = 2**52

HERE_ONLY = frozenset({"log_thread_id"})
"""Fields of the rules that mean something in one chat only."""

WORDS: Mapping[str, Callable[[], Iterable[str]]] = {
    "preset": lambda: Preset,
    "unscannable": lambda: UnscannablePolicy,
    "language": languages,
}
"""Keys that hold one of several words."""

KEYS = frozenset({"haechi", "version", "rules", "trusted", *WORDS})

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file: at which key, and what in a word."""

    key: str
    code: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file asks for; what it does not name stays as it is."""

    columns: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    trusted: tuple[Trusted, ...] | None = None

    def applied(self, before: ChatSettings) -> ChatSettings:
        """Return settings as the file wants them."""
        preset = Preset(self.columns.get("preset", before.preset))
        unscannable = UnscannablePolicy(self.columns.get("unscannable", before.unscannable))
        tongue = self.columns.get("language", before.language)
        rules = before.rules.changed(**self.rules)
        return replace(before, preset=preset, unscannable=unscannable, language=tongue, rules=rules)


def write(settings: ChatSettings, trusted: Iterable[Trusted]) -> Document:
    """Return the file of a chat: every knob by name, also those that nobody turned."""
    tuned = {name: value for name, value in asdict(settings.rules).items() if name not in HERE_ONLY}
    chosen = {name: str(getattr(settings, name)) for name in WORDS}
    people = [{"id": one.sender_id, "name": one.name} for one in trusted]
    return {"haechi": KIND, "version": VERSION, **chosen, "rules": tuned, "trusted": people}


def dump(document: Document) -> bytes:
    """Return a document as the bytes of a file that people can read."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def load(data: bytes) -> Wanted | list[Problem]:
    """Read a file; its problems, all of them, when it is not sound."""
    twice: list[str] = []

    def paired(pairs: Sequence[tuple[str, Any]]) -> Document:
        names = [name for name, _ in pairs]
        twice.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(pairs)

    try:
        document = json.loads(data, object_pairs_hook=paired)
    except (ValueError, RecursionError):
        return [Problem("", "json")]
    found = read(document)
    repeated = [Problem(_shown(name), "twice") for name in twice]
    return [*repeated, *(found if isinstance(found, list) else [])] if repeated else found


def read(document: Any) -> Wanted | list[Problem]:
    """Read a document that was JSON; its problems, all of them, when it is not sound."""
    if not isinstance(document, dict):
        return [Problem("", "object")]
    if document.get("haechi") != KIND:
        return [Problem("haechi", "kind")]
    if type(document.get("version")) is not int or document["version"] != VERSION:
        return [Problem("version", "version")]
    problems = [Problem(_shown(name), "unknown") for name in document if name not in KEYS]
    columns = {name: document[name] for name in WORDS if name in document}
    problems += [Problem(name, "value") for name, value in columns.items() if not _is_word(name, value)]
    rules = document.get("rules", {})
    problems += _rule_problems(rules)
    trusted, wrong = _trusted(document["trusted"]) if "trusted" in document else (None, [])
    return [*problems, *wrong] or Wanted(columns, rules, trusted)


def _is_word(name: str, value: Any) -> bool:
    return isinstance(value, str) and value in set(WORDS[name]())


def _rule_problems(rules: Any) -> list[Problem]:
    if not isinstance(rules, dict):
        return [Problem("rules", "type")]
    problems = []
    for name, value in rules.items():
        key = f"rules.{_shown(name)}"
        if name not in Rules.__dataclass_fields__ or name in HERE_ONLY:
            problems.append(Problem(key, "unknown"))
            continue
        try:
            DEFAULTS.changed(**{name: value})
        except (ValueError, TypeError):
            problems.append(Problem(key, "value"))
    return problems


def _trusted(rows: Any) -> tuple[tuple[Trusted, ...], list[Problem]]:
    if not isinstance(rows, list):
        return (), [Problem("trusted", "type")]
    if len(rows) > MOST_TRUSTED:
        return (), [Problem("trusted", "many")]
    known: dict[int, Trusted] = {}
    problems = []
    for place, row in enumerate(rows):
        if not _is_person(row):
            problems.append(Problem(f"trusted[{place}]", "value"))
        elif row["id"] in known:
            problems.append(Problem(f"trusted[{place}]", "twice"))
        else:
            known[row["id"]] = Trusted(row["id"], row.get("name", ""))
    return tuple(known.values()), problems


def _is_person(row: Any) -> bool:
    if not isinstance(row, dict) or not {"id"} <= row.keys() <= {"id", "name"}:
        return False
    number, name = row["id"], row.get("name", "")
    is_number = type(number) is int and number != 0 and abs(number) < LARGEST_ID
    return is_number and isinstance(name, str) and len(name) <= MOST_LETTERS


def _shown(name: str) -> str:
    """Return a key of somebody's file, short enough to be repeated."""
    return name if len(name) <= 40 else f"{name[:39]}…"  # noqa: PLR2004 - longer than any key of ours


def problem_words(language: str, problem: Problem) -> Html:
    """Say what is wrong with a file."""
    words = {
        "json": say(language, "• The file is not JSON."),
        "object": say(language, "• The file holds no JSON object."),
        "kind": say(language, "• <code>haechi</code>: this is no file of Haechi's settings."),
        "version": say(
            language, "• <code>version</code>: I read version {number} only; the file has another.", number=VERSION
        ),
        "unknown": say(language, "• <code>{key}</code>: there is no such setting.", key=problem.key),
        "type": say(language, "• <code>{key}</code>: not of the kind that belongs here.", key=problem.key),
        "value": say(language, "• <code>{key}</code>: it cannot have this value.", key=problem.key),
        "many": say(language, "• <code>{key}</code>: more than {number} people.", key=problem.key, number=MOST_TRUSTED),
        "twice": say(language, "• <code>{key}</code>: it is there twice.", key=problem.key),
    }
    return words[problem.code]
