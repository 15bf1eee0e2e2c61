"""Kept answers to shares: recall by attack and half, false alarms by method and threshold. No words and no files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean
from typing import Any, Final

from bench.matching.attacks import battery
from bench.matching.listed import OWN
from bench.matching.posted import HELD_OUT, UNRELATED, Posted

Answers = dict[Posted, dict[str, Any]]
Found = Callable[[dict[str, Any]], bool]

BUDGET: Final = 1e-3
"""False alarms per posted picture at which methods are compared, and the most that T3 may cause."""


FARTHEST: Final = 80
"""Bits beyond which PDQ ×8 was not searched."""


@dataclass(frozen=True, slots=True)
class Column:
    """A method at a threshold: its heading, and whether it finds what is listed, or raises a false alarm."""

    heading: str
    answers: Answers
    is_hit: Found
    is_alarm: Found

    def recall(self, kind: str) -> list[float]:
        """The share of the pictures that is found, by attack, in the order of the battery; nan for one not answered."""
        hits: dict[int, list[bool]] = defaultdict(list)
        for one, answer in self.answers.items():
            if one.kind == kind:
                hits[one.attack].append(self.is_hit(answer))
        every = range(len(battery(held_out=kind == HELD_OUT)))
        return [fmean(hits[attack]) if attack in hits else nan for attack in every]

    def mean(self, kind: str) -> float:
        """The mean over all attacks."""
        return _mean(self.recall(kind))

    def families(self, kind: str) -> dict[str, float]:
        """The mean over the attacks of each family."""
        shares: dict[str, list[float]] = defaultdict(list)
        for attack, share in zip(battery(held_out=kind == HELD_OUT), self.recall(kind), strict=True):
            shares[attack.family].append(share)
        return {family: _mean(some) for family, some in shares.items()}

    def alarms(self) -> tuple[int, int]:
        """How many of the unrelated pictures raise a false alarm, and how many there are."""
        raised = [self.is_alarm(answer) for one, answer in self.answers.items() if one.kind == UNRELATED]
        return sum(raised), len(raised)


def _mean(shares: list[float]) -> float:
    """The mean of those that are known."""
    known = [share for share in shares if not isnan(share)]
    return fmean(known) if known else nan


def within(method: str, answers: Answers, bits: int) -> Column:
    """One of the plain methods at a threshold."""

    def near(answer: dict[str, Any]) -> bool:
        return bool(answer[method] <= bits)

    return Column(f"{method} ≤ {bits}", answers, near, near)


def at_budget(method: str, answers: Answers) -> Column:
    """One of the plain methods at the widest threshold that keeps within the budget."""
    nearest = sorted(answer[method] for one, answer in answers.items() if one.kind == UNRELATED)
    allowed = int(len(nearest) * BUDGET)
    return within(method, answers, min(FARTHEST, max(0, nearest[allowed] - 1)))


def ours(answers: Answers, tier: int) -> Column:
    """The recipe, counting what is found at that tier or a better one."""

    def hit(answer: dict[str, Any]) -> bool:
        return any(found[0] == answer["own"] and found[1] <= tier for found in answer["found"])

    def alarm(answer: dict[str, Any]) -> bool:
        return any(found[1] <= tier for found in answer["found"])

    return Column(f"ours, T{tier}" if tier == 1 else f"ours, T1 to T{tier}", answers, hit, alarm)


def alarms_by_stage(answers: Answers) -> dict[tuple[int, str], list[int]]:
    """The distances of false alarms by tier and stage: of the unrelated, and of others than its own of the attacked."""
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for answer in answers.values():
        for entry, tier, stage, bits in answer["found"]:
            if entry < OWN:
                found[tier, stage].append(bits)
    return found


def settled_by(answers: Answers, kind: str) -> dict[tuple[int, str], int]:
    """How many attacked pictures of one half were settled by each tier and stage: the best finding of each."""
    counts: dict[tuple[int, str], int] = defaultdict(int)
    for one, answer in answers.items():
        own = [
            (tier, stage) for entry, tier, stage, _ in answer["found"] if one.kind == kind and entry == answer["own"]
        ]
        if own:
            counts[min(own)] += 1
    return counts


def share_within(answers: Answers, kinds: Iterable[str], stages: Iterable[str], bits: int) -> float:
    """The share of the posted pictures of some kinds that one of the stages brings within `bits`."""
    names = tuple(stages)
    near = [any(answer["near"].get(stage, 999) <= bits for stage in names) for answer in _of(answers, kinds)]
    return fmean(near)


def _of(answers: Answers, kinds: Iterable[str]) -> Iterator[dict[str, Any]]:
    wanted = set(kinds)
    return (answer for one, answer in answers.items() if one.kind in wanted)
