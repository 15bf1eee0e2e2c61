"""What a report weighs: nothing before somebody was right often enough, never more than a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import ActionKind, ChatSettings, Preset
from bot.policy import reported
from bot.precision import FEWEST, Record, precision, total, weight
from bot.rules import Rules


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Record(0, 0), 0.0),
        (Record(2, 0), 0.0),
        (Record(3, 0), 1.0),
        (Record(30, 0), 1.0),
        (Record(2, 1), 0.75),
        (Record(1, 2), 0.0),
        (Record(0, 9), 0.0),
        (Record(10, 9), 0.0),
    ],
)
def test_who_was_right_weighs(record: Record, expected: float) -> None:
    """Three right ones of three count as a whole, two of three less, who is as often wrong as right not at all."""
    assert weight(record) == pytest.approx(expected)


@given(st.integers(0, 500), st.integers(0, 500))
def test_being_right_never_weighs_less(right: int, wrong: int) -> None:
    """One more right report never lowers a weight, one more wrong never raises it once there is a history."""
    now = weight(Record(right, wrong))
    assert 0 <= now <= 1
    assert precision(Record(right + 1, wrong)) > precision(Record(right, wrong)) > precision(Record(right, wrong + 1))
    if right + wrong >= FEWEST:
        assert weight(Record(right + 1, wrong)) >= now >= weight(Record(right, wrong + 1))


@given(st.integers(1, 20))
def test_whole_reports_add_up_to_whole(number: int) -> None:
    """As many wholly trusted reporters as a chat asks for are enough, one fewer is not."""
    trusted, settings = [Record(5, 0)] * number, ChatSettings(-1, rules=Rules(hold_at=number))
    assert reported(total(trusted), settings, is_spared=False).has(ActionKind.HOLD)
    assert not reported(total(trusted[1:]), settings, is_spared=False).actions


@given(st.floats(0, 1000))
def test_reports_alone_hold_at_most(weight_: float) -> None:
    """Whatever they weigh, reports never strike, mute or ban; off, in `watch` and of the protected they do nothing."""
    settings = ChatSettings(-1, rules=Rules(hold_at=2))
    kinds = {one.kind for one in reported(weight_, settings, is_spared=False).actions}
    assert kinds == ({ActionKind.DELETE, ActionKind.HOLD} if weight_ >= 2 else set())
    assert not reported(weight_, settings, is_spared=True).actions
    assert not reported(weight_, ChatSettings(-1), is_spared=False).actions
    watching = ChatSettings(-1, preset=Preset.WATCH, rules=Rules(hold_at=2))
    assert not reported(weight_, watching, is_spared=False).actions
