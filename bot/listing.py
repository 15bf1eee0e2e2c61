"""The story of /block and /allow: a message's media go on a list, and off the chat. Rights are checked before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards, cases, curation
from bot.model import Fingerprint, ListKind, MediaPost, MessageRef
from bot.store import cases as records
from bot.store import media
from bot.store.cases import Case

KIND = "moderation"
"""The kind of case that a command opens: it carries the removals, and tells the admins of one that Telegram refuses."""

By = tuple[int, str]
"""Who listed it: their id, and the name under which it is on record."""

MAX_CATEGORY = 64
"""Characters of the reason that stay with an entry and are repeated on cards."""


@dataclass(frozen=True, slots=True)
class Material:
    """The media of one message, and of its whole album: what is known of each file by its file_unique_id."""

    post: MediaPost
    files: Sequence[tuple[str, Fingerprint | None]]

    @property
    def unread(self) -> int:
        """How many files could not be scanned: they are known again by the same upload only."""
        return sum(fingerprint is None for _, fingerprint in self.files)

    @property
    def featureless(self) -> int:
        """How many pictures say too little to be recognised when they were changed."""
        known = [fingerprint for _, fingerprint in self.files if fingerprint is not None]
        return sum(all(frame.quality < curation.MIN_QUALITY for frame in one.frames) for one in known)


@dataclass(frozen=True, slots=True)
class Listed:
    """What came of a command: its case, and of how many messages the media were listed."""

    case: Case
    count: int


async def put(
    connection: AsyncConnection,
    material: Material,
    kind: ListKind,
    *,
    by: By,
    incident: str,
    everywhere: bool,
    reason: str = "",
) -> Listed:
    """List the material for its chat, and with `everywhere` for all, once for each `incident`: that of the command."""
    post, category = material.post, reason[:MAX_CATEGORY]
    refs = {post.ref}
    if post.album:
        refs.update(await media.album(connection, post.ref.chat_id, post.album))
    case, is_new = await _open(connection, post, incident, reason)
    if not is_new:
        return Listed(case, len(refs))
    for chat_id in (post.ref.chat_id, None) if everywhere else (post.ref.chat_id,):
        await curation.list_files(
            connection, material.files, kind=kind, chat_id=chat_id, by=by[0], category=category, case_id=case.id
        )
    await records.note(connection, case.id, kind.value, by=by)
    if kind is ListKind.BLOCK:
        await _remove(connection, case, refs, by)
    await cards.log(connection, case, kind.value, by=by, is_removed=kind is ListKind.BLOCK)
    return Listed(case, len(refs))


async def _open(connection: AsyncConnection, post: MediaPost, incident: str, reason: str) -> tuple[Case, bool]:
    return await records.open_case(
        connection,
        chat_id=post.ref.chat_id,
        incident=incident,
        kind=KIND,
        state="closed",
        message_id=post.ref.message_id,
        sender_kind=post.sender.kind.value,
        sender_id=post.sender.id,
        sender_name=post.sender.name,
        reason=reason,
        posted_at=post.date.timestamp(),
    )


async def _remove(connection: AsyncConnection, case: Case, refs: set[MessageRef], by: By) -> None:
    for ref in sorted(refs, key=lambda one: one.message_id):
        await cases.enqueue(connection, case, "delete", calls.delete(ref, case_id=case.id), by=by)
