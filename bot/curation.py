"""The story of a list that grows in the chat: block, allow, and the canary. Rights are checked before."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import sequence
from bot.errors import Unscannable
from bot.matching.moments import DISTINCT_BITS
from bot.matching.tiers import PDQ_NEAR
from bot.media.decoder import Decoders
from bot.media.hashes import distance
from bot.model import Fingerprint, Frame, ListKind, Part, SignalKind, Trust
from bot.sequence import Shown
from bot.store import cases as records
from bot.store import entries
from bot.store.db import Database
from bot.store.entries import NewEntry

CANARY = Path(__file__).parent / "canary.png"
CANARY_LIST = "canary"

GLOBAL_BLOCK, GLOBAL_ALLOW = "blocked by maintainers", "allowed by maintainers"

MIN_QUALITY = 50
"""PDQ quality below which a hash says too little (Meta's own limit): such files match exactly only."""


STEP_SECONDS, FEWEST = 1.0, 12
"""Seconds between the frames under which a clip is listed, as vPDQ has them, but that many of a short one at least."""

_CUT_BITS = 80  # beyond which a frame is the first of another shot: copies have a key frame there
TRIES = 4
"""Times that a file of ours is read at most."""

_EARLY = 0.05  # seconds: frames are not as far apart as asked for


@dataclass(frozen=True, slots=True)
class Listing:
    """What was put on which list: how many signals, and how many of them were new."""

    list_name: str
    signals: int
    new: int


def signals_of(file_unique_id: str | None, fingerprint: Fingerprint | None) -> list[tuple[SignalKind, bytes]]:
    """Return the signals under which a file is listed: the exact ones always, the near ones where they say enough.

    A clip is listed as the sequence of its frames, for one frame of it may be anybody's title card; where all of it is
    one picture, as that.
    """
    signals: list[tuple[SignalKind, bytes]] = []
    if file_unique_id:
        signals.append((SignalKind.FILE, file_unique_id.encode()))
    if fingerprint:
        signals += [(SignalKind.SHA256, fingerprint.sha256), (SignalKind.MD5, fingerprint.md5)]
        good = [frame for frame in fingerprint.frames if frame.quality >= MIN_QUALITY]
        if any(distance(frame.pdq[0], good[0].pdq[0]) > DISTINCT_BITS for frame in good if frame.part is Part.WHOLE):
            signals.append((SignalKind.VPDQ, sequence.pack(_shown(good))))
        else:
            signals += [(SignalKind.PDQ, frame.pdq[0]) for frame in good if frame.part is Part.WHOLE]
    return list(dict.fromkeys(signals))


def _signals_of_all(files: Sequence[tuple[str, Fingerprint | None]]) -> list[tuple[SignalKind, bytes]]:
    """The signals of the files of one message, or one album: a clip's thumbnail is listed by its exact bytes alone.

    It is one frame of the clip, which would count for more than the clip's other frames do.
    """
    shown = [frame for _, one in files if one and _is_clip(one) for frame in one.frames]
    signals = []
    for unique_id, fingerprint in files:
        found = signals_of(unique_id, fingerprint)
        is_thumbnail = fingerprint and not _is_clip(fingerprint) and _is_shown(fingerprint, shown)
        signals += [signal for signal in found if not is_thumbnail or signal[0] is not SignalKind.PDQ]
    return signals


def _is_clip(fingerprint: Fingerprint) -> bool:
    return SignalKind.VPDQ in {kind for kind, _ in signals_of(None, fingerprint)}


def _is_shown(fingerprint: Fingerprint, frames: Sequence[Frame]) -> bool:
    """Whether a picture is near to one of `frames`."""
    codes = [frame.pdq[0] for frame in fingerprint.frames]
    return any(distance(code, frame.pdq[0]) <= PDQ_NEAR.radius for code in codes for frame in frames)


def _shown(frames: Sequence[Frame]) -> list[Shown]:
    """About one frame a second and the first of each shot, and what is inside their border and inside their edges.

    A copy may have lost either. Of a clip of a few seconds it is more than one: two at least are looked for.
    """
    whole = [frame for frame in frames if frame.part is Part.WHOLE]
    step = min(STEP_SECONDS, (whole[-1].at - whole[0].at) / FEWEST) if whole else STEP_SECONDS
    times = [frame.at for frame in whole[:1]]
    for before, frame in pairwise(whole):
        if frame.at - times[-1] >= step - _EARLY or distance(frame.pdq[0], before.pdq[0]) > _CUT_BITS:
            times.append(frame.at)
    shown = [frame for frame in frames if frame.at in times and frame.part is not Part.CROPPED]
    return [Shown(round(frame.at * 1000), frame.quality, frame.pdq[0]) for frame in shown]


def is_plain(fingerprint: Fingerprint) -> bool:
    """Whether a file says too little to be known again by anything but its exact bytes."""
    return all(frame.quality < MIN_QUALITY for frame in fingerprint.frames)


async def fingerprint_of_ours(decoders: Decoders, data: bytes) -> Fingerprint:
    """The signals of a file that came with Haechi. Raises Unscannable when no try succeeds.

    Such a file is good; but on a machine that is busy starting up, reading one may take longer than a file may.
    """
    for _ in range(TRIES - 1):
        with contextlib.suppress(Unscannable):
            return await decoders.fingerprint(data)
    return await decoders.fingerprint(data)


async def list_files(
    connection: AsyncConnection,
    files: Sequence[tuple[str, Fingerprint | None]],
    *,
    kind: ListKind,
    chat_id: int | None,
    by: int | None,
    category: str = "",
    case_id: int | None = None,
) -> Listing:
    """Put files on a chat's own list, or on everybody's when `chat_id` is None; take them off the opposite one.

    What is new there belongs to the case, if one is named, and goes with it: see `unlist`.
    """
    signals = _signals_of_all(files)
    opposite = ListKind.ALLOW if kind is ListKind.BLOCK else ListKind.BLOCK
    other = await entries.own_list(connection, opposite, chat_id)
    if other is not None:
        await entries.remove(connection, other.id, signals)
    mine = await entries.own_list(connection, kind, chat_id)
    name = mine.name if mine else list_name(kind, chat_id)
    list_id = await entries.ensure_list(connection, name, kind=kind, trust=Trust.BAN, chat_id=chat_id, source="chat")
    note = _note(case_id) if case_id is not None else ""
    rows = [NewEntry(one, value, category=category, note=note, source="chat", added_by=by) for one, value in signals]
    new = await entries.add(connection, list_id, rows)
    code = "list.block" if kind is ListKind.BLOCK else "list.allow"
    await records.record(connection, code, chat_id=chat_id, actor_id=by, detail=f"{len(signals)} signals")
    return Listing(name, len(signals), new)


async def unlist(connection: AsyncConnection, chat_id: int, case_id: int) -> int:
    """Take off a chat's own block list what a case put there; return how many signals that were."""
    mine = await entries.own_list(connection, ListKind.BLOCK, chat_id)
    return await entries.remove_noted(connection, mine.id, _note(case_id)) if mine else 0


def _note(case_id: int) -> str:
    return f"case {case_id}"


async def add_to(
    connection: AsyncConnection,
    name: str,
    files: Sequence[tuple[str, Fingerprint | None]],
    *,
    kind: ListKind = ListKind.BLOCK,
    trust: Trust = Trust.BAN,
    category: str = "",
) -> Listing:
    """Put files on the list called `name`, which is made with `kind` and `trust` when there is none."""
    signals = _signals_of_all(files)
    list_id = await entries.ensure_list(connection, name, kind=kind, trust=trust, source="own files")
    rows = [NewEntry(one, value, category=category, source="own files") for one, value in signals]
    new = await entries.add(connection, list_id, rows)
    await records.record(connection, "list.import", detail=f"{name}: {new} new of {len(signals)}")
    return Listing(name, len(signals), new)


def list_name(kind: ListKind, chat_id: int | None) -> str:
    """Return the name of a chat's own list, or of everybody's."""
    if chat_id is None:
        return GLOBAL_ALLOW if kind is ListKind.ALLOW else GLOBAL_BLOCK
    return f"{'allowed' if kind is ListKind.ALLOW else 'blocked'} in chat {chat_id}"


async def list_canary(database: Database, decoders: Decoders) -> None:
    """See to it that the canary picture is listed."""
    async with database.read() as connection:
        known = await entries.find(connection, CANARY_LIST)
    if known is not None and known.size:
        return
    signals = signals_of(None, await fingerprint_of_ours(decoders, CANARY.read_bytes()))

    async def write(connection: AsyncConnection) -> None:
        list_id = await entries.ensure_list(
            connection, CANARY_LIST, kind=ListKind.CANARY, trust=Trust.DELETE, source="built in"
        )
        rows = [NewEntry(kind, value, category="canary", source="built in") for kind, value in signals]
        await entries.add(connection, list_id, rows)

    await database.write(write)
