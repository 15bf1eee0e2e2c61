"""The canary picture, painted by code: the harmless picture whose removal proves that the bot works."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.canvas import Canvas, mixed

if TYPE_CHECKING:
    from PIL import Image

WIDTH, HEIGHT = 800, 600
CLEARING = 265  # pixels around the bird that stay free of leaves


def canary() -> Image.Image:
    """A yellow canary on a branch, with the words "Haechi canary"; `bot/canary.png` is this picture."""
    canvas = Canvas(WIDTH, HEIGHT, seed=2024)
    _garden(canvas)
    _branch(canvas)
    _body(canvas)
    _head(canvas)
    canvas.box(0, 506, (WIDTH, 94), "#1d2b4f")
    canvas.box(0, 500, (WIDTH, 8), "#ffce3a")
    canvas.write("Haechi canary", 400, 552, 62, fill="#ffe27a", edge="#0d1630")
    return canvas.done()


def _garden(canvas: Canvas) -> None:
    canvas.gradient([(0, "#8fd3e8"), (0.55, "#d8f0dc"), (1, "#f6f0c8")])
    canvas.glow(690, 70, 300, "#fffbe0", 0.9)
    for _ in range(150):
        x, y = canvas.random.uniform((-20, -20), (WIDTH + 20, HEIGHT))
        if math.hypot(x - 400, (y - 250) * 1.15) > CLEARING:
            fill = mixed("#1f6a4a", "#8cc451", float(canvas.random.random()))
            _frond(canvas, (float(x), float(y)), float(canvas.random.uniform(0, 6.3)), fill)
    for x, y in ((92, 96), (700, 392), (120, 420), (668, 128), (40, 258), (748, 262)):
        _blossom(canvas, x, y)


def _frond(canvas: Canvas, foot: tuple[float, float], angle: float, fill: str) -> None:
    x, y = foot
    ahead, aside = (math.cos(angle) * 74, math.sin(angle) * 74), (-math.sin(angle) * 17, math.cos(angle) * 17)
    tip = (x + ahead[0], y + ahead[1])
    left = (x + ahead[0] * 0.45 + aside[0], y + ahead[1] * 0.45 + aside[1])
    right = (x + ahead[0] * 0.45 - aside[0], y + ahead[1] * 0.45 - aside[1])
    canvas.shape([(x, y), left, tip, right], fill)
    canvas.line([(x, y), tip], mixed(fill, "#f4f7c8", 0.5), 1.5)


def _blossom(canvas: Canvas, x: float, y: float) -> None:
    for turn in range(6):
        angle = turn * math.pi / 3
        canvas.oval(x + 21 * math.cos(angle), y + 21 * math.sin(angle), (16, 16), "#f7f2ff")
        canvas.oval(x + 15 * math.cos(angle), y + 15 * math.sin(angle), (10, 10), "#e58fb8")
    canvas.oval(x, y, (11, 11), "#f2a93b")


def _branch(canvas: Canvas) -> None:
    spine = [(x, 440 + 14 * math.sin(x / 90) - x * 0.03) for x in range(-10, WIDTH + 20, 10)]
    canvas.line([(x, y + 6) for x, y in spine], "#3d2616", 34)
    canvas.line(spine, "#7a4d2a", 26)
    canvas.line([(x, y - 7) for x, y in spine], "#b07f4d", 6)
    for x, y in spine[4::9]:
        canvas.arc(x, y, 9, (20, 200), fill="#4a2f1a", width=3)


def _body(canvas: Canvas) -> None:
    canvas.shape([(250, 352), (92, 436), (120, 470), (160, 462), (300, 400)], "#8f6a14")
    canvas.shape([(250, 340), (84, 412), (112, 446), (300, 392)], "#d9a514")
    for step in range(30):
        share = step / 29
        fill = mixed("#d99a10", "#fff08a", share**0.8)
        canvas.oval(382 + share * 34, 318 - share * 16, (158 * (1 - share * 0.72), 128 * (1 - share * 0.74)), fill)
    _wing(canvas)
    for x in (370, 430):
        canvas.line([(x, 418), (x + 4, 436)], "#b5643a", 9)
        for toe in (-18, 0, 18):
            canvas.line([(x + 4, 428), (x + 4 + toe, 452)], "#c9774a", 7)


def _wing(canvas: Canvas) -> None:
    for row in range(4):
        for feather in range(6 - row):
            x, y = 214 + feather * 30 + row * 26, 330 + row * 4 - feather * 7 - row * 21
            fill = mixed("#8a5f0c", "#ffd84a", (feather + row * 2) / 11)
            canvas.oval(x + 30, y + 15, (46, 19), mixed(fill, "#3a2600", 0.45))
            canvas.oval(x + 32, y + 11, (45, 17), fill)


def _head(canvas: Canvas) -> None:
    for step in range(24):
        share = step / 23
        fill = mixed("#e3a816", "#fff6a4", share**0.8)
        canvas.oval(500 + share * 16, 196 - share * 16, (92 * (1 - share * 0.75), 86 * (1 - share * 0.75)), fill)
    for tuft in (-14, 2, 18):
        canvas.line([(488 + tuft, 120), (470 + tuft * 1.6, 84)], "#f0bd2a", 9)
    canvas.shape([(580, 180), (640, 208), (582, 226)], "#e8783a")
    canvas.shape([(580, 206), (640, 208), (582, 226)], "#b5522a")
    canvas.oval(536, 178, (19, 20), "#fffdf0")
    canvas.oval(540, 180, (14, 15), "#1a1420")
    canvas.oval(545, 174, (5, 5), "#ffffff")
    canvas.oval(552, 226, (17, 10), "#f79a6a99")
