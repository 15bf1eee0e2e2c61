"""A small picture as viewers show it where they differ: transparency, inks, colour profiles. Runs in the decoder."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageChops, ImageCms

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST: Final = 1 << 20
"""Bytes of a colour profile: printers' are up to half of that, a screen's a few thousand."""

_REMEMBERED: Final = 16
"""Profiles that a process keeps at hand: building one takes 5 ms (measured), and most pictures share a few."""

_SAME: Final = 12
"""Steps of 255 in brightness that a profile may move any colour and still be passed over.

sRGB and a plain curve of gamma 2.2 move colours by up to 6 and the hash by 2 bits; gamma 1.8 by 19 and 8 bits,
Display P3 by 36 and 8 bits, Adobe RGB and ProPhoto by 43 and 60 and 16 bits, a linear curve by 73 and 26 bits (measured
on a texture).
"""


def views(small: Image.Image, info: Mapping[Any, Any]) -> list[Image.Image]:
    """The RGB pictures that viewers may make of `small` (RGB, RGBA or CMYK) under its file's `info`, likeliest first.

    Something transparent is seen on white and on black. A colour profile that changes much counts with and without,
    for not all viewers honour it. Inks without Adobe's marker are read both ways.
    """
    if small.mode == "CMYK":
        as_adobe = small.convert("RGB")
        return [as_adobe] if "adobe" in info else [ImageChops.invert(small).convert("RGB"), as_adobe]
    shown = _as_profiled(small, info.get("icc_profile"))
    return [*_on_papers(small), *(_on_papers(shown) if shown else [])]


def _on_papers(small: Image.Image) -> list[Image.Image]:
    """The picture itself, or if any of it is transparent, on each of the two backgrounds that a chat may have."""
    if small.mode != "RGBA" or small.getchannel("A").getextrema() == (255, 255):
        return [small.convert("RGB")]
    return [
        Image.alpha_composite(Image.new("RGBA", small.size, paper), small).convert("RGB")
        for paper in ("white", "black")
    ]


def _as_profiled(small: Image.Image, profile: object) -> Image.Image | None:
    """What viewers that honour `profile` show; None where it changes little, is broken, or is of inks."""
    known = _transform(profile) if isinstance(profile, bytes) and len(profile) <= _LARGEST else None
    if known is None:
        return None
    mode, transform = known
    shown = ImageCms.applyTransform(small.convert(mode), transform)
    if shown is not None and small.mode == "RGBA":
        shown.putalpha(small.getchannel("A"))
    return shown


@lru_cache(_REMEMBERED)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    """How colours under `profile` become sRGB, and the mode that it takes; None if it is not worth it."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = {"RGB": "RGB", "GRAY": "L"}.get(opened.profile.xcolor_space.strip())
        if mode is None:
            return None
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        return (mode, transform) if _moves(mode, transform) > _SAME else None
    except (OSError, ImageCms.PyCMSError):
        return None


def _moves(mode: str, transform: ImageCms.ImageCmsTransform) -> int:
    """The most, in steps of 255, by which the brightness of any colour changes."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    before = Image.fromarray(np.ascontiguousarray(colours)).convert(mode)
    after = ImageCms.applyTransform(before, transform)
    if after is None:
        return 0
    change = np.asarray(after.convert("L"), np.int16) - np.asarray(before.convert("L"), np.int16)
    return int(np.abs(change).max())
