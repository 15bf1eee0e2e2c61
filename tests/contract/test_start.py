"""The start of the bot: what comes before what, and what nobody waits for. How long it takes is `bench start`'s."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import COMMANDS, command_line
from bot.curation import CANARY
from bot.errors import MediaError
from bot.media import launch
from bot.media.decoder import Decoders
from bot.media.launch import launched
from bot.media.process import Process
from bot.settings import Media
from tests.running import TOKEN
from tests.unhurried import UNHURRIED

LATER = {"bot.app", "handlers", "telegram", "sqlalchemy", "numpy"}

_RUNNING = f"""
import gc, sys
from contextlib import nullcontext
from bot.cli import command_line
line = command_line(["run"])
from bot.cli import running

def launched(media):
    print("launched beside", *sorted({LATER!r} & sys.modules.keys()))
    from bot import app
    app.serve = serve
    return nullcontext([])

async def serve(settings, decoders):
    print("served", gc.isenabled(), gc.get_freeze_count() > 0)

running.launched = launched
line(["run"])
"""


@pytest.fixture
def hardened() -> Iterator[None]:
    """Take back at the end that `launched` hardens this process."""
    yield
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)


def test_decoders_are_launched_before_the_bot_is_imported(tmp_path: Path) -> None:
    """`haechi run` reads its settings, launches decoders, and only then imports the bot; its garbage is collected."""
    ran = subprocess.run(
        [sys.executable, "-c", _RUNNING],
        env={**os.environ, "HAECHI_TELEGRAM__TOKEN": TOKEN, "HAECHI_DATA_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.splitlines() == ["launched beside", "served True True"], ran.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_alone_is_the_command_among_all(name: str) -> None:
    """Each command is found and says the same of itself, whether it is imported alone or with all others."""
    alone, among_all = (CliRunner().invoke(command_line(words), [name, "--help"]) for words in ([name], []))
    assert alone.exit_code == 0
    assert f"haechi {name}" in alone.output
    assert alone.output == among_all.output


@pytest.mark.usefixtures("hardened")
async def test_launched_decoders_are_taken_over() -> None:
    """What was launched before becomes the first of the pools; what nobody took over is gone at the end."""
    with launched(Media(image_workers=1, video_workers=1)) as early:
        children = [one.child for one in early]
        assert children
        running = Decoders(images=1, videos=1, spares=0, limits=UNHURRIED, launched=early)
        await running.start()
        assert running.level == "full"
        assert {child.pid for child in children} <= running.pids
        assert len(running.pids) == 2
        assert not early
        await running.stop()
    with launched(Media(image_workers=1, video_workers=1)) as early:
        children = [one.child for one in early]
        assert [child.poll() for child in children] == [None for _ in children]
    assert all(child.poll() is not None for child in children)


async def test_the_first_decoder_does_not_wait_for_the_others() -> None:
    """A picture is read as soon as one process is ready; with the others all places are filled."""
    running, may_start = Decoders(images=2, videos=1, spares=1, limits=UNHURRIED), asyncio.Event()
    start = running._spawn

    async def spawn() -> Process:
        if running.pids:
            await may_start.wait()
        return await start()

    running._spawn = spawn  # type: ignore[method-assign]
    try:
        await running.begin(at_once=1)
        assert len(running.pids) == 1
        assert (await running.fingerprint(CANARY.read_bytes())).frames
        may_start.set()
        await running.complete()
        assert len(running.pids) == 4
        assert [lane.idle.qsize() for lane in running._lanes.values()] == [2, 1]
    finally:
        await running.stop()


async def test_a_decoder_that_fails_later_is_an_error_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """When one of the others does not start, whoever waits for all is told, and no process is left."""
    running = Decoders(images=1, videos=1, spares=1, limits=UNHURRIED)
    start = running._spawn

    async def spawn() -> Process:
        process = await start()
        monkeypatch.setattr(launch, "_START", "raise SystemExit")
        return process

    running._spawn = spawn  # type: ignore[method-assign]
    await running.begin(at_once=1)
    with pytest.raises(MediaError, match="did not start"):
        await running.complete()
    assert not running.pids
