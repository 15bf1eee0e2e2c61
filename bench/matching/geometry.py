"""Attacks that move what is in a picture: crops, turns, mirror images, perspective, screens. Additions, no."""

from __future__ import annotations

import math
from random import Random

import numpy as np
from PIL import Image, ImageOps

from bench.matching.pixels import CUBIC, Picture, blurred, jpeg, noisy

Fill = tuple[int, int, int]
BLACK: Fill = (0, 0, 0)


def cropped(picture: Picture, share: float, left: float = 0.5, top: float = 0.5) -> Picture:
    """`share` of both sides cut off, that much of it at the left and top."""
    w, h = picture.size
    across, down = w * share, h * share
    return picture.crop(
        (round(across * left), round(down * top), round(w - across * (1 - left)), round(h - down * (1 - top)))
    )


def cropped_somewhere(picture: Picture, share: float, random: Random) -> Picture:
    """`share` of both sides cut off, more at one end than at the other."""
    return cropped(picture, share, random.random(), random.random())


def cut_below(picture: Picture, share: float) -> Picture:
    """`share` of the height cut off at the bottom."""
    return picture.crop((0, 0, picture.width, round(picture.height * (1 - share))))


def squared(picture: Picture, across: float) -> Picture:
    """Cut at both ends of the longer side, to a rectangle `across` as wide as high."""
    side = min(picture.width / across, picture.height)
    return ImageOps.fit(picture, (round(side * across), round(side)), CUBIC)


def turned(picture: Picture, degrees: float) -> Picture:
    """Turned, with black corners."""
    return picture.rotate(degrees, CUBIC, expand=True, fillcolor=BLACK)


def turned_and_cropped(picture: Picture, degrees: float) -> Picture:
    """Turned, with the corners cropped away: the largest upright rectangle inside."""
    w, h = picture.size
    across, down = _inscribed(w, h, math.radians(abs(degrees)))
    box = (int((w - across) / 2), int((h - down) / 2), int((w + across) / 2), int((h + down) / 2))
    return picture.rotate(degrees, CUBIC).crop(box)


def _inscribed(w: int, h: int, angle: float) -> tuple[float, float]:
    sine, cosine = math.sin(angle), math.cos(angle)
    short, long = min(w, h), max(w, h)
    if short <= 2 * sine * cosine * long:
        half = 0.5 * short
        return (half / sine, half / cosine) if w >= h else (half / cosine, half / sine)
    double = cosine * cosine - sine * sine
    return (w * cosine - h * sine) / double, (h * cosine - w * sine) / double


def seen_askew(picture: Picture, share: float, random: Random, fill: Fill = BLACK) -> Picture:
    """Each corner moved inwards by up to `share` of the sides."""
    w, h = picture.size

    def some() -> float:
        return random.uniform(0.3, 1) * share

    corners = [
        (w * some(), h * some()),
        (w - w * some(), h * some()),
        (w - w * some(), h - h * some()),
        (w * some(), h - h * some()),
    ]
    plain = [(0, 0), (w, 0), (w, h), (0, h)]
    return picture.transform((w, h), Image.Transform.PERSPECTIVE, _solve(corners, plain), CUBIC, fillcolor=fill)


def _solve(to: list[tuple[float, float]], source: list[tuple[int, int]]) -> list[float]:
    """The eight numbers of the transform that takes `source` to `to`."""
    rows, values = [], []
    for (across, down), (x, y) in zip(to, source, strict=True):
        rows.append([across, down, 1, 0, 0, 0, -x * across, -x * down])
        rows.append([0, 0, 0, across, down, 1, -y * across, -y * down])
        values += [x, y]
    solved: list[float] = np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()
    return solved


def photographed(picture: Picture, askew: float, moire: float, random: Random) -> Picture:
    """A photo of a screen: dark bezel, perspective, moiré, uneven light, a colour cast, noise, JPEG 75."""
    w, h = picture.size
    framed = Image.new("RGB", (round(w * 1.08), round(h * 1.08)), BLACK)
    framed.paste(picture, ((framed.width - w) // 2, (framed.height - h) // 2))
    values = np.asarray(seen_askew(framed, askew, random, (40, 38, 36)), np.float32)
    y, x = np.mgrid[0 : values.shape[0], 0 : values.shape[1]].astype(np.float32)
    stripes = 1 + moire * np.sin(x * 1.9 + y * 0.13) + moire * np.sin(y * 2.1)
    light = 0.75 + 0.4 * (x / framed.width) * (0.5 + 0.5 * y / framed.height)
    values = values * (stripes * light)[..., None] * np.array([0.95, 1, 1.08], np.float32)
    shot = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    return jpeg(noisy(blurred(shot, 1), 8, random), 75)
