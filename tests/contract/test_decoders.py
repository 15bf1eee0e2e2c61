"""The pools of decoder processes serve every kind of file and outlive everything that happens to a process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot import metrics
from bot.errors import MediaError, NotMedia, TooLarge, Unscannable
from bot.media import launch as launch_module
from bot.media.breaker import FAILURES, Breaker
from bot.media.decoder import Decoders, LaneName, Upload, fingerprint_file
from bot.media.hashes import distance, fit, hash_picture
from bot.media.limits import Limits
from bot.media.lockdown import LEVELS
from bot.media.look import DENSE, PLAIN
from bot.media.process import Process
from bot.media.registration import Candidate
from bot.model import Part
from tests.clips import clip, shots, sound
from tests.stills import heic, tiled
from tests.texture import animate, encode, texture
from tests.unhurried import UNHURRIED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from PIL import Image

    from bot.model import Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

_PICTURE = texture(5, 320, 240)
_JPEG = encode(_PICTURE, "jpeg")
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
    await _settled(shared)
    shared._breaker = Breaker()
    shared._counts.clear()
    return shared


def _like(frames: tuple[Frame, ...], picture: Image.Image) -> int:
    """The bits between a picture and the nearest of the frames."""
    wanted = hash_picture(picture.resize(fit(*picture.size))).pdq[0]
    return min(distance(frame.pdq[0], wanted) for frame in frames)


def _first(decoders: Decoders, lane: LaneName = "image") -> Process:
    """The process that takes the next picture, or the next video."""
    return decoders._lanes[lane].idle._queue[0]  # type: ignore[attr-defined,no-any-return]


async def _busy(process: Process) -> None:
    """Wait until the process has taken a job."""
    while not process.jobs:  # noqa: ASYNC110 - a process tells nobody that it is busy, and needs not
        await asyncio.sleep(0)


async def _settled(decoders: Decoders) -> None:
    """Wait until every replacement is done."""
    while decoders._tasks:
        await asyncio.gather(*decoders._tasks)


async def _refusal(decoders: Decoders, data: bytes, poster: int | None = None) -> str:
    """The reason for which a file is unscannable."""
    with pytest.raises(Unscannable) as refusal:
        await decoders.fingerprint(data, upload=Upload(poster))
    return refusal.value.reason


# --- good files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp", "avif"])
async def test_pictures_are_fingerprinted(decoders: Decoders, kind: str) -> None:
    """Each kind of picture comes back with its format, size, digests and hashes."""
    data = encode(_PICTURE, kind)
    seen = await decoders.fingerprint(data)
    assert (seen.format, seen.width, seen.height, seen.damaged) == (kind, 320, 240, False)
    assert seen.sha256 == hashlib.sha256(data).digest()
    assert seen.md5 == hashlib.md5(data, usedforsecurity=False).digest()
    assert _like(seen.frames, _PICTURE) <= _SAME
    assert seen.frames[0].quality >= 50


def _see_through() -> Image.Image:
    """A picture that looks different on white and on black."""
    picture = _PICTURE.convert("RGBA")
    picture.putalpha(texture(4, 320, 240).convert("L"))
    return picture


@pytest.mark.parametrize(("kind", "surveys"), [("jpeg", 1), ("png", 2)])
async def test_a_picture_is_cut_as_well_later_as_at_once(decoders: Decoders, kind: str, surveys: int) -> None:
    """The windows cut from what a plain look kept are those of a close look, without the file, on each background."""
    data = encode(_PICTURE if kind == "jpeg" else _see_through(), kind)
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
    seen = await decoders.fingerprint(heic(_PICTURE))
    assert (seen.format, seen.width, seen.height) == ("heic", 320, 240)
    assert _like(seen.frames, _PICTURE) <= _SAME


@pytest.mark.parametrize("kind", [b"hvc1", b"av01"])
async def test_tiles_are_put_together(decoders: Decoders, kind: bytes) -> None:
    """A HEIC or AVIF in tiles, as phones write it, is hashed as the picture that they make, never as one of them."""
    seen = await decoders.fingerprint(tiled(_PICTURE, 96, kind))
    assert (seen.width, seen.height, seen.damaged) == (320, 240, False)
    assert _like(seen.frames, _PICTURE) <= _SAME


async def test_an_animation_gives_its_distinct_frames(decoders: Decoders) -> None:
    """A GIF of three pictures gives three frames."""
    seen = await decoders.fingerprint(animate("gif", shots(3)))
    assert sum(frame.part is Part.WHOLE for frame in seen.frames) == 3


# --- files that are refused ----------------------------------------------------------------------


async def test_refusals_say_why(decoders: Decoders) -> None:
    """What cannot be scanned says so in one word, and what is no media is told apart."""
    assert await _refusal(decoders, b"") == "empty"
    assert await _refusal(decoders, encode(_PICTURE, "bmp")) == "type"
    assert await _refusal(decoders, _JPEG[:300]) == "broken"
    assert await _refusal(decoders, sound()) == "codec"
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
    os.kill(_first(running).pid, signal.SIGSTOP)
    process = _first(running)
    job = asyncio.create_task(running.fingerprint(_JPEG))
    await _busy(process)
    await running.stop()
    with pytest.raises(MediaError, match="stopped") as error:
        await job
    assert not isinstance(error.value, Unscannable)
    await running.start()
    assert (await running.fingerprint(_JPEG)).frames
    await running.stop()


# --- what may happen to them ---------------------------------------------------------------------


async def test_a_hanging_process_is_killed_and_the_next_job_served(single: Decoders) -> None:
    """A decoder that never answers is killed at its time-out; the warm spare serves the next job, none is started."""
    stuck = _first(single).pid
    os.kill(stuck, signal.SIGSTOP)
    may_start = asyncio.Event()
    start, lane = single._spawn, single._lanes["image"]

    async def spawn() -> Process:
        await may_start.wait()
        return await start()

    single._spawn = spawn  # type: ignore[method-assign]
    try:
        lane.seconds = 0.5
        assert await _refusal(single, _JPEG) == "timeout"
        lane.seconds = UNHURRIED.image_seconds
        assert (await single.fingerprint(_JPEG)).frames  # and so without waiting for Python to start
    finally:
        lane.seconds = UNHURRIED.image_seconds
        del single._spawn
        may_start.set()
    await _settled(single)
    assert stuck not in single.pids
    assert len(single.pids) == 3
    assert single.counts()["timeout"] == single.counts()["replaced"] == 1


async def test_a_process_killed_while_idle_costs_no_job(single: Decoders) -> None:
    """A decoder that died between two jobs is replaced, and the next job never notices."""
    victim = _first(single)
    os.kill(victim.pid, signal.SIGKILL)
    await asyncio.to_thread(victim._child.wait)
    assert (await single.fingerprint(_JPEG)).frames
    await _settled(single)
    assert victim.pid not in single.pids
    assert len(single.pids) == 3


async def test_hanging_videos_never_delay_a_picture() -> None:
    """While a flood of videos hangs, every picture is served: the two sorts share no process."""
    running = Decoders(images=1, videos=1, spares=0, limits=Limits(video_seconds=600))
    await running.start()
    try:
        os.kill(_first(running, "video").pid, signal.SIGSTOP)
        video = clip(shots(1, 64, 48), each=2)
        flood = [asyncio.create_task(running.fingerprint(video, upload=Upload(n))) for n in range(1, 40)]
        for _ in range(10):
            assert (await running.fingerprint(_JPEG)).frames
        assert not any(job.done() for job in flood)
    finally:
        await running.stop()
        for job in flood:
            job.cancel()
        await asyncio.gather(*flood, return_exceptions=True)


# --- who keeps stopping them ---------------------------------------------------------------------


def _other(number: int) -> bytes:
    """A good picture with other bytes for each number."""
    return _JPEG + bytes([number])


async def _stop_decoders(decoders: Decoders, poster: int | None, files: list[bytes]) -> list[str]:
    """Kill the process that is at each of the files; the reasons that were given."""
    reasons = []
    for data in files:
        await _settled(decoders)
        process = _first(decoders)
        process.jobs = 0
        os.kill(process.pid, signal.SIGSTOP)
        job = asyncio.create_task(_refusal(decoders, data, poster))
        await _busy(process)
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
    await _settled(single)
    process = _first(single)
    process.jobs = 0
    os.kill(process.pid, signal.SIGSTOP)
    last = asyncio.create_task(_refusal(single, files[-1], 5))
    await _busy(process)
    waiting = [asyncio.create_task(_refusal(single, _other(91 + number), 5)) for number in range(5)]
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
    assert await _refusal(single, bad, 99) == "breaker"
    assert (await single.fingerprint(_JPEG, upload=Upload(10))).frames


async def test_all_looks_at_a_file_share_its_time(single: Decoders) -> None:
    """A second look has what the first one left of the limit, so that a verdict on a file never takes twice as long."""
    upload = Upload(7)
    assert (await single.fingerprint(_JPEG, look=PLAIN, upload=upload)).frames
    assert upload.spent > 0
    upload.spent = UNHURRIED.image_seconds
    with pytest.raises(Unscannable) as refusal:
        await single.fingerprint(_JPEG, upload=upload)
    assert refusal.value.reason == "timeout"
    assert "replaced" not in single.counts()


async def test_what_the_first_look_took_is_no_reason_not_to_cut(single: Decoders) -> None:
    """A picture in a video container has a video's time for all looks at it, those that need no file included."""
    lane, upload = single._lanes["image"], Upload(8)
    plain = await single.fingerprint(heic(_PICTURE), look=PLAIN, upload=upload)
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
    cut = await single.survey(await single.fingerprint(_JPEG, look=PLAIN, upload=upload), upload)
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


# --- what may happen to a pool of one's own ------------------------------------------------------


async def test_a_process_killed_at_work_fails_its_job_alone() -> None:
    """A decoder that dies takes its own job with it and no other."""
    running = Decoders(images=2, videos=0, spares=1, limits=UNHURRIED)
    await running.start()
    try:
        victim = _first(running)
        os.kill(victim.pid, signal.SIGSTOP)
        doomed = asyncio.create_task(_refusal(running, _JPEG))
        await _busy(victim)
        others = [asyncio.create_task(running.fingerprint(_JPEG)) for _ in range(4)]
        os.kill(victim.pid, signal.SIGKILL)
        assert await doomed == "crash"
        assert all(seen.frames for seen in await asyncio.gather(*others))
        await _settled(running)
        assert len(running.pids) == 3
    finally:
        await running.stop()


async def test_a_cancelled_job_frees_its_process(single: Decoders) -> None:
    """When the caller gives up, by cancelling or by its deadline, the process is replaced and the next job served."""
    os.kill(_first(single).pid, signal.SIGSTOP)
    with pytest.raises(Unscannable) as refusal:
        await single.fingerprint(_JPEG, deadline=0.2)
    assert refusal.value.reason == "timeout"
    assert (await single.fingerprint(_JPEG)).frames


async def test_a_worn_process_is_replaced() -> None:
    """After its number of files a process makes way for a fresh one; cutting what it kept of them is no file."""
    running = Decoders(images=1, videos=0, spares=1, limits=replace(UNHURRIED, jobs=2))
    await running.start()
    try:
        first = _first(running).pid
        plain = await running.fingerprint(_JPEG, look=PLAIN)
        for _ in range(3):
            await running.survey(plain, Upload())
        await _settled(running)
        assert _first(running).pid == first
        for _ in range(2):
            await running.fingerprint(_JPEG)
        await _settled(running)
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
        assert await _refusal(running, _JPEG) == "crash"
        await _settled(running)
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
