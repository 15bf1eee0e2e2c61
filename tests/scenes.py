"""Benign moving scenes made by code (noise at several scales, shapes, pans, zooms), and what is done to copies of them.

No files live here.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from PIL import Image, ImageDraw, ImageOps

RATE = 25
_LAYERS = ((3, 1.0), (7, 0.8), (16, 0.6), (40, 0.4), (110, 0.25), (320, 0.12))  # cells across, weight
Size = tuple[int, int]


def scenery(seed: int, size: Size) -> Image.Image:
    """A detailed picture, the same one for the same `seed` and size."""
    dice = np.random.default_rng(seed)
    width, height = size
    total = np.zeros((height, width, 3))
    for cells, weight in _LAYERS:
        noise = dice.integers(0, 255, (cells * 9 // 16 + 2, cells + 1, 3), np.uint8)
        total += weight * np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC), float)
    total -= total.min()
    picture = Image.fromarray((total * (255 / total.max())).astype(np.uint8))
    _draw(picture, dice)
    return picture


def _draw(picture: Image.Image, dice: np.random.Generator) -> None:
    """Put shapes on the picture."""
    draw = ImageDraw.Draw(picture)
    for kind in dice.integers(0, 3, 14).tolist():
        side = int(dice.integers(picture.width // 20, picture.width // 5))
        x, y = int(dice.integers(0, picture.width)), int(dice.integers(0, picture.height))
        colour = tuple(dice.integers(0, 255, 3).tolist())
        points = [(x + int(dx), y + int(dy)) for dx, dy in dice.integers(-side, side, (5, 2))]
        if kind == 0:
            draw.ellipse((x - side, y - side // 2, x + side, y + side // 2), fill=colour)
        elif kind == 1:
            draw.polygon(points, fill=colour)
        else:
            draw.line(points, fill=colour, width=int(dice.integers(3, 16)))


def shot(source: Image.Image, seed: int, seconds: float, size: Size) -> Iterator[Image.Image]:
    """A camera that pans over `source` and zooms, each frame of `size`."""
    dice = np.random.default_rng(seed + 9_999)
    start, end = dice.random(3), dice.random(3)
    count = max(2, round(seconds * RATE))
    for number in range(count):
        across, down, zoom = start + (end - start) * number / (count - 1)
        scale = 0.6 + 0.3 * zoom
        wide = source.width * scale
        high = min(source.height, wide * size[1] / size[0])
        left, top = (source.width - wide) * across, (source.height - high) * down
        yield source.resize(size, Image.Resampling.BILINEAR, box=(left, top, left + wide, top + high))


def film(seed: int, *, shots: int = 4, seconds: float = 3.0, size: Size = (640, 360)) -> Iterator[Image.Image]:
    """A clip of some shots, each of scenery of its own."""
    for number in range(shots):
        source = scenery(seed * 100 + number, (size[0] * 8 // 5, size[1] * 8 // 5))
        yield from shot(source, seed * 100 + number, seconds, size)


def coded(frames: Iterable[Image.Image], *, crf: int = 23, rate: int = RATE, **options: str) -> bytes:
    """The frames as MP4 of H.264, as phones and sites make it."""
    file = io.BytesIO()
    stream: Any = None
    with av.open(file, "w", format="mp4") as container:
        for frame in frames:
            if stream is None:
                stream = container.add_stream(
                    "libx264", rate=rate, options={"preset": "veryfast", "crf": str(crf), **options}
                )
                stream.width, stream.height, stream.pix_fmt = *frame.size, "yuv420p"
                stream.thread_count = 1
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def letterboxed(frame: Image.Image) -> Image.Image:
    """The frame between black bars, an eighth of the height each."""
    bar = frame.height // 8 * 2
    whole = Image.new("RGB", (frame.width, frame.height + 2 * (bar // 2)))
    whole.paste(frame, (0, bar // 2))
    return whole


def captioned(frame: Image.Image) -> Image.Image:
    """The frame with two words over its lower edge."""
    changed = frame.copy()
    draw = ImageDraw.Draw(changed)
    size = frame.height // 10
    for text, down in (("WATCH THIS", 0.76), ("before it is gone", 0.87)):
        place = frame.width / 2, frame.height * down
        draw.text(
            place, text, "white", font_size=size, stroke_width=max(1, size // 12), stroke_fill="black", anchor="mm"
        )
    return changed


def cropped(frame: Image.Image, share: float = 0.1) -> Image.Image:
    """The middle of the frame, less by `share` of each side's length."""
    across, down = round(frame.width * share / 2), round(frame.height * share / 2)
    return frame.crop((across, down, frame.width - across, frame.height - down)).resize(frame.size)


def mirrored(frame: Image.Image) -> Image.Image:
    """The frame as in a mirror."""
    return ImageOps.mirror(frame)


def reeled(*films: Iterable[Image.Image], default: int = 0, codecs: Sequence[str] = ()) -> bytes:
    """The films as tracks of one MP4, of which players show the one with the number `default`.

    A film of a single frame is the cover that music has.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        reels = [list(film) for film in films]
        names = [*codecs, *["libx264"] * (len(reels) - len(codecs))]
        streams = [_stream(container, codec, frames[0].size) for frames, codec in zip(reels, names, strict=True)]
        for number, (frames, stream) in enumerate(zip(reels, streams, strict=True)):
            usual = Disposition.default if number == default else Disposition(0)
            stream.disposition = usual if len(frames) > 1 else Disposition.attached_pic
        for frames, stream in zip(reels, streams, strict=True):
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
            container.mux(stream.encode(None))
    return file.getvalue()


def _stream(container: Any, codec: str, size: Size) -> Any:
    stream = container.add_stream(codec, rate=RATE, options={"preset": "veryfast"} if codec == "libx264" else {})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p" if codec == "libx264" else "yuvj420p"
    stream.thread_count = 1
    return stream
