"""Attacks that add to a picture or put it into something: frames, stories, captions, stickers, screens, collages."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageDraw, ImageOps

from bench.matching.geometry import BLACK, Fill
from bench.matching.pixels import CUBIC, LINEAR, Picture, blurred, font, reduced

WHITE: Fill = (255, 255, 255)
WORDS = "WHEN YOU FINALLY SEE IT BUT NOBODY ELSE IN THE CHAT DOES AND THEN MONDAY COMES".split()  # noqa: SIM905 - read


def _words(random: Random, count: int) -> str:
    first = random.randrange(len(WORDS) - count)
    return " ".join(WORDS[first : first + count])


def _ground(picture: Picture, size: tuple[int, int], kind: str) -> Picture:
    """What lies behind a picture: black, white, or the picture itself, blurred."""
    if kind == "blurred":
        return blurred(ImageOps.fit(picture, size, LINEAR), size[0] / 25)
    return Image.new("RGB", size, WHITE if kind == "white" else BLACK)


def framed(picture: Picture, share: float, kind: str) -> Picture:
    """A frame of `share` of each side at each of its ends."""
    w, h = picture.size
    return _on(_ground(picture, (round(w * (1 + 2 * share)), round(h * (1 + 2 * share))), kind), picture)


def story(picture: Picture, kind: str, ratio: float = 9 / 16) -> Picture:
    """In the middle of a frame of another shape, width to height as `ratio`."""
    w, h = picture.size
    size = (w, round(w / ratio)) if w / ratio >= h else (round(h * ratio), h)
    return _on(_ground(picture, size, kind), picture)


def _on(ground: Picture, picture: Picture) -> Picture:
    ground.paste(picture, ((ground.width - picture.width) // 2, (ground.height - picture.height) // 2))
    return ground


def captioned(picture: Picture, height: float, random: Random) -> Picture:
    """White capitals with black edges over the top and the bottom, `height` of the picture's."""
    drawn = picture.copy()
    draw = ImageDraw.Draw(drawn)
    w, h = picture.size
    for y in (0.02, 0.96 - height):
        words = _words(random, 4)
        pixels = int(h * height)
        face = font(pixels)
        if (length := draw.textlength(words, face)) > w * 0.96:
            face = font(pixels * w * 0.96 / length)
            length = draw.textlength(words, face)
        edge = max(1, pixels // 14)
        draw.text(((w - length) / 2, h * y), words, font=face, fill="white", stroke_width=edge, stroke_fill="black")
    return drawn


def barred(picture: Picture, top: float, bottom: float, colour: str, random: Random) -> Picture:
    """Bars with text above and below, shares of the height."""
    w, h = picture.size
    above, below = round(h * top), round(h * bottom)
    whole = Image.new("RGB", (w, h + above + below), colour)
    whole.paste(picture, (0, above))
    draw, ink = ImageDraw.Draw(whole), "black" if colour == "white" else "white"
    for y, high in ((0, above), (above + h, below)):
        if high:
            draw.text((w * 0.04, y + high * 0.1), _words(random, 5), font=font(high * 0.35), fill=ink)
            draw.text((w * 0.04, y + high * 0.5), _words(random, 4), font=font(high * 0.35), fill=ink)
    return whole


def stickered(picture: Picture, share: float, random: Random) -> Picture:
    """A smiling face on `share` of the area, anywhere."""
    drawn = picture.copy()
    w, h = drawn.size
    r = min(math.sqrt(share * w * h / math.pi), w / 2, h / 2)
    x, y = random.uniform(r, w - r), random.uniform(r, h - r)
    draw, dark = ImageDraw.Draw(drawn), (60, 40, 0)
    draw.ellipse((x - r, y - r, x + r, y + r), (255, 204, 51), (200, 140, 0), max(1, int(r / 20)))
    for side in (-1, 1):
        middle = x + side * r * 0.35
        draw.ellipse((middle - r * 0.12, y - r * 0.35, middle + r * 0.12, y - r * 0.05), dark)
    draw.arc((x - r * 0.5, y - r * 0.3, x + r * 0.5, y + r * 0.6), 20, 160, dark, max(2, int(r / 12)))
    return drawn


def branded(picture: Picture, share: float, random: Random) -> Picture:
    """A channel's name on a plate of `share` of the area, in a corner."""
    drawn = picture.copy()
    w, h = drawn.size
    across = min(w * 0.95, math.sqrt(share * w * h * 2.5))
    down = share * w * h / across
    x, y = random.choice((0.02 * w, w * 0.98 - across)), random.choice((0.02 * h, h * 0.98 - down))
    draw = ImageDraw.Draw(drawn)
    draw.rounded_rectangle((x, y, x + across, y + down), down * 0.2, (200, 30, 60))
    draw.text((x + across * 0.08, y + down * 0.2), "@best_channel", font=font(down * 0.5), fill="white")
    return drawn


def screenshot(picture: Picture, size: tuple[int, int], random: Random, *, dark: bool) -> Picture:
    """In a chat on a telephone's screen of `size` pixels."""
    w, h = size
    ground, ink, middle = (
        ((18, 18, 20), (230, 230, 230), (70, 70, 75)) if dark else (WHITE, (20, 20, 20), (215, 215, 220))
    )
    screen = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(screen)
    draw.text((50, 22), f"12:{random.randrange(60):02}", font=font(38), fill=ink)
    draw.rectangle((w - 150, 30, w - 60, 62), outline=ink, width=4)
    draw.ellipse((30, 110, 130, 210), fill=(90, 140, 220))
    draw.text((155, 115), _words(random, 2), font=font(40), fill=ink)
    draw.text((155, 165), "online", font=font(30), fill=middle)
    draw.line((0, 235, w, 235), fill=middle, width=3)
    factor = min(w / picture.width, h * 0.66 / picture.height)
    shown = picture.resize((round(picture.width * factor), round(picture.height * factor)), CUBIC)
    y = max(260, (h - shown.height) // 2 - 80)
    screen.paste(shown, ((w - shown.width) // 2, y))
    for below in range(y + shown.height + 30, min(y + shown.height + 270, h - 260), 60):
        draw.text((40, below), _words(random, 6), font=font(40), fill=ink)
    draw.rounded_rectangle((30, h - 210, w - 130, h - 120), 40, fill=middle)
    draw.ellipse((w - 110, h - 210, w - 20, h - 120), fill=(60, 130, 230))
    draw.rectangle((w * 0.35, h - 40, w * 0.65, h - 30), fill=ink)
    return screen


def collage(picture: Picture, others: list[Picture], gap: int, random: Random) -> Picture:
    """The picture and the others, one or three, as panels of one size, `gap` pixels between them."""
    w, h = picture.size
    panels = [picture, *(ImageOps.fit(other, picture.size, LINEAR) for other in others)]
    random.shuffle(panels)
    columns = 2 if len(panels) == 4 or w < h * 1.2 else 1
    rows = len(panels) // columns
    whole = Image.new("RGB", (columns * (w + gap) - gap, rows * (h + gap) - gap), WHITE)
    for number, panel in enumerate(panels):
        whole.paste(panel, (number % columns * (w + gap), number // columns * (h + gap)))
    return reduced(whole, 1280)
