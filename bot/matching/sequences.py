"""Videos as sequences of frames: which entries show some frames of a clip, and how much that says. No lists here.

What counts is how many different frames are found, never which share of the clip they are: a listed clip may be
trimmed, sped up, or stand inside a longer upload. A frame that several unrelated entries show (title cards,
intros) says nothing, nor does one of an allowed video.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.matching.index import ExactIndex, HammingIndex
from bot.matching.moments import Moments, telling
from bot.matching.tiers import PDQ_NEAR, PDQ_REVIEW
from bot.model import Frame, ListKind, Tier

WIDTH = 1 << 13  # more than the frames of an entry: a row of the index is numbered entry * WIDTH + frame

FRAMES, ALTERED_FRAMES = 2, 3  # different frames that convict: near ones, and those as far as a caption moves them
RELATED = 0.5  # share of either of two entries that the other shows: from here on they are the same video twice
COMMON = 2  # unrelated entries that show a frame: from here on it says nothing
MOST = 16  # entries that one clip is judged against, those with the most meetings

KindOf = Callable[[int], ListKind | None]
"""The kind of an entry's list, None where that list does not count."""


class Meeting(NamedTuple):
    """A frame of a clip, by its number and time, that is near to a frame of an entry."""

    entry_id: int
    part: int
    frame: int
    at: float
    distance: int


class Judgement(NamedTuple):
    """What an entry's meetings amount to: how sure, in words, and the nearest of those that count."""

    tier: Tier
    how: str
    best: Meeting


class SequenceIndex(ExactIndex):
    """Video entries: by equality, as every kind, and by each of their frames that tells something."""

    def __init__(self) -> None:
        """Make an empty index."""
        super().__init__()
        self.frames = HammingIndex(256)
        self._moments: dict[int, Moments] = {}

    def add(self, ids: Iterable[int], values: Iterable[bytes]) -> None:
        """Add each id with its packed frames. Raises ValueError when bytes are of anything else."""
        rows = [(entry_id, value, telling(value)) for entry_id, value in zip(ids, values, strict=True)]
        super().add([entry_id for entry_id, _, _ in rows], [value for _, value, _ in rows])
        self._moments |= {entry_id: told for entry_id, _, told in rows}
        numbers = [entry_id * WIDTH + part for entry_id, _, told in rows for part in range(len(told.codes))]
        self.frames.add(numbers, [code for _, _, told in rows for code in told.codes])

    def remove(self, ids: Iterable[int]) -> None:
        """Forget `ids`; unknown ones are passed over."""
        gone = [int(entry_id) for entry_id in ids]
        super().remove(gone)
        counts = [(entry_id, len(self._moments.pop(entry_id, Moments()).codes)) for entry_id in gone]
        self.frames.remove(entry_id * WIDTH + part for entry_id, count in counts for part in range(count))

    def near(self, codes: Sequence[bytes], radius: int = PDQ_NEAR.radius) -> Iterator[tuple[int, int, int, int]]:
        """The number of a code, and entry, frame and distance of each that is within `radius` bits of it."""
        for hit in self.frames.query(codes, radius) if codes else ():
            entry_id, part = divmod(hit.entry_id, WIDTH)
            yield hit.query, entry_id, part, hit.distance

    def moments(self, entry_id: int) -> Moments:
        """What of an entry tells something, nothing if it is gone."""
        return self._moments.get(entry_id, Moments())

    def judge(self, meetings: Sequence[Meeting], kind_of: KindOf) -> Judgement | None:
        """What the meetings with one entry amount to, None if nothing."""
        told = self.moments(meetings[0].entry_id)
        if not told.codes:
            return None  # it was removed meanwhile
        shared = self._shared(meetings[0].entry_id, told, kind_of)
        own = [one for one in meetings if not shared[told.numbers[one.part]]]
        near = [one for one in own if one.distance <= PDQ_NEAR.radius]
        if (count := _different(near, told)) >= FRAMES:
            return Judgement(Tier.T1, f"{count} frames of a listed video", _nearest(near))
        if (count := _different(own, told)) >= ALTERED_FRAMES:
            return Judgement(Tier.T2, f"{count} frames of a listed video, altered", _nearest(own))
        if near:
            return Judgement(Tier.T3, "a frame of a listed video", _nearest(near))
        rest = [m for m in meetings if shared[told.numbers[m.part]] < COMMON and m.distance <= PDQ_NEAR.radius]
        if _different(rest, told) >= FRAMES:
            return Judgement(Tier.T3, "frames that another listed video shows too", _nearest(rest))
        return None

    def _shared(self, entry_id: int, told: Moments, kind_of: KindOf) -> Mapping[int, int]:
        """How many unrelated entries show each moment of an entry, if any do; an allowed video's weighs nothing."""
        mine: defaultdict[int, set[int]] = defaultdict(set)
        theirs: defaultdict[int, set[int]] = defaultdict(set)
        others: dict[int, Moments] = {}
        for number, other, part, _ in self.near(told.codes):
            if other == entry_id or not others.setdefault(other, self.moments(other)).codes:
                continue
            mine[other].add(told.numbers[number])
            theirs[other].add(others[other].numbers[part])
        shared: defaultdict[int, int] = defaultdict(int)
        for other, numbers in mine.items():
            kind = kind_of(other)
            share = max(len(numbers) / told.total, len(theirs[other]) / others[other].total)
            weight = COMMON if kind is ListKind.ALLOW else int(kind is not None and share < RELATED)
            for number in numbers if weight else ():
                shared[number] += weight
        return shared


def meet(index: SequenceIndex, frames: Mapping[int, Frame]) -> list[Meeting]:
    """Where frames of a clip, or a still picture, resemble frames of entries, in any mirror image or turn."""
    places = [(number, code) for number, frame in frames.items() for code in frame.pdq]
    best: dict[tuple[int, int, int], Meeting] = {}
    for query, entry_id, part, distance in index.near([code for _, code in places], PDQ_REVIEW.radius):
        number = places[query][0]
        key = entry_id, part, number
        if key not in best or distance < best[key].distance:
            best[key] = Meeting(entry_id, part, number, frames[number].at, distance)
    return list(best.values())


def grouped(meetings: Iterable[Meeting]) -> list[list[Meeting]]:
    """The meetings of each entry, most first, of so many entries as are judged."""
    groups: defaultdict[int, list[Meeting]] = defaultdict(list)
    for one in meetings:
        groups[one.entry_id].append(one)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].entry_id))[:MOST]


def _different(meetings: Sequence[Meeting], told: Moments) -> int:
    """How many moments of the clip show moments of the entry that are not the same picture."""
    counted: list[int] = []
    seen: set[int] = set()
    times: set[float] = set()
    for one in sorted(meetings, key=lambda meeting: meeting.distance):
        number = told.numbers[one.part]
        if number in seen or one.at in times:
            continue
        seen.add(number)
        if not told.resemble(number, counted):
            counted.append(number)
            times.add(one.at)
    return len(counted)


def _nearest(meetings: Sequence[Meeting]) -> Meeting:
    return min(meetings, key=lambda meeting: (meeting.distance, meeting.frame))
