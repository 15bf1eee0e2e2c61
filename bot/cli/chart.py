"""Bars as SVG, written by hand: no library is needed to draw a few rectangles. What they count is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 760
_LABEL, _LINE, _TOP, _COLUMNS = 250, 26, 64, 160
_COLOURS = ("#b3261e", "#d9730d", "#b58900", "#2e7d7d")
_FONT = "font-family='system-ui, sans-serif' fill='currentColor'"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it counts, how much, and in which of the colours."""

    label: str
    count: int
    colour: int


def draw(title: str, note: str, bars: Sequence[Bar], columns: Sequence[Bar]) -> str:
    """A picture of `bars` one under the other, and of `columns` side by side under them."""
    middle = _TOP + _LINE * len(bars) + 44
    parts = [
        _text(20, 28, title, 17),
        _text(20, 48, note, 13),
        *(part for row, bar in enumerate(bars) for part in _bar(row, bar, bars)),
    ]
    if columns:
        parts += [_text(20, middle, "pictures by their bits of distance from the nearest entry", 13)]
        parts += [part for place, bar in enumerate(columns) for part in _column(place, bar, columns, middle)]
    height = middle + (_COLUMNS + 46 if columns else 0)
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img' color='#222'>"
    paper = f"<title>{escape(title)}</title><rect width='{WIDTH}' height='{height}' fill='#fff'/>"
    return "\n".join([head, paper, *parts, "</svg>", ""])


def _bar(row: int, bar: Bar, bars: Sequence[Bar]) -> list[str]:
    most = max(1, *(one.count for one in bars))
    top, length = _TOP + row * _LINE, (WIDTH - _LABEL - 90) * bar.count / most
    return [
        _text(_LABEL - 8, top + 15, bar.label, 13, "end"),
        _rectangle(_LABEL, top + 2, length, _LINE - 8, bar.colour),
        _text(_LABEL + length + 8, top + 15, f"{bar.count:,}", 13),
    ]


def _column(place: int, bar: Bar, columns: Sequence[Bar], top: float) -> list[str]:
    most = max(1, *(one.count for one in columns))
    step = (WIDTH - 40) / len(columns)
    left, length = 20 + place * step, (_COLUMNS - 20) * bar.count / most
    floor = top + 20 + _COLUMNS
    parts = [_rectangle(left + step * 0.1, floor - length, step * 0.8, length, bar.colour)]
    if place % max(1, len(columns) // 12) == 0:
        parts.append(_text(left + step / 2, floor + 16, bar.label, 11, "middle"))
    return parts


def _rectangle(left: float, top: float, width: float, height: float, colour: int) -> str:
    place = f"x='{left:.1f}' y='{top:.1f}' width='{width:.1f}' height='{height:.1f}'"
    return f"<rect {place} fill='{_COLOURS[colour % len(_COLOURS)]}'/>"


def _text(left: float, top: float, words: str, size: int, anchor: str = "start") -> str:
    place = f"x='{left:.1f}' y='{top:.1f}' font-size='{size}' text-anchor='{anchor}'"
    return f"<text {place} {_FONT}>{escape(words)}</text>"
