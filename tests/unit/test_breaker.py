"""The breaker opens for what stops decoders again and again, closes by itself, and never grows."""

from __future__ import annotations

from bot.media import breaker
from bot.media.breaker import FAILURES, MOST, PAUSE, WINDOW, Breaker


class _Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_at_the_last_failure_for_whoever_failed_alone() -> None:
    """Some failures are forgiven; the next one opens the breaker, for that poster and no other, and says so once."""
    tested = Breaker(_Clock())
    assert [tested.blame(1) for _ in range(FAILURES + 1)] == [False] * (FAILURES - 1) + [True, False]
    assert tested.is_open(1)
    assert tested.is_open(2, 1)
    assert not tested.is_open(2)
    assert not tested.is_open()


def test_it_closes_after_the_pause_and_opens_again_at_one_failure() -> None:
    """After the pause files are decoded again; one more stopped decoder within the window is enough to open it."""
    clock = _Clock()
    tested = Breaker(clock)
    for _ in range(FAILURES):
        tested.blame("file")
    clock.now += PAUSE
    assert not tested.is_open("file")
    assert tested.blame("file")
    assert tested.is_open("file")


def test_what_is_long_past_is_forgiven() -> None:
    """Failures that are spread over more than the window never add up."""
    clock = _Clock()
    tested = Breaker(clock)
    for _ in range(5 * FAILURES):
        assert not tested.blame(1)
        clock.now += WINDOW / (FAILURES - 1)
    assert not tested.is_open(1)


def test_it_never_grows() -> None:
    """However many posters fail, only the last of them are remembered, and those that keep failing among them."""
    tested = Breaker(_Clock())
    for number in range(3 * MOST):
        tested.blame("keeps failing", number)
    assert len(tested._records) == MOST
    assert tested.is_open("keeps failing")
    assert breaker.MOST * breaker.FAILURES < 100_000
