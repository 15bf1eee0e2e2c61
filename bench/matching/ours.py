"""The bot's own recipe as the bench asks it: JPEG in, findings out. The one place that knows its interface."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from PIL import Image

from bench.matching.listed import Listed
from bot.matching import evidence, recipe
from bot.matching.index import HammingIndex
from bot.media import registration
from bot.media.images import decode_image
from bot.media.limits import Limits
from bot.media.look import DENSE
from bot.model import Fingerprint, SignalKind
from bot.survey import Survey

FAR, REGISTERED = 999, "registered"
LIMITS: Final = Limits()
NO_PHASHES: Final = HammingIndex(64)


class Finding(NamedTuple):
    """What the recipe says of one entry."""

    entry: int
    tier: int
    stage: str
    distance: int


def answer(data: bytes, listed: Listed, wanted: int | None = None) -> dict[str, Any]:
    """What is found, and how near each stage comes to any entry, or to the one `wanted`, with no threshold at all."""
    seen = _decode(data)
    frames = evidence.good_frames(seen)
    found = list(evidence.near({SignalKind.PDQ: listed, SignalKind.PHASH: NO_PHASHES}, seen))
    plain = [Finding(one.entry_id, int(one.tier), f"plain: {one.how}", one.distance) for one in found]
    windows = recipe.search(listed, seen.surveys, frames)
    direct = [Finding(one.entry_id, int(one.tier), one.how, one.distance) for one in windows.evidence]
    distances = _register(seen.surveys, windows.candidates)
    sure = recipe.registered(seen.surveys, windows.candidates, distances, len(listed))
    moved = [Finding(one.entry_id, int(one.tier), f"registered: {one.how}", one.distance) for one in sure]
    near = _nearest(seen, listed, wanted) if frames else {}
    wanted_too = [
        bits
        for one, bits in zip(windows.candidates, distances, strict=True)
        if wanted is None or one.entry_id == wanted
    ]
    if wanted_too:
        near[REGISTERED] = min(wanted_too)
    return {"found": [*plain, *direct, *moved], "near": near, "candidates": len(windows.candidates)}


def _decode(data: bytes) -> Fingerprint:
    decoded = decode_image(data, "jpeg", LIMITS, math.inf, DENSE)
    return Fingerprint(
        sha256=b"",
        md5=b"",
        format="jpeg",
        width=decoded.width,
        height=decoded.height,
        frames=tuple(decoded.frames),
        surveys=decoded.surveys,
    )


def _register(surveys: tuple[Survey, ...], candidates: tuple[recipe.Candidate, ...]) -> list[int]:
    distances = []
    for one in candidates:
        survey = surveys[one.survey]
        grey = Image.frombytes("L", (survey.width, survey.height), survey.grey)
        distances += registration.register(grey, [registration.Candidate(one.box, one.angle, one.turn, one.target)])
    return distances


def _nearest(seen: Fingerprint, listed: Listed, wanted: int | None) -> dict[str, int]:
    """The least distance by stage in what the index last answered; whole and inverted stand before the windows."""
    stages = ["whole", "inverted", *(window.stage for survey in seen.surveys for window in survey.windows)]
    near, best = listed.last, dict[str, int]()
    chosen = np.arange(near.window.size) if wanted is None else np.flatnonzero(near.entry_id == wanted)
    for window, bits in zip(near.window[chosen].tolist(), near.distance[chosen].tolist(), strict=True):
        best[stages[window]] = min(best.get(stages[window], FAR), bits)
    return best
