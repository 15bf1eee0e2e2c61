"""Patterns and small things painted by code, for samples: a quilt, tiles, a map, stickers; places live in `scenery`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from bot.sandbox.canvas import Canvas, mixed

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH, HEIGHT = 960, 720
CLOTHS = ("#c8443c", "#f0b64a", "#2f5d7c", "#7aa37a", "#f4ead6", "#5b3a5e", "#d98c6b", "#22303c")


def quilt() -> Image.Image:
    """A patchwork quilt of triangles."""
    canvas = Canvas(WIDTH, HEIGHT, seed=66, ground="#f4ead6")
    for row in range(6):
        for column in range(8):
            _patch(canvas, column * 120, row * 120)
    for step in range(60, WIDTH, 120):
        canvas.line([(step, 0), (step, HEIGHT)], "#ffffff55", 1.5)
        canvas.line([(0, step), (WIDTH, step)], "#ffffff55", 1.5)
    canvas.veil(canvas.noise(60, 45, 2) * 0.16, "#000000")
    return canvas.done()


def _patch(canvas: Canvas, x: float, y: float) -> None:
    first, second, third = (CLOTHS[i] for i in canvas.random.choice(len(CLOTHS), 3, replace=False))
    corners = [(x, y), (x + 120, y), (x + 120, y + 120), (x, y + 120)]
    turn = int(canvas.random.integers(4))
    a, b, c, d = corners[turn:] + corners[:turn]
    canvas.shape([a, b, c, d], first)
    canvas.shape([a, b, d], second)
    if canvas.chance(0.5):
        canvas.shape([((p[0] + x + 60) / 2, (p[1] + y + 60) / 2) for p in (a, b, c, d)], third)
    for step in range(12, 120, 24):
        canvas.line([(x + step, y), (x, y + step)], "#ffffff40", 2)


def tiles() -> Image.Image:
    """Glazed wall tiles in blue, white and yellow, no two alike in order."""
    canvas = Canvas(WIDTH, HEIGHT, seed=77, ground="#eef1ea")
    motifs: tuple[Callable[[Canvas, float, float], None], ...] = (_rosette, _star, _fans, _rings)
    for row in range(4):
        for column in range(6):
            x, y = column * 160.0, row * 180.0
            canvas.box(x, y, (160, 180), "#1f4e8c" if canvas.chance(0.35) else "#f3f5ee")
            motifs[int(canvas.random.integers(4))](canvas, x + 80, y + 90)
            canvas.line([(x, y), (x + 160, y), (x + 160, y + 180)], "#9aa7a6", 3)
    canvas.veil(canvas.noise(14, 10) ** 3 * 0.35, "#ffffff")
    return canvas.done()


def _rosette(canvas: Canvas, x: float, y: float) -> None:
    for turn in range(8):
        angle = turn * math.pi / 4
        canvas.oval(x + 44 * math.cos(angle), y + 44 * math.sin(angle), (24, 24), "#3f7fc4")
    canvas.oval(x, y, (34, 34), "#f0b93c")
    canvas.oval(x, y, (14, 14), "#1b3a66")


def _star(canvas: Canvas, x: float, y: float) -> None:
    def ray(turn: int) -> tuple[float, float]:
        reach = 78 if turn % 2 == 0 else 30
        return (x + reach * math.cos(turn * math.pi / 8), y + reach * math.sin(turn * math.pi / 8))

    canvas.shape([ray(turn) for turn in range(16)], "#17315c")
    canvas.oval(x, y, (22, 22), "#f0b93c")


def _fans(canvas: Canvas, x: float, y: float) -> None:
    for radius, fill in ((100, "#2d66ac"), (76, "#f3f5ee"), (54, "#f0b93c"), (30, "#1b3a66")):
        canvas.shape([(x - 80, y - 90), *_quarter(x - 80, y - 90, radius, 0)], fill)
        canvas.shape([(x + 80, y + 90), *_quarter(x + 80, y + 90, radius, math.pi)], fill)


def _quarter(x: float, y: float, radius: float, start: float) -> list[tuple[float, float]]:
    steps = (start + i * math.pi / 24 for i in range(13))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in steps]


def _rings(canvas: Canvas, x: float, y: float) -> None:
    for radius, fill in ((74, "#5c97d1"), (58, "#f3f5ee"), (42, "#1f4e8c"), (22, "#f3f5ee")):
        canvas.oval(x, y, (radius, radius), fill)


FRUITS = 110
FRUIT = ("#ff8a14", "#e0232e", "#86c11f", "#ffd02a", "#6d2a86", "#ff5a4f")


def fruit() -> Image.Image:
    """A market stall's heap of oranges, apples, limes, lemons and plums."""
    canvas = Canvas(WIDTH, HEIGHT, seed=88, ground="#20281a")
    placed: list[tuple[float, float, float]] = []
    while len(placed) < FRUITS:
        x, y = canvas.random.uniform((-20, -20), (WIDTH + 20, HEIGHT + 20))
        size = float(canvas.random.uniform(44, 84))
        if sum(math.hypot(x - a, y - b) < (size + c) * 0.62 for a, b, c in placed) <= len(placed) // 40:
            placed.append((float(x), float(y), size))
            _ball(canvas, float(x), float(y), size)
    canvas.speckle(5)
    return canvas.done()


def _ball(canvas: Canvas, x: float, y: float, size: float) -> None:
    skin = FRUIT[int(canvas.random.integers(len(FRUIT)))]
    canvas.oval(x + 5, y + 8, (size * 1.04, size * 1.04), "#00000077")
    for step in range(14):
        share = step / 13
        offset = share * size * 0.3
        fill = mixed(mixed(skin, "#3a0a12", 0.45), mixed(skin, "#ffe9a0", 0.35), share**0.7)
        canvas.oval(x - offset, y - offset, (size * (1 - share * 0.9), size * (1 - share * 0.9)), fill)
    canvas.oval(x - size * 0.36, y - size * 0.4, (size * 0.1, size * 0.07), "#ffffffd0")
    if canvas.chance(0.45):
        canvas.line([(x, y - size * 0.1), (x + size * 0.1, y - size * 0.42)], "#4a2f18", 5)
        leaf = [(x + size * 0.1, y - size * 0.4), (x + size * 0.5, y - size * 0.62), (x + size * 0.62, y - size * 0.3)]
        canvas.shape(leaf, "#3f7d33")


def chart() -> Image.Image:
    """A walker's map: contour lines, woods, a lake, a river and tracks."""
    canvas = Canvas(WIDTH, HEIGHT, seed=99, ground="#f3ecd2")
    land = canvas.noise(6, 5, 3)
    lake, wood, rock, contour = 0.34, 0.62, 0.8, 0.055
    canvas.veil((land > wood) * 0.75, "#8fb573")
    canvas.veil((land < lake) * 0.95, "#5b9fc9")
    canvas.veil((land > rock) * 0.9, "#b98a5a")
    steps = land * 22
    canvas.veil((np.abs(steps - np.round(steps)) < contour) * 0.8, "#7a4a26")
    for start in (90, 380, 690):
        track = [(start + 120 * math.sin(y / 110 + start), float(y)) for y in range(-10, HEIGHT + 20, 12)]
        canvas.line(track, "#b3261e", 6)
        canvas.line(track, "#fff4d8", 2.5)
    for step in range(0, WIDTH, 120):
        canvas.line([(step, 0), (step, HEIGHT)], "#20406066", 1)
        canvas.line([(0, step), (WIDTH, step)], "#20406066", 1)
    return canvas.done()


def herbarium() -> Image.Image:
    """A sheet of pressed leaves in rows."""
    canvas = Canvas(WIDTH, HEIGHT, seed=110, ground="#efe6d0")
    canvas.veil(canvas.noise(20, 15) * 0.25, "#c7b48a")
    greens = ("#2f5b34", "#587b2f", "#7c8a2a", "#a4632a", "#7b2f2a", "#35603f")
    for row in range(3):
        for column in range(5):
            x, y = 96 + column * 192, 125 + row * 235
            _leaf(canvas, (x, y), float(canvas.random.uniform(65, 112)), greens[int(canvas.random.integers(6))])
    return canvas.done()


def _leaf(canvas: Canvas, centre: tuple[float, float], size: float, fill: str) -> None:
    x, y = centre
    lean, lobes = float(canvas.random.uniform(-0.6, 0.6)), int(canvas.random.integers(0, 7))
    breadth = float(canvas.random.uniform(0.45, 0.95))
    outline = []
    for step in range(90):
        angle = step / 90 * 2 * math.pi
        reach = size * (0.75 + 0.25 * math.cos(angle * lobes)) * (1.15 if lobes else 1)
        dx, dy = reach * breadth * math.sin(angle), -reach * math.cos(angle)
        outline.append((x + dx * math.cos(lean) - dy * math.sin(lean), y + dx * math.sin(lean) + dy * math.cos(lean)))
    canvas.shape(outline, fill)
    for point in outline[::6]:
        canvas.line([(x, y + size * 0.4), point], mixed(fill, "#f5eecb", 0.45), 2)
    canvas.line([(x, y + size * 1.3), (x + lean * 8, y - size * 0.5)], mixed(fill, "#2a1a0a", 0.5), 5)


def cactus() -> Image.Image:
    """A cactus in a pot before striped dunes: a sticker of 512 x 512 with a clear ground."""
    canvas = Canvas(512, 512, seed=121)
    canvas.gradient([(0, "#ffcf6b"), (0.6, "#ff8f5a"), (1, "#c2477a")])
    for turn in range(0, 24, 2):
        rays = [
            (256 + 400 * math.cos(a * math.pi / 12), 200 + 400 * math.sin(a * math.pi / 12)) for a in (turn, turn + 1)
        ]
        canvas.shape([(256, 200), *rays], "#fff2c455")
    for x, top, tall in ((256, 80, 300), (150, 190, 130), (362, 150, 130)):
        _stem(canvas, x, top, tall)
    canvas.box(150, 280, (100, 56), "#2f8a4e", radius=26)
    canvas.box(262, 244, (100, 56), "#2f8a4e", radius=26)
    canvas.shape([(150, 366), (362, 366), (332, 490), (180, 490)], "#b5472f")
    canvas.box(136, 346, (240, 46), "#e2683f", radius=8)
    for x in range(160, 360, 40):
        canvas.shape([(x, 470), (x + 20, 410), (x + 40, 470)], "#ffe0a0")
    return _cut_out(canvas.done())


def _stem(canvas: Canvas, x: float, top: float, tall: float) -> None:
    canvas.box(x - 44, top, (88, tall), "#2f8a4e", radius=42)
    for offset in (-22, 0, 22):
        canvas.line([(x + offset, top + 24), (x + offset, top + tall - 20)], "#8fd17a", 6)
    for y in range(int(top) + 30, int(top + tall) - 10, 34):
        canvas.line([(x - 34, y), (x - 46, y - 8)], "#fffbe0", 4)
        canvas.line([(x + 34, y), (x + 46, y - 8)], "#fffbe0", 4)
    canvas.oval(x, top + 2, (22, 16), "#ff5d8f")


def fish() -> Image.Image:
    """A bright reef fish in the waves: a sticker of 512 x 512 with a clear ground."""
    canvas = Canvas(512, 512, seed=132)
    canvas.gradient([(0, "#bff0ea"), (0.5, "#2fa6b8"), (1, "#0e3f6e")])
    for y in range(70, 520, 62):
        canvas.line([(x, y + 14 * math.sin(x / 26 + y)) for x in range(-10, 530, 6)], "#ffffff88", 7)
    canvas.shape([(400, 256), (500, 140), (478, 256), (500, 380)], "#ff7a2f")
    canvas.shape([(170, 160), (300, 60), (360, 170)], "#e2502a")
    canvas.shape([(200, 350), (290, 440), (330, 340)], "#e2502a")
    canvas.oval(240, 256, (186, 116), "#ffa62b")
    for x, half in ((170, 96), (262, 112), (344, 88)):
        canvas.oval(x, 256, (26, half), "#1c2a4a")
        canvas.oval(x, 256, (17, half - 6), "#fff8e6")
    canvas.oval(104, 226, (30, 30), "#ffffff")
    canvas.oval(98, 228, (16, 17), "#10182c")
    for x, y, size in ((60, 90, 20), (92, 60, 11), (430, 88, 15), (42, 420, 17), (452, 440, 22)):
        canvas.arc(x, y, size, (0, 360), fill="#ffffffcc", width=5)
    return _cut_out(canvas.done())


def _cut_out(image: Image.Image) -> Image.Image:
    outer, inner = Canvas(512, 512, seed=0, ground="#000000"), Canvas(512, 512, seed=0, ground="#000000")
    outer.box(4, 4, (504, 504), "#ffffff", radius=120)
    inner.box(18, 18, (476, 476), "#ffffff", radius=108)
    framed = Image.composite(image, Image.new("RGB", image.size, "#ffffff"), inner.done().convert("L"))
    framed.putalpha(outer.done().convert("L").filter(ImageFilter.GaussianBlur(0.5)))
    return framed
