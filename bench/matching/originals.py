"""The chosen pictures: which they are, how they get into bench/.data and are opened. Attacks live elsewhere."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.matching.packages import DATA, PACKAGES, Unreachable, obtain
from bench.matching.photos import load, search

SELECTION: Final = Path(__file__).with_name("selection.txt")
FOLDER: Final = DATA / "originals"
FOLDS: Final = 10
"""Parts of the pictures; a posted picture is compared with a list of crops of the other nine parts."""

LEAST: Final = 150
"""Photos without which the bench says nothing."""


@dataclass(frozen=True, slots=True)
class Original:
    """A picture of the selection, and its number there, which never changes; `twin` names one of the same thing."""

    number: int
    name: str
    is_photo: bool
    twin: str = ""

    @property
    def path(self) -> Path:
        """Where its reduced copy lies."""
        return FOLDER / f"{self.name}.jpg"

    @property
    def is_held_out(self) -> bool:
        """Whether thresholds may not be set by looking at it."""
        return int(self.name[0], 16) % 2 == 1

    @property
    def fold(self) -> int:
        """The part of the pictures that it belongs to; two pictures of the same thing belong to one."""
        return _places()[self.twin or self.name] % FOLDS

    def open(self, side: int | None = None) -> Image.Image:
        """The picture, RGB, longest side at most 1280 or `side`."""
        with Image.open(self.path) as file:
            picture = file.convert("RGB")
        if side is not None:
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        return picture


@cache
def selection() -> tuple[Original, ...]:
    """Every chosen picture, fetched or not."""
    lines = [
        (*line.split(), "")[:4]
        for line in SELECTION.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    return tuple(Original(number, name, role == "photo", twin) for number, (name, role, _, twin) in enumerate(lines))


@cache
def _places() -> dict[str, int]:
    return {one.name: one.number for one in selection()}


@cache
def folds() -> NDArray[np.int64]:
    """The fold of every picture of the selection, by its number."""
    return np.array([one.fold for one in selection()])


@cache
def present() -> tuple[Original, ...]:
    """The chosen pictures that are here. Exits with one line when there are too few."""
    here = tuple(one for one in selection() if one.path.is_file())
    if sum(one.is_photo for one in here) < LEAST:
        sys.exit(f"bench: the pictures are not here ({len(here)} of {len(selection())}); run `make bench-data` first")
    return here


def gather() -> None:
    """Fetch the packages that are missing and keep the chosen pictures, reduced. Exits with one line when it cannot."""
    wanted = {one.name: one for one in selection() if not one.path.is_file()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    trouble: list[str] = []
    for place, package in enumerate(PACKAGES if wanted else (), 1):
        print(f"[{place}/{len(PACKAGES)}] {package.name} {package.version} ({package.licence})", flush=True)
        try:
            folder = obtain(package)
        except Unreachable as error:
            trouble.append(str(error))
            continue
        for found in search(folder):
            if (one := wanted.pop(found.name, None)) and (picture := load(found.data)):
                picture.save(one.path, "JPEG", quality=95, subsampling=0)
    _report(trouble)


def _report(trouble: list[str]) -> None:
    here = [one for one in selection() if one.path.is_file()]
    photos = sum(one.is_photo for one in here)
    if photos < LEAST:
        why = f"; {trouble[0]}" if trouble else ""
        sys.exit(f"bench-data: {photos} of {LEAST} photos at least could be had{why} (is the network there?)")
    for line in trouble:
        print(f"left out: {line}")
    print(f"{photos} photos and {len(here) - photos} other pictures are in {FOLDER}")


def forget_packages() -> None:
    """Remove what was unpacked; the chosen pictures stay."""
    shutil.rmtree(DATA / "packages", ignore_errors=True)


if __name__ == "__main__":
    gather()
