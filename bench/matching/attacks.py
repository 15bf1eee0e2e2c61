"""The battery: what re-uploaders do, in ten families, each with strengths for tuning and others that are held out."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from PIL import ImageOps

from bench.matching import additions as add
from bench.matching import geometry as geo
from bench.matching import pixels as pix
from bench.matching.pixels import Picture

Run = Callable[[Picture, Random, list[Picture]], Picture]


@dataclass(frozen=True, slots=True)
class Attack:
    """One alteration of a fixed strength; `run` takes the picture, chance, and three other pictures."""

    family: str
    name: str
    run: Run

    def post(self, picture: Picture, key: str, others: list[Picture]) -> bytes:
        """The altered picture as Telegram keeps it; the same one for the same `key`."""
        random = Random(zlib.crc32(f"{self.name}/{key}".encode()))  # noqa: S311 - repeatable, no secret
        return pix.save(self.run(picture, random, others))


@dataclass(frozen=True, slots=True)
class _Row:
    """An attack with the strengths of both halves, which differ wherever there is something to differ."""

    family: str
    name: str
    do: Callable[..., Picture]
    tuning: tuple[Any, ...] = ((),)
    held_out: tuple[Any, ...] = ()

    def attacks(self, *, held_out: bool) -> list[Attack]:
        values = (self.held_out or self.tuning) if held_out else self.tuning
        return [self._attack(value) for value in values]

    def _attack(self, value: Any) -> Attack:
        do, arguments = self.do, value if isinstance(value, tuple) else (value,)
        name = " ".join([self.name, *(_word(one) for one in arguments)])
        return Attack(self.family, name, lambda picture, random, others: do((picture, random, others), *arguments))


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(function: Callable[..., Picture]) -> Callable[..., Picture]:
    """For what takes the picture and the strength."""
    return lambda given, *strength: function(given[0], *strength)


def _random(function: Callable[..., Picture]) -> Callable[..., Picture]:
    """For what takes chance at the end."""
    return lambda given, *strength: function(given[0], *strength, given[1])


def _percent(function: Callable[..., Picture]) -> Callable[..., Picture]:
    """For what takes a share, which the table names in percent."""
    return lambda given, share, *more: function(given[0], share / 100, *more)


def _random_percent(function: Callable[..., Picture]) -> Callable[..., Picture]:
    return lambda given, share: function(given[0], share / 100, given[1])


def _either_way(function: Callable[..., Picture]) -> Callable[..., Picture]:
    """For what turns, to the left or to the right."""
    return lambda given, degrees: function(given[0], degrees * given[1].choice((-1, 1)))


def _same(given: tuple[Any, ...]) -> Picture:
    picture: Picture = given[0]
    return picture


def _panels(given: tuple[Any, ...], count: int, gap: int) -> Picture:
    picture, random, others = given
    return add.collage(picture, others[: count - 1], gap, random)


def _screenshot(given: tuple[Any, ...], w: int, h: int, shade: str) -> Picture:
    return add.screenshot(given[0], (w, h), given[1], dark=shade == "dark")


def _combined_meme(given: tuple[Any, ...], crop: int, quality: int) -> Picture:
    picture = ImageOps.mirror(geo.cropped_somewhere(given[0], crop / 100, given[1]))
    return pix.jpeg(add.captioned(picture, 0.09, given[1]), quality)


def _combined_turn(given: tuple[Any, ...], degrees: float, bright: float) -> Picture:
    return pix.brightness(geo.turned_and_cropped(given[0], degrees), bright)


def _combined_story(given: tuple[Any, ...], share: float) -> Picture:
    return add.stickered(add.story(given[0], "blurred"), share / 100, given[1])


def _combined_screen(given: tuple[Any, ...], shade: str) -> Picture:
    return add.screenshot(ImageOps.mirror(given[0]), (1080, 2280), given[1], dark=shade == "dark")


def _combined_frame(given: tuple[Any, ...], share: float, quality: int) -> Picture:
    return pix.jpeg(pix.watermarked(add.framed(given[0], share / 100, "white"), 110, 20), quality)


_PIXELS: Final = (
    _Row("recompress", "none", _same),
    _Row("recompress", "jpeg", _plain(pix.jpeg), (10, 20, 30, 50, 70, 90), (12, 25, 35, 45, 60, 80)),
    _Row("recompress", "blur", _plain(pix.blurred), (1, 2, 4), (1.5, 2.5, 3.5)),
    _Row("recompress", "noise", _random(pix.noisy), (10, 25), (15, 20)),
    _Row("recompress", "sharpen", _plain(pix.sharpened), (200,), (300,)),
    _Row("recompress", "pixelate", _plain(pix.pixelated), (4, 8, 16), (5, 10, 14)),
    _Row("recompress", "palette", _plain(pix.palette), (32, 8), (24, 10)),
    _Row(
        "resize", "reduce to px", lambda given, side: pix.jpeg(pix.reduced(given[0], side), 87), (800, 320), (640, 240)
    ),
    _Row(
        "resize",
        "scale",
        _plain(pix.scaled),
        ((0.25, 0.25), (0.5, 0.5), (2.0, 2.0)),
        ((0.3, 0.3), (0.7, 0.7), (1.6, 1.6)),
    ),
    _Row("resize", "stretch", _plain(pix.scaled), ((0.75, 1.0), (1.33, 1.0)), ((0.8, 1.0), (1.0, 0.7))),
    _Row("colour", "brightness", _plain(pix.brightness), (0.6, 1.4), (0.7, 1.3)),
    _Row("colour", "contrast", _plain(pix.contrast), (0.6, 1.5), (0.7, 1.4)),
    _Row("colour", "gamma", _plain(pix.gamma), (0.6, 1.6), (0.7, 1.5)),
    _Row("colour", "saturation", _plain(pix.saturation), (0.0, 2.0), (0.0, 1.7)),
    _Row("colour", "hue °", _plain(pix.hue), (60,), (100,)),
    _Row("colour", "invert", _plain(pix.inverted)),
)
_GEOMETRY: Final = (
    _Row("crop", "centre crop %", _percent(geo.cropped), (2, 5, 10, 20, 30), (3, 7, 12, 17, 25)),
    _Row("crop", "crop aside %", _random_percent(geo.cropped_somewhere), (10, 20, 30), (7, 15, 25)),
    _Row("crop", "cut below %", _percent(geo.cut_below), (15,), (12,)),
    _Row("crop", "crop to ratio", _plain(geo.squared), (1.0,), (0.8,)),
    _Row("mirror and rotate", "mirror", _plain(ImageOps.mirror)),
    _Row("mirror and rotate", "upside down", _plain(ImageOps.flip)),
    _Row("mirror and rotate", "turn °", _plain(geo.turned), (90, 180, 270)),
    _Row("mirror and rotate", "tilt °", _either_way(geo.turned), (2, 5, 10, 15, 30), (3, 6, 8, 13, 25)),
    _Row("mirror and rotate", "tilt and crop °", _either_way(geo.turned_and_cropped), (2, 5, 10), (3, 6, 8)),
)
_ADDITIONS: Final = (
    _Row(
        "frames",
        "frame %",
        _percent(add.framed),
        *(
            tuple((share, kind) for kind in ("black", "white", "blurred") for share in shares)
            for shares in ((5, 10, 20, 30), (7, 13, 18, 26))
        ),
    ),
    _Row("frames", "story", _plain(add.story), ("black", "blurred"), (("black", 10 / 16), ("blurred", 10 / 16))),
    _Row("frames", "square", _plain(add.story), (("black", 1.0),), (("white", 1.0),)),
    _Row("caption and overlay", "caption", _random(add.captioned), (0.09,), (0.07,)),
    _Row("caption and overlay", "bar above", _random(add.barred), ((0.18, 0, "white"),), ((0.22, 0, "white"),)),
    _Row("caption and overlay", "bars", _random(add.barred), ((0.15, 0.15, "black"),), ((0.12, 0.18, "black"),)),
    _Row("caption and overlay", "sticker %", _random_percent(add.stickered), (5, 10, 20), (4, 8, 15)),
    _Row("caption and overlay", "plate %", _random_percent(add.branded), (5, 10), (4, 8)),
    _Row("caption and overlay", "watermark", _plain(pix.watermarked), ((110, 20),), ((140, -30),)),
    _Row(
        "screen",
        "screenshot",
        _screenshot,
        ((1080, 2280, "light"), (1080, 2280, "dark")),
        ((1170, 2532, "light"), (720, 1600, "dark")),
    ),
    _Row("screen", "perspective %", _random_percent(geo.seen_askew), (5, 10, 20), (4, 8, 16)),
    _Row("screen", "photo of a screen", _random(geo.photographed), ((0.06, 0.055),), ((0.05, 0.07),)),
    _Row("collage", "panels", _panels, ((2, 0), (4, 0)), ((2, 8), (4, 12))),
    _Row("combinations", "crop, mirror, caption, jpeg", _combined_meme, ((5, 40),), ((4, 35),)),
    _Row("combinations", "tilt, crop, brightness", _combined_turn, ((3, 1.25),), ((2, 0.8),)),
    _Row("combinations", "story, sticker %", _combined_story, (5,), (4,)),
    _Row("combinations", "mirror, screenshot", _combined_screen, ("dark",), ("light",)),
    _Row("combinations", "frame, watermark, jpeg", _combined_frame, ((10, 30),), ((8, 35),)),
)


@cache
def battery(*, held_out: bool) -> tuple[Attack, ...]:
    """Every attack of one half; those of the other stand at the same places."""
    rows = (*_PIXELS, *_GEOMETRY, *_ADDITIONS)
    return tuple(attack for row in rows for attack in row.attacks(held_out=held_out))
