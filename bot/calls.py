"""Calls of the Bot API that consequences need, each with a key so that a replay adds nothing. Nothing is sent here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.model import MessageRef
from bot.outcome import Call

DELETE, RESTRICT, CARD, RECEIPT, CHATTER = range(5)
"""Ranks: a lower one goes first. From RECEIPT on a call is made at most once: a double would only annoy."""

SHORTEST, LONGEST = 60, 365 * 24 * 60 * 60
"""Seconds that a mute or ban may last.

Telegram takes less than 30 s or more than 366 days for ever (restrictChatMember); the margin is for a call that waits.
"""

LASTS = "lasts"
"""An argument of our own: the seconds that a restriction lasts, counted from the moment at which the call is made."""

START = "start"
"""A field of a button of our own: the payload of a link that starts the bot."""

CHART = "chart"
"""An argument of our own: the numbers (`bot.chart`) that a picture is drawn from. They are kept, the picture is not."""

Rows = Sequence[Sequence[Mapping[str, Any]]]

SILENT = {
    "can_send_messages": False,
    "can_send_audios": False,
    "can_send_documents": False,
    "can_send_photos": False,
    "can_send_videos": False,
    "can_send_video_notes": False,
    "can_send_voice_notes": False,
    "can_send_polls": False,
    "can_send_other_messages": False,
    "can_add_web_page_previews": False,
}


REST = (
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
"""What SILENT leaves alone: the further permissions of the Bot API's ChatPermissions."""


def delete(ref: MessageRef, *, case_id: int | None = None) -> Call:
    """Delete one message."""
    args = {"chat_id": ref.chat_id, "message_id": ref.message_id}
    return Call(f"delete:{ref.chat_id}:{ref.message_id}", "deleteMessage", args, ref.chat_id, DELETE, case_id)


def mute(chat_id: int, user_id: int, incident: str, *, seconds: int | None, case_id: int | None = None) -> Call:
    """Take a member's right to write for `seconds`, or for ever."""
    args = {"chat_id": chat_id, "user_id": user_id, "permissions": SILENT, LASTS: _lasts(seconds)}
    return Call(f"mute:{chat_id}:{user_id}:{incident}", "restrictChatMember", args, chat_id, RESTRICT, case_id)


def unmute(chat_id: int, user_id: int, incident: str, *, case_id: int | None = None) -> Call:
    """Give a member all the rights back that the chat gives its members: that takes every permission there is."""
    permissions = dict.fromkeys((*SILENT, *REST), True)
    args = {"chat_id": chat_id, "user_id": user_id, "permissions": permissions}
    return Call(f"unmute:{chat_id}:{user_id}:{incident}", "restrictChatMember", args, chat_id, RESTRICT, case_id)


def ban(
    chat_id: int,
    sender_id: int,
    incident: str,
    *,
    is_channel: bool,
    seconds: int | None = None,
    case_id: int | None = None,
) -> Call:
    """Ban a member for `seconds` or for ever, or a channel identity for ever."""
    key = f"ban:{chat_id}:{sender_id}:{incident}"
    if is_channel:
        args: dict[str, Any] = {"chat_id": chat_id, "sender_chat_id": sender_id}
        return Call(key, "banChatSenderChat", args, chat_id, RESTRICT, case_id)
    args = {"chat_id": chat_id, "user_id": sender_id, LASTS: _lasts(seconds)}
    return Call(key, "banChatMember", args, chat_id, RESTRICT, case_id)


def unban(chat_id: int, sender_id: int, incident: str, *, is_channel: bool, case_id: int | None = None) -> Call:
    """Lift a ban; a member who is not banned stays."""
    key = f"unban:{chat_id}:{sender_id}:{incident}"
    if is_channel:
        args: dict[str, Any] = {"chat_id": chat_id, "sender_chat_id": sender_id}
        return Call(key, "unbanChatSenderChat", args, chat_id, RESTRICT, case_id)
    args = {"chat_id": chat_id, "user_id": sender_id, "only_if_banned": True}
    return Call(key, "unbanChatMember", args, chat_id, RESTRICT, case_id)


def kick(chat_id: int, user_id: int, incident: str, *, chat_type: str, case_id: int | None = None) -> Call:
    """Remove a member who may come back: an unban that is not only for the banned, in a basic group a ban."""
    key, args = f"kick:{chat_id}:{user_id}:{incident}", {"chat_id": chat_id, "user_id": user_id}
    method = "banChatMember" if chat_type == "group" else "unbanChatMember"
    return Call(key, method, args, chat_id, RESTRICT, case_id)


def say(
    key: str,
    chat_id: int,
    text: str,
    *,
    rank: int,
    buttons: Rows | None = None,
    thread_id: int | None = None,
    reply_to: int | None = None,
    case_id: int | None = None,
    after: str | None = None,
) -> Call:
    """Send a text in Telegram's HTML."""
    args: dict[str, Any] = {"chat_id": chat_id, "text": text, "parse_mode": "HTML"}
    args["link_preview_options"] = {"is_disabled": True}
    if buttons:
        args["reply_markup"] = {"inline_keyboard": buttons}
    if thread_id:
        args["message_thread_id"] = thread_id
    if reply_to:
        args["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    return Call(key, "sendMessage", args, chat_id, rank, case_id, after)


def draw(key: str, chat_id: int, caption: str, chart: Mapping[str, Any], *, thread_id: int | None = None) -> Call:
    """Send a picture that is drawn from numbers when the call is made, with a caption in Telegram's HTML."""
    args: dict[str, Any] = {"chat_id": chat_id, "caption": caption, "parse_mode": "HTML", CHART: dict(chart)}
    if thread_id:
        args["message_thread_id"] = thread_id
    return Call(key, "sendPhoto", args, chat_id, CHATTER)


def rewrite(key: str, ref: MessageRef, text: str, *, buttons: Rows | None = None, case_id: int | None = None) -> Call:
    """Change the text and the buttons of a card."""
    args: dict[str, Any] = {"chat_id": ref.chat_id, "message_id": ref.message_id, "text": text, "parse_mode": "HTML"}
    args["link_preview_options"] = {"is_disabled": True}
    args["reply_markup"] = {"inline_keyboard": buttons or []}
    return Call(key, "editMessageText", args, ref.chat_id, CARD, case_id)


def button(text: str, data: str) -> dict[str, str]:
    """Return a button that is pressed; `data` is at most 64 bytes."""
    return {"text": text, "callback_data": data}


def url_button(text: str, url: str) -> dict[str, str]:
    """Return a button that opens an address."""
    return {"text": text, "url": url}


def start_button(text: str, payload: str) -> dict[str, str]:
    """Return a button that leads to a private chat with the bot; its address is known when the call is made."""
    return {"text": text, START: payload}


def addressed(args: Mapping[str, Any], username: Callable[[], str]) -> dict[str, Any]:
    """Return a call's arguments as they are sent by the bot of that name: buttons that lead to it get its address."""
    markup = args.get("reply_markup")
    if not isinstance(markup, Mapping) or "inline_keyboard" not in markup:
        return dict(args)
    rows = [[_addressed(one, username) for one in row] for row in markup["inline_keyboard"]]
    return {**args, "reply_markup": {**markup, "inline_keyboard": rows}}


def _addressed(one: Mapping[str, Any], username: Callable[[], str]) -> dict[str, Any]:
    if START not in one:
        return dict(one)
    return url_button(one["text"], f"https://t.me/{username()}?start={one[START]}")


def timed(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's arguments as they are sent now: a length of time becomes the moment at which it ends."""
    sent = {name: value for name, value in args.items() if name != LASTS}
    if args.get(LASTS) is not None:
        sent["until_date"] = int(time.time()) + args[LASTS]
    return sent


def _lasts(seconds: int | None) -> int | None:
    """Return a length within Telegram's bounds, None for ever."""
    return None if seconds is None else min(max(seconds, SHORTEST), LONGEST)
