"""Bots forked from one prepared process, for a test that starts a hundred: what is saved is the import of modules.

Each is a process of its own that runs the command `haechi run` with all that belongs to it. Only its decoders start
when the first file needs them: a second of work that most of these lives would do for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from bot.media.decoder import Decoders
from bot.media.launch import Launched
from bot.sandbox.client import PATIENCE
from bot.settings import Media
from bot.telegram.gateway import tls
from tests.running import Bot
from tests.unhurried import UNHURRIED

ROOT = Path(__file__).parents[2]


class LateDecoders(Decoders):
    """Pools that start with their first job."""

    _first: asyncio.Task[None] | None = None

    async def begin(self, *, at_once: int) -> None:
        """Start nothing yet."""

    async def complete(self) -> None:
        """Wait for nothing."""

    async def _decode(self, *job: Any, **details: Any) -> Any:
        if self._first is None:
            self._first = asyncio.create_task(super().begin(at_once=1))
        await asyncio.shield(self._first)
        return await super()._decode(*job, **details)


def late_decoders(_media: Media, *, launched: list[Launched] | None) -> LateDecoders:
    """Stand in for `configured.decoders`."""
    return LateDecoders(images=1, videos=0, spares=0, limits=UNHURRIED, launched=launched)


class Nursery:
    """Starts bots like `bot`, one after the other, all with its folder and its log. A context manager."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._process: asyncio.subprocess.Process | None = None
        self._pid = 0
        self._read = 0

    async def __aenter__(self) -> Self:
        """Start the process that is forked."""
        env = {**self._bot.env, "PYTHONPATH": str(ROOT), "PTB_TIMEDELTA": "true", "OPENBLAS_NUM_THREADS": "1"}
        with self._bot.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                env=env,
                cwd=self._bot.folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert await self._answer() == 0, "the process to fork has threads"
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the process, and a bot that is left."""
        assert self._process is not None
        assert self._process.stdin is not None
        if self._pid:
            await self.kill()
        self._process.stdin.close()
        await self._process.wait()

    async def start(self) -> None:
        """Fork a bot."""
        self._read = self._bot.log_path.stat().st_size
        self._pid = await self._ask("start")

    async def ready(self) -> None:
        """Wait until the bot that was forked last is at work: it judges pictures once its lists are loaded."""
        async with asyncio.timeout(PATIENCE):
            while b"lists.loaded" not in self._news():  # noqa: ASYNC110 - the bot is another process
                await asyncio.sleep(0.02)

    async def stop(self) -> int:
        """Ask the bot to end, as a service manager does, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End the bot at once, wherever it is."""
        assert await self._end(signal.SIGKILL) == -signal.SIGKILL, self._bot.log[-3000:]

    async def _end(self, number: signal.Signals) -> int:
        os.kill(self._pid, number)
        self._pid = 0
        return await self._ask("")

    def _news(self) -> bytes:
        with self._bot.log_path.open("rb") as log:
            log.seek(self._read)
            return log.read()

    async def _ask(self, line: str) -> int:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        return await self._answer()

    async def _answer(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return int(await self._process.stdout.readline() or -1)


# --- in the process that is forked ---------------------------------------------------------------


def _serve() -> None:
    """Fork a bot for each line on standard input and print its number; an empty line waits for its end."""
    from bot import app, cli  # noqa: PLC0415 - the test itself needs none of it
    from bot.cli import running  # noqa: PLC0415 - likewise

    tls()
    setattr(running, "launched", lambda _media: contextlib.nullcontext([]))  # noqa: B010 - a name imported there
    setattr(app, "decoders", late_decoders)  # noqa: B010 - likewise
    child = len(list(Path("/proc/self/task").iterdir())) - 1  # a fork takes one thread along only
    print(child, flush=True)  # noqa: T201 - to the test
    for line in sys.stdin:
        if not line.strip():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - to the test
        elif (child := os.fork()) == 0:
            _live(cli.main)
        else:
            print(child, flush=True)  # noqa: T201 - to the test


def _live(main: Callable[[], None]) -> None:
    """Be a bot until the end."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.argv, code = ["haechi", "run"], 1
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the process ends here, so nobody else says why
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
