"""A decoder's answer is read as if an enemy had written it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.answer import MAX_LINE, BadAnswer, Seen, read_answer, write_cuts, write_refusal, write_seen
from bot.media.images import Decoded
from bot.media.refusal import Reason
from bot.media.survey import survey_picture
from bot.media.surveyed import Cut
from bot.model import Frame, Part
from tests.texture import texture

_FRAME = Frame(pdq=(bytes(range(32)),) * 8, quality=100, phash=b"\x01" * 8, at=1.5)
_GOOD = json.loads(write_seen(Decoded(640, 480, [_FRAME]), recycle=False))
_SURVEY = survey_picture(texture(7, 256, 192).convert("L"))
_CUT = json.loads(write_cuts([_SURVEY], recycle=False))


def test_what_is_written_is_read() -> None:
    """An honest answer survives the way through the socket, the fullest one within the longest line."""
    frames = [_FRAME, replace(_FRAME, part=Part.INSIDE), replace(_FRAME, part=Part.CROPPED)] * 128
    line = write_seen(Decoded(640, 480, frames, damaged=True, sparse=True), recycle=True)
    answer = read_answer(line)
    assert len(line) < MAX_LINE
    assert answer.recycle
    assert answer.result == Seen(640, 480, tuple(frames), damaged=True, sparse=True)


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_is_read(reason: Reason) -> None:
    """Every reason survives the way through the socket."""
    assert read_answer(write_refusal(reason, recycle=False)).result is reason


def test_cuts_are_read() -> None:
    """The windows of two pictures survive the way through the socket, within the longest line."""
    surveys = [_SURVEY, replace(_SURVEY, is_screen=True)]
    line = write_cuts(surveys, recycle=False)
    assert len(line) < MAX_LINE
    assert read_answer(line).result == tuple(Cut(one.windows, one.is_screen) for one in surveys)


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
    with pytest.raises(BadAnswer):
        read_answer(line)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_line_is_refused_or_read(line: bytes) -> None:
    """No line makes the reader fail in another way."""
    with pytest.raises(BadAnswer):
        read_answer(line)
