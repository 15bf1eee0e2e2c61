"""The documents keep up with the code: every command, configuration key and audit code is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import metrics
from bot.settings import KEYS
from bot.store.cases import AUDIT_CODES
from handlers.rights import COMMANDS

ROOT = Path(__file__).parents[2]
OPERATING = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")
TERMINAL = [
    "run",
    "demo",
    "lists import",
    "lists add",
    "lists export",
    "lists show",
    "lists release",
    "lists remove",
    "fed show",
    "fed import",
    "hash",
    "match",
    "calibrate",
    "doctor",
    "backup",
    "restore",
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", KEYS)
def test_every_configuration_key_is_described(key: str) -> None:
    """The operator's handbook names every key of the configuration."""
    assert f"`{key}`" in OPERATING


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described(name: str) -> None:
    """The README names every command that the bot answers."""
    assert f"/{name}" in README


def _metrics() -> dict[str, set[str]]:
    """Every metric as Prometheus names it, with its labels."""
    found = {}
    for family in metrics.REGISTRY.collect():
        collector = metrics.REGISTRY._names_to_collectors.get(family.name)  # None for the process's own
        suffix = "_total" if family.type == "counter" else ""
        found[f"{family.name}{suffix}"] = set(getattr(collector, "_labelnames", ()))
    return found


def test_every_metric_is_described() -> None:
    """The operator's handbook has a line for every metric with its labels, and for no other."""
    table = OPERATING.split("## Health", 1)[1].split("### Alerts", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([a-z_]+)(?:{([a-z,]+)})?`", row)]
    assert {name: set(filter(None, labels.split(","))) for name, labels in named} == _metrics()


def test_alerts_ask_for_metrics_that_are_there() -> None:
    """Every expression that the handbook suggests asks only for metrics and labels that exist."""
    table = OPERATING.split("### Alerts", 1)[1].split("\n### ", 1)[0]
    asked = re.findall(r"((?:haechi|process)_[a-z_]+)(?:{([^}]*)})?", table)
    known = _metrics()
    assert len(asked) >= 10
    for name, matchers in asked:
        family = name.removesuffix("_bucket")
        assert family in known, name
        assert set(re.findall(r"([a-z]+)=~?", matchers)) <= known[family], name


def test_every_audit_code_is_described() -> None:
    """The operator's handbook names every code that the audit log can hold, and no other."""
    table = OPERATING.split("## Audit codes", 1)[1]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", table)) == AUDIT_CODES


@pytest.mark.parametrize("name", TERMINAL)
def test_every_command_of_the_terminal_is_described(name: str) -> None:
    """The operator's handbook names every command of `haechi`."""
    assert f"`haechi {name}" in OPERATING


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"])
def test_every_link_leads_somewhere(path: Path) -> None:
    """Links between documents name files that are there."""
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_promise_of_security_names_tests_that_exist() -> None:
    """The files of tests in the tables of promises and threats are there."""
    text = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:tests/\w+/)?test_\w+\.py", text))
    there = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(named) > 20
    assert [name for name in sorted(named) if not any(path.endswith(name) for path in there)] == []


def test_every_row_of_the_comparison_names_tests_that_exist() -> None:
    """What Haechi is said to have beside others is proved by tests of those names, one at least for each row."""
    text = (ROOT / "docs" / "COMPARISON.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "proved by" not in line]
    assert len(rows) > 25
    assert [row for row in rows if "`tests/" not in row] == []
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert [one for one in named if f"def {one[1]}(" not in (ROOT / one[0]).read_text(encoding="utf-8")] == []
