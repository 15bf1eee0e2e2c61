"""The one message that a decoder process answers: written there, and read here as if an enemy had written it.

A head with two lengths, then so many bytes of JSON, then so many grey pixels: as JSON these would be a third longer and
take as long to write and read as all the hashes of the picture to make.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.media.checked import exactly, only, text_bytes, whole
from bot.media.lockdown import LEVELS, Level
from bot.media.refusal import Reason
from bot.media.survey import SIDE
from bot.media.surveyed import MOST_SURVEYS, Cut, cut_json, read_cuts, read_distances, read_surveys, survey_json
from bot.model import Frame, Part
from bot.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.media.images import Decoded

MAX_JSON: Final = 512 * 1024
"""Bytes of an answer's JSON: 288 frames, which is a long clip's, take some 200 KiB."""

HEAD: Final = 8
"""Bytes of a message's head."""

_LENGTHS: Final = struct.Struct(">II")
_MAX_GREY: Final = MOST_SURVEYS * SIDE * SIDE
_MAX_FRAMES: Final = 512
_MAX_SIZE: Final = 1 << 16
_MAX_SECONDS: Final = 1e9
_PDQ_BYTES, _PHASH_BYTES, _TURNS = 32, 8, 8


class BadAnswer(Exception):
    """The message is nothing that an honest decoder process writes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that was decoded."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    damaged: bool
    sparse: bool = False
    surveys: tuple[Survey, ...] = ()


Result = Seen | Reason | tuple[Cut, ...] | tuple[int, ...]
"""What came of a job: what was seen of a file, or why not; what grey pictures were cut into; how near windows came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one job, and whether the process is to be replaced."""

    result: Result
    recycle: bool


def write_ready(level: Level) -> bytes:
    """The message of a process that is ready for jobs, locked down to `level`."""
    return _message({"level": level})


def write_seen(decoded: Decoded, *, recycle: bool) -> bytes:
    """The message for a file that was decoded."""
    frames = [
        {"pdq": [h.hex() for h in f.pdq], "quality": f.quality, "phash": f.phash.hex(), "at": f.at, "part": f.part}
        for f in decoded.frames
    ]
    body = {
        "width": decoded.width,
        "height": decoded.height,
        "damaged": decoded.damaged,
        "sparse": decoded.sparse,
        "frames": frames,
        "surveys": [survey_json(survey) for survey in decoded.surveys],
    }
    return _message({"seen": body, "recycle": recycle}, b"".join(survey.grey for survey in decoded.surveys))


def write_cuts(surveys: Iterable[Survey], *, recycle: bool) -> bytes:
    """The message for grey pictures that were cut into windows."""
    return _message({"cuts": [cut_json(one) for one in surveys], "recycle": recycle})


def write_registered(distances: list[int], *, recycle: bool) -> bytes:
    """The message for windows that were registered."""
    return _message({"registered": distances, "recycle": recycle})


def write_refusal(reason: Reason, *, recycle: bool) -> bytes:
    """The message for a file that was refused."""
    return _message({"refused": reason.value, "recycle": recycle})


def _message(body: dict[str, Any], grey: bytes = b"") -> bytes:
    text = json.dumps(body).encode()
    return _LENGTHS.pack(len(text), len(grey)) + text + grey


def whole_length(head: bytes) -> int:
    """Bytes of the message that begins with `head`, all told. Raises BadAnswer if they are too many."""
    text, grey = _LENGTHS.unpack(head)
    if text > MAX_JSON or grey > _MAX_GREY:
        raise BadAnswer
    return HEAD + int(text) + int(grey)


def _parts(message: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON of a message, and its grey pixels. Raises BadAnswer, or ValueError, if it is none."""
    if len(message) < HEAD or len(message) != whole_length(message[:HEAD]):
        raise BadAnswer
    end = HEAD + _LENGTHS.unpack_from(message)[0]
    return exactly(dict, json.loads(message[HEAD:end])), message[end:]


def read_ready(message: bytes) -> Level:
    """The level that a process says it runs under. Raises BadAnswer on any other message."""
    try:
        body, grey = _parts(message)
        only(body, {"level"})
        if grey:
            raise BadAnswer
        return LEVELS[LEVELS.index(body["level"])]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadAnswer from None


def read_answer(message: bytes) -> Answer:
    """The answer in `message`. Raises BadAnswer unless it has the right fields, of the right type, length and range."""
    try:
        body, grey = _parts(message)
        recycle = exactly(bool, body["recycle"])
        if "seen" in body:
            only(body, {"seen", "recycle"})
            return Answer(_read_seen(body["seen"], grey), recycle)
        if grey:
            raise BadAnswer
        if "refused" in body:
            only(body, {"refused", "recycle"})
            return Answer(Reason(body["refused"]), recycle)
        if "cuts" in body:
            only(body, {"cuts", "recycle"})
            return Answer(read_cuts(body["cuts"]), recycle)
        only(body, {"registered", "recycle"})
        return Answer(read_distances(body["registered"]), recycle)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise BadAnswer from None


def _read_seen(body: Any, grey: bytes) -> Seen:
    """The decoded file of an answer, whose surveys' pixels are `grey`."""
    only(body, {"width", "height", "damaged", "sparse", "frames", "surveys"})
    frames = exactly(list, body["frames"])
    if not 1 <= len(frames) <= _MAX_FRAMES:
        raise ValueError("frames")
    return Seen(
        width=whole(body["width"], _MAX_SIZE),
        height=whole(body["height"], _MAX_SIZE),
        frames=tuple(_read_frame(frame) for frame in frames),
        damaged=exactly(bool, body["damaged"]),
        sparse=exactly(bool, body["sparse"]),
        surveys=read_surveys(body["surveys"], len(frames), grey),
    )


def _read_frame(body: Any) -> Frame:
    """One frame of an answer."""
    only(body, {"pdq", "quality", "phash", "at", "part"})
    pdq = exactly(list, body["pdq"])
    at = exactly(float, body["at"])
    if len(pdq) != _TURNS or not math.isfinite(at) or not 0 <= at <= _MAX_SECONDS:
        raise ValueError("frame")
    return Frame(
        pdq=tuple(text_bytes(text, _PDQ_BYTES) for text in pdq),
        quality=whole(body["quality"], 100),
        phash=text_bytes(body["phash"], _PHASH_BYTES),
        at=at,
        part=Part(exactly(str, body["part"])),
    )
