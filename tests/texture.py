"""Benign pictures made by code: layered noise with the detail that perceptual hashes need; no files live here."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

_LAYERS = ((4, 1.0), (9, 0.7), (20, 0.5), (60, 0.3), (200, 0.15))  # cells across, weight


def texture(seed: int = 1, width: int = 640, height: int = 480) -> Image.Image:
    """An RGB picture, the same one for the same `seed` and size."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cells, weight in _LAYERS:
        noise = random.integers(0, 255, (cells * 3 // 4 + 1, cells, 3), np.uint8)
        layer = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        total += weight * np.asarray(layer, float)
    total -= total.min()
    return Image.fromarray((total * (255 / total.max())).astype(np.uint8))


def encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """`picture` in one of Pillow's formats."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def animate(kind: str, pictures: list[Image.Image], **options: Any) -> bytes:
    """`pictures` as one animated GIF, PNG or WebP, 100 ms each."""
    options = {"save_all": True, "append_images": pictures[1:], "duration": 100, "loop": 0, **options}
    return encode(pictures[0], kind, **options)
