"""Bytes of a JPEG, PNG, GIF or WebP to frames of hashes, with Pillow; runs in a decoder process, never in the bot."""

from __future__ import annotations

import io
import re
import time
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from bot.media import survey
from bot.media.colour import views
from bot.media.hashes import EXACT_SIDE, SIDE, distinct, fit, hash_exactly, hash_picture
from bot.media.look import DENSE, EXACT, PLAIN
from bot.media.reel import Reel
from bot.media.refusal import Reason, Refusal
from bot.media.surveyed import MOST_SURVEYS
from bot.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.media.limits import Limits
    from bot.model import Frame

_ORIENTATION: Final = 0x0112  # EXIF 2.32, 4.6.4
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS: Final = 5  # orientations from here on swap width and height
_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")  # those that stand alone carry no length
_SCAN, _END = 0xDA, 0xD9
_LONG: Final = 1e9  # milliseconds, 11 days
_UNTIMED: Final = 100.0  # milliseconds that browsers show a frame without a duration
_BAND: Final = 64  # rows, after thinning out, that are converted at a time
_GIF_FRAME, _GIF_EXTENSION = 0x2C, 0x21


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder saw: the size in pixels as shown, the frames, and whether some of the file was not seen.

    `sparse` says that a closer look would show more frames.
    """

    width: int
    height: int
    frames: list[Frame]
    damaged: bool = False
    sparse: bool = False
    surveys: tuple[Survey, ...] = ()


def restrict_pillow(limits: Limits) -> None:
    """Leave Pillow the four plugins that are needed, without JPEG's side door to MPO, and a bomb check of its own.

    With all plugins, Pillow runs Ghostscript on an EPS under any name.
    """
    Image.OPEN.clear()
    Image.ID.clear()
    for plugin in (JpegImageFile, PngImageFile, GifImageFile, WebPImageFile):
        Image.register_open(plugin.format or "", plugin)
    Image._initialized = 2  # noqa: SLF001 - keeps Image.open from loading the others back
    Image.MAX_IMAGE_PIXELS = limits.max_pixels


def decode_image(data: bytes, kind: str, limits: Limits, stop_at: float, look: str = PLAIN) -> Decoded:
    """The frames of the `kind` (jpeg, png, gif or webp) in `data`; a truncated file is tried once more, tolerantly.

    `stop_at` is the `time.monotonic` at which an animation's remaining frames are left out.
    Raises Refusal, MemoryError, or anything that Pillow raises on a broken file.
    """
    if kind == "jpeg" and count_scans(data) > limits.max_jpeg_scans:
        raise Refusal(Reason.SCANS)
    try:
        with warnings.catch_warnings(action="ignore"):
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(data, kind, limits, stop_at, look)
    except (Refusal, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal(Reason.DIMENSIONS) from None
    except Exception:  # noqa: BLE001 - Pillow's plugins raise whatever their parsing stumbles over
        return _decode_tolerantly(data, kind, limits, stop_at, look)


def count_scans(data: bytes) -> int:
    """The number of scans of the JPEG in `data`, up to its end marker: what trails it may be a whole video."""
    scans, at = 0, 2
    while (marker := _MARKER.search(data, at)) and marker[1][0] != _END:
        scans += marker[1][0] == _SCAN
        at = marker.end() + max(2, int.from_bytes(data[marker.end() : marker.end() + 2], "big"))
    return scans


def count_gif_frames(data: bytes, most: int) -> int:
    """The number of frames of the GIF in `data`, or `most` if there are more; Pillow would decode to count."""
    frames, at = 0, 13 + _colours(data, 10)
    while at < len(data) and frames < most:
        if data[at] == _GIF_FRAME:
            frames += 1
            at += 11 + _colours(data, at + 9)
        elif data[at] == _GIF_EXTENSION:
            at += 2
        else:
            break
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return frames


def _colours(data: bytes, at: int) -> int:
    """The bytes of the colour table that the flags at `at` announce."""
    flags = data[at] if at < len(data) else 0
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _decode_tolerantly(data: bytes, kind: str, limits: Limits, stop_at: float, look: str) -> Decoded:
    """As `_decode`, with what is missing left grey: a viewer shows a picture that lacks its last byte as well.

    Raises Refusal when what is there says too little: nobody saw the rest, so the file is not one of few features.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with warnings.catch_warnings(action="ignore"):
            seen = _decode(data, kind, limits, stop_at, look)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    if all(frame.quality < survey.LEAST_QUALITY for frame in seen.frames):
        raise Refusal(Reason.BROKEN)
    return replace(seen, damaged=True)


def _decode(data: bytes, kind: str, limits: Limits, stop_at: float, look: str) -> Decoded:
    """The frames of one picture, or of an animation as far as time allows."""
    with Image.open(io.BytesIO(data), formats=[kind.upper()]) as picture:
        width, height = picture.size
        if width * height > limits.max_pixels or max(width, height) > limits.max_side or min(width, height) < 1:
            raise Refusal(Reason.DIMENSIONS)
        _draft(picture, look)
        count = count_gif_frames(data, limits.max_animation + 1) if kind == "gif" else getattr(picture, "n_frames", 1)
        turn = _orientation(picture)
        if count > 1:
            frames, complete = _animation(picture, count, turn, limits, stop_at)
            seen = Decoded(width, height, distinct(frames, limits.same_bits, len(frames)), damaged=not complete)
        else:
            picture.load()
            seen = _still(Decoded(width, height, []), _flatten(picture, turn, look), limits, look)
    if not seen.frames:
        raise Refusal(Reason.FRAMES)
    return replace(seen, width=height, height=width) if turn >= _SIDEWAYS else seen


def see_still(picture: Image.Image, limits: Limits, look: str) -> Decoded:
    """What is seen of one picture that was decoded elsewhere: upright, in RGB or RGBA."""
    return _still(Decoded(*picture.size, []), _flatten(picture, 1, look), limits, look)


def _draft(picture: Image.Image, look: str) -> None:
    """Have a JPEG decoded no larger than it is looked at, in grey where nothing but its grey counts."""
    if look == EXACT:
        picture.draft("RGB", fit(*picture.size, EXACT_SIDE))
    elif picture.mode in {"RGB", "L"} and "icc_profile" not in picture.info:
        picture.draft("L", survey.fit(*picture.size))
    else:
        picture.draft("RGB", fit(*picture.size))


def _still(empty: Decoded, flats: list[Image.Image], limits: Limits, look: str) -> Decoded:
    """One picture in each way that viewers may show it; what has enough in it can be cut into windows.

    A close look cuts it at once; after a plain one that is done when it is asked for, from the small grey picture.
    """
    frames: list[Frame] = []
    surveys: list[Survey] = []
    for flat in flats:
        grey = survey.reduced(flat)
        frame = hash_exactly(flat) if look == EXACT else hash_picture(flat, grey=grey)
        if distinct([*frames, frame], limits.same_bits, len(flats))[-1:] != [frame]:
            continue
        frames.append(frame)
        if look != EXACT and frame.quality >= survey.LEAST_QUALITY and len(surveys) < MOST_SURVEYS:
            uncut = Survey(len(frames) - 1, *grey.size, grey.tobytes())
            surveys.append(survey.cut(uncut) if look == DENSE else uncut)
    return replace(empty, frames=frames, surveys=tuple(surveys))


def _animation(picture: Image.Image, count: int, turn: int, limits: Limits, stop_at: float) -> tuple[list[Frame], bool]:
    """The frames of an animation, on white and on black if it has alpha; whether it was seen to its end."""
    reels: list[Reel] = []
    number = 0
    for number, at in _walk(picture, min(count, limits.max_animation), limits, stop_at):  # noqa: B007 - how far it came is told
        flats = _flatten(picture, turn, PLAIN) if at is not None else []
        reels += [Reel(limits) for _ in flats[len(reels) :]]
        for reel, flat in zip(reels, flats, strict=False):
            reel.add(survey.reduced(flat), at or 0.0)
    return [frame for reel in reels for frame in reel.frames()], number + 1 >= count


def _walk(picture: Image.Image, count: int, limits: Limits, stop_at: float) -> Iterator[tuple[int, float | None]]:
    """Turn `picture` to one frame after another; yields each one's number, and its time if it is to be seen."""
    at = due = 0.0
    for number in range(count):
        if number and time.monotonic() > stop_at:
            return
        try:
            picture.seek(number)
            picture.load()
        except Exception:
            if not number:
                raise
            return  # viewers show the frames before a broken one as well
        now = _milliseconds(picture, "timestamp", at) / 1000
        is_due = now + limits.step_seconds / 4 >= due
        yield number, now if is_due or count <= limits.frames or number + 1 == count else None
        due = max(due, now) + limits.step_seconds if is_due else due
        at += _milliseconds(picture, "duration", 0.0) or _UNTIMED


def _milliseconds(picture: Image.Image, name: str, otherwise: float) -> float:
    """What the loaded frame says of its time; what a file says may be no number at all."""
    said = picture.info.get(name)
    return float(said) if isinstance(said, int | float) and 0 <= said < _LONG else otherwise


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where there is none or the EXIF is broken."""
    try:
        turn = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - a picture is shown whatever its EXIF is
        return 1
    return turn if turn in _TURNS else 1


def _flatten(picture: Image.Image, turn: int, look: str) -> list[Image.Image]:
    """The loaded frame upright in RGB, or grey, at the size of the look, in each way that viewers may show it."""
    is_small = picture.mode == "L" and max(picture.size) < 2 * survey.SIDE and not picture.has_transparency_data
    is_ready = is_small and look != EXACT and "icc_profile" not in picture.info
    small = picture if is_ready else _shrink(picture, EXACT_SIDE if look == EXACT else SIDE)
    if turn in _TURNS:
        small = small.transpose(_TURNS[turn])
    return [small.copy()] if is_ready else views(small, picture.info)


def _shrink(picture: Image.Image, side: int) -> Image.Image:
    """The frame in RGB, RGBA or CMYK, scaled with filters that average; for `SIDE` small ones are enlarged.

    A large one is thinned out band by band, so that no second copy of its full size is ever made.
    """
    factor = max(1, max(picture.size) // (2 * side))
    width, height = picture.size
    # RGBa is RGBA weighted by alpha, or what is invisible would bleed into what is seen.
    mode = "RGBa" if picture.has_transparency_data else "CMYK" if picture.mode == "CMYK" else "RGB"
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, factor * _BAND):
        band = picture.crop((0, top, width, min(height, top + factor * _BAND)))
        small.paste(_plain(band, mode).reduce(factor), (0, top // factor))
    wanted = fit(width, height, min(side, max(picture.size)) if side == EXACT_SIDE else side)
    small = small.resize(wanted, Image.Resampling.BILINEAR) if wanted != small.size else small
    return small.convert("RGBA") if mode == "RGBa" else small


def _plain(band: Image.Image, mode: str) -> Image.Image:
    """The pixels of `band` in `mode`, RGB or RGBa, whatever they are stored as."""
    if band.mode.startswith("I"):
        # The upper eight of sixteen bits; Pillow's own conversion cuts off whatever is brighter than 255.
        band = Image.fromarray((np.asarray(band).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    return band.convert("RGBA").convert("RGBa") if mode == "RGBa" else band.convert(mode)
