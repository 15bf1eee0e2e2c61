"""A decoder's answer is read as if an enemy had written it."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.answer import (
    HEAD,
    MAX_JSON,
    BadAnswer,
    Seen,
    read_answer,
    read_ready,
    write_cuts,
    write_ready,
    write_refusal,
    write_seen,
)
from bot.media.images import Decoded
from bot.media.lockdown import LEVELS, Level
from bot.media.refusal import Reason
from bot.media.survey import survey_picture
from bot.media.surveyed import Cut
from bot.model import Frame, Part
from tests.texture import texture

_FRAME = Frame(pdq=(bytes(range(32)),) * 8, quality=100, phash=b"\x01" * 8, at=1.5)
_GOOD = json.loads(write_seen(Decoded(640, 480, [_FRAME]), recycle=False)[HEAD:])
_SURVEY = survey_picture(texture(7, 256, 192).convert("L"))
_UNCUT = replace(_SURVEY, windows=(), is_screen=False)
_SURVEYED = Decoded(640, 480, [_FRAME], surveys=(_UNCUT, _UNCUT))
_CUT = json.loads(write_cuts([_SURVEY], recycle=False)[HEAD:])


def _message(text: bytes, grey: bytes = b"") -> bytes:
    """A message with these as its parts."""
    return struct.pack(">II", len(text), len(grey)) + text + grey


def test_what_is_written_is_read() -> None:
    """An honest answer survives the way through the socket, the fullest one within the longest."""
    frames = [_FRAME, replace(_FRAME, part=Part.INSIDE), replace(_FRAME, part=Part.CROPPED)] * 128
    message = write_seen(Decoded(640, 480, frames, damaged=True, sparse=True), recycle=True)
    answer = read_answer(message)
    assert len(message) < MAX_JSON
    assert answer.recycle
    assert answer.result == Seen(640, 480, tuple(frames), damaged=True, sparse=True)


def test_grey_pictures_are_read() -> None:
    """The grey pictures of what is seen in two ways survive the way through the socket, the largest ones too."""
    assert read_answer(write_seen(_SURVEYED, recycle=False)).result == Seen(
        640, 480, (_FRAME,), damaged=False, surveys=_SURVEYED.surveys
    )
    largest = replace(_UNCUT, width=256, height=256, grey=bytes(256 * 256))
    seen = read_answer(write_seen(replace(_SURVEYED, surveys=(largest, largest)), recycle=False)).result
    assert isinstance(seen, Seen)
    assert seen.surveys == (largest, largest)


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_is_read(level: Level) -> None:
    """A process says when it is ready how far it is locked down."""
    assert read_ready(write_ready(level)) == level


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_is_read(reason: Reason) -> None:
    """Every reason survives the way through the socket."""
    assert read_answer(write_refusal(reason, recycle=False)).result is reason


def test_cuts_are_read() -> None:
    """The windows of two pictures survive the way through the socket, within the longest answer."""
    surveys = [_SURVEY, replace(_SURVEY, is_screen=True)]
    message = write_cuts(surveys, recycle=False)
    assert len(message) < MAX_JSON
    assert read_answer(message).result == tuple(Cut(one.windows, one.is_screen) for one in surveys)


def _with(path: list[Any], value: Any, good: Any = _GOOD) -> bytes:
    """A good answer with one value replaced."""
    body = json.loads(json.dumps(good))
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(body).encode()


_FIRST = ["seen", "frames", 0]
_WINDOW = ["cuts", 0, "windows", 0]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x80\x04K\x01.\n",
        b"[]",
        b"{}",
        b"null",
        b'{"refused": "hungry", "recycle": false}',
        b'{"refused": "type"}',
        b'{"refused": "type", "recycle": 0}',
        b'{"refused": ["type"], "recycle": false}',
        b'{"refused": "type", "recycle": false, "more": 1}',
        b'{"refused": "type", "recycle": false}\n{"refused": "type", "recycle": false}\n',
        b"[" * 60_000,
        b'{"refused": ' + b"9" * 60_000 + b', "recycle": false}',
        _with(["extra"], 1),
        _with(["seen"], None),
        _with(["seen", "width"], -1),
        _with(["seen", "width"], True),
        _with(["seen", "width"], 1e3),
        _with(["seen", "height"], 1 << 40),
        _with(["seen", "damaged"], "no"),
        _with(["seen", "sparse"], 1),
        _with(["seen", "frames"], []),
        _with(["seen", "frames"], {}),
        _with(["seen", "frames"], [_GOOD["seen"]["frames"][0]] * 513),
        _with(_FIRST, "frame"),
        _with([*_FIRST, "quality"], 101),
        _with([*_FIRST, "quality"], "100"),
        _with([*_FIRST, "at"], -0.5),
        _with([*_FIRST, "at"], float("nan")),
        _with([*_FIRST, "at"], float("inf")),
        _with([*_FIRST, "at"], 1),
        _with([*_FIRST, "part"], "a part"),
        _with([*_FIRST, "part"], ["whole"]),
        _with([*_FIRST, "phash"], "01" * 7),
        _with([*_FIRST, "phash"], "zz" * 8),
        _with([*_FIRST, "pdq"], ["00" * 32] * 7),
        _with([*_FIRST, "pdq"], ["00" * 31] * 8),
        _with([*_FIRST, "pdq"], [0] * 8),
        _with([*_FIRST, "extra"], 1),
        _with(["extra"], 1, _CUT),
        _with(["cuts"], {}, _CUT),
        _with(["cuts"], _CUT["cuts"] * 3, _CUT),
        _with(["cuts", 0], 7, _CUT),
        _with(["cuts", 0, "extra"], 1, _CUT),
        _with(["cuts", 0, "screen"], 1, _CUT),
        _with(["cuts", 0, "windows"], {}, _CUT),
        _with(["cuts", 0, "windows"], _CUT["cuts"][0]["windows"][:1] * 129, _CUT),
        _with([*_WINDOW, "extra"], 1, _CUT),
        _with([*_WINDOW, "stage"], "attic", _CUT),
        _with([*_WINDOW, "stage"], ["centre"], _CUT),
        _with([*_WINDOW, "box"], [0.0, 0.0, 1.0], _CUT),
        _with([*_WINDOW, "box"], [9.0, 0.0, 8.0, 8.0], _CUT),
        _with([*_WINDOW, "box"], [0, 0.0, 8.0, 8.0], _CUT),
        _with([*_WINDOW, "box"], [0.0, 0.0, 8.0, 1e9], _CUT),
        _with([*_WINDOW, "angle"], float("nan"), _CUT),
        _with([*_WINDOW, "pdq"], "00" * 255, _CUT),
        _with([*_WINDOW, "pdq"], ["00" * 256], _CUT),
        _with([*_WINDOW, "frame"], None, _CUT),
    ],
)
def test_a_dishonest_answer_is_refused(line: bytes) -> None:
    """Whatever is not exactly an answer is a BadAnswer, never another exception and never believed."""
    for message in (line, _message(line), _message(line, b"grey")):
        with pytest.raises(BadAnswer):
            read_answer(message)
        with pytest.raises(BadAnswer):
            read_ready(message)


@pytest.mark.parametrize(
    "message",
    [
        write_seen(_SURVEYED, recycle=False)[:-1],
        write_seen(_SURVEYED, recycle=False) + b"!",
        write_seen(Decoded(640, 480, [_FRAME]), recycle=False) + b"!",
        _message(json.dumps(_GOOD).encode(), bytes(256 * 192)),  # pixels of no picture
        _message(json.dumps(_GOOD).encode(), bytes(2 * 256 * 256 + 1)),
        write_seen(replace(_SURVEYED, surveys=(_UNCUT, replace(_UNCUT, height=193))), recycle=False),
        write_seen(replace(_SURVEYED, surveys=(_UNCUT, replace(_UNCUT, width=255))), recycle=False),
        write_seen(replace(_SURVEYED, surveys=(replace(_UNCUT, width=257, grey=bytes(257 * 192)),)), recycle=False),
        write_seen(replace(_SURVEYED, surveys=(replace(_UNCUT, frame=1),)), recycle=False),
        write_seen(replace(_SURVEYED, surveys=(_UNCUT,) * 3), recycle=False),
        struct.pack(">II", 1 << 31, 0),
        struct.pack(">II", 0, 0),
        write_ready("full"),
    ],
)
def test_pixels_that_do_not_fit_are_refused(message: bytes) -> None:
    """Pixels count only if they are exactly those of the pictures that are announced, and no larger than any is."""
    with pytest.raises(BadAnswer):
        read_answer(message)


@pytest.mark.parametrize("body", [{"level": "fuller"}, {"level": 0}, {"level": "full", "more": 1}, {}])
def test_a_dishonest_level_is_refused(body: dict[str, Any]) -> None:
    """A process that does not say one of the levels is not ready."""
    with pytest.raises(BadAnswer):
        read_ready(_message(json.dumps(body).encode()))


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_message_is_refused_or_read(text: bytes) -> None:
    """No message makes the reader fail in another way."""
    for message in (text, _message(text)):
        with pytest.raises(BadAnswer):
            read_answer(message)
