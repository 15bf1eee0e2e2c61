"""A chat with its members, topics and messages, in the Bot API's two shapes; who may do what is in rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.rights import DEFAULT_PERMISSIONS, Member, permissions_json

if TYPE_CHECKING:
    from bot.sandbox.messages import Message
    from bot.sandbox.people import User

GENERAL_TOPIC = 1
TOPIC_COLOR = 7322096  # 0x6FB9F0, Telegram's first topic icon colour
NO_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


@dataclass(slots=True)
class Topic:
    """A topic of a forum; its id is the id of the message that created it."""

    id: int
    name: str
    icon_color: int = TOPIC_COLOR
    is_closed: bool = False

    def json(self) -> dict[str, Any]:
        """The topic as the Bot API's ForumTopic."""
        return {"message_thread_id": self.id, "name": self.name, "icon_color": self.icon_color}


@dataclass(slots=True)
class Chat:
    """A private chat, group, supergroup or channel. A private chat has the id of the person in it."""

    id: int
    type: str
    title: str = ""
    username: str | None = None
    user: User | None = None
    is_forum: bool = False
    linked_chat_id: int | None = None
    is_protected: bool = False
    permissions: frozenset[str] = DEFAULT_PERMISSIONS
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    banned_chats: set[int] = field(default_factory=set)
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    invite_link: str = ""
    migrated_to: int | None = None
    last_message_id: int = 0

    @property
    def is_group(self) -> bool:
        """Whether it is a group of either kind."""
        return self.type in {"group", "supergroup"}

    def member(self, user_id: int, now: int) -> Member:
        """Somebody's standing at this time; of a stranger, that they have left."""
        member = self.members.get(user_id)
        if member is None:
            return Member(user_id, "left")
        member.expire(now)
        return member

    def present(self, now: int) -> list[Member]:
        """Everyone who is in the chat."""
        return [
            member for member in map(self.member, list(self.members), [now] * len(self.members)) if member.is_present
        ]

    def json(self) -> dict[str, Any]:
        """The chat as the Bot API's Chat."""
        if self.user is not None:
            return self.user.chat_json()
        body: dict[str, Any] = {"id": self.id, "type": self.type, "title": self.title}
        if self.username:
            body["username"] = self.username
        if self.is_forum:
            body["is_forum"] = True
        return body

    def full_json(self, *, shows_link: bool = False) -> dict[str, Any]:
        """The chat as the Bot API's ChatFullInfo; the invite link only for those who may invite."""
        body = {
            **self.json(),
            "accent_color_id": abs(self.id) % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": NO_GIFTS,
        }
        if self.username:
            body["active_usernames"] = [self.username]
        if self.is_group:
            body["permissions"] = permissions_json(self.permissions)
        if self.linked_chat_id:
            body["linked_chat_id"] = self.linked_chat_id
        if self.is_protected:
            body["has_protected_content"] = True
        if self.invite_link and shows_link:
            body["invite_link"] = self.invite_link
        pinned = next((self.messages[number] for number in reversed(self.pinned) if number in self.messages), None)
        return {**body, "pinned_message": pinned.json()} if pinned else body
