"""Pictures cut into windows: near the reference, undoing what uploaders do, and moved about where that is needed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.media import pdq
from bot.media.borders import rectangles
from bot.media.cells import Grey
from bot.media.hashes import distance
from bot.media.registration import Candidate, register
from bot.media.survey import SIDE, fit, reduced, survey_picture
from bot.media.whole import hash_whole
from bot.media.windows import STAGES, cut_windows
from bot.survey import Window
from tests.tampering import TAMPERINGS, bordered, captioned, screenshot
from tests.texture import texture

PICTURE, OTHER = texture(7), texture(8)
TARGET, _ = pdq.compute(np.asarray(PICTURE))


def nearest(window: Window) -> tuple[int, int]:
    """The least distance of any turn of a window from the target, and that turn."""
    return min((distance(code, TARGET), turn) for turn, code in enumerate(window.pdq))


@pytest.mark.parametrize("side", [640, 1280, 2560])
def test_plain_hashes_are_near_the_reference(side: int) -> None:
    """Reduced to 256 pixels, a picture of any size hashes as the reference hashes it whole, within 10 bits."""
    picture = texture(7, side, side * 3 // 4)
    wanted, _ = pdq.dihedral(np.asarray(picture))
    seen, quality, _ = hash_whole(Grey(reduced(picture)))
    assert quality >= 50
    assert max(distance(one, other) for one, other in zip(seen, wanted, strict=True)) <= 14
    assert distance(seen[0], wanted[0]) <= 10


@pytest.mark.parametrize("name", [name for name in TAMPERINGS if name != "inverted"])  # that needs no window
def test_a_window_undoes_what_was_done(name: str) -> None:
    """However a picture was altered, some window is near it at once, or comes near it when it is moved."""
    grey = reduced(TAMPERINGS[name](PICTURE, OTHER))
    best = sorted(survey_picture(grey).windows, key=nearest)[:5]
    direct = nearest(best[0])[0]
    candidates = [Candidate(one.box, one.angle, nearest(one)[1], TARGET) for one in best]
    assert direct <= 31 or min(register(grey, candidates)) <= 31


@pytest.mark.parametrize("seed", range(20, 28))
def test_other_pictures_do_not_become_one_when_moved(seed: int) -> None:
    """No window of another picture comes within 31 bits of the listed one, however it is moved."""
    grey = reduced(texture(seed))
    best = sorted(survey_picture(grey).windows, key=nearest)[:3]
    candidates = [Candidate(one.box, one.angle, nearest(one)[1], TARGET) for one in best]
    assert min(register(grey, candidates)) > 31


def test_a_window_of_nothing_is_not_registered() -> None:
    """Where a window shows too little to be compared, no distance is near enough."""
    grey = Image.new("L", (256, 192), 90)
    assert register(grey, [Candidate((0.0, 0.0, 256.0, 192.0), 0.0, 0, bytes(32))]) == [256]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 3))
def test_any_size_can_be_searched(width: int, height: int, seed: int) -> None:
    """A picture of any size and shape is cut into windows that are named, turned and inside bounds."""
    grey = reduced(texture(seed, max(width, 8), max(height, 8)).resize((width, height)))
    survey = survey_picture(grey)
    assert (survey.width, survey.height) == fit(width, height)
    assert len(survey.grey) == survey.width * survey.height
    for window in survey.windows:
        assert window.stage in STAGES
        assert len(window.pdq) == 8
        assert all(abs(place) <= 4 * SIDE for place in window.box)


def test_a_picture_of_nothing_has_no_windows() -> None:
    """One colour, and black with one white line, have nothing to be compared."""
    blank = Image.new("L", (256, 256), 200)
    line = Image.new("L", (256, 256), 0)
    line.paste(255, (0, 100, 256, 104))
    assert survey_picture(blank).windows == ()
    assert survey_picture(line).windows == ()


@pytest.mark.parametrize(
    ("picture", "place"),
    [
        (bordered(PICTURE, 0.2), (1 / 7, 0.175, 6 / 7, 0.825)),
        (captioned(PICTURE), (0, 0.153, 1, 1)),
        (screenshot(PICTURE), (0, 600 / 2280, 1, 1410 / 2280)),
    ],
    ids=["frame", "caption", "screenshot"],
)
def test_rectangles_are_found_where_they_are(picture: Image.Image, place: tuple[float, ...]) -> None:
    """The picture inside a frame, under a caption or on a screen is among the rectangles, to two pixels."""
    grey = reduced(picture)
    sides = (grey.width, grey.height, grey.width, grey.height)
    wanted = [share * side for share, side in zip(place, sides, strict=True)]
    found = rectangles(np.asarray(grey, np.float32)).all
    assert min(max(abs(a - b) for a, b in zip(one, wanted, strict=True)) for one in found) <= 2


def test_cells_do_not_hang_on_what_was_asked_before() -> None:
    """A window's cells are the same, to a hundredth of a grey level, whichever windows shared the work on them."""
    grey = reduced(PICTURE)
    boxes = [cut.box for cut in cut_windows(Grey(grey), rectangles(np.asarray(grey, np.float32))) if not cut.angle]
    ahead, back = Grey(grey), Grey(grey)
    seen = {box: ahead.cells(box) for box in boxes}
    for box in reversed(boxes):
        alone = Grey(grey).cells(box)
        assert np.abs(seen[box] - alone).max() < 0.01
        assert np.abs(back.cells(box) - alone).max() < 0.01
