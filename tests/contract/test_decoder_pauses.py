"""Who keeps posting files that stop the decoders is not decoded for a while; nobody else is kept waiting."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot import metrics
from bot.errors import Unscannable
from bot.media.breaker import FAILURES, Breaker
from bot.media.decoder import Decoders, Upload
from bot.media.look import PLAIN
from bot.media.registration import Candidate
from tests.clips import clip, shots
from tests.contract.pools import JPEG, PICTURE, busy, next_process, refused_for, settled
from tests.stills import heic
from tests.unhurried import UNHURRIED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Decoders]:
    """One process for pictures, one for videos and one spare, that tests may stop."""
    running = Decoders(images=1, videos=1, spares=1, limits=UNHURRIED)
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def single(shared: Decoders) -> Decoders:
    """The shared processes for a test to do its worst: all there, with nothing against any poster or file."""
    await settled(shared)
    shared._breaker = Breaker()
    shared._counts.clear()
    return shared


def _other(number: int) -> bytes:
    """A good picture with other bytes for each number."""
    return JPEG + bytes([number])


async def _stop_decoders(decoders: Decoders, poster: int | None, files: list[bytes]) -> list[str]:
    """Kill the process that is at each of the files; the reasons that were given."""
    reasons = []
    for data in files:
        await settled(decoders)
        process = next_process(decoders)
        process.jobs = 0
        os.kill(process.pid, signal.SIGSTOP)
        job = asyncio.create_task(refused_for(decoders, data, poster))
        await busy(process)
        os.kill(process.pid, signal.SIGKILL)
        reasons.append(await job)
    return reasons


async def test_who_keeps_stopping_decoders_is_not_decoded_for_a_while(single: Decoders) -> None:
    """After some files that stopped a decoder no more pictures of that poster are decoded, also of those that waited.

    Their digests are still told, other posters and the poster's videos are decoded as ever, and it is counted.
    """
    before = metrics.REGISTRY.get_sample_value("haechi_decode_pauses_total", {"media": "image"}) or 0
    files = [_other(number) for number in range(FAILURES)]
    assert await _stop_decoders(single, 5, files[:-1]) == ["crash"] * (FAILURES - 1)
    assert (await single.fingerprint(_other(90), upload=Upload(5))).frames
    await settled(single)
    process = next_process(single)
    process.jobs = 0
    os.kill(process.pid, signal.SIGSTOP)
    last = asyncio.create_task(refused_for(single, files[-1], 5))
    await busy(process)
    waiting = [asyncio.create_task(refused_for(single, _other(91 + number), 5)) for number in range(5)]
    await asyncio.sleep(0)
    os.kill(process.pid, signal.SIGKILL)
    assert await last == "crash"
    assert await asyncio.gather(*waiting) == ["breaker"] * 5
    replaced = single.counts()["replaced"]
    with pytest.raises(Unscannable) as refusal:
        await single.fingerprint(_other(99), upload=Upload(5))
    assert refusal.value.digests == (
        hashlib.sha256(_other(99)).digest(),
        hashlib.md5(_other(99), usedforsecurity=False).digest(),
    )
    assert single.counts()["replaced"] == replaced == FAILURES
    assert (await single.fingerprint(_other(99), upload=Upload(6))).frames
    assert (await single.fingerprint(clip(shots(1, 64, 48), each=2), upload=Upload(5))).frames
    assert metrics.REGISTRY.get_sample_value("haechi_decode_pauses_total", {"media": "image"}) == before + 1


async def test_a_file_that_keeps_stopping_decoders_is_left_alone_whoever_posts_it(single: Decoders) -> None:
    """One hanging file passed on by many posters costs no more decoders than the breaker allows; others are decoded."""
    bad = _other(200)
    for poster in range(10, 10 + FAILURES):
        assert await _stop_decoders(single, poster, [bad]) == ["crash"]
    assert await refused_for(single, bad, 99) == "breaker"
    assert (await single.fingerprint(JPEG, upload=Upload(10))).frames


async def test_all_looks_at_a_file_share_its_time(single: Decoders) -> None:
    """A second look has what the first one left of the limit, so that a verdict on a file never takes twice as long."""
    upload = Upload(7)
    assert (await single.fingerprint(JPEG, look=PLAIN, upload=upload)).frames
    assert upload.spent > 0
    upload.spent = UNHURRIED.image_seconds
    with pytest.raises(Unscannable) as refusal:
        await single.fingerprint(JPEG, upload=upload)
    assert refusal.value.reason == "timeout"
    assert "replaced" not in single.counts()


async def test_what_the_first_look_took_is_no_reason_not_to_cut(single: Decoders) -> None:
    """A picture in a video container has a video's time for all looks at it, those that need no file included."""
    lane, upload = single._lanes["image"], Upload(8)
    plain = await single.fingerprint(heic(PICTURE), look=PLAIN, upload=upload)
    lane.seconds, upload.spent = 3.0, 4.0
    try:
        cut = await single.survey(plain, upload)
        assert all(one.windows for one in cut.surveys)
        assert upload.spent > 4
        box = cut.surveys[0].windows[0].box
        candidate = Candidate(box, 0.0, 0, bytes(32))
        assert len(await single.register(cut, cut.surveys[0], [candidate], upload)) == 1
    finally:
        lane.seconds = UNHURRIED.image_seconds


async def test_registration_shares_the_time_of_its_file(single: Decoders) -> None:
    """Registration has what the looks before it left, and who stops it is remembered, like at any other look."""
    upload = Upload(9)
    cut = await single.survey(await single.fingerprint(JPEG, look=PLAIN, upload=upload), upload)
    candidate = Candidate(cut.surveys[0].windows[0].box, 0.0, 0, bytes(32))
    spent = upload.spent
    await single.register(cut, cut.surveys[0], [candidate], upload)
    assert upload.spent > spent
    upload.spent = UNHURRIED.image_seconds
    with pytest.raises(Unscannable, match="timeout") as refusal:
        await single.register(cut, cut.surveys[0], [candidate], upload)
    assert refusal.value.digests == (cut.sha256, cut.md5)
    for _ in range(FAILURES):
        single._breaker.blame(("file", cut.sha256))
    with pytest.raises(Unscannable, match="breaker"):
        await single.register(cut, cut.surveys[0], [candidate], Upload())
