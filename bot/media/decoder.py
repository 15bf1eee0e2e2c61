"""The parent side of media: bytes in, `Fingerprint` out, through pools of processes that can be killed at any time.

Nothing of a file is decoded in this process, and no file can stop it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from bot import metrics
from bot.errors import ConfigError, MediaError, NotMedia, TooLarge, Unscannable
from bot.media.answer import Answer, BadAnswer, Result, Seen
from bot.media.breaker import Breaker
from bot.media.limits import USUAL, Limits
from bot.media.lockdown import LEVELS, Level
from bot.media.look import DENSE, REGISTER, SURVEY
from bot.media.process import Process
from bot.media.refusal import Reason
from bot.media.sniff import HEAD, PICTURES, STICKERS, is_media, sniff
from bot.media.surveyed import Cut, register_request, survey_request, with_cuts
from bot.model import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from bot.media.launch import Launched
    from bot.media.registration import Candidate
    from bot.survey import Survey

LaneName = Literal["image", "video"]
_RETRY_SECONDS: Final = 1.0  # between attempts to start a process on a machine that is out of something
_SMALL: Final = 1 << 18  # bytes whose digests, in 0.5 ms, are no work for another thread: to ask one takes 0.1 ms


@dataclass(slots=True)
class _Lane:
    """The processes for one sort of file, so that slow videos never keep pictures waiting."""

    name: LaneName
    size: int
    seconds: float
    idle: asyncio.Queue[Process] = field(default_factory=asyncio.Queue)


@dataclass(slots=True)
class Upload:
    """One posted file on its way through the decoders, for all looks at it: who posted it, and the seconds it took."""

    poster: int | None = None
    spent: float = 0.0


class Decoders:
    """Pools of decoder processes: `images` for pictures, `videos` for films, and `spares` warm ones to step in.

    `unsafe` permits a machine that can lock nothing down (level ``none``). One event loop, start to stop.
    """

    def __init__(
        self,
        *,
        images: int = 2,
        videos: int = 1,
        spares: int = 1,
        limits: Limits = USUAL,
        unsafe: bool = False,
        launched: list[Launched] | None = None,
    ) -> None:
        """Keep the sizes, and take over what was `launched` already; nothing else runs before `start` or `begin`."""
        self.level: Level = "none"
        self._limits = limits
        self._lanes: dict[LaneName, _Lane] = {
            "image": _Lane("image", images, limits.image_seconds),
            "video": _Lane("video", videos, limits.video_seconds),
        }
        self._spares_wanted = spares
        self._is_stopping = False
        self._unsafe = unsafe
        self._launched = launched if launched is not None else []
        self._coming: list[asyncio.Task[None]] = []
        self._spares: list[Process] = []
        self._alive: set[Process] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()
        self._breaker = Breaker()

    async def start(self) -> None:
        """Start all processes and wait until each is warm and locked down.

        Raises ConfigError when the machine can lock nothing down and `unsafe` was not asked for, MediaError
        when a process does not start.
        """
        await self.begin(at_once=len(self._places()))
        await self.complete()

    async def begin(self, *, at_once: int) -> None:
        """Start the processes, so many at a time, and wait for one: it takes jobs while the others warm up.

        How those fare, `complete` tells. Raises as `start`.
        """
        self._is_stopping = False
        gate = asyncio.Semaphore(max(1, at_once))
        self._coming = [asyncio.create_task(self._fill(lane, gate)) for lane in self._places()]
        if self._coming:
            done, _ = await asyncio.wait(self._coming, return_when=asyncio.FIRST_COMPLETED)
            await self._succeed(*done)

    async def complete(self) -> None:
        """Wait until all processes that `begin` started are there. Raises as `start`."""
        await self._succeed(*self._coming)

    async def _succeed(self, *coming: asyncio.Task[None]) -> None:
        """Wait for `coming`; if one of them fails, nothing goes on."""
        try:
            await asyncio.gather(*coming)
        except (MediaError, ConfigError):
            await self.stop()
            raise

    async def stop(self) -> None:
        """Kill all processes; jobs at work raise MediaError, jobs in wait stay so. Safe to call twice."""
        self._is_stopping = True
        tasks = [*self._coming, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(process) for process in list(self._alive)))
        self._spares.clear()
        for lane in self._lanes.values():
            lane.idle = asyncio.Queue()

    async def fingerprint(
        self, data: bytes, deadline: float | None = None, *, look: str = DENSE, upload: Upload | None = None
    ) -> Fingerprint:
        """All signals of one file. `deadline` is the most seconds it may take, waiting for a free process included.

        `look` says how closely, by one of the words of `bot.media.look`; all looks at one `upload` share its time.
        Raises Unscannable with one of `refusal.Reason` and, where the file was read at all, its digests; NotMedia,
        TooLarge, or a plain MediaError if `stop` interrupts.
        """
        self._counts["jobs"] += 1
        try:
            async with asyncio.timeout(deadline):
                return await self._fingerprint(data, look, upload or Upload())
        except TimeoutError:
            self._refuse(Reason.TIMEOUT)

    async def survey(self, fingerprint: Fingerprint, upload: Upload) -> Fingerprint:
        """The fingerprint of a picture that was looked at plainly, its surveys cut into windows: nothing is decoded.

        Raises as `fingerprint`.
        """
        result = await self._review(SURVEY, survey_request(fingerprint.surveys), fingerprint, upload)
        cuts = [one for one in result if isinstance(one, Cut)] if isinstance(result, tuple) else []
        if len(cuts) != len(fingerprint.surveys):
            self._refuse(result if isinstance(result, Reason) else Reason.CRASH, _digests_of(fingerprint))
        return replace(fingerprint, surveys=with_cuts(fingerprint.surveys, cuts))

    async def register(
        self, fingerprint: Fingerprint, survey: Survey, candidates: Sequence[Candidate], upload: Upload
    ) -> tuple[int, ...]:
        """How near, in bits, each candidate's window of one of a picture's surveys comes to its hash when moved about.

        Raises as `fingerprint`.
        """
        result = await self._review(REGISTER, register_request(survey, candidates), fingerprint, upload)
        distances = [one for one in result if isinstance(one, int)] if isinstance(result, tuple) else []
        if len(distances) != len(candidates):
            self._refuse(result if isinstance(result, Reason) else Reason.CRASH, _digests_of(fingerprint))
        return tuple(distances)

    def counts(self) -> Mapping[str, int]:
        """How often something happened since the start: ``jobs``, ``spawned``, ``replaced``, and each `Reason`."""
        return dict(self._counts)

    @property
    def pids(self) -> frozenset[int]:
        """The process ids of all living processes, spares included."""
        return frozenset(process.pid for process in self._alive)

    @property
    def living(self) -> int:
        """How many processes live at this moment, spares included."""
        return sum(process.is_alive for process in self._alive)

    async def _fingerprint(self, data: bytes, look: str, upload: Upload) -> Fingerprint:
        """All signals of one file, without a deadline for the whole."""
        kind = self._sniff(data)
        is_small = len(data) <= _SMALL
        sha256, md5 = digests = _digests(data) if is_small else await asyncio.to_thread(_digests, data)
        result: object = Reason.TYPE
        if kind is not None:
            lane = self._lane(kind)
            result = await self._decode(lane, data, f"{kind} {look}", upload, _suspects(lane, digests, upload))
        if kind is None or not isinstance(result, Seen):
            self._refuse(result if isinstance(result, Reason) else Reason.CRASH, digests)
        return Fingerprint(
            sha256=sha256,
            md5=md5,
            format=kind,
            width=result.width,
            height=result.height,
            frames=result.frames,
            damaged=result.damaged,
            sparse=result.sparse,
            surveys=result.surveys,
        )

    async def _review(self, look: str, request: bytes, fingerprint: Fingerprint, upload: Upload) -> Result:
        """What comes of a look that needs no file: made by a picture's process, in the time of what read the file."""
        lane = self._lanes["image"]
        suspects = _suspects(lane, _digests_of(fingerprint), upload)
        seconds = self._lane(fingerprint.format).seconds
        return await self._decode(lane, request, f"{look} ", upload, suspects, seconds=seconds)

    def _lane(self, kind: str) -> _Lane:
        """The lane of a format."""
        return self._lanes["image" if kind in PICTURES | STICKERS else "video"]

    def _sniff(self, data: bytes) -> str | None:
        """The file's format, None for a picture or video of one that is not decoded. Raises as `fingerprint`."""
        if not data:
            self._refuse(Reason.EMPTY)
        if len(data) > self._limits.max_bytes:
            raise TooLarge(f"the file is over {self._limits.max_bytes} bytes")
        if not is_media(data[:HEAD]):
            self._refuse(Reason.NOT_MEDIA)
        return sniff(data[:HEAD])

    async def _decode(
        self,
        lane: _Lane,
        data: bytes,
        job: str,
        upload: Upload,
        suspects: Sequence[Hashable],
        *,
        seconds: float | None = None,
    ) -> Result:
        """What the lane's next free process makes of the file, unless the breaker is open for one of `suspects`.

        All looks at the upload together take `seconds`: by default the lane's.
        """
        seconds = lane.seconds if seconds is None else seconds
        if self._breaker.is_open(*suspects):
            return Reason.BREAKER
        if upload.spent >= seconds:
            return Reason.TIMEOUT
        process = await self._take(lane)
        if self._breaker.is_open(*suspects):  # opened while the file waited, by others of the same poster
            lane.idle.put_nowait(process)
            return Reason.BREAKER
        started = time.monotonic()
        result = await self._run(lane, process, data, job, seconds - upload.spent)
        upload.spent += time.monotonic() - started
        if result in (Reason.TIMEOUT, Reason.CRASH) and self._breaker.blame(*suspects):
            metrics.DECODE_PAUSES.labels(lane.name).inc()
        return result

    async def _run(self, lane: _Lane, process: Process, data: bytes, job: str, seconds: float) -> Result:
        """What a process makes of the file; one that failed or was interrupted is replaced."""
        answer: Answer | None = None
        try:
            answer = await process.run(data, job, max(0.0, seconds))
        except TimeoutError:
            return Reason.TIMEOUT
        except BadAnswer:
            if self._is_stopping:
                raise MediaError("the decoders were stopped at work: nothing is known of the file") from None
            return Reason.CRASH
        finally:
            if answer is None or answer.recycle or process.is_worn:
                self._replace(lane, process)
            else:
                lane.idle.put_nowait(process)
        return answer.result

    async def _take(self, lane: _Lane) -> Process:
        """The lane's next free process, passing over any that died, or spoke, without having a job."""
        while not (process := await lane.idle.get()).is_quiet:
            self._replace(lane, process)
        return process

    def _replace(self, lane: _Lane, process: Process) -> None:
        """Put a warm spare in the place of `process` at once, and see to the rest beside the running jobs."""
        if self._is_stopping:
            return
        self._counts["replaced"] += 1
        spare = self._spares.pop() if self._spares else None
        if spare is not None:
            lane.idle.put_nowait(spare)
        task = asyncio.create_task(self._renew(process, None if spare else lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _renew(self, old: Process, lane: _Lane | None) -> None:
        """End `old` and start another one, for `lane` or else as a spare, however long the machine refuses."""
        await self._end(old)
        while True:
            try:
                process = await self._spawn()
                break
            except (BadAnswer, OSError):
                self._counts["failed starts"] += 1
                await asyncio.sleep(_RETRY_SECONDS)
        self._place(process, lane)

    def _places(self) -> list[_Lane | None]:
        """Where processes are wanted, the first ones of both lanes first; None is among the spares."""
        turns = zip_longest(*([lane] * lane.size for lane in self._lanes.values()))
        return [*(lane for turn in turns for lane in turn if lane), *[None] * self._spares_wanted]

    async def _fill(self, lane: _Lane | None, gate: asyncio.Semaphore) -> None:
        """Start a process for `lane`, or else as a spare. Raises as `start`."""
        async with gate:
            try:
                process = await self._spawn()
            except (BadAnswer, OSError) as error:
                raise MediaError("a decoder process did not start: is the package installed whole?") from error
        self.level = max((one.level for one in self._alive), key=LEVELS.index)
        if self.level == "none" and not self._unsafe:
            raise ConfigError(
                "this machine offers neither Landlock nor seccomp to lock the decoders down: "
                "expected a Linux kernel of 5.13 or later; media.unsafe_decoder = true runs them without"
            )
        self._place(process, lane)

    def _place(self, process: Process, lane: _Lane | None) -> None:
        """Give a process that is ready to `lane`, or else to the spares."""
        if lane is None:
            self._spares.append(process)
        else:
            lane.idle.put_nowait(process)

    async def _spawn(self) -> Process:
        """One more process: one that was launched, as long as there are such."""
        process = await Process.start(self._limits, self._launched.pop(0) if self._launched else None)
        self._counts["spawned"] += 1
        self._alive.add(process)
        return process

    async def _end(self, process: Process) -> None:
        """Kill a process and forget it."""
        await process.kill()
        self._alive.discard(process)  # last, so that an interrupted end is made good by `stop`

    def _refuse(self, reason: Reason, digests: tuple[bytes, bytes] | None = None) -> NoReturn:
        """Count `reason` and raise what the caller expects for it."""
        self._counts[reason.value] += 1
        if reason is Reason.NOT_MEDIA:
            raise NotMedia("neither a picture nor a video")
        raise Unscannable(reason.value, digests)


async def fingerprint_file(path: Path, *, limits: Limits = USUAL, unsafe: bool = False) -> Fingerprint:
    """The signals of one file on disk, by a decoder process that lives only for it; for the command line.

    Run it with `asyncio.run`; for many files keep one `Decoders`. Raises as `Decoders.fingerprint`, and OSError.
    """
    data = await asyncio.to_thread(path.read_bytes)
    is_image = sniff(data[:HEAD]) in PICTURES | STICKERS
    decoders = Decoders(images=int(is_image), videos=int(not is_image), spares=0, limits=limits, unsafe=unsafe)
    await decoders.start()
    try:
        return await decoders.fingerprint(data)
    finally:
        await decoders.stop()


def _suspects(lane: _Lane, digests: tuple[bytes, bytes], upload: Upload) -> list[Hashable]:
    """Who, and what, is to blame when a decoder is stopped: the file, and whoever posted it."""
    file: list[Hashable] = [("file", digests[0])]
    return [*file, ("poster", upload.poster, lane.name)] if upload.poster else file


def _digests_of(fingerprint: Fingerprint) -> tuple[bytes, bytes]:
    """The digests of a file that was read."""
    return fingerprint.sha256, fingerprint.md5


def _digests(data: bytes) -> tuple[bytes, bytes]:
    """SHA-256 and MD5; the latter because exchanges still list it, not for security."""
    return hashlib.sha256(data).digest(), hashlib.md5(data, usedforsecurity=False).digest()
