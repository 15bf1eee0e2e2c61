"""What the bot has seen: fingerprints by file_unique_id, and which message carried which file. Never a picture."""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Evidence, Fingerprint, Frame, MediaPost, MessageRef, Part, Searched, Tier
from bot.store import upsert
from bot.store.tables import files, seen

MANY = 32
"""Frames of a file beyond which each is kept with two of its eight hashes: 130 bytes instead of 450."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier look at a file found: its fingerprint, and what its windows met.

    Of a file that could not be decoded, the reason, and a fingerprint without frames where its digests are known; of
    one that only a closer look failed at, the reason and what was seen before.
    """

    fingerprint: Fingerprint | None
    reason: str | None
    searched: Searched | None = None


async def known(connection: AsyncConnection, file_unique_id: str) -> Known | None:
    """Return what is known of a file, None when it was never looked at."""
    query = select(files.c.fingerprint, files.c.reason).where(files.c.file_unique_id == file_unique_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    try:
        return replace(_load(row.fingerprint), reason=row.reason) if row.fingerprint else Known(None, row.reason)
    except (KeyError, ValueError, TypeError):
        return None  # another version kept it in another form: the file is looked at anew


async def keep(connection: AsyncConnection, file_unique_id: str, known: Known) -> None:
    """Keep what a look at a file found."""
    text = _dump(known.fingerprint, known.searched) if known.fingerprint else None
    row = {"file_unique_id": file_unique_id, "fingerprint": text, "reason": known.reason, "seen_at": time.time()}
    await upsert.put(connection, files, row)


async def see(connection: AsyncConnection, post: MediaPost) -> None:
    """Note which files a message carried, so that an entry listed later finds it."""
    rows = [
        {
            "chat_id": post.ref.chat_id,
            "message_id": post.ref.message_id,
            "file_unique_id": ref.file_unique_id,
            "album": post.album,
            "sender_kind": post.sender.kind,
            "sender_id": post.sender.id,
            "posted_at": post.date.timestamp(),
        }
        for ref in post.media
    ]
    await upsert.add_all(connection, seen, rows)


async def album(connection: AsyncConnection, chat_id: int, album_id: str) -> list[MessageRef]:
    """Return the messages of an album seen so far."""
    query = select(seen.c.message_id).where(seen.c.chat_id == chat_id, seen.c.album == album_id).distinct()
    return [MessageRef(chat_id, number) for number in await connection.scalars(query)]


async def files_of(connection: AsyncConnection, ref: MessageRef) -> list[str]:
    """Return the file_unique_ids that a message was seen to carry, its album's with it."""
    here = (seen.c.chat_id == ref.chat_id) & (seen.c.message_id == ref.message_id)
    album_id = await connection.scalar(select(seen.c.album).where(here).limit(1))
    where = (seen.c.chat_id == ref.chat_id) & (seen.c.album == album_id) if album_id else here
    return list(await connection.scalars(select(seen.c.file_unique_id).where(where).distinct()))


def _dump(fingerprint: Fingerprint, searched: Searched | None) -> str:
    frames = [
        {
            "pdq": [_text(code) for code in (frame.pdq if len(fingerprint.frames) <= MANY else _upright(frame))],
            "q": frame.quality,
            "phash": _text(frame.phash),
            "at": frame.at,
            "part": frame.part,
        }
        for frame in fingerprint.frames
    ]
    whole = {
        "sha256": _text(fingerprint.sha256),
        "md5": _text(fingerprint.md5),
        "format": fingerprint.format,
        "size": [fingerprint.width, fingerprint.height],
        "damaged": fingerprint.damaged,
        "sparse": fingerprint.sparse,
        "frames": frames,
        "searched": [searched.version, searched.evidence, searched.capped] if searched else None,
    }
    return json.dumps(whole, separators=(",", ":"))


def _upright(frame: Frame) -> tuple[bytes, ...]:
    """The hashes of a frame as it is and mirrored left to right: by far the most usual."""
    return frame.pdq[0], frame.pdq[-3]


def _load(text: str) -> Known:
    raw: dict[str, Any] = json.loads(text)
    searched = None
    if raw["searched"] is not None:
        version, evidence, capped = raw["searched"]
        searched = Searched(version, tuple(Evidence(one, Tier(tier), *rest) for one, tier, *rest in evidence), capped)
    return Known(_fingerprint(raw), None, searched)


def _fingerprint(raw: dict[str, Any]) -> Fingerprint:
    frames: Sequence[dict[str, Any]] = raw["frames"]
    return Fingerprint(
        sha256=b64decode(raw["sha256"]),
        md5=b64decode(raw["md5"]),
        format=raw["format"],
        width=raw["size"][0],
        height=raw["size"][1],
        damaged=raw["damaged"],
        sparse=raw["sparse"],
        frames=tuple(
            Frame(
                pdq=tuple(b64decode(code) for code in one["pdq"]),
                quality=one["q"],
                phash=b64decode(one["phash"]),
                at=one["at"],
                part=Part(one["part"]),
            )
            for one in frames
        ),
    )


def _text(code: bytes) -> str:
    return b64encode(code).decode("ascii")
