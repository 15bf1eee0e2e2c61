"""A grey picture to the hashes of all its windows: what is asked of the lists about them, in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.media.borders import rectangles
from bot.media.cells import Grey, texture
from bot.media.spectra import all_turns, frequencies, hashes, qualities
from bot.media.windows import Cut, cut_windows
from bot.survey import Survey, Window

SIDE: Final = 256
"""Pixels of the longest side of the grey picture that is searched."""

LEAST_QUALITY: Final = 50
"""PDQ's quality below which a window has too little in it to be compared: such windows resemble each other."""

LEAST_TEXTURE: Final = 0.5
"""Share of a window that must not be flat; black with one edge in it is within 18 bits of other such (measured)."""


def fit(width: int, height: int) -> tuple[int, int]:
    """The size, longest side at most `SIDE` and no side under 1, to which a picture is reduced; never enlarged."""
    factor = min(1.0, SIDE / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def reduced(picture: Image.Image) -> Image.Image:
    """`picture`, upright and opaque, in grey and at the size that is searched.

    Lanczos' filter moves the hash by 4 bits at any size; Hamming's by 5, a box by 6 to 8 (measured, mean of 50 photos).
    """
    grey = picture if picture.mode == "L" else picture.convert("L")
    size = fit(*grey.size)
    return grey if size == grey.size else grey.resize(size, Image.Resampling.LANCZOS)


def survey_picture(picture: Image.Image) -> Survey:
    """All windows of `picture`, as `reduced` gives it."""
    return cut(Survey(0, *picture.size, picture.tobytes()))


def cut(uncut: Survey) -> Survey:
    """A survey with all windows of its grey picture that have enough in them."""
    grey = Grey(Image.frombytes("L", (uncut.width, uncut.height), uncut.grey))
    places = rectangles(grey.pixels)
    cuts = list(cut_windows(grey, places))
    seen = np.stack([cut.seen for cut in cuts])
    good = np.flatnonzero((qualities(seen) >= LEAST_QUALITY) & (texture(seen) >= LEAST_TEXTURE))
    found = hashes(all_turns(frequencies(seen[good])))
    windows = [_window(cuts[number], codes) for number, codes in zip(good.tolist(), found, strict=True)]
    return replace(uncut, windows=tuple(windows), is_screen=bool(places.on_screen))


def _window(cut: Cut, codes: NDArray[np.uint8]) -> Window:
    return Window(cut.stage, cut.box, cut.angle, _bytes(codes), cut.through_frame)


def _bytes(codes: NDArray[np.uint8]) -> tuple[bytes, ...]:
    """The hashes in the rows of `codes`."""
    return tuple(row.tobytes() for row in codes)
