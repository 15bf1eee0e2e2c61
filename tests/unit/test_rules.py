"""A chat's fine-tuning: what is read from JSON, and what is refused."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import rules
from bot.rules import DEFAULTS, Quiet, Rules, TierAction

SOME = st.builds(
    Rules,
    tier_2=st.sampled_from([None, *TierAction]),
    mute_at=st.none() | st.integers(1, 20),
    quiet=st.sampled_from(Quiet),
    reports=st.booleans(),
    appeal_seconds=st.sampled_from([0, 3600, rules.YEAR]),
    country=st.sampled_from(["", "KR"]),
)


@given(SOME)
def test_what_is_written_is_read_again(chosen: Rules) -> None:
    """Rules that were written as JSON are the same when they are read."""
    assert rules.load(rules.dump(chosen)) == chosen


def test_defaults_are_not_written() -> None:
    """Who never chose gets the defaults of whatever version runs."""
    assert rules.dump(DEFAULTS) == "{}"
    assert rules.load("{}") == rules.load(None) == DEFAULTS


def test_what_is_not_understood_is_left_at_its_default() -> None:
    """A field of a later version, or a value that is none, does not take the others with it."""
    assert rules.load('{"mute_at": 3, "quiet": "loud", "moons": 2, "reports": 1}') == Rules(mute_at=3)


@pytest.mark.parametrize(
    "values",
    [{"moons": 2}, {"quiet": "loud"}, {"reports": 1}, {"mute_at": "2"}, {"quiet": None}, {"appeal_seconds": 60}],
)
def test_a_wrong_value_is_refused(values: dict[str, object]) -> None:
    """A change that cannot be is an error that names the field's trouble."""
    with pytest.raises(ValueError, match=r"."):
        DEFAULTS.changed(**values)


def test_every_enum_is_declared() -> None:
    """A field that holds one of several words is read as such."""
    words = {one.name for one in fields(Rules) if "Action" in str(one.type) or one.type in ("Quiet", "Summary")}
    assert words == set(rules.ENUMS)
