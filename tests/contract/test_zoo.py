"""No file can stop the bot: each hostile kind ends in a fingerprint or a named refusal, and costs the bot no memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.media.decoder import Decoders
from bot.media.limits import Limits
from bot.media.look import DENSE
from bot.media.sniff import HEAD, VIDEOS, sniff
from tests.chimeras import CHIMERAS
from tests.fuzz import end_of
from tests.memory import MOVED, peak_above, processes_of
from tests.mosaics import MOSAICS
from tests.zoo import ZOO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

_KINDS = 199
_BEASTS = ZOO | CHIMERAS | MOSAICS
# The promise of 10 s for either lane, so that a busy machine changes nothing; what stops by itself does so as soon.
_LIMITS = Limits(image_seconds=10, video_seconds=10, patience=0.18)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoders() -> AsyncIterator[Decoders]:
    """Decoders as the bot runs them, one for each lane."""
    running = Decoders(images=1, videos=1, spares=1, limits=_LIMITS)
    await running.start()
    yield running
    await running.stop()


async def test_every_beast_meets_its_end(decoders: Decoders) -> None:
    """Each hostile file ends as it should within 10 s; the bot's memory stays where it was, and no process stays."""
    assert len(_BEASTS) == len(ZOO) + len(CHIMERAS) + len(MOSAICS) >= _KINDS
    files = {name: make() for name, (make, _) in _BEASTS.items()}
    ends: dict[str, str] = {}

    async def feed(names: list[str]) -> None:
        for name in names:
            ends[name] = await end_of(decoders, files[name], DENSE)

    videos = [name for name, data in files.items() if sniff(data[:HEAD]) in VIDEOS]
    with peak_above() as peak:
        await asyncio.gather(feed(videos), feed([name for name in files if name not in videos]))
    assert {name: end for name, end in ends.items() if end not in _BEASTS[name][1]} == {}
    assert ends.keys() == _BEASTS.keys()
    assert peak() < MOVED
    assert await processes_of(decoders) == decoders.pids
