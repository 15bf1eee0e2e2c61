"""What systemd hears: ready, alive and stopping, over a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from bot import service


@pytest.mark.parametrize("kind", ["file", "abstract"])
async def test_systemd_hears_of_a_life(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's beat comes while it turns, then ready, then stopping; by either kind of address."""
    name = str(tmp_path / "notify") if kind == "file" else f"@haechi-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        monkeypatch.setenv("WATCHDOG_USEC", "2000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        loop = asyncio.get_running_loop()
        async with service.supervised() as ready:
            assert [await loop.sock_recv(manager, 64) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            ready()
        heard = [await loop.sock_recv(manager, 64) for _ in range(2)]
        while heard[-1] != b"STOPPING=1":
            heard.append(await loop.sock_recv(manager, 64))
        assert b"READY=1" in heard


async def test_without_systemd_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No manager, one for another process, or one that is gone: the bot runs all the same."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert service.beat_seconds() is None
    monkeypatch.delenv("WATCHDOG_PID")
    assert service.beat_seconds() == 0.5
    monkeypatch.setenv("WATCHDOG_USEC", "")
    assert service.beat_seconds() is None
    for address in ("", "vsock:2:1", str(tmp_path / "gone")):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        async with service.supervised() as ready:
            ready()


async def test_a_manager_that_reads_nothing_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the manager's queue is full, the bot goes on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        for _ in range(10_000):
            service.notify("WATCHDOG=1")
