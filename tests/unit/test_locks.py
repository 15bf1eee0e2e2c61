"""The locks: what pyproject.toml asks for, nothing else, and everything by hash. Asks nobody, installs nothing."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS: dict[str, list[str]] = {
    **PROJECT["dependency-groups"],
    **PROJECT["project"].get("optional-dependencies", {}),
    "": PROJECT["project"]["dependencies"],
}
LOCKED = {
    "": ("",),
    "-dev": ("", "dev", "build"),
    "-fast": ("", "fast"),
    "-build": ("build",),
    "-reference": ("reference",),
    "-audit": ("audit",),
}
"""By the lock's name: the groups of pyproject.toml that it is made of."""

PIN = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)((?: ;[^\\]*)?)(.*(?:\n .*)*)", re.MULTILINE)


def _pins(kind: str) -> dict[str, tuple[Version, str, set[str]]]:
    """By name: version, marker and hashes of all that a lock holds."""
    text = (ROOT / f"requirements{kind}.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(name): (Version(version), marker, set(re.findall(r"--hash=(sha256:[\da-f]{64})", hashes)))
        for name, version, marker, hashes in PIN.findall(text)
    }


@pytest.mark.parametrize("kind", LOCKED)
def test_every_requirement_is_locked(kind: str) -> None:
    """What pyproject.toml asks for is in the lock, at a version that it allows, with a hash for every file."""
    pins = _pins(kind)
    assert [name for name, (_, _, hashes) in pins.items() if not hashes] == []
    for line in (line for group in LOCKED[kind] for line in GROUPS[group]):
        wanted = Requirement(line)
        version, _, _ = pins[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), f"{line}: the lock has {version}; run: make lock"


def test_locks_agree() -> None:
    """What several locks hold is the same version with the same files, so that what is tested is what is run."""
    tested = _pins("-dev")
    for kind in ("", "-build", "-fast"):
        assert {name: pin for name, pin in _pins(kind).items() if tested[name] != pin} == {}


def test_nothing_is_locked_that_nobody_asks_for() -> None:
    """What runs is what pyproject.toml asks for and what that needs in turn: no more, no less, on this platform."""
    pins = _pins("")
    asked: dict[str, set[str]] = {}
    todo = [Requirement(line) for line in GROUPS[""]]
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        news = one.extras - asked.get(name, set()) if name in asked else {"", *one.extras}
        asked.setdefault(name, set()).update(news)
        needs = [Requirement(line) for line in metadata.requires(name) or []] if news else []
        todo += [need for need in needs if _applies(need, news)]
    elsewhere = {name for name, (_, marker, _) in pins.items() if marker}
    assert set(asked) - set(pins) == set()
    assert set(pins) - set(asked) - elsewhere == set()


def _applies(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


# --- make audit ----------------------------------------------------------------------------------


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of `make audit`, installed; what pip-audit answers is the test's business."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "deploy" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "_is_installed", lambda: True)
    monkeypatch.setattr("sys.argv", ["audit", str(ROOT / "requirements-build.lock")])
    monkeypatch.delenv("HAECHI_REQUIRE", raising=False)
    return module


def _answers(audit: ModuleType, monkeypatch: pytest.MonkeyPatch, *weak: str, is_mirror: bool = False) -> None:
    """Have pip-audit answer about the control and a lock in which `weak` are weak."""

    def run(*words: str, is_told_by_code: bool = True) -> str | None:
        assert is_told_by_code is False
        text = Path(words[-1]).read_text(encoding="utf-8")
        names = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
        bad = set() if is_mirror else {*weak, "urllib3"}
        vulns = [{"id": "CVE-1", "fix_versions": ["9"]}]
        return json.dumps({"dependencies": [{"name": n, "version": "1", "vulns": vulns * (n in bad)} for n in names]})

    monkeypatch.setattr(audit, "_run", run)


def test_a_weak_package_fails_the_audit(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A known weakness is named with its mending, and is exit code 1; without one it is 0."""
    _answers(audit, monkeypatch, "hatchling")
    assert audit.main() == 1
    assert "requirements-build.lock: hatchling 1: CVE-1, mended in 9" in capsys.readouterr().out
    _answers(audit, monkeypatch)
    assert audit.main() == 0
    assert "0 with known weaknesses" in capsys.readouterr().out


@pytest.mark.parametrize("is_mirror", [True, False])
def test_an_audit_that_cannot_ask_says_so(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, is_mirror: bool
) -> None:
    """Offline, or before a mirror that knows of no weakness, nothing counts as checked; that fails only on demand."""
    if is_mirror:
        _answers(audit, monkeypatch, is_mirror=True)
    else:
        monkeypatch.setattr(audit, "_run", lambda *_words, **_how: None)
    assert audit.main() == 0
    assert "Nothing was checked, so nothing is known" in capsys.readouterr().out
    monkeypatch.setenv("HAECHI_REQUIRE", "browser,audit")
    assert audit.main() == 1
