"""What Telegram tells of a video: its size, its length and its first frame as a thumbnail; nothing is re-encoded."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import av.error
from PIL import Image

from bot.sandbox.pictures import THUMBNAIL_SIDE, Encoded, jpeg, scaled

CONTAINERS = ("mp4", "matroska", "gif")
SIGNATURES = {"matroska": b"\x1a\x45\xdf\xa3", "gif": b"GIF8"}


@dataclass(frozen=True, slots=True)
class Movie:
    """A video's width, height, whole seconds, and first frame."""

    width: int = 0
    height: int = 0
    duration: int = 0
    thumbnail: Encoded | None = None


def container(data: bytes) -> str:
    """PyAV's name for the container that the bytes look like; it is never left to guess."""
    return next((name for name, signature in SIGNATURES.items() if data.startswith(signature)), "mp4")


def probe(data: bytes) -> Movie:
    """What can be told of the bytes; zeros and no thumbnail when they are no video."""
    try:
        with av.open(io.BytesIO(data), "r", format=container(data)) as source:
            stream = source.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            duration = round((source.duration or 0) / av.time_base) if source.duration else 0
            frame = next(source.decode(stream), None)
            picture = jpeg(scaled(Image.fromarray(frame.to_ndarray(format="rgb24")), THUMBNAIL_SIDE)) if frame else None
    except (av.error.FFmpegError, IndexError, ValueError, StopIteration):
        return Movie()
    return Movie(width, height, max(duration, 1), picture)
