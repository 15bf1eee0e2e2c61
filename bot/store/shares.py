"""Shares: people in some thousand heaps by their numbers, so that what is theirs is found by no index of numbers.

SQLite may leave bytes of an index behind when it splits a page, and a number that is to be forgotten must not be among
them. Many people have a share in common, so it points to nobody.
"""

from __future__ import annotations

from typing import Final

COUNT: Final = 1009
"""A prime, for people's numbers have patterns."""

NOBODYS: Final = -1
"""The share of what is nobody's. In what was kept before there were shares there is none at all."""


def share_of(user_id: int) -> int:
    """Return the share that a person is in."""
    return user_id % COUNT
