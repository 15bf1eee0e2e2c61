"""What a service manager is told by systemd's protocol: ready, alive, stopping. Without one nothing is said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable


def notify(state: str) -> None:
    """Tell the service manager `state`, such as ``READY=1`` (sd_notify); a manager that is gone is not missed."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)  # a manager that reads nothing must not stop the bot
        channel.sendto(state.encode("ascii"), name)


def beat_seconds() -> float | None:
    """Return how often the manager wants to hear that this process lives, None when it does not (WATCHDOG_USEC)."""
    micros, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not micros.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(micros) / 1e6 / 2  # half the time, as sd_watchdog_enabled(3) advises


@contextlib.asynccontextmanager
async def supervised() -> AsyncIterator[Callable[[], None]]:
    """Tell the manager that the event loop turns, while the context is open; call what it gives once all runs."""
    seconds = beat_seconds()
    beating = asyncio.create_task(_beat(seconds), name="watchdog") if seconds else None
    try:
        yield lambda: notify("READY=1")
    finally:
        notify("STOPPING=1")
        if beating is not None:
            beating.cancel()
            await asyncio.wait([beating])


async def _beat(seconds: float) -> None:
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)
