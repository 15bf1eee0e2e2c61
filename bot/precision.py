"""How much a member's report weighs, by how earlier ones in the same chat ended. Pure, and told to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FEWEST = 3
"""Decided reports from which on somebody's weigh anything: before, nobody knows how often they are right."""

LOWEST, FULL = 0.6, 0.8
"""Expected share of right reports below which they weigh nothing, and from which on one counts as a whole."""


@dataclass(frozen=True, slots=True)
class Record:
    """How many of somebody's reports admins found right and wrong."""

    right: int
    wrong: int


def precision(record: Record) -> float:
    """Return the expected share of right reports: the mean of a beta distribution that began without an opinion."""
    return (record.right + 1) / (record.right + record.wrong + 2)


def weight(record: Record) -> float:
    """Return how much somebody's report counts, from 0 to 1."""
    expected = precision(record)
    if record.right + record.wrong < FEWEST or expected < LOWEST:
        return 0.0
    return min(1.0, expected / FULL)


def total(records: Iterable[Record]) -> float:
    """Return what several people's reports of one post weigh together; rounded, so that whole ones add up to whole."""
    return round(sum(map(weight, records)), 6)
