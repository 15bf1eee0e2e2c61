"""A message as the sandbox keeps it and as the Bot API shows it; how it came to be is in delivery and posting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.chats import Chat

MEDIA = (
    "photo",
    "video",
    "animation",
    "document",
    "sticker",
    "video_note",
    "audio",
    "voice",
    "live_photo",
    "paid_media",
)
CONTENT = (
    "text", "entities", "link_preview_options", "caption", "caption_entities", "show_caption_above_media",
    "has_media_spoiler", "poll", "rich_message", *MEDIA,
)  # fmt: skip
CAPTION = ("caption", "caption_entities", "show_caption_above_media")


@dataclass(slots=True)
class Message:
    """One message. `sender` is who really posted it, `fields` its Bot API fields but for the replied message."""

    chat: Chat = field(repr=False)
    id: int
    fields: dict[str, Any]
    sender: int | None
    reply_to: int | None = None
    is_outgoing: bool = False
    is_service: bool = False
    cannot_delete: bool = False

    @property
    def date(self) -> int:
        """When it was posted, Unix time."""
        return int(self.fields["date"])

    @property
    def media_kind(self) -> str | None:
        """Which kind of media it carries; an animation is one, although it is a document too."""
        return next((kind for kind in ("animation", *MEDIA) if kind in self.fields), None)

    def content(self) -> dict[str, Any]:
        """What a forward or copy takes along."""
        return {name: self.fields[name] for name in CONTENT if name in self.fields}

    def json(self) -> dict[str, Any]:
        """The message as the Bot API shows it: a reply carries the replied message, one level deep."""
        replied = self.chat.messages.get(self.reply_to) if self.reply_to else None
        return {**self.fields, "reply_to_message": replied.fields} if replied else self.fields

    def origin(self) -> dict[str, Any]:
        """Where it comes from, as the Bot API's MessageOrigin; of a forward, where that came from."""
        fields = self.fields
        if "forward_origin" in fields:
            return dict(fields["forward_origin"])
        if self.chat.type == "channel":
            return {"type": "channel", "date": self.date, "chat": self.chat.json(), "message_id": self.id}
        if "sender_chat" in fields:
            return {"type": "chat", "date": self.date, "sender_chat": fields["sender_chat"]}
        return {"type": "user", "date": self.date, "sender_user": fields["from"]}

    def external_reply(self) -> dict[str, Any]:
        """The message as the Bot API's ExternalReplyInfo, for a reply from another chat."""
        body: dict[str, Any] = {"origin": self.origin()}
        if self.chat.type in {"supergroup", "channel"}:
            body |= {"chat": self.chat.json(), "message_id": self.id}
        shown = (*MEDIA, "poll", "has_media_spoiler", "link_preview_options")
        return body | {name: self.fields[name] for name in shown if name in self.fields}
