"""No spoiled file can stop a decoder: more than 10,000 seeded mutations of good files, and the hunt for more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.media.decoder import Decoders
from tests import fuzz
from tests.fuzz import LIMITS, hunt
from tests.memory import MOVED, peak_above, processes_of
from tests.mutations import mutation, seeds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

_KINDS = (
    "jpeg",
    "progressive",
    "png",
    "apng",
    "webp",
    "animated webp",
    "gif",
    "h264",
    "hevc",
    "vp9",
    "avif",
    "heic",
    "tgs",
)
_EACH = 850
_SEED = 20261122


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoders() -> AsyncIterator[Decoders]:
    """The real thing: locked-down processes that hash few pictures of each file."""
    running = Decoders(images=1, videos=1, spares=1, limits=LIMITS)
    await running.start()
    yield running
    await running.stop()


async def test_there_are_enough_of_them() -> None:
    """At least ten formats and 10,000 files are tried, each another one, and the same ones every time."""
    assert tuple(seeds()) == _KINDS
    assert len(_KINDS) >= 10
    assert len(_KINDS) * _EACH >= 10_000
    made = [mutation(kind, _SEED, number) for kind in _KINDS for number in range(40)]
    assert made == [mutation(kind, _SEED, number) for kind in _KINDS for number in range(40)]
    assert len(set(made)) > 0.95 * len(made)


@pytest.mark.parametrize("kind", _KINDS)
async def test_mutations_stop_nothing(decoders: Decoders, kind: str) -> None:
    """Each spoiled file gets an answer of a known form in time; want of memory is rare; bot and processes stay."""
    mutation(kind, _SEED, 0)  # making the good files is not what is measured
    with peak_above() as peak:
        found = await hunt(decoders, _SEED, [(kind, number) for number in range(_EACH)])
    assert found.offenders == []
    assert found.ends.total() == _EACH
    assert found.ends[fuzz.RARE] <= _EACH // 100
    assert found.ends["tgs" if kind == "tgs" else "seen"] > _EACH // 10
    assert peak() < MOVED
    assert await processes_of(decoders) == decoders.pids


async def test_a_hunt_tells_how_to_meet_an_offender_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hunt prints its seed; a file that stops a decoder fails it and is named by a command that makes it again."""
    monkeypatch.setattr(sys, "argv", ["fuzz", "--seed", "7", "--only", "tgs:3"])
    assert await fuzz.run() == 0
    assert "seed 7, 1 files" in capsys.readouterr().out
    monkeypatch.setattr(fuzz, "HARMLESS", set())
    assert await fuzz.run() == 1
    assert 'make fuzz SEED=7 ONLY="tgs:3"' in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["fuzz", "--only", "bmp:3"])
    with pytest.raises(SystemExit):
        await fuzz.run()
    assert "expected KIND:NUMBER" in capsys.readouterr().err
