"""All that the sandbox remembers, and how to find it; what happens to it is in delivery and what builds on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.calls import Calls
from bot.sandbox.chats import Chat
from bot.sandbox.clock import Clock
from bot.sandbox.events import Events
from bot.sandbox.faults import Faults
from bot.sandbox.files import DOWNLOAD_LIMIT, FileStore
from bot.sandbox.media import Preparer
from bot.sandbox.people import BOT_EXTRAS, People, User
from bot.sandbox.polls import Poller
from bot.sandbox.profile import Profile
from bot.sandbox.refusal import SandboxError
from bot.sandbox.rights import Member
from bot.sandbox.updates import Updates
from bot.sandbox.webhook import Deliverer

if TYPE_CHECKING:
    from bot.sandbox.messages import Message

FIRST_GROUP = -4_800_000_001  # basic groups: small negative numbers, beyond 32 bits by now
FIRST_SUPERGROUP = -1_002_400_000_001  # supergroups and channels: below -10^12


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is remembered, and how strictly time is kept."""

    calls: int = 5_000
    messages: int = 5_000  # a chat
    events: int = 20_000
    file_bytes: int = 512 << 20
    download: int = DOWNLOAD_LIMIT
    query_seconds: int = 60  # a button press can be answered for so long
    poll_pacing: bool = False  # Telegram's brakes on a bot that asks for the same updates again and again
    webhook_delay: float = 1.0  # after a first failure


@dataclass(slots=True)
class Query:
    """A button press that waits for the bot's answer."""

    id: str
    user_id: int
    chat_id: int
    until: int
    answer: dict[str, Any] | None = None


class State:
    """Chats, people, files, queues and settings of one sandbox with one bot."""

    def __init__(
        self,
        token: str,
        bot_username: str = "haechi_sandbox_bot",
        *,
        bot_name: str = "Haechi",
        seed: int = 0,
        limits: Limits | None = None,
        ban_removes_messages: bool = False,
    ) -> None:
        number, _, secret = token.partition(":")
        if not number.isdigit() or not secret:
            raise ValueError("a bot's token looks like 123456:ABC, a number, a colon and letters")
        self.token = token
        self.limits = limits or Limits()
        self.ban_removes_messages = ban_removes_messages
        self.clock = Clock()
        self.people = People()
        self.bot: User = self.people.add(int(number), bot_name, username=bot_username, is_bot=True)
        self.privacy = True
        self.chats: dict[int, Chat] = {}
        self.files = FileStore(self.limits.file_bytes, seed)
        self.prepare = Preparer()
        self.events = Events(self.limits.events)
        self.faults = Faults(seed)
        self.outbox = Calls(self.limits.calls)
        self.updates = Updates(self.clock)
        self.poller = Poller(self.updates, self.limits.poll_pacing)
        self.deliverer = Deliverer(self.updates, self.clock, first_delay=self.limits.webhook_delay)
        self.queries: dict[str, Query] = {}
        self.profile = Profile(bot_name)
        self.is_closing = False  # whoever waits shall stop waiting
        self._next_group = FIRST_GROUP
        self._next_supergroup = FIRST_SUPERGROUP
        self._count = 0

    def now(self) -> int:
        """The sandbox's time, Unix seconds."""
        return self.clock.now()

    def close(self) -> None:
        """Let everyone who waits for news go home: the server ends."""
        self.is_closing = True
        self.poller.close()
        self.events.signal.ring()

    def number(self) -> int:
        """A number that has not been given out before, for album and query ids."""
        self._count += 1
        return 13_000_000_000_000_000 + self._count

    def me_json(self) -> dict[str, Any]:
        """The bot as getMe shows it."""
        return {**self.bot.json(), **BOT_EXTRAS, "can_read_all_group_messages": not self.privacy}

    def is_bot(self, user_id: int | None) -> bool:
        """Whether it is the sandbox's own bot."""
        return user_id == self.bot.id

    def chat(self, chat_id: int) -> Chat:
        """A chat as people know it: the private chat with the bot has the person's id; refused when there is none."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise SandboxError(f"there is no chat with the id {chat_id}")
        return chat

    def named_chat(self, username: str) -> Chat | None:
        """A public chat by its @username, in any case."""
        wanted = username.removeprefix("@").casefold()
        return next((chat for chat in self.chats.values() if (chat.username or "").casefold() == wanted), None)

    def message(self, chat_id: int, message_id: int) -> Message:
        """One message; refused when it is not there."""
        message = self.chat(chat_id).messages.get(message_id)
        if message is None:
            raise SandboxError(f"there is no message {message_id} in chat {chat_id}")
        return message

    def bot_member(self, chat: Chat) -> Member:
        """The bot's standing in a chat."""
        return chat.member(self.bot.id, self.now())

    def private_chat(self, user_id: int) -> Chat:
        """The private chat between somebody and the bot; it comes to be on first use."""
        user = self.people.get(user_id)
        if user_id not in self.chats:
            self.chats[user_id] = Chat(user_id, "private", user=user)
        return self.chats[user_id]

    def free_chat_id(self, chat_type: str) -> int:
        """An id for a new chat of this type."""
        if chat_type == "group":
            while self._next_group in self.chats:
                self._next_group -= 1
            return self._next_group
        while self._next_supergroup in self.chats:
            self._next_supergroup -= 1
        return self._next_supergroup
