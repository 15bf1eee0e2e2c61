"""Answers to people, put into the outbox with their turn: said once it is durable, and once only. No text is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls
from bot.calls import CHATTER, RECEIPT
from bot.model import MessageRef
from bot.store import outbox
from bot.telegram.turn import Turn
from handlers.context import Context
from handlers.convert import thread_of

Rows = Sequence[Sequence[Mapping[str, Any]]]

MAX_TOAST = 200
"""Characters that answerCallbackQuery takes."""


async def answer(
    connection: AsyncConnection, turn: Turn, text: str, *, buttons: Rows | None = None, name: str = "reply"
) -> None:
    """Answer the message of this turn, in its chat and topic; `name` tells apart several answers of one turn."""
    message = message_of(turn)
    chat_id = message["chat"]["id"]
    rank = RECEIPT if message["chat"].get("type") == "private" else CHATTER
    call = calls.say(
        f"{name}:{turn.row.bot_id}:{turn.row.update_id}",
        chat_id,
        text,
        rank=rank,
        buttons=buttons,
        thread_id=thread_of(message),
        reply_to=message["message_id"],
    )
    await outbox.put(connection, [call])


async def whisper(
    connection: AsyncConnection,
    turn: Turn,
    user_id: int,
    text: str,
    *,
    buttons: Rows | None = None,
    name: str = "whisper",
) -> None:
    """Tell a person something in private; whether they can be reached is checked by the caller."""
    key = f"{name}:{turn.row.bot_id}:{turn.row.update_id}:{user_id}"
    call = calls.say(key, user_id, text, rank=RECEIPT, buttons=buttons)
    await outbox.put(connection, [call])


async def remove_command(connection: AsyncConnection, turn: Turn) -> None:
    """Remove the message that held the command."""
    message = message_of(turn)
    await outbox.put(connection, [calls.delete(MessageRef(message["chat"]["id"], message["message_id"]))])


async def toast(context: Context, text: str, *, alert: bool = False) -> None:
    """Answer the press of a button at once; lost if Telegram is busy, which is no harm."""
    query_id = context.turn.raw["callback_query"]["id"]
    shown = text if len(text) <= MAX_TOAST else text[: MAX_TOAST - 1] + "…"
    await context.services.gateway.call(
        "answerCallbackQuery", {"callback_query_id": query_id, "text": shown, "show_alert": alert}
    )


def message_of(turn: Turn) -> dict[str, Any]:
    """Return the raw message of the turn's update, or the one that the pressed button belongs to."""
    for field in ("message", "channel_post", "edited_message", "edited_channel_post"):
        if isinstance(turn.raw.get(field), dict):
            found: dict[str, Any] = turn.raw[field]
            return found
    query: dict[str, Any] = turn.raw["callback_query"]["message"]
    return query
