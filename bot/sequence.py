"""Videos on a list: the PDQ hashes of their frames with times, packed into the bytes of one entry. No matching here."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

_FRAME: Final = struct.Struct(">IB32s")

MOST_FRAMES: Final = 7_200
"""Frames of one entry: two hours at one a second."""


class Shown(NamedTuple):
    """One frame: milliseconds into the video, PDQ's quality (0 to 100) and hash (32 bytes)."""

    millis: int
    quality: int
    pdq: bytes


def pack(frames: Iterable[Shown]) -> bytes:
    """The frames in the order of time: the same frames always make the same bytes."""
    return b"".join(_FRAME.pack(*frame) for frame in sorted(frames))


def is_packed(value: bytes) -> bool:
    """Whether the bytes have the size of packed frames."""
    return 0 < len(value) <= MOST_FRAMES * _FRAME.size and not len(value) % _FRAME.size


def unpack(value: bytes) -> tuple[Shown, ...]:
    """What `pack` was given. Raises ValueError when the bytes are of anything else."""
    if not is_packed(value):
        raise ValueError("not the packed frames of a video")
    return tuple(Shown(*frame) for frame in _FRAME.iter_unpack(value))
