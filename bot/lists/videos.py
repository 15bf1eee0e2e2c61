"""Videos as text: ThreatExchange's JSON string and vPDQ's lines of frames, to packed frames and back. No list files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from bot.sequence import MOST_FRAMES, Shown, pack, unpack

MAX_TEXT: Final = 1 << 20
"""Characters of a video on one line: each of its frames takes some 80."""

_NUMBER, _QUALITY = r"(?P<number>\d{1,9})", r"(?P<quality>\d{1,3})"
_HASH, _TIME = r"(?P<pdq>[0-9a-fA-F]{64})", r"(?P<time>\d{1,6}(?:\.\d{0,9})?)"
_ITEM: Final = re.compile(rf"\s*{_HASH}\s*,\s*{_QUALITY}\s*,\s*{_TIME}\s*", re.ASCII)
_LINE: Final = re.compile(rf"\s*{_NUMBER}\s*,\s*{_QUALITY}\s*,\s*{_HASH}\s*,\s*{_TIME}\s*", re.ASCII)
_START: Final = re.compile(rf'\s*\[\s*"\s*{_HASH}\s*,')
_GOOD_QUALITY: Final = 50  # PDQ's own measure: below, pictures have too little in them to tell them apart
_USUAL_BITS: Final = range(97, 160)  # set in the PDQ hash of anything but a featureless picture
_MOST_QUALITY: Final = 100

FRAME: Final = '"<64 digits>,<quality 0-100>,<seconds>"'


def looks_like_json(text: str) -> bool:
    """Whether `text` begins as ThreatExchange's string for a video does."""
    return _START.match(text) is not None


def of_json(text: str) -> bytes:
    """The packed frames of ThreatExchange's string: a JSON array of "hash,quality,seconds".

    Raises ValueError with what was expected, never repeating a hash.
    """
    items = _items(text)
    frames = []
    for place, item in enumerate(items, 1):
        found = _ITEM.fullmatch(item) if isinstance(item, str) else None
        if not found or int(found["quality"]) > _MOST_QUALITY:
            raise ValueError(f"frame {place} of the video: expected {FRAME}")
        frames.append(_shown(found))
    return packed(frames)


def packed(frames: list[Shown]) -> bytes:
    """The frames as one value. Raises ValueError when there are too many, or none that tells anything."""
    if len(frames) > MOST_FRAMES:
        raise ValueError(f"a video of {len(frames)} frames: expected at most {MOST_FRAMES}, two hours at one a second")
    if not any(f.quality >= _GOOD_QUALITY and int.from_bytes(f.pdq).bit_count() in _USUAL_BITS for f in frames):
        raise ValueError(f"no frame of the video tells it apart: expected one of quality {_GOOD_QUALITY} or more")
    return pack(frames)


def to_json(value: bytes) -> str:
    """The string that ThreatExchange writes for the packed frames."""
    return json.dumps([f"{frame.pdq.hex()},{frame.quality},{frame.millis / 1000:.3f}" for frame in unpack(value)])


def is_line(line: str) -> bool:
    """Whether `line` is a frame as vPDQ writes it: number, quality, hash and seconds."""
    return _LINE.fullmatch(line) is not None


def of_line(line: str) -> tuple[int, Shown]:
    """The number and the frame in a line of vPDQ's. Raises ValueError with what was expected."""
    found = _LINE.fullmatch(line)
    if not found or int(found["quality"]) > _MOST_QUALITY:
        raise ValueError("not a frame of a video: expected <number>,<quality 0-100>,<64 digits>,<seconds>")
    return int(found["number"]), _shown(found)


def to_lines(value: bytes) -> Iterator[str]:
    """The packed frames as vPDQ writes them, numbered from 0: a number that is not greater begins another video."""
    for number, frame in enumerate(unpack(value)):
        yield f"{number},{frame.quality},{frame.pdq.hex()},{frame.millis / 1000:.3f}\n"


def _items(text: str) -> list[Any]:
    """The items of a JSON array."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"not the frames of a video: expected a JSON array of {FRAME}") from None
    if not isinstance(items, list) or not items:
        raise ValueError(f"not the frames of a video: expected a JSON array of {FRAME}")
    return items


def _shown(found: re.Match[str]) -> Shown:
    """The frame that a line or an item names."""
    return Shown(round(float(found["time"]) * 1000), int(found["quality"]), bytes.fromhex(found["pdq"]))
