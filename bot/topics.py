"""The topic of a log chat that is gone: what was meant for it goes to the chat, and so does what comes."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import chatsettings, unreachable
from bot.calls import CARD
from bot.outcome import Call, Outcome, Refused
from bot.store import cases as records
from bot.store import chats, outbox

THREAD = "message_thread_id"

AGAIN = ":chat"
"""What the key of a call ends with that says in the chat what its topic did not take."""


async def fall_back(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> bool:
    """Say in the log chat itself what its topic did not take, and use the topic no more; say whether that was it.

    The first refusal has the admins hear of it there.
    """
    thread_id = row.args.get(THREAD)
    if thread_id is None or not isinstance(outcome, Refused):
        return False
    if not any(words in outcome.reason.lower() for words in unreachable.TOPIC):
        return False
    watched = [
        one for one in await chats.logged_by(connection, row.chat_id) if await _is_for(connection, one, thread_id)
    ]
    for chat_id in watched:
        settings = await chatsettings.tune(connection, chat_id, by=None, log_thread_id=None)
        await unreachable.lose_topic(connection, settings, row.chat_id)
    is_card = bool(watched) or (row.rank == CARD and bool(await chats.logged_by(connection, row.chat_id)))
    if is_card:
        await _again(connection, row, outcome.reason)
    return is_card


async def _is_for(connection: AsyncConnection, chat_id: int, thread_id: int) -> bool:
    return (await chats.settings(connection, chat_id)).rules.log_thread_id == thread_id


async def _again(connection: AsyncConnection, row: outbox.Row, why: str) -> None:
    args = {name: value for name, value in row.args.items() if name != THREAD}
    call = Call(f"{row.key}{AGAIN}", row.method, args, row.chat_id, row.rank, row.case_id)
    if await records.answer(connection, row.key, "refused", why) and row.case_id is not None:
        await records.note(connection, row.case_id, "notify", key=call.key)
    await outbox.put(connection, [call])
