"""The one line that a decoder process answers: written there, and read here as if an enemy had written it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.media.checked import exactly, only, text_bytes, whole
from bot.media.refusal import Reason
from bot.media.surveyed import Cut, cut_json, read_cuts, read_distances, read_surveys, survey_json
from bot.model import Frame, Part
from bot.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.media.images import Decoded

MAX_LINE: Final = 512 * 1024
"""Bytes of an answer: 288 frames, which is a long clip's, take some 200 KiB."""
_MAX_FRAMES: Final = 512
_MAX_SIZE: Final = 1 << 16
_MAX_SECONDS: Final = 1e9
_PDQ_BYTES, _PHASH_BYTES, _TURNS = 32, 8, 8


class BadAnswer(Exception):
    """The line is nothing that an honest decoder process writes."""


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


def write_seen(decoded: Decoded, *, recycle: bool) -> bytes:
    """The line for a file that was decoded."""
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
    return json.dumps({"seen": body, "recycle": recycle}).encode() + b"\n"


def write_cuts(surveys: Iterable[Survey], *, recycle: bool) -> bytes:
    """The line for grey pictures that were cut into windows."""
    return json.dumps({"cuts": [cut_json(one) for one in surveys], "recycle": recycle}).encode() + b"\n"


def write_registered(distances: list[int], *, recycle: bool) -> bytes:
    """The line for windows that were registered."""
    return json.dumps({"registered": distances, "recycle": recycle}).encode() + b"\n"


def write_refusal(reason: Reason, *, recycle: bool) -> bytes:
    """The line for a file that was refused."""
    return json.dumps({"refused": reason.value, "recycle": recycle}).encode() + b"\n"


def read_answer(line: bytes) -> Answer:
    """The answer in `line`. Raises BadAnswer unless it has the right fields, of the right type, length and range."""
    try:
        body = json.loads(line)
        recycle = exactly(bool, body["recycle"])
        if "refused" in body:
            only(body, {"refused", "recycle"})
            return Answer(Reason(body["refused"]), recycle)
        if "cuts" in body:
            only(body, {"cuts", "recycle"})
            return Answer(read_cuts(body["cuts"]), recycle)
        if "registered" in body:
            only(body, {"registered", "recycle"})
            return Answer(read_distances(body["registered"]), recycle)
        only(body, {"seen", "recycle"})
        return Answer(_read_seen(body["seen"]), recycle)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise BadAnswer from None


def _read_seen(body: Any) -> Seen:
    """The decoded file of an answer."""
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
        surveys=read_surveys(body["surveys"], len(frames)),
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
