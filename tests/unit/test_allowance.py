"""What one person may ask for within a time."""

from __future__ import annotations

import pytest

from bot import allowance
from bot.allowance import Allowance


def test_everybody_has_their_own_and_it_comes_back() -> None:
    """Beyond the number a person is refused until time has passed, others are not; the same thing counts once."""
    now = [0.0]
    allowed = Allowance(2, 60, clock=lambda: now[0])
    assert [allowed.take(1, what) for what in ("a", "b", "a", "c", "b")] == [True, True, True, False, True]
    assert allowed.take(2, "c")
    now[0] = 60.0
    assert allowed.take(1, "c")


def test_it_remembers_a_bounded_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people ask, the memory that it takes has a bound."""
    monkeypatch.setattr(allowance, "KNOWN", 10)
    allowed = Allowance(1, 60)
    for person in range(30):
        assert allowed.take(person, "a")
    assert len(allowed._asked) == 10
    assert not allowed.take(29, "b")
