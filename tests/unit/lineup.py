"""Made-up fingerprints, lists and entries at known distances from each other, for the tests of the matcher."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.matching.matcher import Matcher, Scanned
from bot.model import Entry, Fingerprint, Frame, HashList, ListKind, SignalKind, Trust, Verdict

CHAT, OTHER_CHAT = -100, -200
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PICTURE = b"\x5a" * 32
PHASH = b"\x3c" * 8


def flipped(code: bytes, bits: int) -> bytes:
    """`code`, `bits` bits away."""
    return (int.from_bytes(code) ^ ((1 << bits) - 1)).to_bytes(len(code))


def turned(code: bytes) -> tuple[bytes, ...]:
    """Eight hashes far from each other, `code` first: stand-ins for mirror images and turns."""
    value = int.from_bytes(code)
    return tuple((value ^ (((1 << 96) - 1) << (turn * 20) if turn else 0)).to_bytes(32) for turn in range(8))


def picture(pdq: bytes = PICTURE, *, quality: int = 90, phash: bytes = bytes(8), sha256: bytes = b"s") -> Fingerprint:
    """A still picture's fingerprint."""
    return Fingerprint(sha256 * 32, b"m" * 16, "jpeg", 640, 480, (Frame(turned(pdq), quality, phash),))


def clip(*frames: Frame) -> Fingerprint:
    """A video's fingerprint."""
    return Fingerprint(b"c" * 32, b"d" * 16, "mp4", 640, 480, frames)


def listed(
    list_id: int = 1,
    kind: ListKind = ListKind.BLOCK,
    trust: Trust = Trust.BAN,
    chat_id: int | None = None,
) -> HashList:
    """A list's facts."""
    return HashList(list_id, f"list {list_id}", kind, trust, chat_id, "test", NOW, NOW)


def pdq(entry_id: int, distance: int = 0, list_id: int = 1) -> Entry:
    """An entry `distance` bits from the picture."""
    return Entry(entry_id, list_id, SignalKind.PDQ, flipped(PICTURE, distance), "ncii")


def matcher(*things: HashList | Entry) -> Matcher:
    """A matcher with lists and entries."""
    made = Matcher()
    for thing in things:
        if isinstance(thing, HashList):
            made.put(thing)
        else:
            made.add([thing])
    return made


def judged(made: Matcher, *files: Scanned | Fingerprint) -> Verdict:
    """The verdict over one post in the chat."""
    return made.verdict(CHAT, [file if isinstance(file, Scanned) else Scanned("upload", file) for file in files])
