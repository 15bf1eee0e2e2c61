"""Takes from a decoder process everything but memory, time and its one socket; the parent's hardening is here too."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import signal
import struct
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot.errors import HaechiError
from bot.media.landlock import landlock_abi, restrict_files
from bot.media.seccomp import has_seccomp, restrict_calls

if TYPE_CHECKING:
    from bot.media.limits import Limits

Level = Literal["full", "no-seccomp", "no-landlock", "none"]
LEVELS: tuple[Level, ...] = ("full", "no-seccomp", "no-landlock", "none")
"""What a process runs under, strongest first."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_OOM_SCORE = "800"  # of 1000: the kernel takes a decoder before it takes the bot


def harden_parent() -> None:
    """Make the bot's memory and environment unreadable for other processes of its user, and leave no core dump."""
    _prctl(_PR_SET_DUMPABLE, 0)


def lock_down(limits: Limits, *, landlock: bool = True, seccomp: bool = True) -> Level:
    """Lock this process down for good and say how far that went.

    Everything that will ever be imported must be imported already. Raises OSError if the kernel offers
    a lock but refuses to close it; HaechiError if a second thread runs, which Landlock would not bind.
    """
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise HaechiError("a decoder process must be single-threaded when it is locked down")
    landlock = landlock and landlock_abi() > 0
    seccomp = seccomp and has_seccomp()
    _leave_with_parent()
    _limit(limits)
    _drop_capabilities()
    if landlock:
        restrict_files(_code())
    if seccomp:
        restrict_calls(may_open=landlock)
    return LEVELS[(not seccomp) + 2 * (not landlock)]


def _leave_with_parent() -> None:
    """Die with the parent, never gain a privilege, be the first that the kernel kills for memory."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def _limit(limits: Limits) -> None:
    """Bound memory, processor time and file descriptors; no file may grow and no core be dumped."""
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _drop_capabilities() -> None:
    """Give up root's powers where the bot runs as root."""
    head = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    if ctypes.CDLL(None, use_errno=True).capset(head, bytes(24)):
        raise OSError(ctypes.get_errno(), "capabilities could not be dropped")


def _code() -> set[str]:
    """The directories of Python's and the packages' code: a forgotten import works, and nothing there is secret."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return {path for name in names if Path(path := sysconfig.get_path(name)).is_dir()}


def _prctl(option: int, value: int) -> None:
    """One call of prctl. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl refused")
