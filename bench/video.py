"""Videos: what a second of one costs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import av

from bench.results import Table
from bot.media.limits import USUAL
from bot.media.videos import decode_video
from bot.model import Frame
from tests.scenes import coded, film

HD = (1280, 720)
PATIENCE = 60.0
VPDQ = 37 / 24  # vpdq 0.2.5 at one a second, by decoding every frame, of the same 720p clips on one machine
ROUNDS = 3
LOOKS = ("key frames (the first look)", "dense, 5 a second with windows (the closer look)")


async def measure(_folder: Path) -> Table:
    """Measure one clip of 12 s in each way, in turn, so that the machine's other work meets all alike."""
    data = coded(film(1, size=HD))
    ways: dict[str, Callable[[], object]] = {
        LOOKS[0]: lambda: _decoded(data, dense=False),
        LOOKS[1]: lambda: _decoded(data, dense=True),
        "every frame decoded, none hashed": lambda: _decode_all(data),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.process_time()
            way()
            times[name].append((time.process_time() - began) / 12)
    spent = {name: median(of_way) for name, of_way in times.items()}
    spent["vpdq at one a second, reckoned"] = spent["every frame decoded, none hashed"] * VPDQ
    yardstick = spent["vpdq at one a second, reckoned"]
    return Table(
        "Processor time for a second of 1280 × 720 (H.264, 25 a second, 12 s in 4 shots), one thread, median of "
        f"{ROUNDS} rounds in turn. vpdq has no wheel: where it was built once it took 37 ms where decoding every frame "
        "took 24, and so it is reckoned from the third row.",
        ("way", "ms a second of video", "of vpdq's", "to reach"),
        tuple(
            (name, f"{of_way * 1000:.1f}", f"{of_way / yardstick:.2f}", "≤ 1.00" if name in LOOKS else "")
            for name, of_way in spent.items()
        ),
    )


def _decode_all(data: bytes) -> int:
    with av.open(io.BytesIO(data), "r") as container:
        container.streams.video[0].codec_context.thread_count = 1
        return sum(1 for _ in container.decode(video=0))


def _decoded(data: bytes, *, dense: bool) -> list[Frame]:
    return decode_video(data, "mp4", USUAL, time.monotonic() + PATIENCE, dense=dense).frames
