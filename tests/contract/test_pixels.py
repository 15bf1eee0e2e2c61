"""Forms of one picture through the locked-down decoder processes: what they need is there after the lock-down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.media.decoder import Decoders
from bot.media.hashes import distance
from tests import forms
from tests.texture import animate, encode, texture
from tests.unhurried import UNHURRIED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINAL = texture(7, 320, 240).quantize(255).convert("RGB")
STILLS = forms.stills(ORIGINAL)
NEAR = 10


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoders() -> AsyncIterator[Decoders]:
    """One process for all pictures here."""
    running = Decoders(images=1, videos=0, spares=0, limits=UNHURRIED)
    await running.start()
    yield running
    await running.stop()


async def off(decoders: Decoders, data: bytes) -> int:
    """How many bits the nearest frame of a file is away from the original."""
    own = (await decoders.fingerprint(encode(ORIGINAL, "png"))).frames[0].pdq[0]
    return min(distance(frame.pdq[0], own) for frame in (await decoders.fingerprint(data)).frames)


@pytest.mark.parametrize(
    "form",
    [
        "jpeg, exif 6",
        "webp, exif 6",
        "png, exif 6",
        "jpeg, stored as rgb",
        "jpeg, progressive",
        "jpeg, grey",
        "jpeg, cmyk",
        "jpeg, cmyk inverted by adobe",
        "jpeg, ycck",
        "png, interlaced",
        "png, rgb of 16 bits, interlaced",
        "png, grey of 16 bits",
        "png, grey with alpha of 16 bits",
        "png, palette with transparency",
        "gif, interlaced",
        "webp, rgba",
    ],
)
async def test_a_decoder_process_sees_every_form_alike(decoders: Decoders, form: str) -> None:
    """Each form is within 10 bits of the RGB original in a process that is locked down."""
    assert await off(decoders, STILLS[form][1]()) <= NEAR


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_a_decoder_process_honours_colour_profiles(decoders: Decoders, kind: str) -> None:
    """The library that reads colour profiles works after the lock-down."""
    stored = forms.stored_under(ORIGINAL, -2.2)
    assert await off(decoders, encode(stored, kind, icc_profile=forms.profile(-2.2), quality=95)) <= NEAR


@pytest.mark.parametrize("kind", ["png", "webp"])
async def test_a_decoder_process_looks_behind_the_first_frame(decoders: Decoders, kind: str) -> None:
    """The picture behind a decoy is among an animation's frames."""
    data = animate(kind, [texture(2, 320, 240), ORIGINAL, texture(3, 320, 240)], quality=90)
    assert await off(decoders, data) <= NEAR
