"""The windows of a posted picture against the lists: what is near at once, and what registration must decide.

Pure questions and answers: the windows were cut, and are moved about, in a decoder process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from bot.matching.index import HammingIndex
from bot.matching.loose import FAMILIES
from bot.matching.tiers import GOOD_QUALITY, LOOSE, REGISTERED, STAGES, Stage, tightened
from bot.model import Evidence, Frame, Tier
from bot.survey import Survey, Window

MOST_REGISTERED: Final = 20
"""Entries that are registered for one picture at most, the nearest first: unrelated pictures have 0.5 on average."""

_WHOLE: Final = "whole"
_INVERTED: Final = "inverted"


class Candidate(NamedTuple):
    """A window that may be a listed picture, loosely: which survey's, where, and the entry with its hash."""

    survey: int
    box: tuple[float, float, float, float]
    angle: float
    turn: int
    target: bytes
    entry_id: int
    stage: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at all windows found: evidence at once, and candidates for registration, the nearest first.

    `capped` says that there were more candidates than are registered.
    """

    evidence: tuple[Evidence, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    capped: bool = False


class _Asked(NamedTuple):
    """A window among those that are asked about together."""

    survey: int
    window: Window


class _Meeting(NamedTuple):
    """One window and one entry that meet; `target` is the entry's hash, where it may come to registering it."""

    asked: _Asked
    turn: int
    entry_id: int
    distance: int
    target: bytes


def search(index: HammingIndex, surveys: Sequence[Survey], frames: Mapping[int, Frame]) -> Findings:
    """Ask the lists' PDQ hashes about all windows of a file's surveyed pictures.

    `frames` are the file's frames that are good enough to be compared, by number. Takes tens of milliseconds against a
    million entries: call it in a thread.
    """
    asked = [one for number, survey in enumerate(surveys) for one in _asked(number, survey, frames)]
    if not asked:
        return Findings()
    registered = [one for one in asked if STAGES[one.window.stage].registers]
    others = [one for one in asked if not STAGES[one.window.stage].registers]
    meetings = [*_loosely(index, registered), *_exactly(index, others)]
    size = len(index)
    evidence: dict[int, Evidence] = {}
    open_: dict[int, _Meeting] = {}
    for meeting in sorted(meetings, key=lambda meeting: meeting.distance):
        found = _judged(meeting, surveys, size)
        if found and (meeting.entry_id not in evidence or found.tier < evidence[meeting.entry_id].tier):
            evidence[meeting.entry_id] = found
        if STAGES[meeting.asked.window.stage].registers and not meeting.asked.window.through_frame:
            open_.setdefault(meeting.entry_id, meeting)
    unsettled = [one for one in open_.values() if not _is_settled(evidence.get(one.entry_id))]
    candidates = tuple(map(_candidate, unsettled[:MOST_REGISTERED]))
    return Findings(tuple(evidence.values()), candidates, capped=len(unsettled) > MOST_REGISTERED)


def registered(
    surveys: Sequence[Survey], candidates: Sequence[Candidate], distances: Sequence[int], size: int
) -> Iterator[Evidence]:
    """What registration proved: each candidate whose window came near enough; `size` is that of the index."""
    for candidate, distance in zip(candidates, distances, strict=True):
        stage, frame = STAGES[candidate.stage], surveys[candidate.survey].frame
        reached = (reach.tier for reach in stage.registers if distance <= tightened(reach.radius, size))
        if (tier := next(reached, None)) is not None:
            yield Evidence(candidate.entry_id, tier, stage.words, distance, frame)


def _asked(number: int, survey: Survey, frames: Mapping[int, Frame]) -> Iterator[_Asked]:
    """All windows of a survey, and the whole picture, as it is and inverted."""
    whole = frames.get(survey.frame)
    if whole is not None and whole.quality >= GOOD_QUALITY:
        box = (0.0, 0.0, float(survey.width), float(survey.height))
        yield _Asked(number, Window(_WHOLE, box, 0.0, whole.pdq, survey.is_screen))
        inverted = tuple(_complement(code) for code in whole.pdq)
        yield _Asked(number, Window(_INVERTED, box, 0.0, inverted, survey.is_screen))
    yield from (_Asked(number, window) for window in survey.windows)


def _complement(code: bytes) -> bytes:
    """The hash of the picture in negative: every frequency changes its sign."""
    return bytes(255 - octet for octet in code)


def _loosely(index: HammingIndex, asked: Sequence[_Asked]) -> Iterator[_Meeting]:
    """What is near enough to windows for a try at registering it."""
    on_side = np.array([STAGES[one.window.stage].on_side for one in asked], np.bool_)
    codes = np.frombuffer(b"".join(code for one in asked for code in one.window.pdq), np.uint8).reshape(-1, 8, 32)
    near = index.loose(codes, LOOSE, on_side)
    rows = zip(near.window.tolist(), near.turn.tolist(), near.entry_id.tolist(), near.distance.tolist(), strict=True)
    for number, (window, turn, entry_id, distance) in enumerate(rows):
        yield _Meeting(asked[window], turn, entry_id, distance, near.code[number].tobytes())


def _exactly(index: HammingIndex, asked: Sequence[_Asked]) -> Iterator[_Meeting]:
    """What windows meet that are not registered: no further out than counts, where bands are quicker than a scan."""
    upright = FAMILIES[0].tolist()
    turns = [(one, turn) for one in asked for turn in (range(8) if STAGES[one.window.stage].on_side else upright)]
    most = max((reach.radius for one in asked for reach in STAGES[one.window.stage].reaches), default=0)
    for hit in index.query([one.window.pdq[turn] for one, turn in turns], most):
        one, turn = turns[hit.query]
        yield _Meeting(one, turn, hit.entry_id, hit.distance, b"")


def _judged(meeting: _Meeting, surveys: Sequence[Survey], size: int) -> Evidence | None:
    """What a meeting proves by itself, if anything."""
    stage: Stage = STAGES[meeting.asked.window.stage]
    for reach in stage.reaches:
        if meeting.distance <= tightened(reach.radius, size):
            frame = surveys[meeting.asked.survey].frame
            # Pictures on the same app's screen resemble each other by what is around them.
            tier = max(reach.tier, Tier.T3) if meeting.asked.window.through_frame else reach.tier
            return Evidence(meeting.entry_id, tier, stage.words, meeting.distance, frame)
    return None


def _is_settled(evidence: Evidence | None) -> bool:
    """Whether registration could add nothing."""
    return evidence is not None and evidence.tier <= REGISTERED.tier


def _candidate(meeting: _Meeting) -> Candidate:
    window = meeting.asked.window
    return Candidate(
        survey=meeting.asked.survey,
        box=window.box,
        angle=window.angle,
        turn=meeting.turn,
        target=meeting.target,
        entry_id=meeting.entry_id,
        stage=window.stage,
    )
