"""Writing painted pictures to the files a messenger carries: JPEG, PNG, WebP, GIF and MP4."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

FRAMES_A_SECOND = 12


def jpeg(picture: Image.Image) -> bytes:
    """`picture` as a JPEG of good quality."""
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=88, optimize=True)
    return target.getvalue()


def png(picture: Image.Image) -> bytes:
    """`picture` as a PNG, every colour kept."""
    target = io.BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


def webp(picture: Image.Image) -> bytes:
    """`picture` as a WebP, with its transparency if it has any."""
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=90)
    return target.getvalue()


def gif(frames: Iterable[Image.Image]) -> bytes:
    """`frames` as a GIF that plays for ever."""
    first, *rest = [frame.quantize(128, dither=Image.Dither.NONE) for frame in frames]
    target = io.BytesIO()
    first.save(target, "GIF", save_all=True, append_images=rest, duration=1000 // FRAMES_A_SECOND, loop=0)
    return target.getvalue()


def mp4(frames: Iterable[Image.Image]) -> bytes:
    """`frames`, all of one size, as a silent H.264 clip."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = None
        for frame in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=FRAMES_A_SECOND)
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
                stream.options = {"crf": "24", "preset": "veryfast", "threads": "1"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))
    return target.getvalue()
