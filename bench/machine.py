"""The machine that is measured on: its size, how busy it is, and what its processes hold in memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
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


def spent(pids: Iterable[int]) -> float:
    """Seconds of processor time that some processes have taken so far, in all their threads."""
    ticks = 0
    for pid in pids:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


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
