"""Windows against the lists: which stage proves how much, and what is left to registration."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.matching import recipe
from bot.matching.evidence import good_frames
from bot.matching.index import HammingIndex
from bot.matching.recipe import Findings
from bot.matching.tiers import STAGES, tightened
from bot.media import pdq, registration
from bot.media.images import decode_image
from bot.media.limits import USUAL
from bot.media.look import DENSE
from bot.media.windows import STAGES as WINDOWS
from bot.model import Evidence, Frame, Tier
from bot.survey import Survey, Window
from tests.tampering import TAMPERINGS, Picture, screenshot
from tests.texture import encode, texture

PICTURE, OTHER = texture(7), texture(8)
TARGET, _ = pdq.compute(np.asarray(PICTURE))


def flipped(code: bytes, bits: int) -> bytes:
    """`code` with so many of its 256 bits turned over, spread over it."""
    value = int.from_bytes(code)
    for number in range(bits):
        value ^= 1 << (number * 97 % 256)
    return value.to_bytes(32)


def index_of(*codes: bytes) -> HammingIndex:
    """An index with these hashes as entries, numbered from 1."""
    index = HammingIndex(256)
    index.add(range(1, len(codes) + 1), list(codes))
    return index


def one_window(stage: str, code: bytes) -> list[Survey]:
    """A survey with one window; its other turns are those of nothing."""
    turns = (code, *(flipped(bytes(32), 128) for _ in range(7)))
    return [Survey(0, 256, 192, bytes(256 * 192), (Window(stage, (10.0, 10.0, 90.0, 90.0), 0.0, turns),))]


def looked(picture: Picture, target: bytes = TARGET) -> tuple[Sequence[Survey], Findings]:
    """What a close look at a picture and a list of one finds."""
    seen = decode_image(encode(picture, "png"), "png", USUAL, time.monotonic() + 60, DENSE)
    frames = dict(enumerate(seen.frames))
    return seen.surveys, recipe.search(index_of(target), seen.surveys, frames)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_recipe_finds_what_was_altered(name: str) -> None:
    """However a listed picture was altered, a window proves it at T2, at once or when it is moved."""
    surveys, findings = looked(TAMPERINGS[name](PICTURE, OTHER))
    moved = [registration.Candidate(*one[1:5]) for one in findings.candidates]
    distances = registration.register(picture_of(surveys[0]), moved)
    proven = [*findings.evidence, *recipe.registered(surveys, findings.candidates, distances, 1)]
    assert min(one.tier for one in proven) == Tier.T2


def picture_of(survey: Survey) -> Picture:
    """The grey picture of a survey."""
    return Image.frombytes("L", (survey.width, survey.height), survey.grey)


def test_another_picture_proves_nothing() -> None:
    """A picture that is not listed gives no evidence, and what is registered of it comes to nothing."""
    surveys, findings = looked(OTHER)
    moved = [registration.Candidate(*one[1:5]) for one in findings.candidates]
    distances = registration.register(picture_of(surveys[0]), moved)
    assert findings.evidence == ()
    assert list(recipe.registered(surveys, findings.candidates, distances, 1)) == []


@pytest.mark.parametrize("seed", range(30, 36))
def test_what_only_surrounds_a_picture_proves_nothing(seed: int) -> None:
    """Two screenshots of the same app with different pictures are never more than something to look at, nor moved."""
    listed, _ = pdq.compute(np.asarray(screenshot(texture(seed + 100))))
    surveys, findings = looked(screenshot(texture(seed)), listed)
    assert surveys[0].is_screen
    assert {one.tier for one in findings.evidence} <= {Tier.T3}
    assert [one for one in findings.candidates if one.stage != "rectangle"] == []


def test_a_listed_screenshot_is_found_again() -> None:
    """A screenshot on a list is found whole, by the plain stage, and through its frame for a person to look at."""
    picture = screenshot(PICTURE)
    _, findings = looked(picture, pdq.compute(np.asarray(picture))[0])
    assert {(one.tier, one.how) for one in findings.evidence} == {(Tier.T3, "full frame, altered")}


def test_too_many_candidates_are_said() -> None:
    """Of more candidates than are registered the nearest are taken, and the findings say that there were more."""
    codes = [flipped(TARGET, 45 + number) for number in range(recipe.MOST_REGISTERED + 1)]
    findings = recipe.search(index_of(*codes), one_window("centre", TARGET), {})
    assert [one.entry_id for one in findings.candidates] == list(range(1, recipe.MOST_REGISTERED + 1))
    assert findings.capped
    assert not recipe.search(index_of(*codes[1:]), one_window("centre", TARGET), {}).capped


@pytest.mark.parametrize(
    ("stage", "bits", "tier"),
    [
        ("rectangle", 31, Tier.T2),
        ("rectangle", 32, Tier.T3),
        ("rectangle", 40, Tier.T3),
        ("rectangle", 41, None),
        ("half", 31, Tier.T2),
        ("half", 32, None),
        ("quarter", 32, None),
    ],
)
def test_each_stage_counts_as_far_as_it_was_measured(stage: str, bits: int, tier: Tier | None) -> None:
    """At its radius a window counts, one bit beyond it counts for less or not at all."""
    findings = recipe.search(index_of(TARGET), one_window(stage, flipped(TARGET, bits)), {})
    assert [one.tier for one in findings.evidence] == ([] if tier is None else [tier])


def test_what_is_near_but_not_near_enough_is_registered() -> None:
    """A loose window is a candidate with its place and the entry's hash; half a collage is none, nor a settled one."""
    loose = recipe.search(index_of(TARGET), one_window("centre", flipped(TARGET, 60)), {})
    assert [(one.entry_id, one.target, one.box) for one in loose.candidates] == [(1, TARGET, (10.0, 10.0, 90.0, 90.0))]
    assert recipe.search(index_of(TARGET), one_window("half", flipped(TARGET, 60)), {}).candidates == ()
    assert recipe.search(index_of(TARGET), one_window("centre", TARGET), {}).candidates == ()


def test_the_whole_picture_counts_for_a_review_further_out() -> None:
    """Beyond the plain stage the whole picture is for a person to look at; in negative it is removed."""
    plain = tuple(flipped(TARGET, 50) if turn == 0 else flipped(bytes(32), 128) for turn in range(8))
    frame = Frame(pdq=plain, quality=100, phash=bytes(8))
    survey = Survey(0, 256, 192, bytes(256 * 192))
    altered = recipe.search(index_of(TARGET), [survey], {0: frame})
    assert [(one.tier, one.how) for one in altered.evidence] == [(Tier.T3, "full frame, altered")]
    negative = bytes(255 - octet for octet in TARGET)
    inverted = recipe.search(index_of(negative), [survey], {0: Frame(pdq=(TARGET,) * 8, quality=100, phash=bytes(8))})
    assert [(one.tier, one.how) for one in inverted.evidence] == [(Tier.T2, "inverted")]
    assert recipe.search(index_of(TARGET), [survey], good_frames(None)).evidence == ()


def test_registration_proves_as_far_as_it_was_measured() -> None:
    """Within its radius a moved window is evidence by its stage, beyond it nothing."""
    surveys = one_window("padded", flipped(TARGET, 60))
    candidates = recipe.search(index_of(TARGET), surveys, {}).candidates
    assert list(recipe.registered(surveys, candidates, [32], 1)) == []
    assert list(recipe.registered(surveys, candidates, [31], 1)) == [Evidence(1, Tier.T2, "cropped", 31, 0)]


@pytest.mark.parametrize(("bits", "tier"), [(20, Tier.T2), (21, Tier.T3), (31, Tier.T3), (32, None)])
def test_beside_a_caption_registration_proves_less(bits: int, tier: Tier | None) -> None:
    """What is left beside a caption may have little in it: only very near does its registration remove a post."""
    surveys = one_window("margin", flipped(TARGET, 60))
    candidates = recipe.search(index_of(TARGET), surveys, {}).candidates
    found = [one.tier for one in recipe.registered(surveys, candidates, [bits], 1)]
    assert found == ([] if tier is None else [tier])


@given(st.integers(0, 60), st.integers(0, 10**9))
def test_longer_lists_are_asked_more_strictly(radius: int, size: int) -> None:
    """Up to a million entries a radius holds as measured; ten times as many cost 9 bits, and never is it widened."""
    assert tightened(radius, min(size, 1_000_000)) == radius
    assert tightened(radius, size) <= radius
    assert tightened(radius, 10_000_000) == radius - 9
    assert tightened(radius, size + 1) <= tightened(radius, size)


def test_every_window_has_a_stage() -> None:
    """What decoders cut, the matcher has thresholds for; no stage but the plain one may punish."""
    assert set(STAGES) >= WINDOWS
    every = [reach for stage in STAGES.values() for reach in (*stage.reaches, *stage.registers)]
    assert min(reach.tier for reach in every) > Tier.T1
