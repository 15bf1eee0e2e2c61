"""Exports of a federation's bans, as Rose and bots of its kind write them, to bans and bad lines. Pure.

CSV with or without a header (``id,firstname,lastname,username,reason``, ``user_id,reason`` …), or JSON: an object a
line, or one array (``{"user_id": 1, "first_name": "…", "reason": "…"}``).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.policy import SERVICE_IDS

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of a file: some 100,000 bans."""

MAX_REASON, MAX_NAME = 500, 64
"""Characters that are kept."""

NUMBER = re.compile(r"-?\d{1,16}", re.ASCII)
"""A user's id, or a channel's below zero: Telegram's have up to 52 bits."""

IDS = ("userid", "id", "user")
FIRST, LAST = ("firstname", "first", "name"), ("lastname", "last")
REASONS = ("reason", "banreason")

BARE = {1: ("id",), 2: ("id", "reason"), 5: ("id", "firstname", "lastname", "username", "reason")}
"""What the columns of a file without a header are, by their number."""


@dataclass(frozen=True, slots=True)
class Banned:
    """Somebody who is banned in the federation that the file came from."""

    sender_id: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no ban: its number from 1, what is wrong in a word, and in the operator's English."""

    number: int
    code: str

    @property
    def reason(self) -> str:
        """What is wrong, for the terminal."""
        return WRONG[self.code]


WRONG = {
    "json": "not JSON",
    "object": "not a JSON object with user_id",
    "csv": "not CSV",
    "columns": "other columns than the header has",
    "header": "no header, and not 1 column (id), 2 (id, reason) or 5 (id, firstname, lastname, username, reason)",
    "id": "no numeric user id",
    "service": "one of Telegram's service accounts, which nobody bans",
}
"""Everything that can be wrong with a line."""


def parse(data: bytes) -> tuple[list[Banned], list[BadLine]]:
    """Return the bans of a file, each person once, and the lines that are none."""
    text = data.decode("utf-8-sig", "replace")
    rows = _json_rows(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text)
    bans: dict[int, Banned] = {}
    bad = []
    for number, row in rows:
        found = _banned(row) if isinstance(row, dict) else row
        if isinstance(found, Banned):
            bans[found.sender_id] = found
        else:
            bad.append(BadLine(number, found))
    return list(bans.values()), bad


Row = tuple[int, dict[str, Any] | str]
"""A line's number with its fields, or with what is wrong."""


def _json_rows(text: str) -> Iterator[Row]:
    if text.lstrip().startswith("["):
        yield from _array_rows(text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            yield number, "json"
            continue
        yield number, row if isinstance(row, dict) else "object"


def _array_rows(text: str) -> Iterator[Row]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield getattr(error, "lineno", 1), "json"
        return
    for number, row in enumerate(rows, 1):
        yield number, row if isinstance(row, dict) else "object"


def _csv_rows(text: str) -> Iterator[Row]:
    reader = csv.reader(text.splitlines())
    header: tuple[str, ...] = ()
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, "csv"
            continue
        if not any(one.strip() for one in fields):
            continue
        if not header and _plain(fields[0]) in IDS:
            header = tuple(_plain(one) for one in fields)
            continue
        yield reader.line_num, _named(header or BARE.get(len(fields), ()), fields)


def _named(header: tuple[str, ...], fields: list[str]) -> dict[str, Any] | str:
    """Give fields their names; commas that nobody quoted belong to the reason where that comes last."""
    if not header:
        return "header"
    if len(fields) < len(header):
        return "columns"
    if len(fields) > len(header):
        if header[-1] not in REASONS:
            return "columns"
        last = len(header) - 1
        fields = [*fields[:last], ",".join(fields[last:])]
    return dict(zip(header, fields, strict=True))


def _banned(row: Mapping[str, Any]) -> Banned | str:
    """Read one ban; what is wrong with it otherwise."""
    facts = {_plain(str(key)): value for key, value in row.items()}
    number = _first(facts, IDS)
    digits = "" if isinstance(number, bool) else str(number).strip()
    if not NUMBER.fullmatch(digits) or int(digits) == 0:
        return "id"
    if int(digits) in SERVICE_IDS:
        return "service"
    name = " ".join(part for part in (_words(_first(facts, FIRST)), _words(_first(facts, LAST))) if part)
    return Banned(int(digits), name[:MAX_NAME], _words(_first(facts, REASONS))[:MAX_REASON])


def _first(facts: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((facts[name] for name in names if name in facts), "")


def _words(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "" if text in ("None", "null") else text  # what Python's bots write for nothing


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
