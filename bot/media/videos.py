"""Bytes of an MP4, WebM, HEIC or AVIF to frames of hashes, with PyAV; runs in a decoder process, never in the bot."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import av
import numpy as np
from PIL import Image

from bot.media.hashes import fit, hash_picture
from bot.media.images import Decoded
from bot.media.reel import SIDE, Reel, spread
from bot.media.refusal import Reason, Refusal
from bot.media.sniff import STILLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from bot.media.limits import Limits
    from bot.model import Frame

CODECS: Final = ("h264", "hevc", "vp8", "vp9", "libdav1d", "av1", "mpeg4", "h263")
"""The decoders that FFmpeg may open: what Telegram's clients play, and what old phones recorded."""

_PLANAR: Final = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12"})
"""Formats whose first plane is the brightness, a byte each. Video's leaves out some shades, which no hash minds."""

_HD: Final = 1280 * 720
_TURNS: Final = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


class _Group(NamedTuple):
    """A key frame and what is coded after it, still packed, in the order of decoding."""

    at: float
    packets: list[Packet[VideoStream]]


def decode_video(data: bytes, kind: str, limits: Limits, stop_at: float, *, dense: bool = False) -> Decoded:
    """The frames of the video, or single picture, in `data`: key frames spread over it and, if `dense`, those between.

    `stop_at` is the `time.monotonic` at which the rest is left out.
    Raises Refusal, MemoryError, or an error of FFmpeg on a broken file.
    """
    with _open(data, kind, limits) as container:
        stream = _stream(container, kind, limits)
        width, height = stream.codec_context.width, stream.codec_context.height
        groups, length, complete = _groups(container, stream, limits, stop_at)
        keys = spread(groups, limits.keys)
        if kind in STILLS:
            frames = [hash_picture(_picture(frame), at) for frame, at in _decode_keys(stream, keys, stop_at, limits)]
            return _seen((width, height), frames[: limits.frames], complete=complete)
        reel = Reel(limits)
        for frame, at in _decode_keys(stream, keys, stop_at, limits):
            reel.add(_grey(frame), at)
        sparse = any(len(group.packets) > 1 for group in groups) or len(keys) < len(groups)
        if sparse and (dense or reel.is_empty):
            complete = _fill(reel, stream, _plan(groups, length, limits), stop_at, limits) and complete
            sparse = False
    return _seen((width, height), reel.frames(), complete=complete, sparse=sparse)


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
        # FFmpeg's own limit looks like a lack of memory, so it only catches what is far over the one in `_stream`.
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


def _stream(container: InputContainer, kind: str, limits: Limits) -> VideoStream:
    """The first video stream, checked against the limits and made ready for key frames on one thread."""
    streams = [stream for stream in container.streams.video if stream.codec_context is not None]
    tracks = [stream for stream in streams if not _is_item(stream)]
    if len(streams) > 1 and (kind in STILLS or not tracks):
        raise Refusal(Reason.TYPE)  # tiles, a thumbnail or alpha: which of them is the picture is not told
    streams = tracks or streams
    if len(container.streams) > limits.max_streams:
        raise Refusal(Reason.STREAMS)
    if not streams or streams[0].codec_context.name not in CODECS:
        raise Refusal(Reason.CODEC)
    context = streams[0].codec_context
    _check_size(context.width, context.height, limits)
    context.thread_count = 1
    context.options = {"max_pixels": str(limits.max_pixels)}
    return streams[0]


def _is_item(stream: VideoStream) -> bool:
    """Whether FFmpeg made a stream of a HEIC's picture, which no player shows where there is a film."""
    return stream.duration is None and stream.frames == 1


def _check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse more pixels, or a longer side, than the limits allow."""
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise Refusal(Reason.DIMENSIONS)


def _groups(
    container: InputContainer, stream: VideoStream, limits: Limits, stop_at: float
) -> tuple[list[_Group], float, bool]:
    """All packets by key frame; the video's length in seconds; whether all of it was read."""
    groups: list[_Group] = []
    length = 0.0
    for number, packet in enumerate(container.demux(stream)):
        if number >= limits.max_packets or time.monotonic() > stop_at:
            return groups, length, False
        if not packet.size:
            continue
        if packet.is_keyframe:
            groups.append(_Group(_seconds(packet), []))
        if groups:
            groups[-1].packets.append(packet)
        length = max(length, _seconds(packet))
    return groups, length, True


def _decode_keys(
    stream: VideoStream, groups: Sequence[_Group], stop_at: float, limits: Limits
) -> Iterator[tuple[VideoFrame, float]]:
    """The key frame of each group and its time, each decoded by itself; a broken one is passed over."""
    for group in groups:
        if time.monotonic() > stop_at:
            return
        for frame in _decoded(stream, group.packets[:1], limits):
            yield frame, group.at
            break


def _plan(groups: Sequence[_Group], length: float, limits: Limits) -> list[_Group]:
    """What of the groups is decoded, in an order in which every beginning of it is spread over the whole video.

    A short video is decoded whole. Of a longer one, the second after each key frame and what is far from any.
    """
    pixels = groups[0].packets[0].stream.codec_context
    budget = limits.dense_seconds * _HD / max(_HD / 4, pixels.width * pixels.height)
    if length > budget:
        burst = max(limits.burst_seconds, budget / len(groups))
        ends = [*(group.at for group in groups[1:]), length]
        groups = [
            group if end - group.at > limits.gap_seconds else _Group(group.at, _first(group, burst))
            for group, end in zip(groups, ends, strict=True)
        ]
    return [groups[place] for place in _scattered(len(groups))]


def _first(group: _Group, seconds: float) -> list[Packet[VideoStream]]:
    """The packets up to the one that is decoded after `seconds`."""
    for number, packet in enumerate(group.packets):
        if packet.dts is not None and packet.time_base and float(packet.dts * packet.time_base) > group.at + seconds:
            return group.packets[:number]
    return group.packets


def _scattered(count: int) -> list[int]:
    """The numbers below `count`, by their bits in reverse."""
    width = max(1, (count - 1).bit_length())
    return sorted(range(count), key=lambda number: int(f"{number:0{width}b}"[::-1], 2))


def _fill(reel: Reel, stream: VideoStream, plan: Sequence[_Group], stop_at: float, limits: Limits) -> bool:
    """Put frames of the planned groups on the reel, a step apart; whether there was time for all."""
    stream.codec_context.skip_frame = "NONREF"  # half of the frames, which nobody misses at five a second
    for group in plan:
        due = group.at
        for frame in _decoded(stream, group.packets, limits):
            at = _seconds(frame)
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
                _check_size(frame.width, frame.height, limits)
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


def _seconds(timed: Packet[VideoStream] | VideoFrame) -> float:
    """The seconds into the video, 0 where the file does not say."""
    return max(0.0, float(timed.pts * timed.time_base)) if timed.pts is not None and timed.time_base else 0.0
