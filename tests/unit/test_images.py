"""A picture has the same hash in whatever form it is stored."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bot.media import pdq
from bot.media.hashes import DIHEDRAL, SIDE, distance, fit, hash_picture
from bot.media.images import Decoded, count_gif_frames, count_scans, decode_image
from bot.media.limits import Limits
from bot.media.refusal import Reason, Refusal
from bot.model import Part
from tests.texture import animate, encode, texture

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.model import Frame

_PICTURE = texture(7)
_POSTER = _PICTURE.quantize(255).convert("RGB")  # what a palette can hold without loss
_NEAR = 10  # bits that re-encoding may move


def _decode(data: bytes, kind: str, limits: Limits | None = None) -> Decoded:
    return decode_image(data, kind, limits or Limits(), time.monotonic() + 60)


def _whole(picture: Image.Image) -> bytes:
    """The PDQ hash of the whole picture, without any of this project's scaling."""
    return pdq.compute(np.asarray(picture.convert("RGB")))[0]


def _off(frame: Frame, picture: Image.Image = _PICTURE) -> int:
    return distance(frame.pdq[0], _whole(picture))


def _turned(orientation: int, turn: Image.Transpose) -> bytes:
    """A JPEG that is stored turned back, with the EXIF that tells viewers to turn it upright."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(_PICTURE.transpose(turn), "jpeg", exif=exif.tobytes(), quality=90)


def _grey16() -> Image.Image:
    return Image.fromarray(np.asarray(_PICTURE.convert("L")).astype(np.uint16) * 257)


def _opaque() -> Image.Image:
    picture = _PICTURE.copy()
    picture.putalpha(255)
    return picture


FORMS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("jpeg", lambda: encode(_PICTURE, "jpeg", quality=90)),
    "jpeg, progressive": ("jpeg", lambda: encode(_PICTURE, "jpeg", progressive=True, quality=90)),
    "jpeg, weak": ("jpeg", lambda: encode(_PICTURE, "jpeg", quality=30)),
    "jpeg, grey": ("jpeg", lambda: encode(_PICTURE.convert("L"), "jpeg")),
    "jpeg, cmyk inverted by adobe": ("jpeg", lambda: encode(_PICTURE.convert("CMYK"), "jpeg")),
    "jpeg, exif 2": ("jpeg", lambda: _turned(2, Image.Transpose.FLIP_LEFT_RIGHT)),
    "jpeg, exif 3": ("jpeg", lambda: _turned(3, Image.Transpose.ROTATE_180)),
    "jpeg, exif 4": ("jpeg", lambda: _turned(4, Image.Transpose.FLIP_TOP_BOTTOM)),
    "jpeg, exif 5": ("jpeg", lambda: _turned(5, Image.Transpose.TRANSPOSE)),
    "jpeg, exif 6": ("jpeg", lambda: _turned(6, Image.Transpose.ROTATE_90)),
    "jpeg, exif 7": ("jpeg", lambda: _turned(7, Image.Transpose.TRANSVERSE)),
    "jpeg, exif 8": ("jpeg", lambda: _turned(8, Image.Transpose.ROTATE_270)),
    "png": ("png", lambda: encode(_PICTURE, "png")),
    "png, palette": ("png", lambda: encode(_POSTER.quantize(255), "png")),
    "png, palette with transparency": ("png", lambda: encode(_POSTER.quantize(255), "png", transparency=255)),
    "png, grey": ("png", lambda: encode(_PICTURE.convert("L"), "png")),
    "png, grey of 16 bits": ("png", lambda: encode(_grey16(), "png")),
    "png, grey with alpha": ("png", lambda: encode(_opaque().convert("LA"), "png")),
    "png, rgba": ("png", lambda: encode(_opaque(), "png")),
    "gif": ("gif", lambda: encode(_POSTER, "gif")),
    "webp": ("webp", lambda: encode(_PICTURE, "webp")),
    "webp, lossless rgba": ("webp", lambda: encode(_opaque(), "webp", lossless=True)),
    "jpeg, four times the size": ("jpeg", lambda: encode(_PICTURE.resize((2560, 1920)), "jpeg")),
    "jpeg, a quarter of the size": ("jpeg", lambda: encode(_PICTURE.resize((160, 120)), "jpeg", quality=90)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_picture_hashes_like_the_original(form: str) -> None:
    """However a picture is stored, its hash is within 10 bits of the RGB one, its size as shown."""
    kind, make = FORMS[form]
    seen = _decode(make(), kind)
    assert _off(seen.frames[0], _POSTER if "palette" in form or kind == "gif" else _PICTURE) <= _NEAR
    assert seen.width * 3 == seen.height * 4
    assert not seen.damaged


def test_one_bit_pictures_hash_like_their_own_grey() -> None:
    """A black-and-white picture is averaged when it is scaled, not thinned out."""
    dots = _PICTURE.resize((1280, 960)).convert("1")
    assert _off(_decode(encode(dots, "png"), "png").frames[0], dots) <= _NEAR


def test_alpha_is_seen_on_white_and_on_black() -> None:
    """A picture with a transparent part gives one frame for each background a chat may have."""
    picture = _PICTURE.copy()
    picture.putalpha(texture(8).convert("L"))
    frames = _decode(encode(picture, "png"), "png").frames
    alpha = picture.getchannel("A")
    papers = [Image.new("RGB", picture.size, colour) for colour in ("white", "black")]
    expected = [Image.composite(_PICTURE, paper, alpha) for paper in papers]
    assert [_off(frame, paper) <= _NEAR for frame, paper in zip(frames, expected, strict=True)] == [True, True]


def test_what_is_invisible_does_not_change_the_hash() -> None:
    """Colours under full transparency, where an evader could hide anything, weigh nothing."""
    mask = Image.new("L", _PICTURE.size, 255)
    mask.paste(0, (0, 0, 640, 160))
    hashes = []
    for hidden in ("red", "blue"):
        picture = Image.new("RGB", _PICTURE.size, hidden)
        picture.paste(_PICTURE, mask=mask)
        picture.putalpha(mask)
        hashes.append(_decode(encode(picture, "png"), "png").frames[0].pdq[0])
    assert hashes[0] == hashes[1]


def test_the_eight_hashes_are_those_of_the_turned_pictures() -> None:
    """`Frame.pdq` holds the hashes of the picture's turns and mirror images in the order that `DIHEDRAL` names."""
    turn = Image.Transpose
    turns = [
        None,
        turn.ROTATE_90,
        turn.ROTATE_180,
        turn.ROTATE_270,
        turn.FLIP_TOP_BOTTOM,
        turn.FLIP_LEFT_RIGHT,
        turn.TRANSPOSE,
        turn.TRANSVERSE,
    ]
    small = _PICTURE.resize(fit(*_PICTURE.size))
    eight = hash_picture(small).pdq
    assert len(eight) == len(DIHEDRAL) == 8
    for way, value in zip(turns, eight, strict=True):
        assert distance(value, _whole(small if way is None else small.transpose(way))) <= 31


@pytest.mark.parametrize("size", [(1, 1), (1, 9000), (9000, 1), (3, 2), (640, 480)])
def test_every_size_fits(size: tuple[int, int]) -> None:
    """Any picture is scaled to a longest side of `SIDE` with no side under one pixel."""
    assert max(fit(*size)) == SIDE
    assert min(fit(*size)) >= 1
    assert _decode(encode(Image.new("RGB", size), "png"), "png").frames


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_animations_are_seen_from_the_first_frame_to_the_last(kind: str) -> None:
    """Frames spread over an animation are hashed, the first and the last among them, with their times."""
    pictures = [texture(seed, 160, 120).convert("L") for seed in range(40)]
    seen = _decode(animate(kind, pictures), kind)
    frames = [frame for frame in seen.frames if frame.part is Part.WHOLE]
    assert len(frames) == 40
    assert _off(frames[0], pictures[0].resize((640, 480))) <= _NEAR
    assert _off(frames[-1], pictures[-1].resize((640, 480))) <= _NEAR + 4
    assert frames[-1].at == pytest.approx(3.9)
    assert not seen.damaged


def test_same_frames_count_once() -> None:
    """An animation whose frames look the same gives one frame."""
    wave = [
        _PICTURE.resize((160, 120)),
        _PICTURE.resize((160, 120)),
        _PICTURE.resize((160, 120)).point(lambda v: v * 0.98),
    ]
    assert {frame.at for frame in _decode(animate("webp", wave), "webp").frames} == {0}


def test_an_animation_cut_short_by_time_says_so() -> None:
    """When time is up the frames so far are kept, and the answer says that not all was seen."""
    data = animate("gif", [texture(seed, 160, 120) for seed in range(20)])
    seen = decode_image(data, "gif", Limits(), time.monotonic() - 1)
    assert {frame.at for frame in seen.frames} == {0}
    assert seen.damaged


def test_a_long_animation_is_seen_five_times_a_second() -> None:
    """Of an animation of more frames than are kept, those a fifth of a second apart are, and the last."""
    pictures = [texture(seed, 32, 24).convert("L") for seed in range(120)]
    times = [frame.at for frame in _decode(animate("gif", pictures), "gif").frames if frame.part is Part.WHOLE]
    assert times == pytest.approx([*(number / 5 for number in range(60)), 11.9])


def test_a_broken_frame_does_not_hide_those_before_it() -> None:
    """An animation that breaks in the middle is hashed up to there, and the answer says so."""
    data = bytearray(animate("png", [texture(seed, 160, 120) for seed in range(4)]))
    middle = data.index(b"fdAT", len(data) // 2)
    data[middle + 20 : middle + 400] = bytes(380)
    seen = _decode(bytes(data), "png")
    assert 1 <= len([frame for frame in seen.frames if frame.part is Part.WHOLE]) < 4
    assert seen.damaged


def test_an_animation_over_the_limit_says_so() -> None:
    """Of more frames than the limit only those up to it are seen, and the answer says so."""
    data = animate("gif", [texture(seed, 64, 48) for seed in range(12)])
    seen = _decode(data, "gif", Limits(max_animation=10))
    assert seen.damaged
    assert len({frame.at for frame in seen.frames}) == 10


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif"])
@pytest.mark.parametrize("cut", [1, 2, 200])
def test_a_truncated_picture_is_still_hashed(kind: str, cut: int) -> None:
    """Cutting bytes off the end, which viewers forgive, does not evade the hash."""
    seen = _decode(encode(_POSTER, kind)[:-cut], kind)
    assert _off(seen.frames[0], _POSTER) <= _NEAR
    assert seen.damaged or cut == 1 or kind != "jpeg"


@pytest.mark.parametrize(
    ("data", "kind", "limits"),
    [
        (encode(_PICTURE, "png"), "png", Limits(max_side=639)),
        (encode(_PICTURE, "png"), "png", Limits(max_pixels=640 * 480 - 1)),
        (encode(_PICTURE, "webp"), "webp", Limits(max_side=639)),
    ],
)
def test_too_large_a_picture_is_refused(data: bytes, kind: str, limits: Limits) -> None:
    """One pixel over a limit is a refusal for its dimensions."""
    with pytest.raises(Refusal) as refusal:
        _decode(data, kind, limits)
    assert refusal.value.reason is Reason.DIMENSIONS


def test_broken_exif_is_no_obstacle() -> None:
    """A picture whose EXIF is garbage is taken as it is stored."""
    data = encode(_PICTURE, "jpeg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff", quality=90)
    assert _off(_decode(data, "jpeg").frames[0]) <= _NEAR


def test_scans_are_counted_up_to_the_end_marker() -> None:
    """A progressive JPEG has several scans, a plain one has one, and a video behind the picture adds none."""
    plain, progressive = encode(_PICTURE, "jpeg"), encode(_PICTURE, "jpeg", progressive=True)
    assert count_scans(plain) == count_scans(plain + b"\xff\xda\x00\x02" * 100) == 1
    assert 2 <= count_scans(progressive) <= 20


def test_too_many_scans_are_refused() -> None:
    """A JPEG that repeats its scans, to cost time without end, is refused unread."""
    data = encode(_PICTURE, "jpeg", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(Refusal) as refusal:
        _decode(data[:-2] + scan * 400 + b"\xff\xd9", "jpeg")
    assert refusal.value.reason is Reason.SCANS


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_gif_frames_are_counted_without_decoding(frames: int) -> None:
    """The count is Pillow's, up to the most that is asked for, and is cut with the file."""
    data = animate("gif", [texture(seed, 64, 48) for seed in range(frames)])
    with Image.open(io.BytesIO(data)) as picture:
        assert count_gif_frames(data, 100) == getattr(picture, "n_frames", 1) == frames
    assert count_gif_frames(data, 1) == 1
    assert count_gif_frames(data[:20], 100) == 0
