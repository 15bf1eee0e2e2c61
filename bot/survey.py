"""A posted picture cut into windows: values that decoders hand to the matcher. How they are cut is not known here."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a posted picture that may be all of a listed one, and its hashes.

    `stage` is the machine word for how it was found (``rectangle``, ``centre``, ``padded`` …); `box` is left, top,
    right and bottom in pixels of the survey's grey picture, beyond it where edges were added, turned by `angle` degrees
    about its middle; `pdq` holds the hashes of its 8 mirror images and turns, 32 bytes each, itself first.
    `through_frame` says that it reaches beyond the picture on a screen, into what all pictures there are framed by.
    """

    stage: str
    box: tuple[float, float, float, float]
    angle: float
    pdq: tuple[bytes, ...] = field(repr=False)
    through_frame: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """The windows of one picture, and the small grey picture that they are windows of.

    `grey` has `height` rows of `width` bytes; it lives for as long as the post is judged and is never kept. `frame` is
    the number of the fingerprint's frame that is all of the picture; `is_screen` says that a picture on a screen was
    found in it, with other things around. Before it is cut, a survey has no windows.
    """

    frame: int
    width: int
    height: int
    grey: bytes = field(repr=False)
    windows: tuple[Window, ...] = ()
    is_screen: bool = False
