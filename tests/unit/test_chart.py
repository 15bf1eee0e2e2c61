"""The picture of a summary: numbers and bars, the same for the same numbers, and nothing of anybody's in it."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot import chart
from bot.chart import BLUE, NIGHT, RED, SIZE, YELLOW, Chart, draw, of, short

COUNTS = st.lists(st.integers(0, 10**9), min_size=7, max_size=7)
WEEK = Chart(20_800, 7, [12, 0, 3, 40, 1, 0, 7], [1, 0, 0, 4, 0, 0, 2], [0, 1, 0, 0, 3, 0, 0])


def opened(data: bytes) -> Image.Image:
    """The picture as a viewer reads it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def tall(image: Image.Image, colour: str) -> int:
    """How many points have a colour."""
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return sum(count for count, found in image.getcolors(SIZE[0] * SIZE[1]) or [] if found == wanted)


@settings(max_examples=20, deadline=None)
@given(COUNTS, COUNTS, COUNTS, st.integers(1, 7))
def test_any_numbers_make_a_picture(checked: list[int], matched: list[int], reported: list[int], marked: int) -> None:
    """Whatever was counted, the picture is a small PNG of 800 × 400, the same bytes each time it is drawn."""
    one = Chart(20_800, marked, checked, matched, reported)
    data = draw(one)
    assert opened(data).format == "PNG"
    assert opened(data).size == SIZE == (800, 400)
    assert len(data) < 40_000
    assert draw(of(json.loads(json.dumps(one.plain())))) == data


def test_the_picture_holds_nothing_but_points() -> None:
    """No text, time or place is kept in the file beside the picture."""
    assert opened(draw(WEEK)).info == {}


def test_each_number_has_its_bar() -> None:
    """Blue is checked, red matched, yellow reported; a quiet week has no bar, another number another picture."""
    image = opened(draw(WEEK))
    assert all(tall(image, colours[0]) > 500 for colours in (BLUE, RED, YELLOW))
    quiet = opened(draw(Chart(20_800, 7, [0] * 7, [0] * 7, [0] * 7)))
    assert [tall(quiet, colours[0]) for colours in (BLUE, RED, YELLOW)] == [0, 0, 0]
    assert tall(quiet, NIGHT) > 0.9 * SIZE[0] * SIZE[1]
    assert draw(WEEK) != draw(Chart(20_800, 7, [12, 0, 3, 40, 1, 0, 8], WEEK.matched, WEEK.reported))


def test_only_the_days_that_are_told_stand_out() -> None:
    """Of a day's summary the days before are drawn dimmed."""
    image = opened(draw(Chart(20_800, 1, WEEK.checked, WEEK.matched, WEEK.reported)))
    assert tall(image, BLUE[1]) > tall(image, BLUE[0]) > 0


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (9_999, "9999"), (10_000, "10k"), (999_999, "999k"), (1_500_000, "1.5M"), (123_456_789, "123M")],
)
def test_large_numbers_are_short(number: int, shown: str) -> None:
    """A number over its bar takes five signs at most."""
    assert short(number) == shown
    assert chart.FILENAME.endswith(".png")
