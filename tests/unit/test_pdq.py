"""Our PDQ is PDQ: the reference's bits and quality, for every size and for pictures that only rounding decides."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.media.hashes import distance
from bot.media.pdq import LEAST, Pixels, compute, dihedral
from tests.texture import texture

# --- pictures of whole numbers, the same on every machine ----------------------------------------


def _wave(values: NDArray[np.int64], period: int) -> NDArray[np.int64]:
    """A triangle wave between 0 and 255."""
    return np.abs(values % (2 * period) - period) * 255 // period


def _layer(x: NDArray[np.int64], y: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Waves of many lengths and directions."""
    long = _wave(x * (seed + 2) + y * 3, 310) + _wave(x * 2 - y * (seed % 5 + 1) + 9000, 130)
    short = _wave(x * x // (40 + seed) + y * y // 61, 90) + _wave(x * y // (70 + seed), 47)
    return (long + short) // 4


def waves(width: int, height: int, seed: int = 0) -> Pixels:
    """A picture rich in detail."""
    y, x = np.indices((height, width))
    return np.dstack([_layer(x, y, seed + 3 * i) for i in range(3)]).astype(np.uint8)


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    """Every pixel by chance; the generator of old, whose numbers never change."""
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


def flat(width: int, height: int, seed: int = 0) -> Pixels:
    """One colour: all that the hash can show is how sums are rounded."""
    return np.full((height, width, 3), (120 + seed, 30, 200), np.uint8)


def mirrored(width: int, height: int, seed: int = 0) -> Pixels:
    """The same from the left and from the right: half of the frequencies are nothing but rounding."""
    picture = waves(width, height, seed)
    return np.maximum(picture, picture[:, ::-1])


def checkers(width: int, height: int, seed: int = 0) -> Pixels:
    """Black and white fields."""
    y, x = np.indices((height, width)) // (6 + seed)
    return np.dstack([((x + y) % 2 * 255).astype(np.uint8)] * 3)


def slope(width: int, height: int, seed: int = 0) -> Pixels:
    """Brightness rising from left to right, redness from top to bottom."""
    y, x = np.indices((height, width))
    return np.dstack([y * 255 // height, x * 255 // width, (x + seed) % 256]).astype(np.uint8)


PICTURES: list[Callable[[int, int, int], Pixels]] = [waves, noise, flat, mirrored, checkers, slope]

SIZES = [
    (512, 512), (512, 384), (384, 512), (512, 289), (512, 100), (77, 512), (512, 5), (5, 300), (1, 1), (1, 7), (900, 4),
    (5, 5), (20, 21), (63, 65), (64, 64), (64, 63), (127, 127), (128, 128), (129, 127), (257, 256), (333, 77),
    (511, 513), (640, 480), (2000, 60), (60, 1500), (1280, 720), (191, 193), (193, 385), (30, 31), (8, 512),
    (400, 300), (320, 568), (450, 450), (100, 100), (65, 640), (512, 511),
]  # fmt: skip

# What pdqhash 0.2.8 (`compute`) gives on x86-64: picture, width, height, quality, hash.
KNOWN = [
    ("waves", 512, 512, 100, "0057170214831d031c87fc0f50b7e0ff0077013f08f735ad67287f2aff28ff3f"),
    ("waves", 512, 384, 100, "70f7e2f5e3c182d10057170214831c07fc8fc07700ff087710ff77287f2bff29"),
    ("waves", 300, 512, 100, "8e0f3ea11c7138e170c3c1e701cb178f3c0f7827f04be0dbc0a400e543f6fff7"),
    ("waves", 64, 64, 20, "3724ca2db784eac5976e6ee553f4a4dd132ef4ddad266251ea96554155540154"),
    ("waves", 20, 21, 3, "a9316ca033ef667f869bbcca7946e6b48d2d2264e59b8bb97cf683830d15a0c0"),
    ("waves", 1280, 720, 100, "00ff00ff00ff0002feffaaffaaff2667eaffadaa5500aa220500eeef4502a222"),
    ("waves", 2000, 60, 100, "198833986719ce398c31187170f1e1e1c3c30f833f03fc07e00f003f0bffdfff"),
    ("waves", 5, 300, 100, "9b2693247e1fce738b62c4f18b6283607c1f398e3e0f3b4e2b4a81e07e1f2b4a"),
    ("noise", 512, 384, 100, "5f807b74207dd67f98140e1c905dd1c49dbe8e91e31d2f1ae84f3d51781198f5"),
    ("flat", 512, 384, 0, "00002c4b554b113400002c4b0000554b113411341134000013a0cc53554b42d0"),
    ("mirrored", 512, 289, 100, "d2ea8f603d00502fa1b7a3a3978096425e425e8a5a3f6a9f583701afa27dea7f"),
    ("checkers", 333, 77, 100, "fffbfffffffbfffb0004080500050aa500054fa700054fa70005dfe70805dfe7"),
    ("slope", 129, 127, 41, "790a09aa84d756b48deb49d0a755bd6cedaa161254acbb1ba5695b2b5b524715"),
    ("slope", 4, 900, 0, "0000000000000000000000000000000000000000000000000000000000000000"),
]

# What its `compute_dihedral` gives for `waves(512, 384)`.
KNOWN_TURNS = [
    "70f7e2f5e3c182d10057170214831c07fc8fc07700ff087710ff77287f2bff29",
    "78c31f38e087787003d3f878f617dbf8f2a80787c07f278701ef3607cffa0404",
    "26a2485fb694287bd502bda848d6f6ada9da62d555aaa0dd45aadd82aa6e5587",
    "2596b492b5d2d29a568652d22142f152a7fdad2d952a8d2d54ba9cac9aafaeaa",
    "71f71d08e3c17d2e0057e8fd1c83a3f0fc8f278000fff58810ff88d6ff2b00d2",
    "27a2b7a2b694d784d50242574bd6495aa9da9d2a55aa5f2245aa227daa7eaa7c",
    "70c1e0c7e087878f0193078774072407f2a8f878c07fd87800afc9f88ffafbfb",
    "2d964b6db5d22d255686ad2da1420cada7fd52d2952a72d055ba6353daaf5151",
]


@pytest.mark.parametrize(("name", "width", "height", "quality", "expected"), KNOWN)
def test_known_pictures_have_their_known_hash(name: str, width: int, height: int, quality: int, expected: str) -> None:
    """Hash and quality are those that the reference gave once, to the last bit."""
    picture = globals()[name](width, height)
    assert (compute(picture)[0].hex(), compute(picture)[1]) == (expected, quality)


def test_known_picture_has_its_eight_known_hashes() -> None:
    """The hashes of the turned and mirrored picture are the reference's, in its order."""
    assert [value.hex() for value in dihedral(waves(512, 384))[0]] == KNOWN_TURNS


# --- what PDQ promises ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(512, 512), (512, 384), (300, 512)])
def test_turned_pictures_have_the_turned_hashes(size: tuple[int, int]) -> None:
    """A turned or mirrored picture is within 31 bits (at which PDQ matches) of that entry of the picture's eight."""
    picture = np.asarray(texture(7, *size))
    turned = [np.rot90(picture, times) for times in range(4)]
    turned += [picture[::-1], picture[:, ::-1], picture.transpose(1, 0, 2), np.rot90(picture, 2).transpose(1, 0, 2)]
    found = [distance(one, compute(way)[0]) for one, way in zip(dihedral(picture)[0], turned, strict=True)]
    assert found[0] == 0
    assert max(found) <= 31


def test_the_eight_are_far_apart() -> None:
    """A picture without symmetry is far from its own mirror images, or the order of the eight would mean nothing."""
    eight = dihedral(waves(512, 384))[0]
    assert min(distance(one, other) for i, one in enumerate(eight) for other in eight[:i]) > 62


def test_a_negative_has_the_opposite_hash() -> None:
    """Every frequency changes its sign, so every bit turns over but those at the median."""
    picture = waves(512, 384)
    assert distance(compute(picture)[0], compute(255 - picture)[0]) >= 254


def test_half_of_the_bits_are_set() -> None:
    """The median parts the 256 frequencies in two halves."""
    assert [int.from_bytes(value).bit_count() for value in dihedral(waves(512, 384))[0]] == [128] * 8


def test_the_whole_picture_and_its_eight_agree() -> None:
    """`compute` gives the first of the eight, and the same quality."""
    eight, quality = dihedral(waves(333, 77))
    assert compute(waves(333, 77)) == (eight[0], quality)


def test_grey_is_its_own_brightness() -> None:
    """A picture of one channel has the hash and quality of the same picture in three equal ones."""
    grey = waves(200, 150)[:, :, 0]
    assert compute(grey) == compute(np.dstack([grey] * 3))
    assert dihedral(grey) == dihedral(np.dstack([grey] * 3))


def test_the_order_in_memory_does_not_matter() -> None:
    """A view that runs backwards or by columns is the same picture as its copy."""
    view = waves(200, 150)[::-1, ::-1].transpose(1, 0, 2)
    assert dihedral(view) == dihedral(view.copy())


@pytest.mark.parametrize("shape", [(LEAST - 1, 100, 3), (100, LEAST - 1), (1, 1, 3), (0, 0)])
def test_slivers_have_no_hash(shape: tuple[int, ...]) -> None:
    """Under five pixels a side there is nothing to tell a picture by: quality 0."""
    picture = np.full(shape, 9, np.uint8)
    assert compute(picture) == (bytes(32), 0)
    assert dihedral(picture) == ((bytes(32),) * 8, 0)


@pytest.mark.parametrize(
    "array",
    [np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3)), np.zeros(8, np.uint8), np.zeros((2, 8, 8, 3), np.uint8)],
)
def test_other_arrays_are_refused(array: Any) -> None:
    """An array that is no picture is refused with what it is and what was expected."""
    with pytest.raises(ValueError, match=r"uint8 of \(h, w, 3\) or \(h, w\), not \w+ of \("):
        compute(array)


# --- against the reference -----------------------------------------------------------------------


def _packed(bits: Any) -> bytes:
    return np.packbits(np.asarray(bits, np.uint8)).tobytes()


@pytest.mark.pdqhash
@pytest.mark.parametrize("make", PICTURES)
def test_the_reference_gives_the_same_bits(make: Callable[[int, int, int], Pixels]) -> None:
    """Over 200 pictures in all of many sizes have, turned and not, the reference's hashes and quality, bit by bit."""
    reference = importlib.import_module("pdqhash")
    wrong = []
    for seed, (width, height) in enumerate(SIZES):
        picture = make(width, height, seed)
        bits, quality = reference.compute(picture)
        eight, quality_of_eight = reference.compute_dihedral(picture)
        if compute(picture) != (_packed(bits), quality):
            wrong.append((width, height, "compute"))
        if dihedral(picture) != (tuple(_packed(one) for one in eight), quality_of_eight):
            wrong.append((width, height, "dihedral"))
    assert wrong == []
