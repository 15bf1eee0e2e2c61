"""Surveys, and what is asked and answered about them, on their way between the bot and a decoder process."""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final

from PIL import Image

from bot.media.checked import exactly, only, text_bytes, whole
from bot.media.registration import NOWHERE, Candidate
from bot.media.survey import SIDE
from bot.media.windows import STAGES
from bot.survey import Survey, Window

MOST_SURVEYS: Final = 2
"""Surveyed pictures of one file: something transparent is seen on white and on black."""

_MOST_WINDOWS: Final = 128
_FARTHEST: Final = 4.0 * SIDE  # pixels: windows reach a little beyond the picture
_HASHES: Final = 8 * 32  # bytes


def survey_json(survey: Survey) -> dict[str, Any]:
    """What is written for a survey."""
    return {
        "frame": survey.frame,
        "width": survey.width,
        "height": survey.height,
        "grey": b64encode(survey.grey).decode("ascii"),
        "screen": survey.is_screen,
        "windows": [_window_json(one) for one in survey.windows],
    }


def _window_json(window: Window) -> dict[str, Any]:
    return {
        "stage": window.stage,
        "box": [*map(float, window.box)],
        "angle": float(window.angle),
        "pdq": b"".join(window.pdq).hex(),
        "frame": window.through_frame,
    }


def read_surveys(body: Any, frames: int) -> tuple[Survey, ...]:
    """The surveys in an answer about a file of so many frames. Raises ValueError, TypeError or KeyError if wrong."""
    surveys = exactly(list, body)
    if len(surveys) > MOST_SURVEYS:
        raise ValueError("surveys")
    return tuple(_read_survey(survey, frames) for survey in surveys)


def _read_survey(body: Any, frames: int) -> Survey:
    only(body, {"frame", "width", "height", "grey", "windows", "screen"})
    width, height = whole(body["width"], SIDE), whole(body["height"], SIDE)
    grey = b64decode(exactly(str, body["grey"]), validate=True)
    windows = exactly(list, body["windows"])
    if len(grey) != width * height or len(windows) > _MOST_WINDOWS:
        raise ValueError("survey")
    return Survey(
        frame=whole(body["frame"], frames - 1),
        width=width,
        height=height,
        grey=grey,
        windows=tuple(map(_read_window, windows)),
        is_screen=exactly(bool, body["screen"]),
    )


def _read_window(body: Any) -> Window:
    only(body, {"stage", "box", "angle", "pdq", "frame"})
    left, top, right, bottom = (_place(place, _FARTHEST) for place in exactly(list, body["box"]))
    codes = text_bytes(body["pdq"], _HASHES)
    if body["stage"] not in STAGES or right <= left or bottom <= top:
        raise ValueError("window")
    pdq = tuple(codes[start : start + 32] for start in range(0, _HASHES, 32))
    angle = _place(body["angle"], 360.0)
    return Window(body["stage"], (left, top, right, bottom), angle, pdq, exactly(bool, body["frame"]))


def _place(value: Any, farthest: float) -> float:
    """`value`, a finite float no farther from 0 than `farthest`."""
    number: float = exactly(float, value)
    if not math.isfinite(number) or abs(number) > farthest:
        raise ValueError("range")
    return number


def register_request(survey: Survey, candidates: Sequence[Candidate]) -> bytes:
    """What a decoder process is given to register windows of a survey: a line of JSON, then the grey picture."""
    asked = [(one.box, one.angle, one.turn, one.target.hex()) for one in candidates]
    head = {"width": survey.width, "height": survey.height, "candidates": asked}
    return json.dumps(head).encode() + b"\n" + survey.grey


def read_request(data: bytes) -> tuple[Image.Image, list[Candidate]]:
    """The grey picture and the candidates in a request, which comes from the bot and is trusted."""
    line, _, grey = data.partition(b"\n")
    head = json.loads(line)
    candidates = [
        Candidate(tuple(box), angle, turn, bytes.fromhex(target)) for box, angle, turn, target in head["candidates"]
    ]
    return Image.frombytes("L", (head["width"], head["height"]), grey), candidates


def read_distances(body: Any) -> tuple[int, ...]:
    """The distances in an answer. Raises ValueError or TypeError on any other."""
    return tuple(whole(distance, NOWHERE) for distance in exactly(list, body))
