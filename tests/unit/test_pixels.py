"""Pixels done right: however a file stores a picture, and whatever else it shows, its PDQ is that of the original."""

from __future__ import annotations

import importlib
import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bot.media import pdq
from bot.media.hashes import distance
from bot.media.heif import decode_still
from bot.media.images import Decoded, decode_image
from bot.media.limits import Limits
from bot.media.look import DENSE, EXACT, PLAIN
from bot.media.sniff import STILLS as ALBUMS
from tests import forms
from tests.texture import animate, encode, texture

if TYPE_CHECKING:
    from bot.model import Frame

NEAR = 10
"""Bits that a form may be away from the RGB original."""

DRIFT = 24
"""Bits that scaling may be away from the reference, which samples with a shift: 7 in the mean, at most 17 in 99 %."""

ORIGINAL = texture(7, 640, 480).quantize(255).convert("RGB")
"""A detailed picture with no more colours than a palette holds."""

STILLS = forms.stills(ORIGINAL)


def decode(data: bytes, kind: str, look: str = PLAIN) -> Decoded:
    """What the decoder sees, with all the time it wants."""
    if kind in ALBUMS:
        seen = decode_still(data, Limits(), time.monotonic() + 60, look)
        assert seen
        return seen
    return decode_image(data, kind, Limits(), time.monotonic() + 60, look)


@cache
def own(seed: int | None = None) -> bytes:
    """The hash of the RGB original, or of another texture, by the decoder's own path from a plain PNG."""
    picture = ORIGINAL if seed is None else texture(seed, 320, 240)
    return decode(encode(picture, "png"), "png").frames[0].pdq[0]


def off(frame: Frame, seed: int | None = None) -> int:
    """How many bits a frame is away from the original."""
    return distance(frame.pdq[0], own(seed))


def nearest(seen: Decoded, seed: int | None = None) -> int:
    """How many bits the nearest frame is away from the original."""
    return min(off(frame, seed) for frame in seen.frames)


# --- stills --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", STILLS)
def test_every_form_hashes_like_the_rgb_original(form: str) -> None:
    """Each form of a picture, turned upright, is within 10 bits of the RGB original, and the first that is seen."""
    kind, make = STILLS[form]
    seen = decode(make(), kind)
    assert off(seen.frames[0]) <= NEAR
    assert (seen.width, seen.height) == ORIGINAL.size
    assert not seen.damaged


def test_the_turned_forms_are_stored_turned() -> None:
    """The table's own files are what they say: stored turned, they are far from the original without their EXIF."""
    upright = decode(encode(forms.read(STILLS["jpeg, exif 1"][1]()), "png"), "png")
    assert off(upright.frames[0]) <= NEAR
    for number in range(2, 9):
        turned = forms.read(STILLS[f"jpeg, exif {number}"][1]())
        assert off(decode(encode(turned, "png"), "png").frames[0]) > 60


@pytest.mark.parametrize("seed", range(6))
def test_the_original_is_near_the_reference(seed: int) -> None:
    """The decoder's scaling stays near PDQ of the picture itself, which is what lists hold."""
    picture = texture(seed, 800, 600)
    frame = decode(encode(picture, "jpeg", quality=90), "jpeg").frames[0]
    assert distance(frame.pdq[0], pdq.compute(np.asarray(picture))[0]) <= DRIFT


@pytest.mark.pdqhash
@pytest.mark.parametrize("form", STILLS)
def test_every_form_is_near_what_the_reference_says_of_the_original(form: str) -> None:
    """Each form's hash is within a scaling's drift of what pdqhash gives for the RGB original."""
    bits, quality = importlib.import_module("pdqhash").compute(np.asarray(ORIGINAL))
    kind, make = STILLS[form]
    frame = decode(make(), kind).frames[0]
    assert distance(frame.pdq[0], np.packbits(np.asarray(bits, np.uint8)).tobytes()) <= DRIFT
    assert (frame.quality >= 50) == (quality >= 50)


def test_a_coarse_palette_hashes_like_what_it_shows() -> None:
    """Sixteen colours lose more than 10 bits of the original; what is hashed is the picture that they show."""
    poster = ORIGINAL.quantize(16)
    expected = decode(encode(poster.convert("RGB"), "png"), "png").frames[0].pdq[0]
    for kind in ("png", "gif"):
        assert distance(decode(encode(poster, kind), kind).frames[0].pdq[0], expected) == 0


def test_one_bit_a_pixel_is_averaged() -> None:
    """A dithered black-and-white picture hashes like the grey that it looks like."""
    dots = ORIGINAL.resize((1280, 960)).convert("1")
    assert off(decode(encode(dots, "png"), "png").frames[0]) <= NEAR


@pytest.mark.parametrize("form", STILLS)
def test_every_form_hashes_for_a_list_like_the_rgb_original(form: str) -> None:
    """Hashed to be listed, each form is within 10 bits of PDQ of the RGB original itself; a PNG has those bits."""
    kind, make = STILLS[form]
    listed = pdq.compute(np.asarray(ORIGINAL))[0]
    assert distance(decode(make(), kind, EXACT).frames[0].pdq[0], listed) <= NEAR
    assert decode(encode(ORIGINAL, "png"), "png", EXACT).frames[0].pdq[0] == listed


@pytest.mark.parametrize("form", ["jpeg, exif 6", "jpeg, cmyk", "png, rgb of 16 bits", "gif, interlaced", "webp, rgba"])
def test_a_close_look_sees_the_same_picture(form: str) -> None:
    """What is cut into windows is the upright picture that is hashed as a whole, at the same proportions."""
    kind, make = STILLS[form]
    seen = decode(make(), kind, DENSE)
    assert off(seen.frames[0]) <= NEAR
    survey = seen.surveys[0]
    assert (survey.width, survey.height) == pytest.approx([side * survey.width / 640 for side in ORIGINAL.size], abs=1)
    grey = Image.frombytes("L", (survey.width, survey.height), survey.grey)
    assert off(decode(encode(grey, "png"), "png").frames[0]) <= NEAR


# --- transparency --------------------------------------------------------------------------------


def _on(paper: str, picture: Image.Image) -> bytes:
    flat = Image.alpha_composite(Image.new("RGBA", picture.size, paper), picture).convert("RGB")
    return decode(encode(flat, "png"), "png").frames[0].pdq[0]


def _see_through(kind: str) -> tuple[Image.Image, bytes]:
    """A picture that is clear in places, and its file."""
    hole = Image.new("L", ORIGINAL.size, 255)
    hole.paste(0, (60, 40, 380, 330))
    if kind == "png, half clear":
        hole = texture(8, *ORIGINAL.size).convert("L")
    picture = forms.with_alpha(ORIGINAL, hole)
    if kind in {"png", "png, half clear"}:
        return picture, encode(picture, "png")
    if kind == "png of 16 bits":
        return picture, forms.png(forms.deep(picture), 6)
    if kind == "webp":
        return picture, encode(picture, "webp", lossless=True)
    poster = ORIGINAL.quantize(255)
    poster.putpalette([*(poster.getpalette() or []), 0, 0, 0])
    poster.paste(255, mask=hole.point(lambda value: 255 - value))
    return picture, encode(poster, kind.split(maxsplit=1)[0], transparency=255)


@pytest.mark.parametrize("kind", ["png", "png, half clear", "png of 16 bits", "webp", "gif palette", "png palette"])
def test_what_is_clear_is_seen_on_white_and_on_black(kind: str) -> None:
    """A see-through picture gives two frames, as it looks in a light chat and in a dark one."""
    picture, data = _see_through(kind)
    frames = decode(data, kind[:4].strip(", ")).frames
    papers = zip(frames, ("white", "black"), strict=True)
    assert [distance(frame.pdq[0], _on(paper, picture)) <= NEAR for frame, paper in papers] == [True, True]


def test_one_clear_grey_is_seen_through() -> None:
    """A grey PNG in which one shade is declared clear is seen on both papers."""
    grey = ORIGINAL.convert("L")
    pixels = np.asarray(grey)
    clear = pixels[240, 320]
    picture = forms.with_alpha(ORIGINAL.convert("L").convert("RGB"), Image.fromarray((pixels != clear) * np.uint8(255)))
    frames = decode(forms.png(pixels[:, :, None], 0, tRNS=int(clear).to_bytes(2)), "png").frames
    papers = zip(frames, ("white", "black"), strict=True)
    assert [distance(frame.pdq[0], _on(paper, picture)) <= NEAR for frame, paper in papers] == [True, True]


@pytest.mark.parametrize("colour", [0, 2])
def test_one_clear_shade_of_65536_hides_nothing(colour: int) -> None:
    """Declaring a shade of sixteen bits clear that differs from the picture's in the last bit hides nothing of it."""
    pixels = forms.deep(ORIGINAL.convert("L") if colour == 0 else ORIGINAL)
    clear = b"".join((int(one) ^ 1).to_bytes(2) for one in pixels[240, 320])  # a shade that no pixel has
    assert nearest(decode(forms.png(pixels, colour, tRNS=clear), "png")) <= NEAR


# --- colours -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gamma", "order"),
    [(2.2, "RGB"), (1.8, "RGB"), (1.0, "RGB"), (4.0, "RGB"), (-2.2, "RGB"), (2.2, "BGR"), (2.2, "GBR")],
)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_colour_profile_hides_nothing(gamma: float, order: str, kind: str) -> None:
    """A picture stored as its negative, or with its channels swapped, is seen as its colour profile restores it."""
    stored = forms.stored_under(ORIGINAL, gamma, order)
    options = {"jpeg": {"quality": 95, "subsampling": 0}, "png": {}, "webp": {"quality": 95}}[kind]
    seen = decode(encode(stored, kind, icc_profile=forms.profile(gamma, order), **options), kind)
    assert nearest(seen) <= NEAR


def test_a_profile_counts_with_and_without() -> None:
    """What a hostile profile does to a listed picture hides it neither from viewers that honour it nor from others."""
    seen = decode(encode(ORIGINAL, "jpeg", quality=90, icc_profile=forms.profile(-2.2)), "jpeg")
    assert off(seen.frames[0]) <= NEAR
    assert off(seen.frames[1]) > 200


def test_a_usual_profile_costs_no_second_frame() -> None:
    """A screen's profile changes too little to be worth a second look."""
    seen = decode(encode(ORIGINAL, "jpeg", quality=90, icc_profile=forms.profile(2.2)), "jpeg")
    assert len(seen.frames) == 1


@pytest.mark.parametrize("profile", [b"\0", b"nonsense" * 40, forms.profile(1.0)[:300], bytes(2 << 20)])
def test_a_broken_profile_is_no_obstacle(profile: bytes) -> None:
    """A picture whose colour profile is garbage is seen as it is stored."""
    seen = decode(encode(ORIGINAL, "png", icc_profile=profile), "png")
    assert [off(frame) <= NEAR for frame in seen.frames] == [True]


def test_inks_without_a_marker_are_read_both_ways() -> None:
    """Whether 0 is no ink or all of it is not said without Adobe's marker, and viewers differ: both are seen."""
    meant = decode(forms.cmyk(ORIGINAL, is_inverted=False), "jpeg")
    other = decode(forms.without_adobe(forms.cmyk(ORIGINAL, is_inverted=True)), "jpeg")
    assert nearest(meant) <= NEAR
    assert nearest(other) <= NEAR


# --- moving pictures -----------------------------------------------------------------------------


def _frames(trick: str) -> list[Image.Image]:
    """Frames of which one is the texture 1."""
    decoys, listed = [texture(seed, 320, 240) for seed in (2, 3)], texture(1, 320, 240)
    blank = Image.new("RGB", (320, 240), "white")
    return {
        "blank first": [blank, listed],
        "decoy first": [decoys[0], listed],
        "decoy first and last": [decoys[0], listed, decoys[1]],
        "two blanks first": [blank, Image.new("RGB", (320, 240), "black"), listed, listed],
    }[trick]


@pytest.mark.parametrize("trick", ["blank first", "decoy first", "decoy first and last", "two blanks first"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("gif", {"disposal": 1}),
        ("gif", {"disposal": 2}),
        ("gif", {"disposal": 3}),
        ("gif", {"duration": 0}),
        ("gif", {"interlace": 1}),
        ("png", {}),
        ("png", {"default_image": True}),
        ("png", {"disposal": 1, "blend": 1}),
        ("webp", {"quality": 90}),
        ("webp", {"lossless": True, "background": (255, 0, 0, 255)}),
    ],
)
def test_a_decoy_in_front_hides_nothing(kind: str, options: dict[str, object], trick: str) -> None:
    """A listed picture behind a blank first frame, or a decoy, is among the frames that are hashed."""
    seen = decode(animate(kind, _frames(trick), **options), kind)
    assert nearest(seen, 1) <= (NEAR if kind != "gif" else 2 * NEAR)  # a GIF's palette costs some bits
    assert not seen.damaged


def test_a_picture_put_together_of_frames_is_seen_whole() -> None:
    """A GIF that paints a picture tile by tile, each frame over the last, shows it whole in the end."""
    listed = texture(1, 320, 240).quantize(255)
    shown = Image.new("P", (320, 240), 0)
    shown.putpalette(listed.getpalette() or [])
    steps = []
    for left in range(0, 320, 80):
        shown.paste(listed.crop((left, 0, left + 80, 240)), (left, 0))
        steps.append(shown.copy())
    assert nearest(decode(animate("gif", steps, disposal=1), "gif"), 1) <= 2 * NEAR


def test_the_still_that_stands_in_for_an_animation_is_hashed() -> None:
    """The picture that only viewers without animation show, before an animated PNG's first frame, is seen as well."""
    pictures = [texture(1, 320, 240), texture(2, 320, 240), texture(3, 320, 240)]
    assert nearest(decode(animate("png", pictures, default_image=True), "png"), 1) <= NEAR


# --- odd sizes -----------------------------------------------------------------------------------


ODD = [(1, 1), (1, 7), (1, 3000), (3000, 1), (2, 2), (3, 1000), (1000, 3), (4, 4), (5, 5), (5, 2000), (63, 65)]


@pytest.mark.parametrize("size", ODD, ids=str)
@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp"])
def test_odd_sizes_are_hashed_without_a_word(kind: str, size: tuple[int, int]) -> None:
    """A sliver, a dot or an odd shape decodes to its size with hashes of the right length."""
    seen = decode(encode(texture(1, 64, 48).resize(size), kind), kind)
    assert (seen.width, seen.height) == size
    assert {len(value) for frame in seen.frames for value in frame.pdq} == {32}
    assert all(0 <= frame.quality <= 100 for frame in seen.frames)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 2), (3, 1000), (1000, 3)], ids=str)
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_slivers_are_too_plain_for_a_near_match(kind: str, size: tuple[int, int]) -> None:
    """What has less than five pixels a side is no picture: its quality is below 50, so that it matches exactly only."""
    noise = np.random.RandomState(1).randint(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    seen = decode(encode(Image.fromarray(noise), kind, **({"quality": 95} if kind == "jpeg" else {})), kind)
    assert [frame.quality < 50 for frame in seen.frames] == [True]
