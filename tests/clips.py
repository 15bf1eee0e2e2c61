"""Benign videos made by code with PyAV's own encoders; no files live here."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from tests.texture import texture

if TYPE_CHECKING:
    from PIL import Image

MAKES = {
    "h264": ("libx264", "mp4"),
    "hevc": ("libx265", "mp4"),
    "mpeg4": ("mpeg4", "mp4"),
    "vp9": ("libvpx-vp9", "webm"),
    "vp8": ("libvpx", "webm"),
    "h264 in matroska": ("libx264", "matroska"),
    "h264 in quicktime": ("libx264", "mov"),
}
"""Encoder and container by a short name."""


def clip(pictures: list[Image.Image], make: str = "h264", *, each: int = 10, rate: int = 10, **options: str) -> bytes:
    """A video that shows each of `pictures` for `each` frames, drifting a little; `options` are the encoder's."""
    encoder, form = MAKES[make]
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream: Any = container.add_stream(encoder, rate=rate, options=_quiet(encoder) | options)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        for number in range(len(pictures) * each):
            shown = np.roll(np.asarray(pictures[number // each]), number % each, 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def shots(count: int, width: int = 320, height: int = 240) -> list[Image.Image]:
    """`count` pictures that have nothing in common."""
    return [texture(100 + number, width, height) for number in range(count)]


def sound() -> bytes:
    """An MP4 that holds sound alone."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("aac", rate=44100, layout="mono")
        for _ in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _quiet(encoder: str) -> dict[str, str]:
    """Options that make an encoder fast and silent."""
    if encoder == "libx265":
        return {"preset": "ultrafast", "x265-params": "log-level=none"}
    if encoder == "libx264":
        return {"preset": "ultrafast"}
    return {"deadline": "realtime", "cpu-used": "8"} if encoder.startswith("libvpx") else {}
