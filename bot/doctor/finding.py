"""One thing that was looked at, and how it is. Words only; looking is done by the modules beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How it is: as it should be, worth a thought, or in the way of the bot's work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about `subject`, and what to do about it where something is wrong."""

    grade: Grade
    subject: str
    text: str
    fix: str = ""


def ok(subject: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(Grade.OK, subject, text)


def warning(subject: str, text: str, fix: str) -> Finding:
    """Something that may be meant, or may become trouble."""
    return Finding(Grade.WARNING, subject, text, fix)


def error(subject: str, text: str, fix: str) -> Finding:
    """Something that keeps the bot from its work."""
    return Finding(Grade.ERROR, subject, text, fix)
