"""Scenes that move, painted frame by frame, for sample clips and GIFs; writing them to files is `clips`' part."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image

from bot.sandbox.canvas import Canvas, mixed

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 480, 360


def lighthouse(frames: int) -> Iterator[Image.Image]:
    """A lighthouse at dusk whose beam turns."""
    ground = Canvas(WIDTH, HEIGHT, seed=201)
    ground.gradient([(0, "#10183f"), (0.55, "#5a4a86"), (0.75, "#f09a6a")], bottom=270)
    ground.veil(ground.noise(4, 14) ** 3 * 0.7, "#f7b7a0")
    ground.gradient([(0, "#3a5a86"), (1, "#0c1c38")], top=262)
    for y in range(270, 360, 9):
        ground.line([(x, y + 3 * math.sin(x / 13 + y)) for x in range(-5, 490, 5)], "#c9d8ef66", 2)
    ground.below([(250, 362), (285, 300), (330, 262), (395, 250), (440, 284), (490, 292)], "#1b1a22")
    for moment in _moments(frames):
        canvas = _upon(ground)
        for side in (0, math.pi):
            _beam(canvas, moment * 2 * math.pi + side)
        _tower(canvas)
        yield canvas.done()


def _beam(canvas: Canvas, angle: float) -> None:
    reach = 520 * math.cos(angle)
    spread = 26 + 60 * abs(math.cos(angle))
    canvas.shape([(362, 92), (362 + reach, 92 - spread), (362 + reach, 92 + spread)], "#fff3b866")


def _tower(canvas: Canvas) -> None:
    canvas.shape([(342, 112), (382, 112), (400, 258), (324, 258)], "#f5efe2")
    for top in (130, 178, 226):
        half = 20 + (top - 112) * 0.13
        canvas.shape([(362 - half, top), (362 + half, top), (365 + half, top + 24), (359 - half, top + 24)], "#c23b34")
    canvas.box(334, 104, (56, 9), "#2a2a33")
    canvas.box(346, 80, (32, 24), "#fff3b8")
    canvas.shape([(338, 80), (362, 56), (386, 80)], "#c23b34")


def balloons(frames: int) -> Iterator[Image.Image]:
    """Hot-air balloons that rise over fields."""
    ground = Canvas(WIDTH, HEIGHT, seed=202)
    ground.gradient([(0, "#5aa9e6"), (0.7, "#dff1f7"), (1, "#fdeccb")], bottom=280)
    ground.veil(ground.noise(5, 7) ** 3, "#ffffff")
    for index, fill in enumerate(("#8fae78", "#c9b458", "#5f8a4a", "#3d6b38")):
        ground.below(ground.crest(276 + index * 26, 34, 2 + index, 3), fill)
    for x in range(-100, 600, 38):
        ground.line([(x, 360), (240 + (x - 240) * 0.55, 318)], "#e0cf7a99", 3)
    for moment in _moments(frames):
        canvas = _upon(ground)
        for index, (x, y, size) in enumerate(((110, 170, 1.1), (258, 236, 0.8), (380, 150, 1.35), (200, 90, 0.55))):
            _balloon(canvas, x + 10 * math.sin(moment * 5 + index), y + 70 - moment * 120, size)
        yield canvas.done()


def _balloon(canvas: Canvas, x: float, y: float, size: float) -> None:
    stripes = ("#e2483d", "#f6c445", "#2f6fa8", "#f7f1e3", "#3f9b6a")
    for index, fill in enumerate(stripes):
        canvas.oval(x, y, (56 * size * (1 - index * 0.2), 62 * size), fill)
    canvas.shape([(x - 30 * size, y + 48 * size), (x + 30 * size, y + 48 * size), (x, y + 84 * size)], stripes[2])
    canvas.box(x - 9 * size, y + 84 * size, (18 * size, 15 * size), "#6b4423", radius=2)


def windmill(frames: int) -> Iterator[Image.Image]:
    """A windmill among tulips whose sails turn."""
    ground = Canvas(WIDTH, HEIGHT, seed=203)
    ground.gradient([(0, "#f2a65a"), (0.6, "#f8dca0"), (1, "#fdf3d8")], bottom=250)
    ground.veil(ground.noise(4, 9) ** 3 * 0.9, "#fff6e6")
    ground.box(0, 236, (WIDTH, 124), "#3f7d46")
    for row, fill in enumerate(("#d9384a", "#f2c12e", "#8a3f9e", "#f0f0e8", "#e86a2f", "#d9384a")):
        ground.shape([(0, 250 + row * 19), (480, 243 + row * 22), (480, 254 + row * 22), (0, 260 + row * 19)], fill)
    ground.shape([(120, 300), (140, 130), (200, 130), (220, 300)], "#5a3a2c")
    ground.shape([(132, 132), (170, 88), (208, 132)], "#2c2430")
    ground.box(158, 250, (26, 50), "#e8d2a0")
    for moment in _moments(frames):
        canvas = _upon(ground)
        for sail in range(4):
            _sail(canvas, moment * math.pi / 2 + sail * math.pi / 2)
        canvas.oval(170, 128, (9, 9), "#1a1420")
        yield canvas.done()


def _sail(canvas: Canvas, angle: float) -> None:
    ahead, aside = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

    def at(far: float, wide: float) -> tuple[float, float]:
        return (170 + ahead[0] * far + aside[0] * wide, 128 + ahead[1] * far + aside[1] * wide)

    canvas.shape([at(22, 4), at(118, 4), at(118, 34), at(22, 26)], "#fbf4e4")
    canvas.line([at(0, 2), at(122, 2)], "#3a2418", 5)
    for far in range(30, 118, 16):
        canvas.line([at(far, 4), at(far, 30)], "#8a5a3a", 2)


def kites(frames: int) -> Iterator[Image.Image]:
    """Kites that dance over a striped beach."""
    ground = Canvas(WIDTH, HEIGHT, seed=204)
    ground.gradient([(0, "#2fb3c9"), (1, "#c5eee6")], bottom=240)
    ground.veil(ground.noise(6, 5) ** 4, "#ffffff")
    ground.gradient([(0, "#1f7f9e"), (1, "#7fd0c9")], top=222, bottom=272)
    ground.gradient([(0, "#f3dba6"), (1, "#d9ae6a")], top=270)
    for index, x in enumerate(range(24, 480, 74)):
        ground.shape([(x, 300), (x + 26, 262), (x + 52, 300)], ("#d93f5a", "#2f5fa8", "#f0b429")[index % 3])
        ground.line([(x + 26, 300), (x + 26, 340)], "#6b4423", 3)
    for moment in _moments(frames):
        canvas = _upon(ground)
        for index, (x, y) in enumerate(((90, 90), (240, 140), (370, 80))):
            turn = moment * 2 * math.pi + index * 2
            _kite(
                canvas, x + 26 * math.cos(turn), y + 20 * math.sin(turn * 2), ("#e23d80", "#5b3fa8", "#f08a24")[index]
            )
        yield canvas.done()


def _kite(canvas: Canvas, x: float, y: float, fill: str) -> None:
    tail = [(x + 8 * math.sin(step), y + 52 + step * 9) for step in range(9)]
    canvas.line(tail, "#40304a", 2)
    canvas.shape([(x, y - 56), (x + 40, y), (x, y + 54), (x - 40, y)], fill)
    canvas.shape([(x, y - 56), (x + 40, y), (x, y)], mixed(fill, "#ffffff", 0.55))
    canvas.shape([(x, y + 54), (x - 40, y), (x, y)], mixed(fill, "#14102a", 0.45))


def glide(picture: Image.Image, frames: int) -> Iterator[Image.Image]:
    """A camera that starts on the whole `picture` and moves slowly into it."""
    for moment in _moments(frames):
        share = 1 - 0.12 * moment
        width, height = picture.width * share, picture.height * share
        left, top = (picture.width - width) * 0.6, (picture.height - height) * 0.4
        box = (left, top, left + width, top + height)
        yield picture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box=box)


def _moments(frames: int) -> Iterator[float]:
    return (index / frames for index in range(frames))


def _upon(ground: Canvas) -> Canvas:
    canvas = Canvas(ground.width, ground.height, seed=0)
    canvas.image.paste(ground.image)
    return canvas
