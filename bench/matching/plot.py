"""The plot for the README: recall by family as bars, drawn as SVG here, so that nothing is installed for it."""

from __future__ import annotations

from html import escape
from math import isnan
from pathlib import Path
from typing import Final

from bench.matching.posted import HELD_OUT
from bench.matching.scores import Column

WIDTH, LABELS, ROW, BAR, TOP, FOOT = 760, 170, 46, 11, 66, 34
COLOURS: Final = ("#b8c0cc", "#7f8ea3", "#1f7a5c")
"""For up to three methods, the last of them ours; readable on light and dark pages."""

INK: Final = "#6b7685"
FACE: Final = "font-family='system-ui,sans-serif' font-size='13'"


def draw(path: Path, columns: list[Column]) -> None:
    """Draw the recall on held-out photos by family."""
    found = [one.families(HELD_OUT) for one in columns]
    families = list(found[0])
    height = TOP + ROW * len(families) + FOOT
    parts = [_text(8, 22, "Altered copies that are found, % (held-out photos and attacks)", "font-weight='600'")]
    parts += _legend(columns)
    parts += _grid(height)
    for place, family in enumerate(families):
        y = TOP + ROW * place
        parts.append(_text(LABELS - 10, y + 24, family, "text-anchor='end'"))
        for number, shares in enumerate(found):
            parts += _bar(y + 5 + number * (BAR + 2), shares[family], COLOURS[number - len(found)])
    body = "\n".join(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img' "
        f"aria-label='Recall by family of attacks'>\n{body}\n</svg>\n",
        encoding="utf-8",
    )


def _legend(columns: list[Column]) -> list[str]:
    parts, x = [], LABELS
    for one, colour in zip(columns, COLOURS[-len(columns) :], strict=True):
        words = f"{one.heading}: {one.mean(HELD_OUT) * 100:.1f}"
        parts.append(f"<rect x='{x}' y='36' width='12' height='12' rx='2' fill='{colour}'/>")
        parts.append(_text(x + 18, 47, words))
        x += 40 + 8 * len(words)
    return parts


def _grid(height: int) -> list[str]:
    parts = []
    for share in (0, 25, 50, 75, 100):
        x = LABELS + share / 100 * _span()
        line = f"<line x1='{x:.0f}' x2='{x:.0f}' y1='{TOP}' y2='{height - FOOT}' stroke='{INK}' stroke-opacity='.25'/>"
        parts += [line, _text(x, height - FOOT + 20, str(share), "text-anchor='middle'")]
    return parts


def _bar(y: float, share: float, colour: str) -> list[str]:
    share = 0.0 if isnan(share) else share
    width = max(1.0, share * _span())
    bar = f"<rect x='{LABELS}' y='{y}' width='{width:.1f}' height='{BAR}' rx='2' fill='{colour}'/>"
    return [bar, _text(LABELS + width + 5, y + 10, f"{share * 100:.0f}", "font-size='10'")]


def _span() -> int:
    return WIDTH - LABELS - 40


def _text(x: float, y: float, words: str, more: str = "") -> str:
    face = FACE.replace("font-size='13'", "") if "font-size" in more else FACE
    return f"<text x='{x:.0f}' y='{y:.0f}' fill='{INK}' {face} {more}>{escape(words)}</text>"
