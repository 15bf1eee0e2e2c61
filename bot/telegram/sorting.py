"""Raw updates into the lines of the inbox: who need not wait behind a backlog of media. Nothing is handled here."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from bot.store.inbox import MEDIA, QUICK, WORDS, Arrival, author_of, chat_of, is_number
from bot.telegram.carriers import media_in, messages

Json = Any

ASKING = frozenset({"callback_query", "my_chat_member", "chat_member"})
"""Kinds of update that are a press or a change of rights."""

NAMELESS = -(1 << 48)
"""Below every number that the bot gives to updates of its own."""

MOVED = frozenset({"migrate_to_chat_id", "migrate_from_chat_id"})
"""Fields of a message that says that a group became a supergroup: what is asked there later needs it."""


def arrival(raw: Json, text: str | None = None) -> Arrival:
    """Return an update as the inbox keeps it; one without a number gets the same one whenever it comes."""
    text = json.dumps(raw) if text is None else text.encode("utf-8", "replace").decode()  # no half surrogate pair
    known: dict[str, Json] = raw if isinstance(raw, dict) else {}
    number: Json = known.get("update_id")
    own = int(number) if is_number(number) else NAMELESS - zlib.crc32(text.encode())
    return Arrival(own, chat_of(known), line_of(known), text, author_of(known))


def line_of(raw: Mapping[str, Json]) -> int:
    """Return the line that an update waits in.

    Order is kept within a chat among what is QUICK and among WORDS. A post with media waits for nobody, and nobody
    waits for it: a command that it bears as its caption comes when its picture has been judged.
    """
    if not ASKING.isdisjoint(raw):
        return QUICK
    found = [message for _, message in messages(raw)]
    if any(_is_private(message) for message in found):
        return QUICK
    if any(media_in(message) for message in found):
        return MEDIA
    return QUICK if any(_asks(message) for message in found) else WORDS


def _is_private(message: Mapping[str, Json]) -> bool:
    return bool(message["chat"].get("type") == "private")


def _asks(message: Mapping[str, Json]) -> bool:
    """Whether a message is a command, calls the admins, or says that the chat has moved."""
    text = message.get("text")
    if isinstance(text, str) and (text.startswith("/") or "@admin" in text.lower()):
        return True
    return not MOVED.isdisjoint(message)
