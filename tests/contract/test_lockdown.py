"""A decoder that was taken over finds nothing to take: every way out is tried from inside, by a real process."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from bot.errors import ConfigError
from bot.media import launch as launch_module
from bot.media.decoder import Decoders
from bot.media.landlock import landlock_abi
from bot.media.limits import Limits
from bot.media.lockdown import LEVELS, Level, harden_parent
from bot.media.process import _sealed
from bot.sandbox.client import PATIENCE
from tests.texture import encode, texture
from tests.unhurried import UNHURRIED

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("escape.py")
_NETWORK_ABI, _SIGNALS_ABI = 4, 6  # the versions of Landlock that brought them


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a server that an escape could reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def _escapes(level: Level, port: int, folder: Path) -> dict[str, Any]:
    """What came of the attempts at a level, and their groups."""
    surroundings = {"PORT": str(port), "PLACE": str(folder / "place"), "PREY": str(folder / "prey")}
    command = [sys.executable, str(_SCRIPT), level]
    ran = subprocess.run(
        command,
        env={**surroundings, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("level", LEVELS[:3])
def test_no_attempt_escapes(level: Level, server: int, tmp_path: Path) -> None:
    """At each level, each way out that it covers is refused or ends the process; what decoders need still works."""
    found = _escapes(level, server, tmp_path)
    outcomes, groups = found["outcomes"], found["groups"]
    covered = groups["all"]
    if level == "no-seccomp":
        abi = landlock_abi()
        covered = groups["landlocked"] + (groups["tcp"] if abi >= _NETWORK_ABI else [])
        covered += groups["signals"] if abi >= _SIGNALS_ABI else []
    assert found["level"] == level
    assert len(covered) >= 28
    assert {name: outcomes[name] for name in covered if outcomes[name] not in {"refused", "killed"}} == {}
    if level == "full":
        assert {outcomes[name] for name in groups["harmless"]} == {"escaped"}


def test_the_attempts_are_real(server: int, tmp_path: Path) -> None:
    """Without a lock-down the same attempts succeed, so that a refusal above means something."""
    outcomes = _escapes("none", server, tmp_path)["outcomes"]
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "escaped"} == {}
    assert len(outcomes) >= 25


# --- the real processes --------------------------------------------------------------------------


async def test_every_real_process_is_locked() -> None:
    """The kernel itself says of a decoder: no new privileges, a filter, no capability, bounded in each respect."""
    running = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    await running.start()
    try:
        (pid,) = running.pids
        status = dict(line.split(":\t", 1) for line in _proc(pid, "status").splitlines() if ":\t" in line)
        bounds = _proc(pid, "limits")
    finally:
        await running.stop()
    assert running.level == "full"
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff")} == {0}
    usual = Limits()
    for name, most in (
        ("Max address space", usual.memory),
        ("Max cpu time", usual.cpu_seconds),
        ("Max open files", usual.open_files),
        ("Max file size", 0),
        ("Max core file size", 0),
    ):
        line = next(line for line in bounds.splitlines() if line.startswith(name))
        assert line.removeprefix(name).split()[:2] == [str(most)] * 2


def _proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii")


# What a worker runs first to find itself on a kernel without a lock: the calls that ask for it are answered as there.
_OLD_KERNEL = """
import ctypes, struct, sys
lacking = WITHOUT
libc = ctypes.CDLL(None)
at_number, at_argument, equal, give = 0x20, 0x20, 0x15, 0x06
steps = [(0x20, 0, 0, 0)]
if "landlock" in lacking:
    steps += [(equal, 0, 1, 444), (give, 0, 0, 0x50000 | 38)]
if "seccomp" in lacking:
    prctl, seccomp = (157, 317) if ARCHITECTURE == "x86_64" else (167, 277)
    steps += [(equal, 0, 1, seccomp), (give, 0, 0, 0x50000 | 38)]
    steps += [(equal, 0, 3, prctl), (0x20, 0, 0, 16), (equal, 0, 1, 21), (give, 0, 0, 0x50000 | 22)]
steps += [(give, 0, 0, 0x7FFF0000)]
code = b"".join(struct.pack("=HBBI", *step) for step in steps)
body = ctypes.create_string_buffer(code, len(code))
head = struct.pack("@HP", len(steps), ctypes.addressof(body))
assert not libc.prctl(38, 1, 0, 0, 0) and not libc.prctl(22, 2, ctypes.create_string_buffer(head, len(head)))
"""


def _on_a_kernel_without(monkeypatch: pytest.MonkeyPatch, *lacking: str) -> None:
    """Have workers started as on a kernel that lacks one or both of the locks."""
    first = _OLD_KERNEL.replace("WITHOUT", repr(lacking)).replace("ARCHITECTURE", repr(os.uname().machine))
    monkeypatch.setattr(launch_module, "_START", f"{first}\n{launch_module._START}")


@pytest.mark.parametrize("level", get_args(Level)[1:3])
async def test_a_kernel_that_lacks_a_lock_is_told(monkeypatch: pytest.MonkeyPatch, level: Level) -> None:
    """Where the kernel has only one of the locks the level says which, and files are decoded all the same."""
    _on_a_kernel_without(monkeypatch, level.removeprefix("no-"))
    running = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    await running.start()
    try:
        assert running.level == level
        assert (await running.fingerprint(encode(texture(2, 64, 48), "jpeg"))).frames
    finally:
        await running.stop()


async def test_no_lock_means_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a kernel with neither lock nothing starts and nothing is left, unless the operator asks for it by name."""
    _on_a_kernel_without(monkeypatch, "landlock", "seccomp")
    careful = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    with pytest.raises(ConfigError, match=r"media\.unsafe_decoder = true"):
        await careful.start()
    assert not careful.pids
    daring = Decoders(images=1, videos=0, spares=0, unsafe=True, limits=UNHURRIED)
    await daring.start()
    assert daring.level == "none"
    assert (await daring.fingerprint(encode(texture(2, 64, 48), "jpeg"))).frames
    await daring.stop()


# --- the parent ----------------------------------------------------------------------------------


def test_what_a_process_is_handed_cannot_be_changed() -> None:
    """The file in memory is sealed: no one, a decoder included, can write, grow, shrink or unseal it any more."""
    descriptor = _sealed(b"a file")
    try:
        for attempt in (
            lambda: os.pwrite(descriptor, b"x", 0),
            lambda: os.ftruncate(descriptor, 1),
            lambda: os.ftruncate(descriptor, 100),
            lambda: fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, 0),
        ):
            with pytest.raises(PermissionError):
                attempt()
        assert os.pread(descriptor, 100, 0) == b"a file"
    finally:
        os.close(descriptor)


_LEAVING = """
import asyncio, sys
from bot.media.decoder import Decoders
from tests.unhurried import UNHURRIED
async def main():
    running = Decoders(images=1, videos=0, spares=1, limits=UNHURRIED)
    await running.start()
    print(*running.pids, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_decoders_die_with_the_bot() -> None:
    """When the bot is killed at once, without a chance to stop them, its decoders end, one that hangs included."""
    surroundings = {"PYTHONPATH": str(_ROOT)}
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _LEAVING, env=surroundings, stdout=asyncio.subprocess.PIPE
    )
    assert bot.stdout is not None
    pids = [int(pid) for pid in (await bot.stdout.readline()).split()]
    assert len(pids) == 2
    os.kill(pids[0], signal.SIGSTOP)
    watched = [os.pidfd_open(pid) for pid in pids]
    bot.kill()
    await bot.wait()
    for descriptor in watched:
        await _readable(descriptor)  # which a pidfd is when its process has ended
        os.close(descriptor)


async def _readable(descriptor: int) -> None:
    ready = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ready.set)
    async with asyncio.timeout(PATIENCE):
        await ready.wait()
    loop.remove_reader(descriptor)


# As a user without powers, for whom alone the kernel's answer matters: a process and its own child.
_PRYING = """
import ctypes, os, pathlib, sys
from bot.media.lockdown import harden_parent
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
def pry():
    child = os.fork()
    if not child:
        try:
            pathlib.Path(f"/proc/{os.getppid()}/environ").read_bytes()
            pathlib.Path(f"/proc/{os.getppid()}/maps").read_bytes()
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(pry(), harden_parent(), pry())
"""


def test_a_hardened_bot_cannot_be_read() -> None:
    """After `harden_parent` its user's other processes cannot read its environment and memory; before, they can."""
    ran = subprocess.run(
        [sys.executable, "-c", _PRYING], env={"PYTHONPATH": str(_ROOT)}, capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["0", "None", "1"], ran.stderr


def test_the_bot_hardens_itself_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `haechi run` serves with is not dumpable, from before its settings are so much as looked at."""
    from bot import app  # noqa: PLC0415 - only this test needs the whole bot

    looked: list[int] = []

    def build(*_: object) -> None:
        looked.append(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
        raise LookupError

    monkeypatch.setattr(app, "App", build)
    try:
        with pytest.raises(LookupError):
            asyncio.run(app.serve(object()))  # type: ignore[arg-type]
    finally:
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    assert looked == [0]
    assert harden_parent.__module__ == "bot.media.lockdown"
