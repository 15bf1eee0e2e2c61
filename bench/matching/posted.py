"""The posted pictures of the bench: attacked originals, and unrelated pictures; made from a key and kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from bench.matching import pixels
from bench.matching.attacks import battery
from bench.matching.distractors import random_box
from bench.matching.originals import Original, folds, present
from bench.matching.packages import DATA

TUNING, HELD_OUT, UNRELATED = "tuning", "held-out", "unrelated"
SIDE: Final = 800
"""Pixels to which a picture is reduced before it is attacked, as in the study of robustness."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One posted picture: which set it belongs to, its number there, its source's number, its attack or -1 for none."""

    kind: str
    number: int
    source: int
    attack: int

    @property
    def fold(self) -> int:
        """The part of the pictures that its source belongs to."""
        return int(folds()[self.source])

    @property
    def name(self) -> str:
        """The same for the same picture in every run."""
        return f"{self.number}-{self.source}-{self.attack}"

    @property
    def _path(self) -> Path:
        return DATA / "posted" / self.kind / str(self.source) / f"{self.number}-{self.attack}.jpg"

    def data(self) -> bytes:
        """The JPEG that Telegram would keep."""
        if self._path.is_file():
            return self._path.read_bytes()
        made = self._make()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(made)
        return made

    def _make(self) -> bytes:
        chance = np.random.default_rng([3, self.number])
        if self.kind == UNRELATED:
            whole = _open(self.source, 1280)
            picture = pixels.reduced(whole.crop(random_box(chance, whole.size)), SIDE)
        else:
            picture = _open(self.source, SIDE)
        if self.attack < 0:
            return pixels.save(picture)
        attack = battery(held_out=self.is_held_out_attack)[self.attack]
        return attack.post(picture, self.name, self._others(chance) if attack.family == "collage" else [])

    @property
    def is_held_out_attack(self) -> bool:
        """Whether the strength of the attack is one of those that nothing was tuned for."""
        return self.kind == HELD_OUT or (self.kind == UNRELATED and self.number % 4 == 3)

    def _others(self, chance: np.random.Generator) -> list[Image.Image]:
        """Three other pictures of the same fold, of which nothing is on the list either."""
        near = [one.number for one in present() if one.fold == self.fold and one.number != self.source]
        return [_open(int(number), SIDE) for number in chance.choice(near, 3, replace=False)]


@lru_cache(maxsize=64)
def _open(number: int, side: int) -> Image.Image:
    return _numbered()[number].open(side)


@lru_cache(maxsize=1)
def _numbered() -> dict[int, Original]:
    return {one.number: one for one in present()}


def attacked(kind: str, count: int) -> list[Posted]:
    """`count` photos of one half, each attacked in every way of that half."""
    photos = [one for one in present() if one.is_photo and one.is_held_out == (kind == HELD_OUT)]
    chosen = np.random.default_rng(4).permutation(len(photos))[:count]
    if len(chosen) < count:
        raise ValueError(f"the {kind} half has {len(photos)} photos, not {count}")
    attacks = range(len(battery(held_out=kind == HELD_OUT)))
    numbers = sorted(photos[int(place)].number for place in chosen)
    return [Posted(kind, number, number, attack) for number in numbers for attack in attacks]


def unrelated(count: int) -> list[Posted]:
    """Crops of photos of which the list that they are compared with holds nothing; every second one is attacked."""
    pictures, attacks = [one for one in present() if one.is_photo], len(battery(held_out=False))
    posts = []
    for place in range(count):  # each from its own seed, so that more of them begin with the same ones
        source, attack = np.random.default_rng([5, place]).integers((len(pictures), attacks)).tolist()
        posts.append(Posted(UNRELATED, place, pictures[source].number, attack if place % 2 else -1))
    return posts
