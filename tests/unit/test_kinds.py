"""The map in tests/flow/kinds.py: it names tests that there are, in the kinds of chat in which they run."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.flow import kinds

LETTERS = {"g": kinds.GROUP, "s": kinds.SUPERGROUP, "f": kinds.FORUM, "c": kinds.CHANNEL}

ENTRY = re.compile(r" {4}(?P<kinds>(?=.{0,4}[gsfc+])[gsfc+ ]{5}) (?P<what>.{31}) (?P<tests>.+)")

WORDS = re.compile(r"(?P<kinds>\b[gsfc]+|\+): |(?P<file>\btest_\w+): |(?P<test>\btest_\w*…?)")

FILES = [
    importlib.import_module(f"tests.flow.{path.stem}") for path in sorted(Path(kinds.__file__).parent.glob("test_*.py"))
]

Named = tuple[str, str, str]
"""What the map says: kinds by their letters, a file, and how a test's name begins, or is with no dots at its end."""


def entries(text: str) -> Iterator[Named]:
    """Read the map: the files of a headline count until the next one, a file in a line for the tests after it."""
    files: list[str] = []
    where, letters = files, ""
    for line in text.splitlines():
        if not line.startswith(" "):
            files = re.findall(r"\btest_\w+", line)
            continue
        entry = ENTRY.fullmatch(line)
        if entry is not None:
            where, letters = files, "".join(entry["kinds"].split())
        for found in WORDS.finditer(entry["tests"] if entry else line):
            letters = found["kinds"] or letters
            where = [found["file"]] if found["file"] else where
            if found["test"]:
                yield from ((letters, file, found["test"]) for file in where)


def runs_of(module: ModuleType) -> dict[str, str]:
    """The tests in a file, each with the letters of the kinds of chat that it is run in, none for one kind alone."""
    return {name: run_in(test) for name, test in vars(module).items() if name.startswith("test_") and callable(test)}


def run_in(test: object) -> str:
    """The letters of the kinds of chat that a test is run in."""
    chosen: set[str] = set()
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize" and "kind" in (names := mark.args[0]):
            chosen |= {one if names == "kind" else one[names.index("kind")] for one in mark.args[1]}
    return "".join(letter for letter, kind in LETTERS.items() if kind in chosen)


def is_named(test: str, name: str) -> bool:
    """Whether the map's `name` stands for a test."""
    return test.startswith(name.removesuffix("…")) if name.endswith("…") else test == name


def test_the_map_of_kinds_is_true() -> None:
    """What the map names exists and runs in the kinds before it; whatever runs in several kinds is in the map."""
    tests = {module.__name__.rpartition(".")[2]: runs_of(module) for module in FILES}
    wrong, seen = [], set()
    named = list(entries(kinds.__doc__ or ""))
    for letters, _file, name in named:
        files = [one for other, one, same in named if (other, same) == (letters, name)]
        found = [(file, test) for file in files for test in tests[file] if is_named(test, name)]
        seen |= set(found)
        wrong += [f"{name}: there is none"] if not found else []
        wrong += [
            f"{name} runs in {tests[file][test] or 'one kind'}, not in {letters}"
            for file, test in found
            if (tests[file][test] or letters[:1]) != letters
        ]
    left = [test for file, one in tests.items() for test, run in one.items() if run and (file, test) not in seen]
    assert (sorted(set(wrong)), left) == ([], [])
