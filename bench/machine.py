"""The machine that is measured on: its size, how busy it is, and what its processes hold in memory."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PROC = Path("/proc")
MIB = 1 << 20


def facts() -> str:
    """Return one line: date, cores, memory, Python, and how many processes want a core at this moment."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0))
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cores} cores, {total / 2**30:.0f} GiB of memory, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} before the start"
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What one process holds: resident memory, and its proportional share of it (None where Linux will not say)."""

    resident: int
    share: int | None


def held(pid: int) -> Held:
    """Measure one process, in bytes."""
    resident = _field(PROC / str(pid) / "status", "VmRSS")
    try:
        share: int | None = _field(PROC / str(pid) / "smaps_rollup", "Pss")
    except PermissionError:  # a locked-down process shows its maps to root alone
        share = None
    return Held(resident, share)


def spent(pid: int) -> float:
    """Seconds of processor time that a process has taken so far, with those that it started, living and ended."""
    ticks = sum(_ticks(pid)) + sum(sum(_ticks(child)[:2]) for child in children(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> list[int]:
    """Ticks of a process, its own two and those of its ended children, none if it is gone: proc(5), from utime on."""
    try:
        line = (PROC / str(pid) / "stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [int(field) for field in line.rpartition(")")[2].split()[11:15]]


def children(pid: int) -> list[int]:
    """Return the processes that a process started, oldest first."""
    return [
        int(child)
        for task in (PROC / str(pid) / "task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]


def _field(path: Path, name: str) -> int:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"{path} has no {name}")
