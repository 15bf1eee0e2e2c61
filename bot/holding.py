"""The story of a hold: members who are mostly right report a post, and it goes until an admin decides. Never a ban."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import breaker, calls, cases, policy, precision, raids, removal
from bot.calls import CHATTER
from bot.i18n import say
from bot.model import ActionKind, ChatSettings, MediaPost, MessageRef, Sender, SenderKind, Verdict, VerdictKind
from bot.rules import Quiet
from bot.settings import Limits
from bot.store import cases as records
from bot.store import chats, outbox, trusted
from bot.store import reports as store
from bot.store.cases import Case


async def heed(connection: AsyncConnection, case: Case, limits: Limits, *, thread_id: int | None = None) -> bool:
    """Remove a reported post until an admin decides, if the chat asks for it and its reporters weigh enough.

    It counts within the limit of the day, as all that the bot removes without being sure. Say whether it goes.
    """
    settings, message = await chats.settings(connection, case.chat_id), case.message
    if not settings.rules.hold_at or message is None or await records.is_removed(connection, case.id):
        return False
    weight = precision.total(await store.track_records(connection, case.chat_id, case.id))
    is_spared = case.spared is not None or await trusted.has(connection, case.chat_id, case.sender_id)
    decision = policy.reported(weight, settings, is_spared=is_spared)
    post = post_of(case, message, settings, thread_id=thread_id)
    doubt = Verdict(VerdictKind.UNSCANNABLE)  # nothing that the bot is sure of by itself
    decision = await breaker.heed(connection, post, doubt, decision, limits)
    if not decision.has(ActionKind.DELETE):
        return False
    await removal.remove(connection, case)
    await records.note(connection, case.id, "hold")
    await records.record(connection, "report.held", chat_id=case.chat_id, detail=f"case {case.id}")
    await _tell(connection, post, case, settings)
    return True


def post_of(case: Case, message: MessageRef, settings: ChatSettings, *, thread_id: int | None) -> MediaPost:
    """Return a reported post as far as the limits of the day and a raid ask for it."""
    sender = Sender(SenderKind(case.sender_kind), case.sender_id, case.sender_name)
    posted = datetime.fromtimestamp(case.posted_at or 0, UTC)
    return MediaPost(message, sender, posted, (), thread_id=thread_id, chat_title=settings.title)


async def _tell(connection: AsyncConnection, post: MediaPost, case: Case, settings: ChatSettings) -> None:
    """Tell the group, and so the poster, that the post waits for an admin; that anybody reported it is not said.

    In a raid one line says so of all that are held.
    """
    chat = await chats.chat(connection, case.chat_id)
    if settings.rules.quiet is Quiet.SILENT or (chat and chat.type == "channel"):
        return
    log_id = await cases.admin_chat(connection, settings)
    hushed = await raids.hush(connection, post, case, settings, log_id, is_removal=True, is_counted=True)
    if hushed.notice:
        return
    text = say(settings.language, "A post was removed until an admin decides. Case {number}.", number=case.id)
    notice = calls.say(
        f"held:{case.id}",
        case.chat_id,
        text,
        rank=CHATTER,
        thread_id=post.thread_id,
        case_id=case.id,
        after=calls.delete(post.ref).key,  # what could not be removed is not said to be
    )
    await outbox.put(connection, [notice])
