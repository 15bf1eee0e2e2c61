"""Signals as text: the names of the kinds, and hashes in hexadecimal. Lines and columns are the formats' business."""

from __future__ import annotations

import hashlib
import re

from bot.lists.videos import of_json, to_json
from bot.model import SignalKind

# The exchanges' names for what we match: ThreatExchange's signal types and descriptors, StopNCII's, our own.
KINDS = {
    "pdq": SignalKind.PDQ,
    "imagepdq": SignalKind.PDQ,
    "hash_pdq": SignalKind.PDQ,
    "phash": SignalKind.PHASH,
    "md5": SignalKind.MD5,
    "video_md5": SignalKind.MD5,
    "videomd5": SignalKind.MD5,
    "hash_md5": SignalKind.MD5,
    "hash_video_md5": SignalKind.MD5,
    "vpdq": SignalKind.VPDQ,
    "video_vpdq": SignalKind.VPDQ,
    "sha256": SignalKind.SHA256,
    "hash_sha256": SignalKind.SHA256,
    "file": SignalKind.FILE,
    "file_unique_id": SignalKind.FILE,
}
DIGITS = {SignalKind.PDQ: 64, SignalKind.PHASH: 16, SignalKind.MD5: 32, SignalKind.SHA256: 64}

_SHA1_DIGITS = 40
_BARE = {64: SignalKind.PDQ, 32: SignalKind.MD5, 16: SignalKind.PHASH}  # 64 digits are pdq unless declared otherwise
# A perceptual hash compares with the median, so half of its bits are set: exactly 128 in each of the 3,480 PDQ hashes
# of 435 photos, turned and mirrored (measured); fewer only where values tie, as on a plain ground. Whatever has over 31
# more or less than that is out of reach of every real picture, and near to featureless ones only.
_BITS_SET = {SignalKind.PDQ: range(97, 160), SignalKind.PHASH: range(16, 49)}
_HEX = re.compile(r"[0-9a-fA-F]+")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{6,128}")
_OF_NOTHING = {hashlib.sha256(b"").digest(), hashlib.md5(b"", usedforsecurity=False).digest()}
_NO_SHA1 = "SHA-1 hashes (40 digits) are not matched: expected pdq, phash, md5 or sha256"


class Refusal(Exception):
    """Why one line of a list is not taken; the text says what was expected and never repeats the hash."""


def kind_named(name: str) -> SignalKind:
    """The kind that an exchange calls `name`, in any case. Raises Refusal with the known names."""
    kind = KINDS.get(name.lower())
    if kind is None and name.lower() in {"sha1", "hash_sha1"}:
        raise Refusal(_NO_SHA1)
    if kind is None:
        raise Refusal("unknown signal type: expected pdq, phash, md5, video_md5, vpdq, sha256 or file")
    return kind


def looks_hashed(text: str) -> bool:
    """Whether `text` could be a hash in hexadecimal rather than a word."""
    return len(text) >= min(DIGITS.values()) and _HEX.fullmatch(text) is not None


def signal_of(text: str, kind: SignalKind | None) -> tuple[SignalKind, bytes]:
    """Read one hash of the declared `kind`, or of the kind that its length tells. Raises Refusal."""
    if kind is SignalKind.FILE:
        return kind, _file_id(text)
    if kind is SignalKind.VPDQ:
        return kind, _video(text)
    if not _HEX.fullmatch(text):
        raise Refusal("not hexadecimal: expected the digits 0-9 and a-f only")
    known = kind or _kind_by_length(len(text))
    if len(text) != DIGITS[known]:
        raise Refusal(_wrong_length(len(text), known))
    value = bytes.fromhex(text)
    _refuse_empty(known, value)
    return known, value


def spelled(kind: SignalKind, value: bytes) -> str:
    """The text that `signal_of` reads back."""
    if kind is SignalKind.VPDQ:
        return to_json(value)
    return value.decode("ascii") if kind is SignalKind.FILE else value.hex()


def _video(text: str) -> bytes:
    try:
        return of_json(text)
    except ValueError as error:
        raise Refusal(str(error)) from None


def _file_id(text: str) -> bytes:
    if not _FILE_ID.fullmatch(text):
        raise Refusal("not a file_unique_id: expected 6 to 128 letters, digits, '-' or '_'")
    return text.encode("ascii")


def _kind_by_length(digits: int) -> SignalKind:
    if digits not in _BARE:
        raise Refusal(_wrong_length(digits, None))
    return _BARE[digits]


def _wrong_length(digits: int, kind: SignalKind | None) -> str:
    if digits == _SHA1_DIGITS:
        return _NO_SHA1
    expected = f"{DIGITS[kind]} digits for {kind}" if kind else "64 digits (pdq or sha256), 32 (md5) or 16 (phash)"
    odd = ", an odd number" if digits % 2 else ""
    return f"{digits} digits{odd}: expected {expected}"


def _refuse_empty(kind: SignalKind, value: bytes) -> None:
    """Refuse hashes of nothing: they would match every blank picture, or every empty file."""
    bits = len(value) * 8
    ones = int.from_bytes(value).bit_count()
    usual = _BITS_SET.get(kind)
    if usual and ones not in usual:
        expected = f"{usual[0]} to {usual[-1]} of {bits} bits set"
        raise Refusal(f"not the {kind} hash of a picture, or of a featureless one: expected {expected}")
    if not usual and (ones in (0, bits) or value in _OF_NOTHING):
        raise Refusal(f"the {kind} hash of nothing: expected the hash of a picture or video")
