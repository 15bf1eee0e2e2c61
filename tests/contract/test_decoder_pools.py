"""A pool of decoder processes when one dies, wears out, lies or does not start."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from bot.errors import MediaError
from bot.media import launch as launch_module
from bot.media.decoder import Decoders, Upload
from bot.media.limits import Limits
from bot.media.look import PLAIN
from bot.media.process import Process
from tests.contract.pools import JPEG, busy, next_process, refused_for, settled
from tests.unhurried import UNHURRIED

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_process_killed_at_work_fails_its_job_alone() -> None:
    """A decoder that dies takes its own job with it and no other."""
    running = Decoders(images=2, videos=0, spares=1, limits=UNHURRIED)
    await running.start()
    try:
        victim = next_process(running)
        os.kill(victim.pid, signal.SIGSTOP)
        doomed = asyncio.create_task(refused_for(running, JPEG))
        await busy(victim)
        others = [asyncio.create_task(running.fingerprint(JPEG)) for _ in range(4)]
        os.kill(victim.pid, signal.SIGKILL)
        assert await doomed == "crash"
        assert all(seen.frames for seen in await asyncio.gather(*others))
        await settled(running)
        assert len(running.pids) == 3
    finally:
        await running.stop()


async def test_a_worn_process_is_replaced() -> None:
    """After its number of files a process makes way for a fresh one; cutting what it kept of them is no file."""
    running = Decoders(images=1, videos=0, spares=1, limits=replace(UNHURRIED, jobs=2))
    await running.start()
    try:
        first = next_process(running).pid
        plain = await running.fingerprint(JPEG, look=PLAIN)
        for _ in range(3):
            await running.survey(plain, Upload())
        await settled(running)
        assert next_process(running).pid == first
        for _ in range(2):
            await running.fingerprint(JPEG)
        await settled(running)
        assert first not in running.pids
        assert len(running.pids) == 2
    finally:
        await running.stop()


# --- what a process that was taken over may answer -----------------------------------------------

_EVIL = """
import socket, struct, sys
def message(text):
    return struct.pack(">II", len(text), 0) + text
channel = socket.socket(fileno=int(sys.argv[2]))
channel.sendall(message(b'{"level": "full"}'))
while socket.recv_fds(channel, 64, 1)[0]:
    channel.sendall(ANSWER)
"""


@pytest.fixture
def evil(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start a program of the test's own in the place of the worker: it answers every job the same."""
    monkeypatch.setattr(launch_module, "_START", _EVIL.replace("ANSWER", request.param))


@pytest.mark.parametrize(
    "evil",
    [
        "b'x' * 10_000_000",
        "message(b'x' * 10_000_000)",
        "message(b'not json')",
        "message(b'cposix' + bytes([10]) + b'system' + bytes([10]))",
        'message(b\'{"refused": "type", "recycle": false}\') + b\'{\'',
    ],
    indirect=True,
)
@pytest.mark.usefixtures("evil")
async def test_an_answer_too_long_or_malformed_is_a_crash() -> None:
    """Whatever a decoder that was taken over sends, the bot takes it for a crash and replaces the process."""
    running = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    await running.start()
    try:
        assert await refused_for(running, JPEG) == "crash"
        await settled(running)
        assert running.counts()["replaced"] == 1
    finally:
        await running.stop()


async def test_an_end_that_is_interrupted_leaves_nothing_open() -> None:
    """Whoever is cancelled while a process ends, the way to it is closed and the process is gone."""
    process = await Process.start(UNHURRIED)
    ending = asyncio.create_task(process.kill())
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert process._channel.fileno() == -1
    assert process._child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("program", ["raise SystemExit", "import time; time.sleep(60)"])
async def test_a_process_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """A worker that ends, or never gets ready, makes `start` fail and leaves nothing behind."""
    monkeypatch.setattr(launch_module, "_START", program)
    running = Decoders(images=1, videos=1, spares=0, limits=Limits(start_seconds=0.5))
    with pytest.raises(MediaError, match="did not start"):
        await running.start()
    assert not running.pids
