"""The people and bots of the sandbox and Telegram's service accounts; what they may do is in rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.refusal import SandboxError

TELEGRAM = 777000  # forwards a linked channel's posts into its discussion group
ANONYMOUS_ADMIN = 1087968824  # stands before an admin who posts as the group
CHANNEL_BOT = 136817688  # stands before someone who posts as a channel

FIRST_USER = 5_000_000_001  # beyond 32 bits, as new accounts are
BOT_EXTRAS = {  # what only getMe tells
    "can_join_groups": True,
    "supports_guest_queries": False,
    "supports_inline_queries": False,
    "can_connect_to_business": False,
    "has_main_web_app": False,
    "has_topics_enabled": False,
    "allows_users_to_create_topics": False,
    "can_manage_bots": False,
    "supports_join_request_queries": False,
}


@dataclass(slots=True)
class User:
    """A person or a bot. `started`: the sandbox's bot may write to them; `blocked`: they blocked it."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False
    started: bool = False
    blocked: bool = False

    def json(self) -> dict[str, Any]:
        """The person as the Bot API's User."""
        body: dict[str, Any] = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if getattr(self, name):
                body[name] = getattr(self, name)
        return body

    def chat_json(self) -> dict[str, Any]:
        """The private chat with this person as the Bot API's Chat."""
        body: dict[str, Any] = {"id": self.id, "type": "private", "first_name": self.first_name}
        for name in ("last_name", "username"):
            if getattr(self, name):
                body[name] = getattr(self, name)
        return body

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name


@dataclass(slots=True)
class People:
    """Everybody, by id."""

    users: dict[int, User] = field(default_factory=dict)
    _next: int = FIRST_USER

    def __post_init__(self) -> None:
        """Telegram's own accounts are always there."""
        for user in (
            User(TELEGRAM, "Telegram"),
            User(ANONYMOUS_ADMIN, "Group", username="GroupAnonymousBot", is_bot=True),
            User(CHANNEL_BOT, "Channel", username="Channel_Bot", is_bot=True),
        ):
            self.users[user.id] = user

    def add(self, user_id: int | None, first_name: str, **fields: Any) -> User:
        """A new person; refused when the id or the username is taken."""
        if user_id is None:
            user_id = self._free()
        if user_id in self.users:
            raise SandboxError(f"there is already somebody with the id {user_id}")
        if user_id <= 0:
            raise SandboxError("a user's id is a positive number")
        if not first_name:
            raise SandboxError("a user needs a first_name")
        user = User(user_id, first_name, **fields)
        if user.username and self.named(user.username):
            raise SandboxError(f"the username {user.username} is taken")
        self.users[user_id] = user
        return user

    def _free(self) -> int:
        while self._next in self.users:
            self._next += 1
        return self._next

    def get(self, user_id: int) -> User:
        """Somebody by id; refused when there is nobody."""
        user = self.users.get(user_id)
        if user is None:
            raise SandboxError(f"there is nobody with the id {user_id}")
        return user

    def named(self, username: str) -> User | None:
        """Somebody by username, with or without @, in any case."""
        wanted = username.removeprefix("@").casefold()
        return next((user for user in self.users.values() if (user.username or "").casefold() == wanted), None)
