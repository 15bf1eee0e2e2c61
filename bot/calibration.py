"""The story of a calibration: an operator's own harmless pictures against the lists. No picture is ever kept."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from bot.errors import MediaError, Unscannable
from bot.matching.matcher import Matcher, Scanned
from bot.model import HashList, ListKind, Match, Tier, Trust

Look = Callable[[Path], Awaitable[Scanned]]
"""How a file is scanned; raises MediaError or OSError."""

_SURE = 1.645
"""Standard deviations that 95 % of a normal distribution stay below."""

_PLACE = re.compile(r"\d+(:\d+)*")


class Place(NamedTuple):
    """Where harmless pictures were matched: the tier and the stage, in the words of `Match.how` without numbers."""

    tier: Tier
    stage: str


@dataclass(slots=True)
class Suspect:
    """An entry that harmless pictures match: how near at its nearest, by how many of them, by which one first."""

    list_name: str
    place: Place
    distance: int
    first: Path
    pictures: int = 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """The largest radius at which a list's stage would have let no picture through; None where none would do."""

    list_name: str
    place: Place
    pictures: int
    radius: int | None


@dataclass(slots=True)
class Calibration:
    """What came of a folder. `suspects` are by the number of their entry; `unread` are files with the reason."""

    pictures: int = 0
    matched: int = 0
    unread: list[tuple[Path, str]] = field(default_factory=list)
    counts: Counter[Place] = field(default_factory=Counter)
    distances: Counter[tuple[Place, int]] = field(default_factory=Counter)
    suspects: dict[int, Suspect] = field(default_factory=dict)
    _nearest: dict[tuple[str, Place], list[int]] = field(default_factory=dict)

    def note(self, path: Path, found: Iterable[tuple[Match, int]]) -> None:
        """Count one harmless picture, with the block lists' entries that it matched and how near."""
        self.pictures += 1
        nearest: dict[tuple[str, Place], int] = {}
        for match, distance in found:
            if match.list_kind is not ListKind.BLOCK:
                continue
            place = place_of(match)
            key = match.list_name, place
            nearest[key] = min(distance, nearest.get(key, distance))
            self._suspect(match, place, distance, path)
        self.matched += bool(nearest)
        self._count(nearest)

    def proposals(self) -> list[Proposal]:
        """A stricter radius for each list and stage that matched anything, surest tier first."""
        return [
            Proposal(name, place, len(distances), None if not min(distances) else min(distances) - 1)
            for (name, place), distances in sorted(self._nearest.items(), key=lambda item: (item[0][1], item[0][0]))
        ]

    def at_most(self, count: int) -> float:
        """The share of all such pictures that is not exceeded with 95 % confidence, when `count` of these matched."""
        if not self.pictures:
            return 1.0
        share, square = count / self.pictures, _SURE**2 / self.pictures
        spread = _SURE * math.sqrt(share * (1 - share) / self.pictures + square / (4 * self.pictures))
        return min(1.0, (share + square / 2 + spread) / (1 + square))

    def _suspect(self, match: Match, place: Place, distance: int, path: Path) -> None:
        known = self.suspects.get(match.entry_id)
        if known is None:
            self.suspects[match.entry_id] = Suspect(match.list_name, place, distance, path)
            return
        known.pictures += 1
        known.place, known.distance = min((known.place, known.distance), (place, distance))

    def _count(self, nearest: dict[tuple[str, Place], int]) -> None:
        """Count one picture once for each place, by its nearest entry there."""
        places: dict[Place, int] = {}
        for (name, place), distance in nearest.items():
            self._nearest.setdefault((name, place), []).append(distance)
            places[place] = min(distance, places.get(place, distance))
        self.counts.update(places.keys())
        self.distances.update(places.items())


def place_of(match: Match) -> Place:
    """The tier and stage of a match, the same for every panel and every second of a clip."""
    return Place(match.tier, _PLACE.sub("…", match.how))


def in_force(lists: Iterable[HashList]) -> list[HashList]:
    """The block lists as if each counted in every chat and none were off: what is not on yet is calibrated first."""
    return [
        replace(one, chat_id=None, trust=Trust.NOTIFY if one.trust is Trust.OFF else one.trust)
        for one in lists
        if one.kind is ListKind.BLOCK
    ]


async def calibrate(
    paths: Sequence[Path],
    look: Look,
    matcher: Matcher,
    *,
    at_once: int,
    progress: Callable[[int], None] = lambda _count: None,
) -> Calibration:
    """Match every picture in `paths`, `at_once` of them at a time; what `look` cannot read is named and passed over."""
    done = Calibration()
    waiting = iter(paths)

    async def work() -> None:
        for path in waiting:
            try:
                scanned = await look(path)
                done.note(path, await asyncio.to_thread(matcher.nearest, 0, scanned))
            except (MediaError, OSError) as error:
                done.unread.append((path, why(error)))
            progress(1)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return done


def why(error: MediaError | OSError) -> str:
    """Why a file could not be looked at, in a few words that hold nothing of it."""
    if isinstance(error, Unscannable):
        return f"could not be scanned: {error.reason}"
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
