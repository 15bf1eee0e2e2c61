"""Every number that bounds what one file may cost; how the bounds are enforced lives with the decoders."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.settings import Media

_FEWEST: Final = 2
"""Frames of each film of a file: two of them convict."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file, and one decoder process, may cost.

    Sources: "measured" are runs over a zoo of 199 hostile files and 20,000 mutations on two cores.

    Attributes:
        image_seconds: Seconds until a picture's decoder is killed; a 50-megapixel PNG took 1.1 s (measured).
        video_seconds: Seconds until a video's decoder is killed; the promise is a verdict within 10 s.
        start_seconds: Seconds until a process that did not become ready is given up; usual is 0.5 s to 1 s (measured).
        patience: Share of the seconds that a look has, after which a decoder stops by itself and answers what it saw.
        max_bytes: Bytes of a file; Telegram lets a bot fetch 20 MB, its local server more.
        max_pixels: Pixels of a picture; phones make up to 50 megapixels (200 are rare and sent as 12 or 50).
        max_side: Pixels of the longest side; PNG 60000x800 of 16 bits took 1.6 GB (measured).
        max_jpeg_scans: Scans of a JPEG; encoders write at most about 12, 400 took over 25 s (measured).
        max_streams: Streams of a container; players' files have 2 to 5, 5,000 took over 5 GB (measured).
        max_items: Items of a HEIC or AVIF; a phone's 48 megapixels are 192 tiles, with all else some 250.
        max_packets: Packets of a video that are read; an hour at 50 frames a second is 180,000.
        max_animation: Frames of an animation over which the chosen ones are spread.
        keys: Key frames of a video that are decoded first.
        frames: Distinct frames kept of one animation or video.
        windows: Frames of one animation or video of which parts are hashed as well.
        same_bits: Bits of PDQ up to which two frames of one file count as one; compression alone moves 8 (measured).
        step_seconds: Seconds between the frames looked at: a list has one a second, and at 0.1 s from it a moving shot
            is found, at 0.5 s it is not (measured).
        dense_seconds: Seconds of 1280 x 720 pixels that are decoded whole, fewer of larger frames; 28 ms each
            (measured).
        burst_seconds: Seconds decoded after each key frame of a longer video: in them falls one frame of any list.
        gap_seconds: Seconds after a key frame beyond which all up to the next one is decoded, however long the video.
        memory: Bytes of address space of a process (RLIMIT_AS); 49 megapixels needed 814 MB (measured).
        cpu_seconds: Seconds of processor time of a process over its whole life (RLIMIT_CPU).
        open_files: File descriptors of a process (RLIMIT_NOFILE); one job needs two.
        jobs: Files after which a process is replaced, so that what leaked or was planted does not stay; nothing is
            planted by the grey pixels of the other jobs. A new one takes 0.5 s to 1 s of a core.
        tgs_bytes: Bytes to which a .tgs is unpacked; Telegram's own limit is 64 KiB packed, about 1 MB plain.
    """

    image_seconds: float = 3.0
    video_seconds: float = 10.0
    start_seconds: float = 30.0
    patience: float = 0.6
    max_bytes: int = 64 << 20
    max_pixels: int = 50_000_000
    max_side: int = 20_000
    max_jpeg_scans: int = 60
    max_streams: int = 16
    max_items: int = 1_000
    max_packets: int = 200_000
    max_animation: int = 2_000
    keys: int = 32
    frames: int = 96
    windows: int = 48
    same_bits: int = 8
    step_seconds: float = 0.2
    dense_seconds: float = 120.0
    burst_seconds: float = 1.2
    gap_seconds: float = 12.0
    memory: int = 1 << 30
    cpu_seconds: int = 600
    open_files: int = 32
    jobs: int = 500
    tgs_bytes: int = 4 << 20

    @classmethod
    def configured(cls, media: Media) -> Limits:
        """The limits as an operator configured them."""
        return cls(image_seconds=media.image_seconds, video_seconds=media.video_seconds)

    def shared(self, films: int) -> Limits:
        """The limits of each film of a file that holds some: all together cost what one may."""
        counts = {name: max(_FEWEST, getattr(self, name) // films) for name in ("keys", "frames", "windows")}
        return replace(self, **counts, dense_seconds=self.dense_seconds / films) if films > 1 else self

    def to_json(self) -> str:
        """The limits as one line for a decoder process's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Limits:
        """The limits that `to_json` wrote."""
        return cls(**json.loads(line))


USUAL: Final = Limits()
"""The limits that apply where nobody asks for others."""
