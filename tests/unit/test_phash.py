"""pHash is imagehash's: to the last bit where it is listed, nearly where it is searched with."""

from __future__ import annotations

import imagehash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media.hashes import distance, hash_exactly, hash_picture
from bot.media.phash import phash
from bot.media.survey import reduced
from tests.texture import texture

_SIZES = [(640, 480), (480, 640), (256, 256), (31, 90), (9, 7), (1, 1), (300, 2)]


def _by_imagehash(picture: Image.Image) -> bytes:
    return bytes.fromhex(str(imagehash.phash(picture)))


@given(seed=st.integers(0, 10_000), size=st.sampled_from(_SIZES))
def test_what_is_listed_is_what_imagehash_makes(seed: int, size: tuple[int, int]) -> None:
    """Of a picture of any size, in colour or grey, the hash is imagehash's to the last bit."""
    picture = texture(seed, 160, 120).resize(size)
    assert phash(picture) == _by_imagehash(picture)
    assert phash(picture.convert("L")) == _by_imagehash(picture.convert("L"))
    assert hash_exactly(picture).phash == _by_imagehash(picture)


@pytest.mark.parametrize("colour", ["black", "white", "#6f6f6f"])
def test_a_plain_picture_has_imagehash_s_hash_as_well(colour: str) -> None:
    """No pattern comes of rounding errors where nothing is to be seen."""
    picture = Image.new("RGB", (200, 150), colour)
    assert phash(picture) == _by_imagehash(picture)


@given(seed=st.integers(0, 10_000), size=st.sampled_from(_SIZES[:3]))
def test_what_is_searched_with_is_within_two_bits(seed: int, size: tuple[int, int]) -> None:
    """The short way from a reduced picture ends within 2 bits of imagehash's hash of it."""
    small = reduced(texture(seed, *size))
    assert distance(hash_picture(small).phash, _by_imagehash(small)) <= 2


def test_the_whole_picture_s_hash_is_near_as_well() -> None:
    """Reducing a large picture first moves its hash by 4 bits at most."""
    for seed in range(20):
        picture = texture(seed, 1280, 960)
        assert distance(hash_picture(picture).phash, _by_imagehash(picture)) <= 4
