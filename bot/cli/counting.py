"""Numbers of things in the terminal's English: “1 entry”, “12 entries”. What is counted is not known here."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, or another word, in the form that fits."""
    return f"{number} {one if number == 1 else many}"


def entries(number: int) -> str:
    """Return a number of entries of a list."""
    return counted(number, "entry", "entries")


def known(number: int) -> str:
    """Say how many entries stood on the list already."""
    return counted(number, "was listed before", "were listed before")


def files(number: int) -> str:
    """Return a number of files."""
    return counted(number, "file", "files")


def bad_lines(number: int) -> str:
    """Return a number of lines that could not be taken."""
    return counted(number, "bad line", "bad lines")
