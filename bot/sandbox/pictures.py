"""Pictures as Telegram re-encodes them: JPEG in up to four sizes, and thumbnails; ids and storage are in media."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

SIDES = (90, 320, 800, 1280)  # Telegram's longest sides: s, m, x, y
QUALITY = 87
THUMBNAIL_SIDE = 320
STICKER_SIDE = 128
WIDEST_RATIO, LONGEST_SUM = 20, 10_000  # sendPhoto's limits (Bot API)
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class NotAPictureError(Exception):
    """The bytes cannot be processed as a picture; the text is Telegram's."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One encoded picture."""

    data: bytes
    width: int
    height: int


def opened(data: bytes) -> Image.Image:
    """The decoded picture, turned upright, without transparency; NotAPictureError when there is none."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        image.draft("RGB", (SIDES[-1], SIDES[-1]))
        image.load()
        upright = ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise NotAPictureError("IMAGE_PROCESS_FAILED") from error
    if upright.mode in {"RGBA", "LA", "PA", "P"}:
        flat = Image.new("RGBA", upright.size, "white")
        flat.alpha_composite(upright.convert("RGBA"))
        upright = flat
    return upright.convert("RGB")


def scaled(image: Image.Image, side: int) -> Image.Image:
    """The picture with its longest side at most `side`."""
    longest = max(image.size)
    if longest <= side:
        return image
    size = (max(round(image.width * side / longest), 1), max(round(image.height * side / longest), 1))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def jpeg(image: Image.Image) -> Encoded:
    """The picture as Telegram's JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return Encoded(buffer.getvalue(), image.width, image.height)


def photo_sizes(data: bytes) -> list[Encoded]:
    """All sizes of a photo, smallest first; NotAPictureError in Telegram's words when it will not take it."""
    image = opened(data)
    if sum(image.size) > LONGEST_SUM or max(image.size) > WIDEST_RATIO * min(image.size):
        raise NotAPictureError("PHOTO_INVALID_DIMENSIONS")
    longest = max(image.size)
    needed = [side for place, side in enumerate(SIDES) if place == 0 or longest > SIDES[place - 1]]
    sizes: list[Encoded] = []
    for side in reversed(needed):
        image = scaled(image, side)
        sizes.append(jpeg(image))
    return sizes[::-1]


def thumbnail(data: bytes, side: int = THUMBNAIL_SIDE) -> Encoded | None:
    """A small JPEG of a picture, None when the bytes are none."""
    try:
        return jpeg(scaled(opened(data), side))
    except NotAPictureError:
        return None


def webp_thumbnail(data: bytes) -> Encoded | None:
    """A small WebP of a sticker, transparency kept; None when the bytes are no picture."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _webp(scaled(image.convert("RGBA"), STICKER_SIDE))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return None


def blank_thumbnail() -> Encoded:
    """The outline that stands for an animated sticker, whose vectors are not drawn here."""
    return _webp(Image.new("RGBA", (STICKER_SIDE, STICKER_SIDE), (160, 160, 160, 96)))


def _webp(image: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY)
    return Encoded(buffer.getvalue(), image.width, image.height)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a picture in pixels, zeros when the bytes are none."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return (0, 0)
