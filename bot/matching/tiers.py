"""The rules of matching: how near counts, and for how much. Every threshold stands here, with its measurement.

Measured on 1,900 real photos against a list of 1,007,000 hashes of unrelated pictures (docs/LISTS.md, "Thresholds").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from bot.model import Match, Tier, Trust


class Reach(NamedTuple):
    """How many bits a hash may differ, and the tier of a match within them."""

    radius: int
    tier: Tier


# Below 50, PDQ's own quality says that there is too little in the picture to hash: such pictures resemble each other.
GOOD_QUALITY = 50

# Unrelated pictures: none within 40 bits in 1.9e10 comparisons. Screenshots of the same app that hold different photos:
# none within 31 in 7,140 pairs, the nearest at 38. So 31 may punish, on any of the 8 mirror images and turns …
PDQ_NEAR = Reach(31, Tier.T1)

# … and up to 40 a person looks, for a still picture as it was posted. Beyond, a million entries give false alarms
# (1.6e-4 a picture at 50, 7.4e-4 at 60).
PDQ_REVIEW = Reach(40, Tier.T3)

# 64 bits are few: one picture in a thousand is within 5 of some entry of a million (within 10: one in six).
PHASH_REVIEW = Reach(5, Tier.T3)

# How far out the lists are asked about windows. What is nearer than a stage's reaches counts by itself …
LOOSE = 70

# … and what is not is registered: moved, scaled and turned until it comes nearest. True copies come to 8 to 30 bits; of
# 6,823 false candidates within 70 none came within 31. Extrapolated, one picture in 10,000 against a million entries.
REGISTERED = Reach(31, Tier.T2)

# Beside a caption, dark skies with little in them came to 26 and 30 bits of one another (2 of 15,000 pictures against a
# million entries); the true copies in the tuning half all came within 19.
_BESIDE = (Reach(20, Tier.T2), Reach(31, Tier.T3))


class Stage(NamedTuple):
    """How windows of one kind count: their words for people, their reaches, surest first, and those once registered.

    Where `registers` is empty they are not registered at all.
    `on_side` says whether they are asked in the four quarter turns too, besides the four turns that keep them upright
    or on their head: of 1,518 copies of the battery, which turns whole pictures only, no other stage's is needed.
    """

    words: str
    reaches: tuple[Reach, ...]
    registers: tuple[Reach, ...] = (REGISTERED,)
    on_side: bool = False


_WINDOW = (Reach(31, Tier.T2), Reach(40, Tier.T3))

# False alarms by stage are in docs/LISTS.md, "Thresholds". Halves and quarters make most of them beyond 31.
STAGES: Mapping[str, Stage] = {
    "whole": Stage(
        "full frame, altered", (Reach(54, Tier.T3),), on_side=True
    ),  # within 31 the plain stage has it, at T1
    "inverted": Stage("inverted", (Reach(31, Tier.T2),), registers=(), on_side=True),
    "rectangle": Stage("inside a frame or a screenshot", _WINDOW, on_side=True),
    "centre": Stage("inside a frame", _WINDOW, on_side=True),
    "margin": Stage("beside a caption", _WINDOW, registers=_BESIDE),
    "band": Stage("inside a story", _WINDOW),
    "half": Stage("half of a collage", _WINDOW[:1], registers=()),
    "quarter": Stage("a quarter of a collage", _WINDOW[:1], registers=()),
    "padded": Stage("cropped", _WINDOW, on_side=True),
    "padded aside": Stage("cropped on one side", _WINDOW),
    "turned": Stage("turned a little", _WINDOW),
}

_MEASURED = 1_000_000  # entries
_DECADE = 8.5  # bits in which false alarms grow tenfold (index of the same study)


def tightened(radius: int, size: int) -> int:
    """`radius` as measured against a million entries, for a list of `size`: stricter when it is longer."""
    return radius - max(0, math.ceil(_DECADE * math.log10(max(1, size) / _MEASURED)))


_TRUSTS = tuple(Trust)  # weakest first
_MOST = {Tier.T0: Trust.BAN, Tier.T1: Trust.BAN, Tier.T2: Trust.DELETE, Tier.T3: Trust.NOTIFY}


def strength(match: Match) -> tuple[int, int, int]:
    """What a match weighs, greater is more: the most it may do, then its tier, then its list's trust.

    What it may do comes first, so that an exact match on a list that may only notify never hides a near one on a list
    that may ban: more evidence never means less.
    """
    trust = _TRUSTS.index(match.trust)
    return min(trust, _TRUSTS.index(_MOST[match.tier])), -match.tier, trust
