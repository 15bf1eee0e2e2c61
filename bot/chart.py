"""The small picture of a summary: bars and numbers, drawn by code from counts and nothing else. Nobody counts here.

What is blue, red and yellow is said under the picture, in the chat's language: in the picture are digits only.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from bot.periods import date_of

FILENAME = "summary.png"
SIZE = (800, 400)
NIGHT, LINE, WORDS, FAINT = "#212b36", "#41505f", "#f0f3f6", "#93a1af"
BLUE, RED, YELLOW = ("#4da3f5", "#2c4c6b"), ("#f2665c", "#6b3538"), ("#f5c04d", "#6b5a34")
"""Each colour as it is for the days that the summary is about, and for those before."""

MARGIN = 24
LETTERS, SMALL = 17, 14
MANY, MILLION = 10_000, 1_000_000
TOP, MIDDLE, UPPER, LOWER, DATES = 44, 222, 268, 352, 376
"""From above: where the tall bars may begin and end, where the short ones do, and the line of dates."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: numbers for each of the days up to the last one; the summary is about the `marked` last ones."""

    last_day: int
    marked: int
    checked: Sequence[int]
    matched: Sequence[int]
    reported: Sequence[int]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: list(value) if isinstance(value, list | tuple) else value for name, value in asdict(self).items()}


class Row(NamedTuple):
    """Bars side by side: numbers and colours, which part of each day's width they take, and between which heights."""

    numbers: Sequence[int]
    colours: tuple[str, str]
    part: tuple[float, float]
    top: int
    bottom: int
    most: int


def of(values: Mapping[str, Any]) -> Chart:
    """Return a chart from its JSON."""
    return Chart(**values)


def draw(chart: Chart) -> bytes:
    """Return the picture as a PNG, the same bytes for the same numbers."""
    image = Image.new("RGB", SIZE, NIGHT)
    pen = ImageDraw.Draw(image)
    for height in (MIDDLE, LOWER):
        pen.line((MARGIN, height, SIZE[0] - MARGIN, height), fill=LINE)
    few = max(1, *chart.matched, *chart.reported)
    _bars(pen, chart, Row(chart.checked, BLUE, (0.18, 0.82), TOP, MIDDLE, max(1, *chart.checked)))
    _bars(pen, chart, Row(chart.matched, RED, (0.18, 0.48), UPPER, LOWER, few))
    _bars(pen, chart, Row(chart.reported, YELLOW, (0.52, 0.82), UPPER, LOWER, few))
    _dates(pen, chart)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def short(number: int) -> str:
    """Return a number in at most five signs."""
    if number < MANY:
        return str(number)
    if number < MILLION:
        return f"{number // 1000}k"
    return f"{number / MILLION:.1f}M" if number < 100 * MILLION else f"{number // MILLION}M"


def _bars(pen: ImageDraw.ImageDraw, chart: Chart, row: Row) -> None:
    """Draw a row of bars with their numbers above them; nought is a number without a bar."""
    width = (SIZE[0] - 2 * MARGIN) / len(row.numbers)
    for place, number in enumerate(row.numbers):
        is_marked = place >= len(row.numbers) - chart.marked
        left, right = (round(MARGIN + (place + part) * width) for part in row.part)
        height = max(2, round((row.bottom - row.top) * number / row.most)) if number else 0
        if height:
            pen.rectangle((left, row.bottom - height, right, row.bottom - 1), fill=row.colours[not is_marked])
        at = ((left + right) / 2, row.bottom - height - 4)
        fill = WORDS if is_marked and number else FAINT
        pen.text(at, short(number), fill=fill, font=_font(SMALL), anchor="ms")


def _dates(pen: ImageDraw.ImageDraw, chart: Chart) -> None:
    days = len(chart.checked)
    width = (SIZE[0] - 2 * MARGIN) / days
    for place in range(days):
        day = date_of(chart.last_day - days + 1 + place)
        fill = WORDS if place >= days - chart.marked else FAINT
        at = (MARGIN + (place + 0.5) * width, DATES)
        pen.text(at, f"{day:%m-%d}", fill=fill, font=_font(LETTERS), anchor="mm")


def _font(size: float) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return Pillow's own typeface: no file of the machine's, so that the picture is the same everywhere."""
    return ImageFont.load_default(size)
