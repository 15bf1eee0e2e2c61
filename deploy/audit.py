"""`make audit`: every locked package looked up among known weaknesses by pip-audit. Installs and mends nothing else.

Exit code 0: none is known, or nobody could be asked, which is said in a line; 1: some are, or nobody could be asked
although HAECHI_REQUIRE names audit.
"""  # noqa: INP001 - a script of its own

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-audit.lock"
HOME = ROOT / ".venv" / "audit"
LOOKUP_SECONDS = 300

SERVICES = ("pypi", "osv")
"""Who is asked, the first that knows something."""

CONTROL = f"urllib3==1.24.1 --hash=sha256:{'0' * 64}\n"
"""A version that has been known to be weak since 2019 (CVE-2019-11324): who does not know that knows nothing."""


def main() -> int:
    """Look up all locks, or those named on the command line."""
    if not _is_installed():
        return _unasked("pip-audit could not be installed from requirements-audit.lock")
    service = next((one for one in SERVICES if _knows(one)), None)
    if service is None:
        return _unasked("nobody who knows of weaknesses answered")
    known = 0
    for lock in sorted(map(Path, sys.argv[1:]) if sys.argv[1:] else ROOT.glob("requirements*.lock")):
        found = _look_up(lock, service)
        if found is None:
            return _unasked(f"nobody answered about {lock.name}")
        weak = [one for one in found if one.get("vulns")]
        for one in weak:
            for vuln in one["vulns"]:
                fixed = ", ".join(vuln.get("fix_versions", [])) or "no version yet"
                _say(f"{lock.name}: {one['name']} {one['version']}: {vuln['id']}, mended in {fixed}")
        known += len(weak)
        _say(f"{lock.name}: {len(found)} packages, {len(weak)} with known weaknesses")
    return 1 if known else 0


def _is_installed() -> bool:
    """Have pip-audit in an environment of its own, as the lock says."""
    stamp = HOME / "installed.stamp"
    if stamp.exists() and stamp.stat().st_mtime >= LOCK.stat().st_mtime:
        return True
    venv.create(HOME, with_pip=True)
    install = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes", "--no-deps"]
    if _run(*install, "--only-binary", ":all:", "-r", str(LOCK)) is None:
        return False
    stamp.touch()
    return True


def _knows(service: str) -> bool:
    """Whether a service answers, and not a mirror that serves packages only."""
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "control.lock"
        control.write_text(CONTROL, encoding="utf-8")
        return any(one.get("vulns") for one in _look_up(control, service) or [])


def _look_up(lock: Path, service: str) -> list[dict[str, Any]] | None:
    """What is known of each package of a lock, None when nobody could be asked: its exit code does not tell."""
    how = [
        "--require-hashes",
        "--disable-pip",
        "--no-deps",
        "--format",
        "json",
        "--progress-spinner",
        "off",
        "-s",
        service,
    ]
    said = _run("-m", "pip_audit", *how, "--requirement", str(lock), is_told_by_code=False)
    try:
        found: list[dict[str, Any]] = json.loads(said or "")["dependencies"]
    except (ValueError, KeyError):
        return None
    return found


def _run(*words: str, is_told_by_code: bool = True) -> str | None:
    """Run the environment's Python; what it wrote, None when it failed."""
    try:
        done = subprocess.run(  # noqa: S603 - our own environment
            [str(HOME / "bin" / "python"), *words],
            capture_output=True,
            text=True,
            check=is_told_by_code,
            timeout=LOOKUP_SECONDS,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout


def _unasked(why: str) -> int:
    """Say that nothing is known; that is a failure only where somebody asked for an answer."""
    is_required = "audit" in os.environ.get("HAECHI_REQUIRE", "").replace(",", " ").split()
    _say(
        f"audit: {why}: are you offline? Nothing was checked, so nothing is known"
        + (" (required)" if is_required else "")
    )
    return int(is_required)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    sys.exit(main())
