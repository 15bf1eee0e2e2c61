"""Pools of decoder processes for tests: which process is next, when all is quiet, and why a file was refused."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Unscannable
from bot.media.decoder import Decoders, LaneName, Upload
from bot.media.process import Process
from tests.texture import encode, texture

PICTURE = texture(5, 320, 240)
JPEG = encode(PICTURE, "jpeg")


def next_process(decoders: Decoders, lane: LaneName = "image") -> Process:
    """The process that takes the next picture, or the next video."""
    return decoders._lanes[lane].idle._queue[0]  # type: ignore[attr-defined,no-any-return]


async def busy(process: Process) -> None:
    """Wait until the process has taken a job."""
    while not process.jobs:  # noqa: ASYNC110 - a process tells nobody that it is busy, and needs not
        await asyncio.sleep(0)


async def settled(decoders: Decoders) -> None:
    """Wait until every replacement is done."""
    while decoders._tasks:
        await asyncio.gather(*decoders._tasks)


async def refused_for(decoders: Decoders, data: bytes, poster: int | None = None) -> str:
    """The reason for which a file is unscannable."""
    with pytest.raises(Unscannable) as refusal:
        await decoders.fingerprint(data, upload=Upload(poster))
    return refusal.value.reason
