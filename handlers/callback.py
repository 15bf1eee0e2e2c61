"""The one entry for pressed buttons: data parsed strictly, taken for forged. What they do is in their conversations.

A press reaches its conversation only when the table of rights has a row for its button, and when the pressed message
is the bot's and shows that very button; `rights.Rows.is_bound` leaves the latter to the conversation.

A conversation's press is ``async def press(context, pressed) -> Toast``; `handlers.BUTTONS` names it under the first
letter of its data. What it returns is shown once the turn is durable, so every press is answered.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot.i18n import language_for, plain, say
from bot.model import MessageRef
from handlers import replies
from handlers.context import Context
from handlers.convert import name_of
from handlers.rights import BUTTONS

log = structlog.get_logger(__name__)

DATA = re.compile(r"[a-z](?::[\w.-]{1,40}){1,3}", re.ASCII)
"""A letter for the conversation, then one to three parts; the whole is at most 64 bytes for Telegram."""


@dataclass(frozen=True, slots=True)
class Toast:
    """What the presser is told: a line that fades, or with `alert` a box to close; nothing only stops the spinner."""

    text: str = ""
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """Who pressed which button where; `parts` is the data without its letter. Nothing in it is to be believed yet.

    `is_drawn` says that the message shows this button: what an old or foreign program sends it need not.
    """

    user_id: int
    name: str
    language: str
    chat_id: int
    chat_type: str
    message_id: int
    parts: tuple[str, ...]
    is_drawn: bool = False

    @property
    def card(self) -> MessageRef:
        """The message that the button belongs to."""
        return MessageRef(self.chat_id, self.message_id)


INVALID = Toast("invalid")
"""Returned for a button that stands for nothing: said in the presser's language, and logged without its data."""

Press = Callable[[Context, Pressed], Awaitable[Toast]]


def pressing(presses: Mapping[str, Press]) -> CallbackQueryHandler[Context, None]:
    """Return the handler of all buttons; `presses` holds each conversation's under the letter of its data.

    Raises LookupError when a letter has no row in the table of rights.
    """
    if unknown := sorted(set(presses) - set(BUTTONS)):
        raise LookupError(f"rights.BUTTONS has no row for the buttons {', '.join(unknown)}")

    async def run(_update: Update, context: Context) -> None:
        await _press(context, presses)

    return CallbackQueryHandler(run)


async def _press(context: Context, presses: Mapping[str, Press]) -> None:
    query = context.turn.raw["callback_query"]
    pressed, letter = pressed_of(query), str(query.get("data"))[:1]
    press = presses.get(letter) if pressed and _is_ours(query, pressed, letter, context.services.gateway.id) else None
    try:
        toast = await press(context, pressed) if press and pressed else INVALID
    except Exception:
        if context.turn.is_last_try:  # another try would answer it; now nothing else will
            await _show(context, Toast(say(_language(query), "That did not work. Please try again."), alert=True))
        raise
    if toast is INVALID:
        log.info("callback.invalid", user_id=query["from"].get("id"))
        toast = Toast(say(_language(query), "This button is no longer valid."))
    context.turn.afterwards(lambda: _show(context, toast))


def _is_ours(query: Mapping[str, Any], pressed: Pressed, letter: str, bot_id: int) -> bool:
    """Whether a press is of a button that the table of rights knows, under a message of the bot's that shows it."""
    rows = BUTTONS.get(letter)
    if rows is None or rows.asked(pressed.parts) is None:
        return False
    message = query["message"]
    author = message.get("from")  # a channel's posts have none, and a message that is out of reach shows no button
    is_own = author.get("id") == bot_id if isinstance(author, dict) and "sender_chat" not in message else True
    return is_own and (rows.is_bound or pressed.is_drawn)


def _is_drawn(message: Mapping[str, Any], data: str) -> bool:
    markup = message.get("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    return any(button.get("callback_data") == data for row in rows or () for button in row)


def pressed_of(query: Mapping[str, Any]) -> Pressed | None:
    """Return what a raw callback query says, or None when it is not of the form that the bot's own buttons have."""
    data, message, user = query.get("data"), query.get("message"), query["from"]
    if not isinstance(data, str) or not DATA.fullmatch(data) or not isinstance(message, dict):
        return None
    chat = message["chat"]
    return Pressed(
        user_id=user["id"],
        name=name_of(user),
        language=_language(query),
        chat_id=chat["id"],
        chat_type=str(chat.get("type", "")),
        message_id=message["message_id"],
        parts=tuple(data.split(":")[1:]),
        is_drawn=_is_drawn(message, data),
    )


async def _show(context: Context, toast: Toast) -> None:
    await replies.toast(context, plain(toast.text), alert=toast.alert)


def _language(query: Mapping[str, Any]) -> str:
    return language_for(query["from"].get("language_code"))
