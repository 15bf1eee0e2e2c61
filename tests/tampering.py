"""What uploaders do to a picture so that it is not known again: each takes a picture and gives another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageOps

Picture = Image.Image
LINES: Final = ("look what somebody has sent to me", "no way that this is her", "send it on to all of them")


def bordered(picture: Picture, share: float = 0.2, colour: str = "black") -> Picture:
    """Inside a frame of one colour."""
    return ImageOps.expand(picture, round(picture.width * share), colour)


def on_its_blur(picture: Picture, width: float = 1.4, height: float = 1.4) -> Picture:
    """In the middle of a blurred, larger copy of itself."""
    size = round(picture.width * width), round(picture.height * height)
    paper = ImageOps.fit(picture, size).filter(ImageFilter.GaussianBlur(size[0] / 25))
    paper.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return paper


def captioned(picture: Picture) -> Picture:
    """Under a white bar with words in it."""
    bar = round(picture.height * 0.18)
    paper = Image.new("RGB", (picture.width, picture.height + bar), "white")
    paper.paste(picture, (0, bar))
    ImageDraw.Draw(paper).text((10, bar * 0.2), LINES[0], "black", font_size=bar * 0.4)
    return paper


def screenshot(picture: Picture) -> Picture:
    """In a messenger on a phone's screen."""
    screen = Image.new("RGB", (1080, 2280), "white")
    draw = ImageDraw.Draw(screen)
    draw.text((40, 20), "12:34", "black", font_size=38)
    draw.ellipse((30, 110, 130, 210), "steelblue")
    draw.text((160, 130), "A friend", "black", font_size=44)
    shown = picture.resize((1080, round(picture.height * 1080 / picture.width)))
    screen.paste(shown, (0, 600))
    for number, line in enumerate(LINES):
        draw.text((40, 640 + shown.height + 70 * number), line, "black", font_size=40)
    draw.rounded_rectangle((30, 2070, 950, 2160), 40, "gainsboro")
    return screen


def beside(picture: Picture, other: Picture) -> Picture:
    """The left half of a collage."""
    paper = Image.new("RGB", (2 * picture.width, picture.height))
    paper.paste(picture, (0, 0))
    paper.paste(other.resize(picture.size), (picture.width, 0))
    return paper


def one_of_four(picture: Picture, other: Picture) -> Picture:
    """The lower right quarter of a collage."""
    paper = Image.new("RGB", (2 * picture.width, 2 * picture.height))
    for x, y in ((0, 0), (1, 0), (0, 1)):
        paper.paste(other.resize(picture.size).rotate(90 * x), (x * picture.width, y * picture.height))
    paper.paste(picture, picture.size)
    return paper


def cropped(picture: Picture, share: float) -> Picture:
    """Without its edges, `share` of each side in all."""
    across, down = picture.width * share / 2, picture.height * share / 2
    return picture.crop((round(across), round(down), round(picture.width - across), round(picture.height - down)))


def tilted(picture: Picture, degrees: float) -> Picture:
    """Turned a little, on black."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def negative(picture: Picture) -> Picture:
    """With all colours inverted."""
    return ImageOps.invert(picture)


Tampering = Callable[[Picture, Picture], Picture]

TAMPERINGS: Final[dict[str, Tampering]] = {
    "inside a black frame": lambda one, _: bordered(one),
    "inside a white frame": lambda one, _: bordered(one, 0.1, "white"),
    "on its own blur": lambda one, _: on_its_blur(one),
    "in a story": lambda one, _: on_its_blur(one, 1, 2.37),
    "under a caption": lambda one, _: captioned(one),
    "in a screenshot": lambda one, _: screenshot(one),
    "in a screenshot, mirrored": lambda one, _: screenshot(ImageOps.mirror(one)),
    "half of a collage": beside,
    "a quarter of a collage": one_of_four,
    "cropped by 5 %": lambda one, _: cropped(one, 0.05),
    "cropped by 7 %": lambda one, _: cropped(one, 0.07),
    "turned by 5 degrees": lambda one, _: tilted(one, 5),
    "turned by -9 degrees": lambda one, _: tilted(one, -9),
    "inverted": lambda one, _: negative(one),
}
"""By name: what is done to a picture, with the help of another."""
