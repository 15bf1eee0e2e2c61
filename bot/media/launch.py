"""Decoder processes from the command line to their warming up. What is asked of a warm one is in `process`.

Imports next to nothing: the bot launches its first ones before it imports itself.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.media.limits import Limits
from bot.media.lockdown import harden_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.settings import Media

_ROOT: Final = str(Path(__file__).resolve().parents[2])
_START: Final = (
    "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('bot.media.worker', run_name='__main__')"
)
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""All that a decoder process sees of the environment: one thread, and no heap reserved for others."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A child that warms up, and this end of the socket to it: nothing of it is believed before it has greeted."""

    child: subprocess.Popen[bytes]
    channel: socket.socket


def launch(limits: Limits) -> Launched:
    """Start a fresh interpreter on the worker; nothing of this process's memory, environment or files goes with it.

    In the main thread only: a decoder process dies with the thread that started it.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    with theirs:
        child = subprocess.Popen(  # noqa: S603 - this interpreter and this package, nothing that comes from a file
            [sys.executable, "-I", "-c", _START, _ROOT, str(theirs.fileno()), limits.to_json()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            pass_fds=(theirs.fileno(),),
            start_new_session=True,  # Ctrl-C at the terminal is for the bot, which stops its children itself
        )
    return Launched(child, ours)


@contextlib.contextmanager
def launched(media: Media) -> Iterator[list[Launched]]:
    """Have a bot's first decoder processes warm up on the cores that it does not need itself.

    Who takes one over takes it off the list; what is left on it at the end is killed. This process is hardened before.
    """
    harden_parent()
    limits = Limits.configured(media)
    first = [launch(limits) for _ in range(min(media.image_workers + media.video_workers, spare_cores()))]
    try:
        yield first
    finally:
        for one in first:
            one.child.kill()
            one.child.wait()
            one.channel.close()


def spare_cores() -> int:
    """How many cores there are besides the one that this process uses: one at least."""
    return max(1, len(os.sched_getaffinity(0)) - 1)
