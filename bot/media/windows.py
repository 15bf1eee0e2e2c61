"""Which windows of a grey picture may be all of a listed one: boxes, turns and what each undoes. No hashing here.

The choice is that of the recall study (docs/LISTS.md, "How a posted picture is searched"), which says what each finds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from bot.media.borders import Rectangle, Rectangles
from bot.media.cells import SHIFT, Box, Cells, Grey

STAGES: Final = frozenset(
    {"rectangle", "centre", "margin", "band", "half", "quarter", "padded", "padded aside", "turned"}
)
"""Every kind of window."""

_CENTRES: Final = (0.95, 0.9, 0.83, 0.75, 0.66)  # of the sides: undo frames of blurred copies, and screens' edges
_BANDS: Final = (0.32, 0.375, 0.42, 0.5, 0.56)  # of the height: the picture in the middle of a story
_MARGINS: Final = ((0, 0.15, 1, 1), (0, 0, 1, 0.85), (0.15, 0, 1, 1), (0, 0, 0.85, 1), (0, 0.12, 1, 0.88))
_PADS: Final = (0.04, 0.09, 0.15)  # of the sides, both together: undo crops
_ONE_SIDED: Final = 0.085  # of a side
_ASIDE: Final = (
    *((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),  # left, top, right, bottom
    *((1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1), (1, 0, 0, 1)),
)
_SQUARED: Final = (0.167, 0.25)  # of a side at each end: undo a crop to a square, of 4:3 and of 3:2
_FRAMED: Final = (-12, -8, -4, 4, 8, 12)  # degrees: undo a turn that kept the corners
_CROPPED: Final = (-6, -3, 3, 6)  # degrees: undo a turn whose corners were cropped away
_HALF_SHIFT: Final = SHIFT / 2  # one sampling serves mirror images too, which look past the other side
_LEAST: Final = 20.0  # pixels of a side
_NEAR: Final = 4.0  # pixels that a window may reach beyond a picture on a screen


class Cut(NamedTuple):
    """A window before it is hashed: its stage, box (pixels), turn (degrees), and its 64 x 64 cells.

    `through_frame` says that it reaches beyond every picture that stands on a screen.
    """

    stage: str
    box: Box
    angle: float
    seen: Cells
    through_frame: bool


def cut_windows(grey: Grey, found: Rectangles) -> Iterator[Cut]:
    """Every window of `grey` but the whole; `found` are its rectangles."""
    w, h = grey.width, grey.height
    for stage, box in (*_found(found), *_inner(w, h), *_outer(w, h)):
        seen = grey.cells(box, _HALF_SHIFT, _HALF_SHIFT)
        yield Cut(stage, box, 0.0, seen, _is_through_frame(box, found.on_screen))
    for angle, box in (*_framed(w, h), *_cropped(w, h)):
        yield Cut("turned", box, angle, grey.turned(box, angle), _is_through_frame(box, found.on_screen))


def _is_through_frame(box: Box, on_screen: list[Rectangle]) -> bool:
    """Whether there are pictures on a screen, and the window is within none of them."""
    left, top, right, bottom = box
    return bool(on_screen) and not any(
        left >= one.left - _NEAR
        and top >= one.top - _NEAR
        and right <= one.right + _NEAR
        and bottom <= one.bottom + _NEAR
        for one in on_screen
    )


def _found(found: Rectangles) -> Iterator[tuple[str, Box]]:
    """The rectangles that may hold a picture."""
    for rectangle in found.all:
        left, top, right, bottom = map(float, rectangle)
        yield "rectangle", (left, top, right, bottom)


def _inner(w: int, h: int) -> Iterator[tuple[str, Box]]:
    """Windows inside the picture, upright."""
    for share in _CENTRES:
        yield "centre", (w * (1 - share) / 2, h * (1 - share) / 2, w * (1 + share) / 2, h * (1 + share) / 2)
    for before, above, behind, below in _MARGINS:
        yield "margin", (before * w, above * h, behind * w, below * h)
    for share in _BANDS:
        yield "band", (0.0, h * (1 - share) / 2, float(w), h * (1 + share) / 2)
    for x, y, across, down in ((0, 0, 1, 2), (1, 0, 1, 2), (0, 0, 2, 1), (0, 1, 2, 1)):
        yield "half", (x * w / 2, y * h / 2, (x + across) * w / 2, (y + down) * h / 2)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        yield "quarter", (x * w / 2, y * h / 2, (x + 1) * w / 2, (y + 1) * h / 2)


def _outer(w: int, h: int) -> Iterator[tuple[str, Box]]:
    """Windows that reach beyond the picture on the sides from which something was cropped."""
    for share in _PADS:
        yield "padded", _grown(w, h, (share / 2,) * 4)
    for sides in _ASIDE:
        yield "padded aside", _grown(w, h, tuple(_ONE_SIDED * side for side in sides))
    for share in _SQUARED:
        yield "padded aside", _grown(w, h, (share, 0, share, 0))
        yield "padded aside", _grown(w, h, (0, share, 0, share))


def _grown(w: int, h: int, sides: tuple[float, ...]) -> Box:
    """The picture's box, larger by shares of its sides: left, top, right and bottom."""
    left, top, right, bottom = sides
    return -w * left, -h * top, w * (1 + right), h * (1 + bottom)


def _framed(w: int, h: int) -> Iterator[tuple[float, Box]]:
    """Turned windows that hold what was all of the picture before a turn made the canvas larger."""
    for angle in _FRAMED:
        cosine, sine = math.cos(math.radians(angle)), abs(math.sin(math.radians(angle)))
        both = cosine * cosine - sine * sine
        wide, high = (w * cosine - h * sine) / both, (h * cosine - w * sine) / both
        if min(wide, high) > _LEAST:
            yield angle, _around(w, h, wide, high)


def _cropped(w: int, h: int) -> Iterator[tuple[float, Box]]:
    """Turned windows a little larger than the picture, which a turn made smaller."""
    for angle in _CROPPED:
        factor = 1 + 0.45 * math.sin(math.radians(abs(angle)))
        yield angle, _around(w, h, w * factor, h * factor)


def _around(w: int, h: int, wide: float, high: float) -> Box:
    """The box of a size about the middle of the picture."""
    return (w - wide) / 2, (h - high) / 2, (w + wide) / 2, (h + high) / 2
