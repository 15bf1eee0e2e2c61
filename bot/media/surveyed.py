"""Surveys, and what is asked and answered about them, on their way between the bot and a decoder process."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

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


class Cut(NamedTuple):
    """What cutting a grey picture gives: its windows, and whether a picture on a screen was found in it."""

    windows: tuple[Window, ...]
    is_screen: bool


def survey_json(survey: Survey) -> dict[str, Any]:
    """What is written for a survey besides its pixels."""
    return {"frame": survey.frame, "width": survey.width, "height": survey.height, **cut_json(survey)}


def cut_json(survey: Survey) -> dict[str, Any]:
    """What is written for a survey whose grey picture the reader has."""
    return {"screen": survey.is_screen, "windows": [_window_json(one) for one in survey.windows]}


def _window_json(window: Window) -> dict[str, Any]:
    return {
        "stage": window.stage,
        "box": [*map(float, window.box)],
        "angle": float(window.angle),
        "pdq": b"".join(window.pdq).hex(),
        "frame": window.through_frame,
    }


def read_surveys(body: Any, frames: int, grey: bytes) -> tuple[Survey, ...]:
    """The surveys in an answer about a file of so many frames; `grey` are the pixels of all, one after the other.

    Raises ValueError, TypeError or KeyError if wrong.
    """
    surveys = exactly(list, body)
    if len(surveys) > MOST_SURVEYS:
        raise ValueError("surveys")
    read, start = [], 0
    for one in surveys:
        survey = _read_survey(one, frames, grey[start:])
        read.append(survey)
        start += len(survey.grey)
    if start != len(grey):
        raise ValueError("grey")
    return tuple(read)


def _read_survey(body: Any, frames: int, grey: bytes) -> Survey:
    """A survey whose pixels `grey` begins with."""
    only(body, {"frame", "width", "height", "windows", "screen"})
    width, height = whole(body["width"], SIDE), whole(body["height"], SIDE)
    if len(grey) < width * height:
        raise ValueError("survey")
    return Survey(whole(body["frame"], frames - 1), width, height, grey[: width * height], *_cut(body))


def read_cuts(body: Any) -> tuple[Cut, ...]:
    """What became of each grey picture of a request. Raises ValueError, TypeError or KeyError if wrong."""
    cuts = exactly(list, body)
    if len(cuts) > MOST_SURVEYS:
        raise ValueError("surveys")
    for one in cuts:
        only(one, {"screen", "windows"})
    return tuple(map(_cut, cuts))


def _cut(body: Any) -> Cut:
    windows = exactly(list, body["windows"])
    if len(windows) > _MOST_WINDOWS:
        raise ValueError("windows")
    return Cut(tuple(map(_read_window, windows)), exactly(bool, body["screen"]))


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


def survey_request(surveys: Sequence[Survey]) -> bytes:
    """What a decoder process is given to cut surveys into windows: their sizes in a line of JSON, then their pixels."""
    sizes = [(one.width, one.height) for one in surveys]
    return json.dumps(sizes).encode() + b"\n" + b"".join(one.grey for one in surveys)


def read_survey_request(data: bytes) -> list[Survey]:
    """The surveys to be cut, whose sizes come from the bot and are trusted; their pixels are an enemy's, like any."""
    line, _, greys = data.partition(b"\n")
    surveys, start = [], 0
    for width, height in json.loads(line):
        surveys.append(Survey(0, width, height, greys[start : start + width * height]))
        start += width * height
    return surveys


def with_cuts(surveys: Sequence[Survey], cuts: Sequence[Cut]) -> tuple[Survey, ...]:
    """The surveys, cut. Raises ValueError unless each was."""
    pairs = zip(surveys, cuts, strict=True)
    return tuple(replace(one, windows=cut.windows, is_screen=cut.is_screen) for one, cut in pairs)


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
