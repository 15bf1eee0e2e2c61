"""The house: sizes, names and what may not stand in the repository. Floors are import-linter's."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import handlers

ROOT = Path(__file__).parents[2]
PRODUCT = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MIGRATIONS = ROOT / "bot" / "store" / "migrations" / "versions"

FILE_LINES = 400
BODY_LINES = 50
NESTING = 3
POSITIONAL = 5
JUNK = {"util", "utils", "helper", "helpers", "common", "misc", "base", "shared", "stuff", "tools"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[tuple[str, Function]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def _body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _depth(node: ast.AST) -> int:
    """How many blocks stand inside each other below `node`; an elif is no deeper than its if."""
    return max((_deepened(child, node) for child in ast.iter_child_nodes(node)), default=0)


def _deepened(child: ast.AST, parent: ast.AST) -> int:
    if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return 0  # measured for itself
    is_elif = isinstance(child, ast.If) and isinstance(parent, ast.If) and parent.orelse == [child]
    return _depth(child) + (isinstance(child, BLOCKS) and not is_elif)


def _positional(function: Function) -> int:
    names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def _over(limit: int, sizes: dict[str, int]) -> dict[str, int]:
    return {place: size for place, size in sizes.items() if size > limit}


def test_files_are_short() -> None:
    """No file of the product is longer than 400 lines; a migration lists tables and may be."""
    paths = [path for path in PRODUCT if path.parent != MIGRATIONS]
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert _over(FILE_LINES, sizes) == {}


def test_functions_are_short() -> None:
    """No function's body is longer than 50 lines, its docstring apart; a migration lists tables and may be."""
    paths = [path for path in PRODUCT if path.parent != MIGRATIONS]
    sizes = {place: _body_lines(function) for path in paths for place, function in _functions(path)}
    assert _over(BODY_LINES, sizes) == {}


def test_functions_are_flat() -> None:
    """No function has more than three blocks inside each other."""
    sizes = {place: _depth(function) for path in PRODUCT for place, function in _functions(path)}
    assert _over(NESTING, sizes) == {}


def test_functions_take_few_positional_arguments() -> None:
    """No function takes more than five arguments by position."""
    sizes = {place: _positional(function) for path in PRODUCT for place, function in _functions(path)}
    assert _over(POSITIONAL, sizes) == {}


def test_modules_say_what_they_are() -> None:
    """Every module opens with a docstring."""
    assert [str(path.relative_to(ROOT)) for path in PRODUCT if not ast.get_docstring(_tree(path))] == []


def test_there_is_no_junk_drawer() -> None:
    """No module or folder is named for being a drawer."""
    parts = {part for path in PRODUCT + TESTS for part in path.relative_to(ROOT).with_suffix("").parts}
    assert parts & JUNK == set()


def test_nobody_waits_in_a_way_that_loses_a_stop() -> None:
    """The product uses asyncio.timeout: before Python 3.12, asyncio.wait_for swallows a stop that races its end."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "wait_for" and ast.unparse(node.value) == "asyncio"
    ]
    assert found == []


def test_tests_are_promises() -> None:
    """Every test says in its docstring what it promises."""
    silent = [
        place
        for path in TESTS
        for place, function in _functions(path)
        if function.name.startswith("test") and not ast.get_docstring(function)
    ]
    assert silent == []


def test_test_folders_are_packages() -> None:
    """Every folder with tests has an __init__.py, so that none of them is taken for the product's own."""
    assert [str(path.parent) for path in TESTS if not (path.parent / "__init__.py").exists()] == []


def test_both_packages_are_ours() -> None:
    """`bot` and `handlers` come from one place: a careless distribution may ship either name too."""
    folders = {Path(str(package.__file__)).resolve().parents[1] for package in (bot, handlers)}
    assert folders == {ROOT}


# --- what may not stand in the repository --------------------------------------------------------

# In pieces, for this file is in the repository too.
FORBIDDEN = {
    "a registry's host": re.compile(
        "|".join(
            re.escape(".".join(parts))
            for parts in (
                ("pypi", "org"),
                ("python" + "hosted", "org"),
                ("registry", "npmjs"),
                ("debian", "org"),
                ("proxy", "golang"),
                ("crates", "io"),
            )
        )
    ),
    "somebody's home": re.compile("/" + r"(?:home|Users)/\w|" + "/" + r"root/\w"),
    "a development machine's path": re.compile(r"(?<![\w.~-])/" + r"(?:work|workspaces?)/\w"),
}


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_tracked(what: str) -> None:
    """No tracked file names a package registry's host or a path that exists on one machine only."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


def test_locks_name_no_place_and_hash_everything() -> None:
    """The locks pin every package by hash and name neither an index nor an address."""
    for name in [
        f"requirements{kind}.lock" for kind in ("", "-dev", "-build", "-reference", "-bench", "-audit", "-fast")
    ]:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"^\s*--(index|extra|find|trusted)", text, re.MULTILINE)
        pins = re.split(r"\n(?=\S)", text.strip())
        assert pins
        assert [pin for pin in pins if not re.match(r"[\w.\[\]-]+==\S+.*\\\n    --hash=sha256:[\da-f]{64}", pin)] == []


def test_notice_names_every_library() -> None:
    """NOTICE has the licence of every library that Haechi installs to run, and of no other."""
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert set(re.findall(r"^  ([a-z][\w.-]+)  +\S", notice, re.MULTILINE)) == locked
