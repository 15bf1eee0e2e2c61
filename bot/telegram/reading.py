"""JSON as it comes, to values: what the parser gives up on is read all the same, as far as it goes. No meaning here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MOST_TOKENS = 2_000_000
"""Brackets and values of a broken text that are read: a hundred times what Telegram ever sends."""

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'  # the last one may be cut off
_OUTLINE = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_TOKEN = re.compile(rf"{_STRING}|[\[\]{{}}]|-?\d[\d.eE+-]*|true|false|null", re.DOTALL)
_LONG = re.compile(r"[0-9]{19}")
_HALF = re.compile(r"\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]", re.IGNORECASE)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def read(text: str) -> tuple[Any, str]:
    """Return the value of a JSON text, and what was wrong with it, nothing if it was well.

    Numbers that no database holds become null, halves of surrogate pairs a sign for that. A text that is nested too
    deeply, cut off or no JSON gives what can be made of it.
    """
    try:
        value = json.loads(text, parse_int=_whole) if _LONG.search(text) else json.loads(text)
        return (_mended(value) if _HALF.search(text) else value), ""
    except (ValueError, RecursionError) as error:
        return salvaged(text), f"{type(error).__name__}: the parser gave up on it"


def items(body: str) -> Iterator[str]:
    """Yield the texts of the objects and lists in the first list of a body: the updates of a batch."""
    depth = start = 0
    outer: int | None = None
    for token in _OUTLINE.finditer(body):
        sign = token[0]
        if sign in ("[", "{"):
            depth += 1
            if outer is None and sign == "[":
                outer = depth
            elif outer is not None and depth == outer + 1:
                start = token.start()
        elif sign in ("]", "}"):
            depth -= 1
            if outer is not None and depth == outer:
                yield body[start : token.end()]
            elif outer is not None and depth < outer:
                return
    if outer is not None and depth > outer:  # cut off
        yield body[start:]


def salvaged(text: str) -> Any:
    """Return what can be made of a broken text: any depth, an early end, and signs that mean nothing are passed over.

    Not by recursion, as the parser works, so that depth is no more than length.
    """
    root: list[Any] = []
    open_: list[Any] = [root]
    key: str | None = None
    for number, token in enumerate(_TOKEN.finditer(text)):
        sign, inner = token[0], open_[-1]
        if number > MOST_TOKENS:
            break
        if sign in ("]", "}"):
            key = None
            if len(open_) > 1:
                open_.pop()
            continue
        value = {} if sign == "{" else [] if sign == "[" else _scalar(sign)
        if isinstance(inner, list):
            inner.append(value)
        elif key is None and isinstance(value, str):
            key = value
            continue
        else:
            inner[key or ""], key = value, None
        if sign in ("[", "{"):
            open_.append(value)
    return root[0] if root else None


def _scalar(sign: str) -> Any:
    if sign in _WORDS:
        return _WORDS[sign]
    try:
        return _mended(json.loads(sign, parse_int=_whole, strict=False))
    except ValueError:
        return None


def _whole(digits: str) -> int | None:
    """Return a whole number that a database can hold, else nothing."""
    return int(digits) if len(digits) <= 20 and abs(int(digits)) < 2**63 else None  # noqa: PLR2004 - 64 bits, a sign


def _mended(value: Any) -> Any:
    """Return a value in which all text is Unicode: half a surrogate pair can neither be stored nor shown."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(text)
