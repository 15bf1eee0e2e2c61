"""Usernames that pass by, so that a @name in a command can mean somebody. What is made of them is not known here."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import chats
from bot.store.db import Write

KNOWN = 50_000
"""People whose usernames are remembered, so that each is written once a day and not with every message."""

WAITING = 50
"""New usernames that wait for the next write; a crash may lose as many, until those people write again."""

DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody's username as it was just seen; empty for somebody who had one before and has none now."""

    user_id: int
    name: str
    username: str


class Sightings:
    """Notes usernames in memory, and has them written a few at a time."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[str, int]] = OrderedDict()
        self._waiting: dict[int, Sighting] = {}

    def note(self, user: Mapping[str, Any], name: str) -> None:
        """Take in a raw user, shown as `name`; other bots are nobody that a command is about."""
        user_id, username = user.get("id"), str(user.get("username") or "").lower()
        if not isinstance(user_id, int) or user.get("is_bot"):
            return
        seen, before = (username, int(time.time() // DAY)), self._known.get(user_id)
        if before == seen or (not username and before is None):
            return
        self._known[user_id] = seen
        self._known.move_to_end(user_id)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)
        self._waiting[user_id] = Sighting(user_id, name, username)

    def forget(self, user_id: int) -> None:
        """Let go of somebody who asked to be forgotten, until they are seen again."""
        self._known.pop(user_id, None)
        self._waiting.pop(user_id, None)

    def write(self, *, at_least: int = 1) -> Write[None] | None:
        """Return what writes down the usernames that wait, None while they are fewer than `at_least`."""
        if len(self._waiting) < at_least:
            return None
        waiting, self._waiting = list(self._waiting.values()), {}

        async def keep(connection: AsyncConnection) -> None:
            for one in waiting:
                await chats.greet(connection, one.user_id, name=one.name, username=one.username or None)

        return keep
