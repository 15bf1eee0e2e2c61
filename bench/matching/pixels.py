"""Attacks on pixels that leave everything in its place: losses of quality and changes of colour. Geometry, no."""

from __future__ import annotations

import io
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Picture = Image.Image
SIDE = 1280
"""Pixels of the longest side of a photo as Telegram keeps it."""

CUBIC, LINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR


def jpeg(picture: Picture, quality: int) -> Picture:
    """Saved as JPEG and opened again."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def reduced(picture: Picture, side: int) -> Picture:
    """Longest side at most `side`."""
    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def save(picture: Picture) -> bytes:
    """As Telegram keeps a photo: longest side at most `SIDE`, JPEG of quality 87."""
    file = io.BytesIO()
    reduced(picture, SIDE).save(file, "JPEG", quality=87)
    return file.getvalue()


def scaled(picture: Picture, across: float, down: float) -> Picture:
    """Both sides multiplied."""
    size = max(8, round(picture.width * across)), max(8, round(picture.height * down))
    return picture.resize(size, CUBIC)


def brightness(picture: Picture, factor: float) -> Picture:
    """Brighter or darker."""
    return ImageEnhance.Brightness(picture).enhance(factor)


def contrast(picture: Picture, factor: float) -> Picture:
    """More or less contrast."""
    return ImageEnhance.Contrast(picture).enhance(factor)


def saturation(picture: Picture, factor: float) -> Picture:
    """More or less colour; 0 is grey."""
    return ImageEnhance.Color(picture).enhance(factor)


def gamma(picture: Picture, power: float) -> Picture:
    """Another gamma curve."""
    return picture.point([round(255 * (value / 255) ** power) for value in range(256)] * 3)


def hue(picture: Picture, degrees: float) -> Picture:
    """Colours turned on the wheel."""
    tone, *rest = picture.convert("HSV").split()
    turned = tone.point([(value + round(degrees * 256 / 360)) % 256 for value in range(256)])
    return Image.merge("HSV", (turned, *rest)).convert("RGB")


def inverted(picture: Picture) -> Picture:
    """A negative."""
    return ImageOps.invert(picture)


def blurred(picture: Picture, radius: float) -> Picture:
    """Gaussian blur."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


def sharpened(picture: Picture, percent: int) -> Picture:
    """Unsharp mask."""
    return picture.filter(ImageFilter.UnsharpMask(2, percent, 0))


def noisy(picture: Picture, deviation: float, random: Random) -> Picture:
    """Gaussian noise."""
    values = np.asarray(picture, np.float32)
    generator = np.random.default_rng(random.randrange(1 << 30))
    values = values + generator.standard_normal(values.shape, np.float32) * deviation
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def pixelated(picture: Picture, block: int) -> Picture:
    """Blocks of one colour."""
    small = picture.resize((max(1, picture.width // block), max(1, picture.height // block)), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def palette(picture: Picture, colours: int) -> Picture:
    """Few colours, as a GIF has."""
    return picture.quantize(colours).convert("RGB")


def watermarked(picture: Picture, opacity: int, tilt: float) -> Picture:
    """A grid of half-transparent channel names."""
    w, h = picture.size
    layer = Image.new("RGBA", (w, h), (0, 0, 0, 0))
    draw, face = ImageDraw.Draw(layer), font(h * 0.05)
    for y in range(0, h, max(20, h // 6)):
        for x in range(-w // 4, w, max(40, int(w * 0.35))):
            draw.text((x + (y % 3) * w * 0.08, y), "@leak_channel", font=face, fill=(255, 255, 255, opacity))
    return Image.alpha_composite(picture.convert("RGBA"), layer.rotate(tilt, LINEAR)).convert("RGB")


def font(pixels: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own face."""
    return ImageFont.load_default(max(8, int(pixels)))
