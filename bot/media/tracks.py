"""The films of a container: which of its streams a player may show, and their packets. No pictures here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from av.stream import Disposition

from bot.media.refusal import Reason, Refusal
from bot.media.sniff import STILLS

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from bot.media.limits import Limits

CODECS: Final = ("h264", "hevc", "vp8", "vp9", "libdav1d", "av1", "mpeg4", "h263")
"""The decoders that FFmpeg may open: what Telegram's clients play, and what old phones recorded."""


class Group(NamedTuple):
    """A key frame and what is coded after it, still packed, in the order of decoding."""

    at: float
    packets: list[Packet[VideoStream]]


class Track(NamedTuple):
    """One film of a container: its packets by key frame, and its length in seconds."""

    stream: VideoStream
    groups: list[Group]
    length: float


class Tracks(NamedTuple):
    """The films of a container, the first one first, and whether they were read whole and are all that there are."""

    films: list[Track]
    complete: bool


def read(container: InputContainer, kind: str, limits: Limits, stop_at: float) -> Tracks:
    """Every film that a player may show: some choose the one that is marked so, some the largest. Raises Refusal."""
    streams, is_all = _playable(container, kind, limits)
    groups: dict[int, list[Group]] = {stream.index: [] for stream in streams}
    lengths = dict.fromkeys(groups, 0.0)
    is_read = True
    for number, packet in enumerate(container.demux(tuple(streams))):
        if number >= limits.max_packets or time.monotonic() > stop_at:
            is_read = False
            break
        if packet.size:
            _sort(packet, groups[packet.stream.index])
            lengths[packet.stream.index] = max(lengths[packet.stream.index], seconds(packet))
    films = [Track(one, groups[one.index], lengths[one.index]) for one in streams]
    return Tracks(films, complete=is_read and is_all)


def _sort(packet: Packet[VideoStream], groups: list[Group]) -> None:
    """Put a packet to its key frame; what comes before the first one cannot be decoded."""
    if packet.is_keyframe:
        groups.append(Group(seconds(packet), []))
    if groups:
        groups[-1].packets.append(packet)


def _playable(container: InputContainer, kind: str, limits: Limits) -> tuple[list[VideoStream], bool]:
    """The streams to be looked at, checked against the limits and made ready for one thread; whether that is all."""
    found = [stream for stream in container.streams.video if not _is_cover(stream)]
    streams = [stream for stream in found if stream.codec_context is not None]
    tracks = [stream for stream in streams if not _is_item(stream)]
    if len(streams) > 1 and (kind in STILLS or not tracks):
        raise Refusal(Reason.TYPE)  # tiles, a thumbnail or alpha: which of them is the picture is not told
    if len(container.streams) > limits.max_streams:
        raise Refusal(Reason.STREAMS)
    tracks = tracks or streams
    if not tracks or tracks[0].codec_context.name not in CODECS:
        raise Refusal(Reason.CODEC)
    films = [stream for stream in tracks if stream.codec_context.name in CODECS]
    for stream in films:
        context = stream.codec_context
        check_size(context.width, context.height, limits)
        context.thread_count = 1
        context.options = {"max_pixels": str(limits.max_pixels)}
    return films, len(films) >= sum(not _is_item(stream) for stream in found)


def _is_item(stream: VideoStream) -> bool:
    """Whether FFmpeg made a stream of a HEIC's picture, which no player shows where there is a film."""
    return stream.duration is None and stream.frames == 1


def _is_cover(stream: VideoStream) -> bool:
    """Whether it is a picture beside the film; a film that a file says is one, some players show all the same."""
    is_film = stream.codec_context is not None and stream.codec_context.name in CODECS
    return bool(stream.disposition & Disposition.attached_pic) and not is_film


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse more pixels, or a longer side, than the limits allow."""
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise Refusal(Reason.DIMENSIONS)


def seconds(timed: Packet[VideoStream] | VideoFrame) -> float:
    """The seconds into the video, 0 where the file does not say."""
    return max(0.0, float(timed.pts * timed.time_base)) if timed.pts is not None and timed.time_base else 0.0
