"""The real bot as a process of its own, against a sandbox; what a test does with it is the test's business."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from bot.sandbox.client import PATIENCE
from tests import unhurried
from tests.prepared import Prepared

TOKEN = "4242:SANDBOX-token-of-the-tests-000000000"

PORTS = range(16_384, 32_768)
"""Ports below those that Linux hands out by itself, which it may do before the bot listens, or between its lives."""

_turns = itertools.count(os.getpid() * 97)
"""Processes that share the tests begin far from each other."""

_prepared = Prepared()


class Bot:
    """One bot process with its own data folder, which outlives it."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        """Point a bot at the sandbox at `url`; `settings` are further configuration variables."""
        self.folder = folder
        self.web = f"http://127.0.0.1:{(port := free_port())}"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HAECHI_")},
            "HAECHI_TELEGRAM__TOKEN": TOKEN,
            "HAECHI_TELEGRAM__BASE_URL": f"{url}/bot",
            "HAECHI_TELEGRAM__BASE_FILE_URL": f"{url}/file/bot",
            "HAECHI_DATA_DIR": str(folder),
            "HAECHI_WEB__LISTEN": f"127.0.0.1:{port}",
            "HAECHI_LOG__FORMAT": "json",
            **unhurried.SETTINGS,
            **settings,
        }
        self.log_path = folder / "log.txt"
        self.process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """Everything that the bot has written so far, over all its lives."""
        return self.log_path.read_text(encoding="utf-8") if self.log_path.exists() else ""

    @property
    def database(self) -> Path:
        """The bot's database file."""
        return self.folder / "haechi.db"

    async def start(self, *, wait: bool = True) -> None:
        """Start the process and wait until it judges posts."""
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.env, cwd=self.folder, stdout=log, stderr=log
            )
        if wait:
            await self.ready()

    async def ready(self) -> None:
        """Wait until the process judges posts."""
        async with httpx.AsyncClient() as web, asyncio.timeout(PATIENCE):
            while True:
                assert self.process is not None
                assert self.process.returncode is None, self.log[-3000:]
                with contextlib.suppress(httpx.TransportError):
                    if (await web.get(f"{self.web}/readyz")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """Ask the process to end, as a service manager does, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> int:
        """End the process at once, wherever it is."""
        return await self._end(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for the process to end by itself."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await self.wait()


@contextlib.asynccontextmanager
async def running(url: str, folder: Path, **settings: str) -> AsyncIterator[Bot]:
    """Have a bot running while the context is open."""
    bot = Bot(url, folder, **settings)
    await bot.start()
    try:
        yield bot
    finally:
        if bot.process is not None and bot.process.returncode is None:
            await bot.stop()


async def haechi(folder: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    """Run the command `haechi` on a data folder; return exit code, standard output and standard error."""
    return await asyncio.to_thread(_prepared.run, folder, words, _env(folder, settings))


async def haechi_afresh(folder: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    """Run the command as above, in an interpreter of its own that `settings` may be meant for."""
    process = await _started(folder, words, settings, stderr=asyncio.subprocess.PIPE)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def haechi_on_terminal(folder: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    """Run the command `haechi` as above with a terminal for its standard error; return what that has shown."""
    screen, terminal = os.openpty()
    process = await _started(folder, words, {"TERM": "xterm", **settings}, stderr=terminal)
    os.close(terminal)
    shown, (out, _) = await asyncio.gather(asyncio.to_thread(_read, screen), process.communicate())
    assert process.returncode is not None
    return process.returncode, out.decode(), shown.decode()


async def _started(
    folder: Path, words: tuple[str, ...], settings: dict[str, str], *, stderr: int
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        env=_env(folder, settings),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
    )


def _env(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAECHI_")}
    return {**env, "HAECHI_DATA_DIR": str(folder), "NO_COLOR": "1", "COLUMNS": "200", **unhurried.SETTINGS, **settings}


def _read(screen: int) -> bytes:
    """Read a terminal's other end until nobody has the terminal open any more, which Linux tells by an error."""
    shown = b""
    with open(screen, "rb", buffering=0) as end, contextlib.suppress(OSError):
        while part := end.read(4096):
            shown += part
    return shown


def free_port() -> int:
    """Return a port of this machine that nobody listens on, nor will soon: another one at each call."""
    while True:
        port = PORTS[next(_turns) % len(PORTS)]
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
