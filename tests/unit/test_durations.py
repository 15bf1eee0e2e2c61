"""Lengths of time as admins write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calls import LONGEST, SHORTEST
from bot.durations import UNITS, clamp, compact, is_mistaken, parse
from bot.i18n import length


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("30m", 1800),
        ("1h", 3600),
        ("7d", 604_800),
        ("4w", 2_419_200),
        ("1H", 3600),
        ("0m", 0),
        ("45s", 45),
        ("007d", 604_800),
    ],
)
def test_a_length_is_understood(word: str, seconds: int) -> None:
    """A number and one of s, m, h, d, w is a length of time."""
    assert parse(word) == seconds


@pytest.mark.parametrize(
    "word",
    ["", "7", "d", "7 d", "-7d", "+7d", "1.5h", "7dd", "1h30m", "7y", "٧d", "7d\n", "spam", "1" * 99 + "d"],
)
def test_anything_else_is_no_length(word: str) -> None:
    """Other words are not taken for a length, so they stay part of the reason."""
    assert parse(word) is None


@pytest.mark.parametrize("word", ["5x", "30", "1.5h", "-7d", "+7d", "1h30m", "7days", "30분", "7y", "1:30"])
def test_a_length_gone_wrong_is_noticed(word: str) -> None:
    """A word that was surely meant for a length is not taken for the reason of a mute that lasts otherwise."""
    assert is_mistaken(word)


@pytest.mark.parametrize("word", ["7d", "spam", "2nd", "3rd", "1er", "7-eleven", "100%", "#12", "d", "@7d", ""])
def test_other_words_are_no_length_gone_wrong(word: str) -> None:
    """A length, and words that only hold a number, are let pass."""
    assert not is_mistaken(word)


@given(st.text())
def test_no_word_breaks_the_parser(word: str) -> None:
    """Whatever is written, the answer is a number of seconds or None."""
    seconds = parse(word)
    assert seconds is None or seconds >= 0


@given(st.integers(min_value=1, max_value=10**6), st.sampled_from(sorted(UNITS)))
def test_what_is_written_is_read_again(number: int, unit: str) -> None:
    """The compact form of a length is a length of the same seconds."""
    seconds = parse(f"{number}{unit}")
    assert seconds is not None
    assert parse(compact(seconds)) == seconds


@given(st.integers(min_value=0, max_value=10**12))
def test_clamped_lengths_are_what_telegram_keeps(seconds: int) -> None:
    """A clamped length lies within what Telegram does not take for “for ever”, and one within is left alone."""
    clamped = clamp(seconds)
    assert SHORTEST <= clamped <= LONGEST
    assert clamped == seconds or not SHORTEST <= seconds <= LONGEST


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (60, "1 minute"),
        (5400, "90 minutes"),
        (86_400, "1 day"),
        (36 * 3600, "36 hours"),
        (11 * 86_400, "11 days"),
        (14 * 86_400, "2 weeks"),
        (365 * 86_400, "365 days"),
        (61, "61 seconds"),
    ],
)
def test_a_length_is_told_exactly(seconds: int, words: str) -> None:
    """What is told is what was done: no length is rounded to a larger unit."""
    assert length("en", seconds) == words
