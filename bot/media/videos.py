"""Bytes of an MP4, WebM, HEIC or AVIF to frames of hashes, with PyAV; runs in a decoder process, never in the bot."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import av
import numpy as np
from PIL import Image

from bot.media.hashes import fit, hash_picture
from bot.media.images import Decoded
from bot.media.reel import SIDE, Reel, spread
from bot.media.refusal import Reason, Refusal
from bot.media.sniff import STILLS
from bot.media.tracks import CODECS, Group, Track, check_size, read, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from bot.media.limits import Limits
    from bot.model import Frame

_PLANAR: Final = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12"})
"""Formats whose first plane is the brightness, a byte each. Video's leaves out some shades, which no hash minds."""

_HD: Final = 1280 * 720
_TURNS: Final = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}

_APART: Final = 0.001  # seconds between frames of the same time in two films: they are not the same moment


class _Sight(NamedTuple):
    """What was seen of one film: its frames, whether there was time for all, and whether there is more to see."""

    frames: list[Frame]
    complete: bool
    sparse: bool


def decode_video(data: bytes, kind: str, limits: Limits, stop_at: float, *, dense: bool = False) -> Decoded:
    """The frames of the video, or single picture, in `data`: key frames spread over it and, if `dense`, those between.

    `stop_at` is the `time.monotonic` at which the rest is left out.
    Raises Refusal, MemoryError, or an error of FFmpeg on a broken file.
    """
    with _open(data, kind, limits) as container:
        found = read(container, kind, limits, stop_at)
        first, complete = found.films[0], found.complete
        size = first.stream.codec_context.width, first.stream.codec_context.height
        if kind in STILLS:
            keys = _decode_keys(first.stream, spread(first.groups, limits.keys), stop_at, limits)
            frames = [hash_picture(_picture(frame), at) for frame, at in keys]
            return _seen(size, frames[: limits.frames], complete=complete)
        sights = list(_looks(found.films, limits, stop_at, dense=dense))
    frames = sorted((frame for one in sights for frame in one.frames), key=lambda frame: frame.at)
    complete = complete and all(one.complete and one.frames for one in sights)
    return _seen(size, frames, complete=complete, sparse=any(one.sparse for one in sights))


def _looks(films: Sequence[Track], limits: Limits, stop_at: float, *, dense: bool) -> Iterator[_Sight]:
    """What each film shows; they share what one file may cost."""
    share = limits.shared(len(films))
    for number, film in enumerate(films):
        now = time.monotonic()
        one = _look(film, share, now + (stop_at - now) / (len(films) - number), dense=dense)
        frames = [replace(frame, at=frame.at + number * _APART) for frame in one.frames] if number else one.frames
        yield one._replace(frames=frames)


def _look(film: Track, limits: Limits, stop_at: float, *, dense: bool) -> _Sight:
    """What one film of the file shows."""
    reel, complete = Reel(limits), True
    keys = spread(film.groups, limits.keys)
    for frame, at in _decode_keys(film.stream, keys, stop_at, limits):
        reel.add(_grey(frame), at)
    sparse = any(len(group.packets) > 1 for group in film.groups) or len(keys) < len(film.groups)
    if sparse and (dense or reel.is_empty):
        complete = _fill(reel, film.stream, _plan(film, limits), stop_at, limits)
        sparse = False
    return _Sight(reel.frames(), complete, sparse)


def _seen(size: tuple[int, int], frames: list[Frame], *, complete: bool, sparse: bool = False) -> Decoded:
    """What came of it. Raises Refusal when that is nothing."""
    if not frames:
        raise Refusal(Reason.FRAMES)
    return Decoded(*size, frames, damaged=not complete, sparse=sparse)


def _open(data: bytes, kind: str, limits: Limits) -> InputContainer:
    """The container, by the format that was sniffed and no other.

    Left to guess, FFmpeg takes a playlist for a video and fetches the addresses in it.
    """
    options = {
        # FFmpeg's own limit looks like a lack of memory, so it only catches what is far over the one in `tracks`.
        "max_streams": str(16 * limits.max_streams),
        "probesize": "2000000",
        "analyzeduration": "3000000",
        "protocol_whitelist": "none",
        "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm",
        "codec_whitelist": ",".join(CODECS),
        "enable_drefs": "0",
    }
    form = "matroska" if kind == "webm" else "mov"
    return av.open(io.BytesIO(data), "r", format=form, options=options, metadata_errors="ignore")


def _decode_keys(
    stream: VideoStream, groups: Sequence[Group], stop_at: float, limits: Limits
) -> Iterator[tuple[VideoFrame, float]]:
    """The key frame of each group and its time, each decoded by itself; a broken one is passed over."""
    for group in groups:
        if time.monotonic() > stop_at:
            return
        for frame in _decoded(stream, group.packets[:1], limits):
            yield frame, group.at
            break


def _plan(film: Track, limits: Limits) -> list[Group]:
    """What of the groups is decoded, in an order in which every beginning of it is spread over the whole video.

    A short video is decoded whole. Of a longer one, the second after each key frame and what is far from any.
    """
    groups, length, pixels = film.groups, film.length, film.stream.codec_context
    budget = limits.dense_seconds * _HD / max(_HD / 4, pixels.width * pixels.height)
    if length > budget:
        burst = max(limits.burst_seconds, budget / len(groups))
        ends = [*(group.at for group in groups[1:]), length]
        groups = [
            group if end - group.at > limits.gap_seconds else Group(group.at, _first(group, burst))
            for group, end in zip(groups, ends, strict=True)
        ]
    return [groups[place] for place in _scattered(len(groups))]


def _first(group: Group, seconds: float) -> list[Packet[VideoStream]]:
    """The packets up to the one that is decoded after `seconds`."""
    for number, packet in enumerate(group.packets):
        if packet.dts is not None and packet.time_base and float(packet.dts * packet.time_base) > group.at + seconds:
            return group.packets[:number]
    return group.packets


def _scattered(count: int) -> list[int]:
    """The numbers below `count`, by their bits in reverse."""
    width = max(1, (count - 1).bit_length())
    return sorted(range(count), key=lambda number: int(f"{number:0{width}b}"[::-1], 2))


def _fill(reel: Reel, stream: VideoStream, plan: Sequence[Group], stop_at: float, limits: Limits) -> bool:
    """Put frames of the planned groups on the reel, a step apart; whether there was time for all."""
    stream.codec_context.skip_frame = "NONREF"  # half of the frames, which nobody misses at five a second
    for group in plan:
        due = group.at
        for frame in _decoded(stream, group.packets, limits):
            at = seconds(frame)
            if at + limits.step_seconds / 4 >= due:
                due = max(due, at) + limits.step_seconds
                reel.add(_grey(frame), at)
            if time.monotonic() > stop_at:
                return False
    return True


def _decoded(stream: VideoStream, packets: Sequence[Packet[VideoStream]], limits: Limits) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, in order, from packets of which the first is a key frame."""
    context = stream.codec_context
    try:
        for packet in (*packets, None):
            try:
                frames = context.decode(packet)
            except av.error.InvalidDataError:
                continue
            for frame in frames:
                check_size(frame.width, frame.height, limits)
                yield frame
    finally:
        context.flush_buffers()


def _grey(frame: VideoFrame) -> Image.Image:
    """The frame's brightness, turned as players show it, longest side about `reel.SIDE`."""
    if frame.format.name in _PLANAR:
        plane = frame.planes[0]
        whole = Image.fromarray(
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        )
        grey = whole.reduce(max(1, max(frame.width, frame.height) // SIDE))
    else:
        factor = min(1.0, SIDE / max(frame.width, frame.height))
        size = max(1, round(frame.width * factor)), max(1, round(frame.height * factor))
        grey = Image.fromarray(frame.reformat(*size, format="gray", interpolation="AREA").to_ndarray())
    turn = _TURNS.get(round(frame.rotation) % 360)
    return grey if turn is None else grey.transpose(turn)


def _picture(frame: VideoFrame) -> Image.Image:
    """The frame in RGB, turned as players show it, longest side as `hashes.SIDE`."""
    width, height = fit(frame.width, frame.height)
    pixels = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray()
    small = Image.fromarray(pixels)
    turn = _TURNS.get(round(frame.rotation) % 360)
    return small if turn is None else small.transpose(turn)
