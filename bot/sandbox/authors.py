"""In whose name somebody posts, and whether they may; the posting itself is in posting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import GENERAL_TOPIC
from bot.sandbox.people import ANONYMOUS_ADMIN, CHANNEL_BOT
from bot.sandbox.refusal import SandboxError
from bot.sandbox.rights import NEEDED

if TYPE_CHECKING:
    from bot.sandbox.chats import Chat
    from bot.sandbox.delivery import Delivery
    from bot.sandbox.rights import Member

WORDS = {
    "text": "text messages", "photo": "photos", "video": "videos", "animation": "GIFs", "sticker": "stickers",
    "document": "files", "video_note": "video messages", "audio": "music",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Author:
    """The `from` and `sender_chat` that a post shows."""

    fields: dict[str, Any] = field(default_factory=dict)


def author(world: Delivery, chat: Chat, user_id: int, in_name_of: str | int | None) -> Author:
    """What a post of this person shows as its sender; refused when they may not post so."""
    user = world.people.get(user_id)
    if chat.type == "channel":
        return Author({"sender_chat": chat.json()})
    if in_name_of is None and not chat.member(user_id, world.now()).is_anonymous:
        return Author({"from": user.json()})
    if not chat.is_group:
        raise SandboxError("in a private chat everybody posts in their own name")
    if in_name_of in {None, "anonymous"}:
        if not chat.member(user_id, world.now()).is_admin:
            raise SandboxError(f"{user.name} is no administrator of {chat.title} and cannot post as the group")
        return Author({"from": world.people.get(ANONYMOUS_ADMIN).json(), "sender_chat": chat.json()})
    return _as_channel(world, chat, user_id, int(in_name_of or 0))


def _as_channel(world: Delivery, chat: Chat, user_id: int, channel_id: int) -> Author:
    channel = world.chat(channel_id)
    if channel.type != "channel" or channel.member(user_id, world.now()).status != "creator":
        raise SandboxError(f"{world.people.get(user_id).name} can post only as a channel that they own")
    if chat.type != "supergroup":
        raise SandboxError("only in a supergroup can somebody post as a channel")
    if channel_id in chat.banned_chats:
        raise SandboxError(f"{channel.title} is banned from {chat.title}")
    return Author({"from": world.people.get(CHANNEL_BOT).json(), "sender_chat": channel.json()})


def may_write(
    world: Delivery, chat: Chat, user_id: int, kind: str = "text", thread_id: int | None = None
) -> str | None:
    """Why somebody may not post this kind of content, in one sentence; None when they may."""
    user, member = world.people.get(user_id), chat.member(user_id, world.now())
    if chat.type == "private":
        if user_id != chat.id:
            return f"this is the private chat of {chat.json()['first_name']} with the bot"
        return f"{user.name} has blocked the bot" if user.blocked else None
    if chat.migrated_to:
        return f"this group has become the supergroup {chat.migrated_to}"
    if chat.type == "channel":
        return None if member.has("can_post_messages") else f"{user.name} may not post in the channel {chat.title}"
    return _absence(member, user.name, chat) or _muteness(chat, member, user.name, kind, thread_id)


def _absence(member: Member, name: str, chat: Chat) -> str | None:
    if member.status == "kicked":
        return f"{name} is banned from {chat.title}"
    return None if member.is_present else f"{name} is not a member of {chat.title}"


def _muteness(chat: Chat, member: Member, name: str, kind: str, thread_id: int | None) -> str | None:
    if not member.may(NEEDED.get(kind, "can_send_other_messages"), chat.permissions):
        until = f" until {member.until}" if member.status == "restricted" and member.until else ""
        return f"{name} may not send {WORDS.get(kind, kind)} in {chat.title}{until}"
    if chat.is_forum and thread_id not in {None, GENERAL_TOPIC}:
        topic = chat.topics.get(int(thread_id or 0))
        if topic is None:
            return f"there is no topic {thread_id} in {chat.title}"
        if topic.is_closed and not member.has("can_manage_topics"):
            return f"the topic {topic.name} is closed"
    return None
