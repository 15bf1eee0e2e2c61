"""Lengths of time as admins write them, `45s` `30m` `1h` `7d` `4w`, to seconds and back. Pure; no text for people."""

from __future__ import annotations

import re

from bot.calls import LONGEST, SHORTEST

SECOND, MINUTE, HOUR, DAY, WEEK = 1, 60, 60 * 60, 24 * 60 * 60, 7 * 24 * 60 * 60

UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}

WRITTEN = re.compile(r"(\d{1,9})([smhdw])", re.ASCII | re.IGNORECASE)

MISTAKEN = re.compile(r"[-+]?[0-9][0-9.,:smhdw]*[^\W\d_]{0,7}", re.IGNORECASE)
ORDINAL = re.compile(r"\d+(st|nd|rd|th|e|er|re)", re.ASCII | re.IGNORECASE)
"""“2nd” in a reason is no length."""


def parse(word: str) -> int | None:
    """Return the seconds that a word stands for (``7d`` → 604800), None when it is not a length of time."""
    found = WRITTEN.fullmatch(word)
    return int(found[1]) * UNITS[found[2].lower()] if found else None


def is_mistaken(word: str) -> bool:
    """Whether a word looks as if it were meant for a length of time and is none: ``5x``, ``1.5h``, ``-7d``, ``30``."""
    return parse(word) is None and MISTAKEN.fullmatch(word) is not None and ORDINAL.fullmatch(word) is None


def clamp(seconds: int) -> int:
    """Return the length nearest to `seconds` that Telegram would not take for “for ever”."""
    return min(max(seconds, SHORTEST), LONGEST)


def compact(seconds: int) -> str:
    """Return a length of time as an admin would write it, in its largest whole unit (604800 → ``1w``)."""
    unit = next((unit for unit in reversed(UNITS) if seconds % UNITS[unit] == 0), "m")
    return f"{seconds // UNITS[unit]}{unit}"
