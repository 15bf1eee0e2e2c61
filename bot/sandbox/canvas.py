"""A surface that sample pictures are painted on, with the few strokes they share; what is painted lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float]
Colour = tuple[int, int, int]


def colour(text: str) -> Colour:
    """The red, green and blue of ``#rrggbb``."""
    return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))


def mixed(first: str, second: str, share: float) -> str:
    """The colour that is `share` (0-1) of the way from `first` to `second`, as ``#rrggbb``."""
    pairs = zip(colour(first), colour(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


class Canvas:
    """`width` x `height` pixels, drawn twice as large and reduced at the end so that edges are smooth.

    All measures are in pixels of the finished picture; `seed` fixes every random choice.
    """

    SCALE = 2

    def __init__(self, width: int, height: int, seed: int, ground: str = "#ffffff") -> None:
        self.width, self.height = width, height
        self.random = np.random.default_rng(seed)
        self.image = Image.new("RGB", (width * self.SCALE, height * self.SCALE), ground)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def chance(self, share: float) -> bool:
        """Toss a coin that falls on True in `share` (0-1) of all cases."""
        return bool(self.random.random() < share)

    # --- strokes ---------------------------------------------------------------------------------

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """Fill the polygon through `points`; `fill` may carry an alpha (``#rrggbbaa``)."""
        self._draw.polygon([(x * self.SCALE, y * self.SCALE) for x, y in points], fill=fill)

    def line(self, points: Sequence[Point], fill: str, width: float = 1) -> None:
        """Draw a line through `points` with round joints."""
        scaled = [(x * self.SCALE, y * self.SCALE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=max(1, round(width * self.SCALE)), joint="curve")

    def box(self, x: float, y: float, size: Point, fill: str, *, radius: float = 0) -> None:
        """Fill the rectangle whose top left corner is (x, y)."""
        s = self.SCALE
        corners = (x * s, y * s, (x + size[0]) * s - 1, (y + size[1]) * s - 1)
        self._draw.rounded_rectangle(corners, radius * s, fill=fill)

    def oval(self, x: float, y: float, radii: Point, fill: str) -> None:
        """Fill the ellipse around (x, y)."""
        s = self.SCALE
        corners = ((x - radii[0]) * s, (y - radii[1]) * s, (x + radii[0]) * s, (y + radii[1]) * s)
        self._draw.ellipse(corners, fill=fill)

    def arc(self, x: float, y: float, radius: float, degrees: Point, *, fill: str, width: float = 2) -> None:
        """Draw the part of a circle between two angles, clockwise from three o'clock."""
        s = self.SCALE
        corners = ((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s)
        self._draw.arc(corners, *degrees, fill=fill, width=round(width * s))

    def write(self, text: str, x: float, y: float, size: float, *, fill: str = "#ffffff", edge: str = "") -> None:
        """Write `text` centred on (x, y) in Pillow's own typeface, with an optional outline."""
        font = ImageFont.load_default(size * self.SCALE)
        stroke = round(size * self.SCALE / 12) if edge else 0
        at = (x * self.SCALE, y * self.SCALE)
        self._draw.text(at, text, fill=fill, font=font, anchor="mm", stroke_width=stroke, stroke_fill=edge or None)

    # --- fields ----------------------------------------------------------------------------------

    def gradient(self, stops: Sequence[tuple[float, str]], top: float = 0, bottom: float | None = None) -> None:
        """Fill the band from `top` to `bottom` with colours that flow through `stops` (place 0-1, colour)."""
        s, low = self.SCALE, self.height if bottom is None else bottom
        places = np.linspace(0, 1, max(1, round((low - top) * s)))
        known = [place for place, _ in stops]
        columns = [np.interp(places, known, [colour(c)[i] for _, c in stops]) for i in range(3)]
        strip = np.stack(columns, axis=1).astype(np.uint8)[:, None, :]
        band = Image.fromarray(strip).resize((self.image.width, strip.shape[0]))
        self.image.paste(band, (0, round(top * s)))

    def noise(self, across: int, down: int, octaves: int = 4) -> np.ndarray:
        """Smooth noise of 0-1 over the whole drawn surface, coarsest with `across` x `down` cells."""
        total = np.zeros((self.image.height // 4, self.image.width // 4), np.float32)
        for octave in range(octaves):
            cells = self.random.random((down * 2**octave + 3, across * 2**octave + 3), np.float32)
            field = Image.fromarray(cells).resize((total.shape[1], total.shape[0]), Image.Resampling.BICUBIC)
            total += np.asarray(field) / 2**octave
        low, high = float(total.min()), float(total.max())
        grown = Image.fromarray((total - low) / (high - low)).resize(self.image.size, Image.Resampling.BILINEAR)
        return np.clip(np.asarray(grown, np.float32), np.float32(0), np.float32(1))

    def veil(self, strength: np.ndarray, fill: str) -> None:
        """Lay `fill` over the surface, as strong at each pixel as `strength` (0-1) says."""
        mask = Image.fromarray((np.clip(strength, 0, 1) * 255).astype(np.uint8))
        self.image.paste(Image.new("RGB", self.image.size, fill), mask=mask)

    def glow(self, x: float, y: float, radius: float, fill: str, strength: float = 0.8) -> None:
        """Lay a soft light of `fill` around (x, y)."""
        rows, columns = np.ogrid[0 : self.image.height, 0 : self.image.width]
        square = ((columns / self.SCALE - x) ** 2 + (rows / self.SCALE - y) ** 2) / radius**2
        self.veil((strength * np.exp(-square * 1.5)).astype(np.float32), fill)

    def crest(self, base: float, height: float, cells: int, octaves: int = 6) -> list[Point]:
        """A jagged line of hills across the surface: `height` pixels between its lowest and highest point."""
        places = np.arange(0, self.width + 4, 3)
        total = np.zeros(len(places))
        for octave in range(octaves):
            knots = self.random.random(cells * 2**octave + 2)
            total += np.interp(places / self.width * (len(knots) - 2), np.arange(len(knots)), knots) / 2**octave
        total = (total - total.min()) / (total.max() - total.min())
        return [(float(x), base - height * float(y)) for x, y in zip(places, total, strict=True)]

    def below(self, crest: Sequence[Point], fill: str) -> None:
        """Fill everything under `crest`."""
        self.shape([*crest, (self.width + 9, self.height), (-9, self.height)], fill)

    def speckle(self, amount: float) -> None:
        """Give the surface the grain of a photograph; `amount` is the standard deviation in grey levels."""
        grain = self.random.normal(0, amount, (self.image.height // 2, self.image.width // 2, 1))
        grain = np.repeat(np.repeat(grain, 2, axis=0), 2, axis=1)
        values = np.asarray(self.image).astype(np.float32) + grain[: self.image.height, : self.image.width]
        self._replace(Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)))

    def mirror(self, line: float, ripple: float) -> None:
        """Make everything below `line` a darker, rippled mirror image of what is above."""
        values = np.asarray(self.image)
        edge = round(line * self.SCALE)
        rows = np.arange(edge, self.image.height)
        source = edge - 1 - ((rows - edge) * 0.9).astype(int)
        depth = (rows - edge) / self.SCALE
        shift = np.sin(depth * 0.55 + np.sin(depth * 0.13) * 3) * ripple * self.SCALE * (0.3 + depth / self.height)
        columns = np.arange(self.image.width)[None, :] + shift[:, None].astype(int)
        water = values[np.clip(source, 0, edge - 1)[:, None], np.clip(columns, 0, self.image.width - 1)]
        mirrored = np.concatenate([values[:edge], (water * 0.78).astype(np.uint8)])
        self._replace(Image.fromarray(mirrored))

    def blur(self, radius: float) -> None:
        """Soften everything painted so far."""
        self._replace(self.image.filter(ImageFilter.GaussianBlur(radius * self.SCALE)))

    def done(self) -> Image.Image:
        """The finished picture at its own size."""
        return self.image.reduce(self.SCALE)

    def _replace(self, image: Image.Image) -> None:
        self.image = image
        self._draw = ImageDraw.Draw(image, "RGBA")
