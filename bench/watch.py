"""A sandbox that holds a stopwatch: when each post was accepted, when it was removed, when the bot first spoke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.sandbox.world import World
from tests.running import TOKEN, Bot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.sandbox.chats import Chat
    from bot.sandbox.messages import Message

LOOK_SECONDS = 0.02
"""Between looks at whether something is over; what is measured is stamped when it happens."""


class Watch(World):
    """A world whose happenings are stamped with `time.perf_counter`."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.accepted: dict[tuple[int, int], float] = {}
        self.removed: dict[tuple[int, int], float] = {}
        self.answered: dict[int, float] = {}

    def add_message(self, chat: Chat, fields: dict[str, Any], **details: Any) -> Message:
        """Add a message, stamped: a person's when it is accepted, the bot's first one to a chat when it is there."""
        now = time.perf_counter()
        message = super().add_message(chat, fields, **details)
        if message.is_outgoing:
            self.answered.setdefault(chat.id, time.perf_counter())
        else:
            self.accepted[chat.id, message.id] = now
        return message

    def remove_messages(self, chat: Chat, numbers: Iterable[int]) -> list[int]:
        """Remove messages, stamped."""
        gone = super().remove_messages(chat, numbers)
        self.removed.update(((chat.id, number), time.perf_counter()) for number in gone)
        return gone

    @property
    def has_polls(self) -> bool:
        """Whether the bot has asked for updates yet."""
        return bool(self.outbox.list("getUpdates"))

    @property
    def is_at_rest(self) -> bool:
        """Whether the bot has taken every update and has all its decoders, after the last of which menus are given."""
        return self.pending() == 0 and len(self.outbox.list("setMyDefaultAdministratorRights")) > 1


async def until(what: Callable[[], bool], bot: Bot, seconds: float) -> None:
    """Wait until `what` holds. Raises TimeoutError with the end of the bot's log."""
    try:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110 - what is waited for happens in another process
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        raise TimeoutError(f"not done within {seconds} s; the bot's log ends:\n{bot.log[-2000:]}") from error
