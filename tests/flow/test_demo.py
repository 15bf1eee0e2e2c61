"""The demo as a newcomer runs it: `haechi demo --check`, `make demo`, and no network but this machine's own."""

from __future__ import annotations

import ast
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import haechi_afresh

ROOT = Path(__file__).parents[2]

WATCH = """
import os, sys

ASKED = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.connect": 1, "socket.sendto": 1}

def note(event, args):
    if event in ASKED:
        with open(os.environ["SEEN"], "a") as seen:
            print(repr(args[ASKED[event]]), file=seen)

sys.addaudithook(note)
"""
"""Every Python process that finds this as its sitecustomize writes down whom it connects to or looks up."""

ALONE = """
import fcntl, os, socket, struct, sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
    fcntl.ioctl(own, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up and running
with socket.socket() as outside:
    try:
        outside.connect(("192.0.2.1", 80))
    except OSError:
        print("there is no network", flush=True)
os.execv(sys.executable, [sys.executable, "-m", "bot", "demo", "--check", "--port", "0"])
"""
"""In a network namespace of its own: brings the loopback up, shows that there is nothing else, and runs the check."""


async def test_the_check_proves_the_path_without_a_browser(tmp_path: Path) -> None:
    """The canary vanishes, the clean picture stays, times are printed, nobody but this machine is asked for anything.

    When somebody listens on the port that was asked for, the demo takes another.
    """
    (tmp_path / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        asked = ("demo", "--check", "--port", str(taken.getsockname()[1]))
        code, out, err = await haechi_afresh(tmp_path, *asked, PYTHONPATH=path, SEEN=str(tmp_path / "seen.txt"))
    assert code == 0, err
    assert "the canary picture vanished after" in out
    assert "the clean picture is still there" in out
    seen = [ast.literal_eval(line) for line in (tmp_path / "seen.txt").read_text(encoding="utf-8").splitlines()]
    hosts = {one[0] if isinstance(one, tuple) else one for one in seen}
    assert "127.0.0.1" in hosts
    assert [host for host in hosts if host != "localhost" and not ipaddress.ip_address(host).is_loopback] == []


def test_the_demo_needs_no_network(tmp_path: Path) -> None:
    """Where there is nothing but the loopback, the check is passed all the same."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespace can be made here: install util-linux, and let users make namespaces")
    words = [unshare, "-rn", sys.executable, "-c", ALONE]
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAECHI_")}
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "there is no network" in done.stdout
    assert "the canary picture vanished after" in done.stdout


# --- make ----------------------------------------------------------------------------------------

PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> calls.txt
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A checkout in which everything was installed a moment ago, with programs that only note how they are called."""
    for file in (ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("requirements*.lock")):
        shutil.copy(file, tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "haechi"):
        (programs / name).write_text(PROGRAM, encoding="utf-8")
        (programs / name).chmod(0o755)
    age(tmp_path, *(path.name for path in tmp_path.iterdir() if path.is_file()), hours=2)
    for stamp in ("runtime", "dev"):
        (tmp_path / ".venv" / f"{stamp}.stamp").touch()
    age(tmp_path, ".venv/runtime.stamp", hours=1)
    return tmp_path


def age(folder: Path, *names: str, hours: int) -> None:
    """Have files last changed so many hours ago."""
    for name in names:
        now = (folder / "Makefile").stat().st_ctime
        os.utime(folder / name, (now - hours * 3600,) * 2)


def make_demo(folder: Path) -> list[str]:
    """Run `make demo`; the calls of programs that came of it."""
    subprocess.run(["make", "demo"], cwd=folder, check=True, capture_output=True)
    return (folder / "calls.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(
    shutil.which("make") is None, reason="make is not installed; on Debian or Ubuntu: apt-get install make"
)
def test_what_is_installed_is_not_asked_for_again(installed: Path) -> None:
    """When no lock changed since it was installed, `make demo` starts the demo and calls pip for nothing."""
    assert make_demo(installed) == ["haechi demo"]
    assert make_demo(installed) == ["haechi demo"] * 2


@pytest.mark.skipif(
    shutil.which("make") is None, reason="make is not installed; on Debian or Ubuntu: apt-get install make"
)
@pytest.mark.parametrize("changed", ["requirements.lock", "requirements-build.lock", "pyproject.toml"])
def test_what_changed_is_installed_once(installed: Path, changed: str) -> None:
    """A changed lock is installed before the demo starts, hashes required; the next time nothing is."""
    age(installed, changed, hours=0)
    first = make_demo(installed)
    assert first[-1] == "haechi demo"
    pips = [call for call in first[:-1] if "pip" in call and "install" in call]
    assert len(pips) == len(first) - 1 > 0
    assert all("--require-hashes" in call or "--no-index" in call for call in pips)
    assert make_demo(installed) == [*first, "haechi demo"]
