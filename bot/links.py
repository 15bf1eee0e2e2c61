"""Links to messages, as people copy them from Telegram: which chat, and which message of it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?:s/)?"
    r"(?:c/(?P<number>\d{1,13})|(?P<name>[a-z]\w{3,31}))"
    r"(?:/\d{1,10})?/(?P<message>\d{1,10})/?(?:\?(?P<query>[^\s#]*))?(?:#\S*)?",
    re.ASCII | re.IGNORECASE,
)
"""``t.me/c/<chat>/<message>`` of a private chat, ``t.me/<name>/<message>`` of a public one; in forums with a topic."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link leads to: a message of a chat, by its id or its username; or a comment below a channel's post."""

    chat: int | str
    message_id: int
    comment_id: int | None = None


def parse(text: str) -> Link | None:
    """Return what a link to a message leads to, None for anything else."""
    found = LINK.fullmatch(text.strip())
    if found is None or not 0 < int(found["message"]) < 2**31:
        return None
    chat = int(f"-100{found['number']}") if found["number"] else found["name"].lower()
    comment = parse_qs(found["query"] or "").get("comment", [""])[-1]
    return Link(chat, int(found["message"]), int(comment) if re.fullmatch(r"[1-9]\d{0,8}", comment, re.ASCII) else None)
