"""The pools of decoder processes serve every kind of file and outlive everything that happens to a process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.errors import MediaError, NotMedia, TooLarge, Unscannable
from bot.media.breaker import Breaker
from bot.media.decoder import Decoders, Upload, fingerprint_file
from bot.media.hashes import distance, fit, hash_picture
from bot.media.limits import Limits
from bot.media.lockdown import LEVELS
from bot.media.look import DENSE, PLAIN
from bot.media.process import Process
from bot.model import Part
from tests.clips import clip, shots, sound
from tests.contract.pools import JPEG, PICTURE, busy, next_process, refused_for, settled
from tests.stills import heic, tiled
from tests.texture import animate, encode, texture
from tests.unhurried import UNHURRIED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from PIL import Image

    from bot.model import Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SAME = 24  # bits within which a compressed video's frame is its picture


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoders() -> AsyncIterator[Decoders]:
    """Decoders for the tests that leave them as they were."""
    running = Decoders(images=1, videos=1, spares=0, limits=UNHURRIED)
    await running.start()
    yield running
    await running.stop()


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


def _like(frames: tuple[Frame, ...], picture: Image.Image) -> int:
    """The bits between a picture and the nearest of the frames."""
    wanted = hash_picture(picture.resize(fit(*picture.size))).pdq[0]
    return min(distance(frame.pdq[0], wanted) for frame in frames)


# --- good files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp", "avif"])
async def test_pictures_are_fingerprinted(decoders: Decoders, kind: str) -> None:
    """Each kind of picture comes back with its format, size, digests and hashes."""
    data = encode(PICTURE, kind)
    seen = await decoders.fingerprint(data)
    assert (seen.format, seen.width, seen.height, seen.damaged) == (kind, 320, 240, False)
    assert seen.sha256 == hashlib.sha256(data).digest()
    assert seen.md5 == hashlib.md5(data, usedforsecurity=False).digest()
    assert _like(seen.frames, PICTURE) <= _SAME
    assert seen.frames[0].quality >= 50


def _see_through() -> Image.Image:
    """A picture that looks different on white and on black."""
    picture = PICTURE.convert("RGBA")
    picture.putalpha(texture(4, 320, 240).convert("L"))
    return picture


@pytest.mark.parametrize(("kind", "surveys"), [("jpeg", 1), ("png", 2)])
async def test_a_picture_is_cut_as_well_later_as_at_once(decoders: Decoders, kind: str, surveys: int) -> None:
    """The windows cut from what a plain look kept are those of a close look, without the file, on each background."""
    data = encode(PICTURE if kind == "jpeg" else _see_through(), kind)
    at_once = await decoders.fingerprint(data)
    upload = Upload()
    plain = await decoders.fingerprint(data, look=PLAIN, upload=upload)
    assert [one.windows for one in plain.surveys] == [()] * surveys
    assert await decoders.survey(plain, upload) == at_once
    assert all(one.windows for one in at_once.surveys)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        ("h264", "mp4"),
        ("hevc", "mp4"),
        ("mpeg4", "mp4"),
        ("h264 in quicktime", "mp4"),
        ("vp8", "webm"),
        ("vp9", "webm"),
        ("h264 in matroska", "webm"),
    ],
)
async def test_videos_are_fingerprinted_by_key_frames(decoders: Decoders, make: str, kind: str) -> None:
    """Each codec and container comes back with a frame for every shot, in order and with its time."""
    pictures = shots(3)
    seen = await decoders.fingerprint(clip(pictures, make, g="10"))
    assert (seen.format, seen.width, seen.height, seen.damaged) == (kind, 320, 240, False)
    assert [_like(seen.frames, picture) <= _SAME for picture in pictures] == [True, True, True]
    times = [frame.at for frame in seen.frames]
    assert times == sorted(times)
    assert 2 <= times[-1] <= 3


async def test_a_long_video_is_covered_to_its_end(decoders: Decoders) -> None:
    """Of more frames than the limits, those hashed are spread over the whole video, with and without a closer look."""
    pictures = shots(40, 160, 120)
    data = clip(pictures, each=5, rate=5, g="5")
    for look, most in ((PLAIN, Limits().keys), (DENSE, Limits().frames)):
        seen = await decoders.fingerprint(data, look=look)
        times = [frame.at for frame in seen.frames if frame.part is Part.WHOLE]
        assert most // 2 <= len(times) <= most
        assert times[0] == 0
        assert times[-1] > 35
        assert max(later - earlier for earlier, later in pairwise(times)) < 4
        assert seen.sparse is (look == PLAIN)


async def test_a_video_of_one_key_frame_is_looked_into(decoders: Decoders) -> None:
    """Where key frames are rare, frames between them are decoded as well."""
    pictures = shots(4)
    seen = await decoders.fingerprint(clip(pictures, each=30, g="10000", sc_threshold="0"))
    assert [_like(seen.frames, picture) <= _SAME for picture in pictures] == [True] * 4


async def test_heic_of_one_picture_is_fingerprinted(decoders: Decoders) -> None:
    """A HEIC that holds its picture whole is hashed like the picture."""
    seen = await decoders.fingerprint(heic(PICTURE))
    assert (seen.format, seen.width, seen.height) == ("heic", 320, 240)
    assert _like(seen.frames, PICTURE) <= _SAME


@pytest.mark.parametrize("kind", [b"hvc1", b"av01"])
async def test_tiles_are_put_together(decoders: Decoders, kind: bytes) -> None:
    """A HEIC or AVIF in tiles, as phones write it, is hashed as the picture that they make, never as one of them."""
    seen = await decoders.fingerprint(tiled(PICTURE, 96, kind))
    assert (seen.width, seen.height, seen.damaged) == (320, 240, False)
    assert _like(seen.frames, PICTURE) <= _SAME


async def test_an_animation_gives_its_distinct_frames(decoders: Decoders) -> None:
    """A GIF of three pictures gives three frames."""
    seen = await decoders.fingerprint(animate("gif", shots(3)))
    assert sum(frame.part is Part.WHOLE for frame in seen.frames) == 3


# --- files that are refused ----------------------------------------------------------------------


async def test_refusals_say_why(decoders: Decoders) -> None:
    """What cannot be scanned says so in one word, and what is no media is told apart."""
    assert await refused_for(decoders, b"") == "empty"
    assert await refused_for(decoders, encode(PICTURE, "bmp")) == "type"
    assert await refused_for(decoders, JPEG[:300]) == "broken"
    assert await refused_for(decoders, sound()) == "codec"
    with pytest.raises(NotMedia):
        await decoders.fingerprint(b"just text")
    with pytest.raises(TooLarge):
        await decoders.fingerprint(bytes(Limits().max_bytes + 1))


async def test_one_file_on_disk_is_fingerprinted(tmp_path: Path) -> None:
    """The command line's one-shot starts what it needs and leaves no process behind."""
    file = tmp_path / "clip.bin"
    file.write_bytes(clip(shots(1), each=3))
    assert (await fingerprint_file(file)).format == "mp4"


# --- what the processes are ----------------------------------------------------------------------


async def test_a_process_is_given_nothing(decoders: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder process has no token in its environment, no place but the root, and no file but its socket."""
    monkeypatch.setenv("HAECHI_TOKEN", "made-up")
    fresh = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    await fresh.start()
    try:
        (pid,) = fresh.pids
        place = Path(f"/proc/{pid}")
        names = {line.partition(b"=")[0] for line in (place / "environ").read_bytes().split(b"\0") if line}
        assert names == {b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS", b"MALLOC_ARENA_MAX"}
        assert (place / "cwd").readlink() == Path("/")
        opened = sorted(str(link.readlink()).partition(":")[0] for link in (place / "fd").iterdir())
        assert opened == ["/dev/null", "/dev/null", "/dev/null", "socket"]
        assert fresh.level == decoders.level
        assert fresh.level in LEVELS[:3]
    finally:
        await fresh.stop()


async def test_stop_leaves_no_process() -> None:
    """After `stop` every process is gone, and stopping again is harmless."""
    running = Decoders(images=1, videos=1, spares=1, limits=UNHURRIED)
    await running.start()
    pids = running.pids
    assert len(pids) == 3
    await running.stop()
    await running.stop()
    assert not running.pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_stop_interrupts_jobs_at_work() -> None:
    """A job at work when the decoders stop is told so; its file never counts as unscannable."""
    running = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    await running.start()
    os.kill(next_process(running).pid, signal.SIGSTOP)
    process = next_process(running)
    job = asyncio.create_task(running.fingerprint(JPEG))
    await busy(process)
    await running.stop()
    with pytest.raises(MediaError, match="stopped") as error:
        await job
    assert not isinstance(error.value, Unscannable)
    await running.start()
    assert (await running.fingerprint(JPEG)).frames
    await running.stop()


# --- what may happen to them ---------------------------------------------------------------------


async def test_a_hanging_process_is_killed_and_the_next_job_served(single: Decoders) -> None:
    """A decoder that never answers is killed at its time-out; the warm spare serves the next job, none is started."""
    stuck = next_process(single).pid
    os.kill(stuck, signal.SIGSTOP)
    may_start = asyncio.Event()
    start, lane = single._spawn, single._lanes["image"]

    async def spawn() -> Process:
        await may_start.wait()
        return await start()

    single._spawn = spawn  # type: ignore[method-assign]
    try:
        lane.seconds = 0.5
        assert await refused_for(single, JPEG) == "timeout"
        lane.seconds = UNHURRIED.image_seconds
        assert (await single.fingerprint(JPEG)).frames  # and so without waiting for Python to start
    finally:
        lane.seconds = UNHURRIED.image_seconds
        del single._spawn
        may_start.set()
    await settled(single)
    assert stuck not in single.pids
    assert len(single.pids) == 3
    assert single.counts()["timeout"] == single.counts()["replaced"] == 1


async def test_a_process_killed_while_idle_costs_no_job(single: Decoders) -> None:
    """A decoder that died between two jobs is replaced, and the next job never notices."""
    victim = next_process(single)
    os.kill(victim.pid, signal.SIGKILL)
    await asyncio.to_thread(victim._child.wait)
    assert (await single.fingerprint(JPEG)).frames
    await settled(single)
    assert victim.pid not in single.pids
    assert len(single.pids) == 3


async def test_hanging_videos_never_delay_a_picture() -> None:
    """While a flood of videos hangs, every picture is served: the two sorts share no process."""
    running = Decoders(images=1, videos=1, spares=0, limits=Limits(video_seconds=600))
    await running.start()
    try:
        os.kill(next_process(running, "video").pid, signal.SIGSTOP)
        video = clip(shots(1, 64, 48), each=2)
        flood = [asyncio.create_task(running.fingerprint(video, upload=Upload(n))) for n in range(1, 40)]
        for _ in range(10):
            assert (await running.fingerprint(JPEG)).frames
        assert not any(job.done() for job in flood)
    finally:
        await running.stop()
        for job in flood:
            job.cancel()
        await asyncio.gather(*flood, return_exceptions=True)


async def test_a_cancelled_job_frees_its_process(single: Decoders) -> None:
    """When the caller gives up, by cancelling or by its deadline, the process is replaced and the next job served."""
    os.kill(next_process(single).pid, signal.SIGSTOP)
    with pytest.raises(Unscannable) as refusal:
        await single.fingerprint(JPEG, deadline=0.2)
    assert refusal.value.reason == "timeout"
    assert (await single.fingerprint(JPEG)).frames
