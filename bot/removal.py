"""The removal of a case's post with its album, by an admin or until one decides. Why it goes is not known here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cases
from bot.model import MessageRef
from bot.store import cases as records
from bot.store import media
from bot.store.cases import Case


async def remove(connection: AsyncConnection, case: Case, *, by: tuple[int, str] | None = None) -> None:
    """Queue the removal of the post and of its album; what was removed before is confirmed on the record."""
    done = {action.kind for action in await records.actions(connection, case.id)}
    if "delete" in done:
        await records.note(connection, case.id, "delete", by=by)
    for ref in await _refs(connection, case):
        await cases.enqueue(connection, case, "delete", calls.delete(ref, case_id=case.id), by=by)


async def _refs(connection: AsyncConnection, case: Case) -> list[MessageRef]:
    refs = {case.message} if case.message else set()
    if case.incident.startswith("album:"):
        refs.update(await media.album(connection, case.chat_id, case.incident.removeprefix("album:")))
    return sorted(refs, key=lambda ref: ref.message_id)
