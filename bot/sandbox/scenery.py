"""Places painted by code, for samples: mountains, a harbour, a city, a forest, the sea; patterns live in `ornament`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.canvas import Canvas, mixed

if TYPE_CHECKING:
    from PIL import Image

WIDTH, HEIGHT = 960, 720


def mountains() -> Image.Image:
    """Layered mountains before a setting sun."""
    canvas = Canvas(WIDTH, HEIGHT, seed=11)
    canvas.gradient([(0, "#2b2a5a"), (0.28, "#8b3f7d"), (0.5, "#e8705a"), (0.62, "#ffd27a"), (1, "#ffe9b8")])
    canvas.veil(canvas.noise(3, 22) ** 3 * 0.9, "#ffd9b0")
    canvas.glow(610, 262, 250, "#fff2c0", 0.9)
    canvas.oval(610, 262, (56, 56), "#fff6d8")
    for index in range(6):
        share = index / 5
        crest = canvas.crest(452 + index * 58, 190 - index * 17, 3 + index)
        canvas.below(crest, mixed("#c9748a", "#1a1730", share**0.8))
        canvas.below([(x, y + 26 + (x * 7 + index * 40) % 19) for x, y in crest], mixed("#b0607f", "#120f24", share))
    _firs(canvas, base=735, tallest=150, count=34)
    return canvas.done()


def _firs(canvas: Canvas, base: float, tallest: float, count: int) -> None:
    for x in canvas.random.uniform(0, canvas.width, count):
        height = tallest * canvas.random.uniform(0.35, 1) * (0.35 + abs(x / canvas.width - 0.55) * 1.5)
        for step in range(5):
            top, half = base - height * (1 - step * 0.17), height * (0.06 + step * 0.045)
            canvas.shape([(x, top), (x - half, top + height * 0.3), (x + half, top + height * 0.3)], "#0a0914")


FACADES = ("#d9583b", "#f2b33d", "#3f7f8c", "#f4e3c1", "#8c3b4a", "#e88f6a", "#4c6a92", "#b5c07a")


def harbour() -> Image.Image:
    """Gabled houses on a quay, mirrored in the water, with boats."""
    canvas = Canvas(WIDTH, HEIGHT, seed=22)
    canvas.gradient([(0, "#4f9ad6"), (0.6, "#cfe8f2"), (1, "#f4efe0")], bottom=430)
    canvas.veil((canvas.noise(4, 6) ** 2) * 1.1, "#ffffff")
    canvas.below(canvas.crest(330, 120, 4), "#7fa08f")
    x = -20.0
    while x < WIDTH:
        width, height = canvas.random.uniform(68, 112), canvas.random.uniform(130, 245)
        _house(canvas, x, width, height)
        x += width
    canvas.box(0, 418, (WIDTH, 12), "#5d5348")
    canvas.mirror(430, 9)
    canvas.veil(canvas.noise(3, 60, 2) ** 4 * 0.5, "#dff3ff")
    for x, y, size in ((170, 560, 1.0), (455, 640, 1.35), (735, 575, 1.1), (890, 660, 1.2)):
        _sailboat(canvas, x, y, size)
    return canvas.done()


def _house(canvas: Canvas, x: float, width: float, height: float) -> None:
    top = 420 - height
    wall = FACADES[int(canvas.random.integers(len(FACADES)))]
    canvas.box(x, top, (width, height), wall)
    canvas.shape(
        [(x - 3, top), (x + width / 2, top - width * 0.55), (x + width + 3, top)], mixed(wall, "#3a1d18", 0.65)
    )
    rows = int(height // 44)
    for row in range(rows):
        for column in range(3):
            left, upper = x + width * (0.12 + 0.29 * column), top + 14 + row * 44
            canvas.box(left - 2, upper - 2, (width * 0.2 + 4, 30), "#f8f4ea")
            canvas.box(left, upper, (width * 0.2, 26), "#2c3e50" if canvas.chance(0.7) else "#ffd984")


def _sailboat(canvas: Canvas, x: float, y: float, size: float) -> None:
    hull = FACADES[int(canvas.random.integers(len(FACADES)))]
    canvas.oval(x, y + 22 * size, (88 * size, 9 * size), "#0c2a3a88")
    canvas.line([(x, y), (x, y - 190 * size)], "#4a3628", 4 * size)
    canvas.shape([(x + 5, y - 12), (x + 5, y - 180 * size), (x + 82 * size, y - 16)], "#fffaf0")
    canvas.shape([(x - 5, y - 12), (x - 5, y - 150 * size), (x - 58 * size, y - 16)], mixed(hull, "#ffffff", 0.25))
    deck = [
        (x - 84 * size, y - 8),
        (x + 96 * size, y - 8),
        (x + 62 * size, y + 24 * size),
        (x - 62 * size, y + 24 * size),
    ]
    canvas.shape(deck, hull)
    canvas.line([deck[0], deck[1]], "#ffffff", 4 * size)


def city() -> Image.Image:
    """A skyline at night over a river."""
    canvas = Canvas(WIDTH, HEIGHT, seed=33)
    canvas.gradient([(0, "#060b26"), (0.6, "#27306b"), (1, "#8a4f8f")], bottom=520)
    for x, y in canvas.random.uniform((0, 0), (WIDTH, 300), (120, 2)):
        canvas.oval(x, y, (1.2, 1.2), "#ffffffcc")
    canvas.glow(190, 130, 150, "#cfd8ff", 0.6)
    canvas.oval(190, 130, (46, 46), "#fdf6dc")
    canvas.oval(210, 118, (40, 40), "#27306b66")
    for row, (wall, tallest) in enumerate((("#2b2f66", 360), ("#1b1e48", 300), ("#0c0e28", 210))):
        _towers(canvas, wall, tallest, lit=0.28 + 0.17 * row)
    canvas.mirror(520, 12)
    canvas.veil(canvas.noise(2, 70, 2) ** 5 * 0.4, "#b9c4ff")
    return canvas.done()


def _towers(canvas: Canvas, wall: str, tallest: float, lit: float) -> None:
    x = -30.0
    while x < WIDTH:
        width, height = canvas.random.uniform(44, 104), tallest * canvas.random.uniform(0.4, 1.15)
        canvas.box(x, 520 - height, (width, height), wall)
        if canvas.chance(0.4):
            canvas.shape([(x, 521 - height), (x + width / 2, 470 - height), (x + width, 521 - height)], wall)
        _windows(canvas, (x, 520 - height), (width, height), lit)
        x += width + canvas.random.uniform(-6, 22)


def _windows(canvas: Canvas, corner: tuple[float, float], size: tuple[float, float], lit: float) -> None:
    lights = ("#ffd36b", "#ffeeb0", "#ff9f5a", "#9fd8ff")
    for top in range(int(corner[1]) + 10, 508, 15):
        for left in range(int(corner[0]) + 7, int(corner[0] + size[0]) - 9, 13):
            if canvas.random.random() < lit:
                canvas.box(left, top, (7, 9), lights[int(canvas.random.integers(4))])


def forest() -> Image.Image:
    """A path that winds through a sunlit wood."""
    canvas = Canvas(WIDTH, HEIGHT, seed=44)
    canvas.gradient([(0, "#f7f3c4"), (0.45, "#c7dd8a"), (0.62, "#6f9a4a"), (1, "#27441f")])
    canvas.veil(canvas.noise(9, 7) ** 2, "#86b04c")
    canvas.glow(520, 190, 240, "#fffbe0", 0.95)
    path = [
        (500 + 70 * math.sin(t * 5) * (0.2 + t), 400 + t * 330, 8 + t * t * 170) for t in (i / 40 for i in range(41))
    ]
    left, right = [(x - w, y) for x, y, w in path], [(x + w, y) for x, y, w in path]
    canvas.shape([*left, *reversed(right)], "#d8bd86")
    canvas.veil(canvas.noise(26, 22, 3) ** 3 * 0.8, "#2f5222")
    for index in range(30):
        _trunk(canvas, depth=(index / 29) ** 1.4)
    for x, y in canvas.random.uniform((0, -20), (WIDTH, 210), (420, 2)):
        size = canvas.random.uniform(6, 22)
        canvas.oval(x, y, (size, size * 0.6), mixed("#2c5a1e", "#cfe36a", float(canvas.random.random())) + "cc")
    return canvas.done()


def _trunk(canvas: Canvas, depth: float) -> None:
    side = -1 if canvas.chance(0.5) else 1
    x = 500 + side * (60 + depth * 260 + canvas.random.uniform(0, 330))
    width, foot = 7 + depth * 44, 420 + depth * 330
    bark = mixed("#9a9a64", "#24180f", depth)
    lean = canvas.random.uniform(-20, 20)
    canvas.shape(
        [(x - width / 2, foot), (x - width / 3 + lean, -5), (x + width / 3 + lean, -5), (x + width / 2, foot)], bark
    )
    lit = mixed(bark, "#ffe9a8", 0.45)
    canvas.shape(
        [(x - width / 2, foot), (x - width / 3 + lean, -5), (x - width / 6 + lean, -5), (x - width / 4, foot)], lit
    )


def sea() -> Image.Image:
    """Great rolling waves with foam, in the manner of a woodcut."""
    canvas = Canvas(WIDTH, HEIGHT, seed=55)
    canvas.gradient([(0, "#f3d9a4"), (1, "#f8eed6")], bottom=400)
    canvas.oval(250, 170, (88, 88), "#d8442f")
    canvas.veil(canvas.noise(5, 16) ** 4, "#c9a877")
    for index in range(7):
        base, swing = 330 + index * 64, 26 + index * 6
        phase, period = float(canvas.random.uniform(0, 6)), 215 + index * 26
        _swell(canvas, (base, swing, phase, period), mixed("#a9c9c9", "#0e2f56", index / 6))
    return canvas.done()


def _swell(canvas: Canvas, wave: tuple[float, float, float, float], fill: str) -> None:
    base, swing, phase, period = wave
    crest = []
    for x in range(-10, WIDTH + 12, 4):
        turn = 2 * math.pi * x / period + phase
        crest.append((x + 30 * math.cos(turn), base - swing * math.sin(turn) - swing * 0.5 * math.cos(2 * turn)))
    canvas.below(crest, fill)
    canvas.line(crest, "#f9f5e6", 7)
    for offset in (16, 31, 44):
        canvas.line([(x, y + offset) for x, y in crest], mixed(fill, "#f9f5e6", 0.45), 3)
    peaks = [
        point
        for before, point, after in zip(crest, crest[1:], crest[2:], strict=False)
        if before[1] > point[1] < after[1]
    ]
    for peak in peaks:
        for x, y in canvas.random.normal(peak, (26, 12), (26, 2)):
            canvas.oval(x, y - 4, (5, 5), "#fdfbf2")
