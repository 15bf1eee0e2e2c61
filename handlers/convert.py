"""Raw messages to the nouns of the model: who really posted what, and where. No decision lives here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.model import MediaPost, MessageRef, Sender, SenderKind
from bot.telegram.carriers import media_in

Json = Mapping[str, Any]

TELEGRAM = 777000
"""Posts the linked channel's messages into its discussion group."""

ANONYMOUS = 1087968824
"""GroupAnonymousBot: stands for any admin who hides behind the group."""


def post_of(field: str, message: Json, bot_id: int) -> MediaPost | None:
    """Return the post that a raw message is, or None when it carries no picture or video."""
    media = media_in(message, path=field)
    if not media:
        return None
    chat = message["chat"]
    return MediaPost(
        ref=MessageRef(chat["id"], message["message_id"]),
        sender=sender_of(message, bot_id),
        date=_date(message),
        media=media,
        album=_text(message.get("media_group_id")),
        thread_id=thread_of(message),
        is_edit=field.startswith("edited"),
        chat_type=_text(chat.get("type")) or "supergroup",
        chat_title=title_of(chat),
        chat_username=_text(chat.get("username")),
    )


def sender_of(message: Json, bot_id: int) -> Sender:
    """Say who really posted a raw message; fields of a wrong type count as absent."""
    chat, behind, user = message["chat"], _object(message, "sender_chat"), _object(message, "from")
    if message.get("is_automatic_forward") or user.get("id") == TELEGRAM:
        return Sender(SenderKind.LINKED_CHANNEL, _id(behind) or TELEGRAM, title_of(behind))
    if behind:
        if _id(behind) == chat["id"]:
            kind = SenderKind.CHAT if chat.get("type") == "channel" else SenderKind.ANONYMOUS_ADMIN
            return Sender(kind, chat["id"], title_of(behind))
        return Sender(SenderKind.CHANNEL, _id(behind), title_of(behind))
    if chat.get("type") == "channel":
        return Sender(SenderKind.CHAT, chat["id"], title_of(chat))
    if user.get("id") == ANONYMOUS:
        return Sender(SenderKind.ANONYMOUS_ADMIN, chat["id"], title_of(chat))
    kind = SenderKind.SELF if _id(user) == bot_id else SenderKind.USER
    return Sender(kind, _id(user), name_of(user), _text(user.get("language_code")))


def name_of(user: Json) -> str:
    """Return a user's name as Telegram shows it."""
    return " ".join(part for part in (_text(user.get("first_name")), _text(user.get("last_name"))) if part)


def title_of(chat: Json) -> str:
    """Return a chat's title, or the name of the person it is a private chat with."""
    return _text(chat.get("title")) or name_of(chat)


def thread_of(message: Json) -> int | None:
    """Return the forum topic to answer in; in the General topic and outside forums none is named."""
    thread = message.get("message_thread_id")
    return thread if message.get("is_topic_message") and isinstance(thread, int) else None


def _object(message: Json, name: str) -> Json:
    value = message.get(name)
    return value if isinstance(value, dict) else {}


def _id(node: Json) -> int:
    value = node.get("id")
    return value if isinstance(value, int) else 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _date(message: Json) -> datetime:
    stamp = message.get("date")
    return datetime.fromtimestamp(stamp if isinstance(stamp, int) and 0 < stamp < 2**33 else 0, UTC)
