"""List files as text: reading and writing rows line by line. Opening files and keeping entries happen elsewhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from bot.errors import ListFormatError
from bot.lists import videos
from bot.lists.signals import Refusal, kind_named, looks_hashed, signal_of, spelled
from bot.model import SignalKind
from bot.sequence import Shown

Format = Literal["plain", "csv", "vpdq"]

MAX_LINE = 8_192  # characters: whatever is longer is no line of a list, unless a video stands on it
csv.field_size_limit(videos.MAX_TEXT)  # the module's own limit is an eighth of a long video
HEADER = ("signal_type", "signal", "category", "source", "note")
EXPECTED = f"expected one hash a line ('pdq <hex>' or the bare hash), or CSV with a header such as '{','.join(HEADER)}'"

_HASH_COLUMNS = {
    **dict.fromkeys(("signal", "signal_str", "hash", "value"), None),  # the kind stands in a column of its own
    **dict.fromkeys(("pdq", "pdqhex"), SignalKind.PDQ),
    "phash": SignalKind.PHASH,
    "md5": SignalKind.MD5,
    "sha256": SignalKind.SHA256,
    "vpdq": SignalKind.VPDQ,
    "file_unique_id": SignalKind.FILE,
}
_TEXT_COLUMNS = {
    **dict.fromkeys(("signal_type", "kind", "type"), "kind"),
    **dict.fromkeys(("category", "reason"), "category"),
    **dict.fromkeys(("source", "collab"), "source"),
    **dict.fromkeys(("note", "tags"), "note"),
    "quality": "quality",
}
_DELIMITERS = ",;\t"
_GOOD_QUALITY = 50  # PDQ's own measure: below, pictures have too little in them to tell them apart
_HARMLESS = {"NEGATIVE_CLASS", "DISPUTED"}  # ThreatExchange's words: looked at and found harmless, or not agreed on
_NUMBER = re.compile(r"\d{1,9}(\.\d{0,9})?", re.ASCII)
# What no text has: control characters, and what decoders make of bytes that are not UTF-8.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One signal of a list file, with what the file says about it; the texts are one line each."""

    kind: SignalKind
    value: bytes = field(repr=False)
    category: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that was left out, by its number from 1, and what was expected there; never the hash itself."""

    number: int
    reason: str


def parse(lines: Iterable[str], default_kind: SignalKind | None = None) -> Iterator[Row | BadLine]:
    """Read a list as it streams in: plain lines, CSV with a header, or vPDQ's frames, told apart by the first line.

    `default_kind` is the kind of every hash whose line names none; without it the length decides, and 64 digits are
    pdq. Raises ListFormatError when the first line shows that the file is something else altogether.
    """
    said = _significant(lines)
    first = next(said, None)
    if first is None:
        return
    if videos.is_line(first[1]):
        yield from _frames(chain([first], said))
        return
    header = _header(*first)
    for number, line in said if header else chain([first], said):
        try:
            rows = header.rows(line, default_kind) if header else [_plain(line, default_kind)]
        except Refusal as refusal:
            yield BadLine(number, str(refusal))
        else:
            yield from rows


def write(rows: Iterable[Row], format: Format) -> Iterator[str]:  # noqa: A002 -- the word on the command line, too
    """Write rows as lines that `parse` reads back; plain lines keep the kind and the hash only, vPDQ's videos alone."""
    if format == "vpdq":
        yield from (line for row in rows if row.kind is SignalKind.VPDQ for line in videos.to_lines(row.value))
        return
    if format == "csv":
        yield ",".join(HEADER) + "\n"
    for row in rows:
        cells = (row.kind.value, spelled(row.kind, row.value))
        if format == "csv":
            texts = (_tidy(text) for text in (row.category, row.source, row.note))
            yield ",".join(_quoted(text) for text in (*cells, *texts)) + "\n"
        else:
            yield " ".join(cells) + "\n"


def _significant(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    number = 0
    is_first = True
    try:
        for number, raw in enumerate(lines, 1):
            line = raw.removeprefix("\ufeff").strip("\r\n ")
            if not line.strip():
                continue
            if is_first:
                _refuse_other_formats(number, line)
            is_first = False
            if not line.startswith("#"):
                yield number, line
    except UnicodeDecodeError as error:
        raise ListFormatError(f"line {number + 1}: not UTF-8 text; {EXPECTED}") from error


def _refuse_other_formats(number: int, line: str) -> None:
    """Raise ListFormatError if the first line is not that of a text list."""
    if _NOT_TEXT.search(line):
        raise ListFormatError(f"line {number}: a binary file, or not UTF-8 text; {EXPECTED}")
    if line.startswith(("{", "[")) and not videos.looks_like_json(line):
        raise ListFormatError(f"line {number}: this looks like JSON; {EXPECTED}")
    if line.startswith("<"):
        raise ListFormatError(f"line {number}: this looks like XML or HTML; {EXPECTED}")


def _check_text(line: str) -> None:
    most = videos.MAX_TEXT if "[" in line[:MAX_LINE] else MAX_LINE
    if len(line) > most:
        raise Refusal(f"{len(line)} characters: expected at most {most}")
    if _NOT_TEXT.search(line):
        raise Refusal("not text: expected UTF-8 without control characters")


# --- plain lines ----------------------------------------------------------------------------------


def _plain(line: str, default_kind: SignalKind | None) -> Row:
    """Read 'kind hash' or a bare hash; what follows a '#' is a comment."""
    _check_text(line)
    line = re.sub(r"\s#.*", "", line).strip()
    name, bracket, _ = line.partition("[")
    if bracket:
        kind = kind_named(name.strip()) if name.strip() else default_kind or SignalKind.VPDQ
        return Row(*signal_of(line[len(name) :], kind))
    words = re.split(r"[\s,;]+", line)
    if len(words) == 1:
        return Row(*signal_of(words[0], default_kind))
    if len(words) == len(("kind", "hash")) and not looks_hashed(words[0]):
        return Row(*signal_of(words[1], kind_named(words[0])))
    raise Refusal("expected 'kind hash' or a bare hash; a file with more columns needs a header as its first line")


# --- frames of videos -----------------------------------------------------------------------------


def _frames(lines: Iterable[tuple[int, str]]) -> Iterator[Row | BadLine]:
    """Read vPDQ's lines; a frame whose number is not greater than that before it begins another video."""
    start, last, shown = 0, -1, list[Shown]()
    for number, line in lines:
        try:
            _check_text(line)
            place, frame = videos.of_line(line)
        except (Refusal, ValueError) as error:
            yield BadLine(number, str(error))
            continue
        if place <= last:
            yield _video(start, shown)
            shown = []
        start = start if shown else number
        last = place
        shown.append(frame)
    if shown:
        yield _video(start, shown)


def _video(number: int, shown: list[Shown]) -> Row | BadLine:
    """The video whose first frame stands on the line `number`."""
    try:
        return Row(SignalKind.VPDQ, videos.packed(shown))
    except ValueError as error:
        return BadLine(number, str(error))


# --- CSV ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns of a CSV file, by their lower-case names."""

    delimiter: str
    names: Sequence[str]

    def rows(self, line: str, default_kind: SignalKind | None) -> list[Row]:
        """One row for every hash in the line."""
        _check_text(line)
        cells = [_tidy(cell) for cell in _split(line, self.delimiter)]
        if any(cells[len(self.names) :]):
            raise Refusal(f"{len(cells)} columns: expected the {len(self.names)} of the header")
        named = [(name, cell) for name, cell in zip(self.names, cells, strict=False) if cell]
        about = {_TEXT_COLUMNS[name]: cell for name, cell in named if name in _TEXT_COLUMNS}
        kind = kind_named(about["kind"]) if "kind" in about else default_kind
        signals = [signal_of(cell, _HASH_COLUMNS[name] or kind) for name, cell in named if name in _HASH_COLUMNS]
        _refuse_unfit(about, signals)
        texts = about.get("category", ""), about.get("source", ""), about.get("note", "")
        return [Row(*signal, *texts) for signal in signals]


def _header(number: int, line: str) -> _Header | None:
    """The columns, if the line names some; None for a file of plain lines."""
    if any(looks_hashed(word) for word in re.split(r'[\s,;"]+', line)):
        return None
    delimiter = max(_DELIMITERS, key=line.count)
    names = [cell.strip(' "').lower() for cell in line.split(delimiter)]
    if any(name in _HASH_COLUMNS for name in names):
        return _Header(delimiter, names)
    if len(names) > 1:
        columns = ", ".join(_HASH_COLUMNS)
        raise ListFormatError(f"line {number}: a header without a column of hashes; expected one of {columns}")
    return None


def _refuse_unfit(about: dict[str, str], signals: Sequence[tuple[SignalKind, bytes]]) -> None:
    """Refuse a line without a hash, and what the exchange itself says is not to be matched."""
    if not signals:
        raise Refusal("no hash: expected one in the column signal, pdq, md5, sha256 or phash")
    if about.get("category", "").upper() in _HARMLESS:
        raise Refusal("the exchange calls it harmless or disputed: expected entries that are to be matched")
    if "quality" in about and SignalKind.PDQ in {kind for kind, _ in signals}:
        _refuse_plain(about["quality"])


def _refuse_plain(quality: str) -> None:
    """Refuse a PDQ hash whose picture has too little in it."""
    if not _NUMBER.fullmatch(quality):
        raise Refusal("a quality that is no number: expected PDQ's quality, 0 to 100")
    if float(quality) < _GOOD_QUALITY:
        raise Refusal(f"the picture is too plain to be told apart: expected a PDQ quality of at least {_GOOD_QUALITY}")


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Refusal("quotes that do not close: expected every entry on one line") from error


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in _DELIMITERS + '"') else text


def _tidy(text: str) -> str:
    """`text` as one line without what no text has."""
    return " ".join(_NOT_TEXT.sub("", " ".join(text.split())).split())
