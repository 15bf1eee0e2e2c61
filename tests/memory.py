"""What this process holds at most, and which processes it has: for tests of what decoding costs the bot."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.media.decoder import Decoders

MOVED: Final = 30 << 20
"""Bytes by which the bot's resident memory may rise, at its peak, whatever is decoded: what is promised."""


@contextlib.contextmanager
def peak_above() -> Iterator[Callable[[], int]]:
    """Tells, by a function, how far this process's resident memory has risen at most since the context was opened."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the kernel measures the peak anew
    before = _status("VmRSS")
    yield lambda: _status("VmHWM") - before


def _status(field: str) -> int:
    """A line of this process's status, in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found
    return int(found[1]) << 10


async def processes_of(decoders: Decoders) -> frozenset[int]:
    """The decoder processes, dead and alive, that this process has once every replacement is done."""
    while decoders._tasks:
        await asyncio.gather(*decoders._tasks)
    return frozenset(pid for pid in _children() if "bot.media.worker" in _command(pid) or _command(pid) == "")


def _children() -> list[int]:
    here = os.getpid()
    return [
        int(pid)
        for task in Path(f"/proc/{here}/task").iterdir()
        for pid in (task / "children").read_text(encoding="ascii").split()
    ]


def _command(pid: int) -> str:
    """A process's command line, nothing when it is dead and was not waited for."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
