"""Who administers a chat, remembered for cheap questions about posters. Nobody is let in by what is remembered here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.telegram.gateway import Gateway

SECONDS = 5 * 60.0
"""How long a list of admins is believed, even if Telegram's news of a change should get lost."""

CHATS = 5_000
"""Chats remembered at most: those that were asked about longest ago are forgotten first."""

STATUSES = frozenset({"creator", "administrator"})


@dataclass(frozen=True, slots=True)
class _Known:
    """A chat's admins, None where the bot is none itself and hears of no change; `until` when that is forgotten."""

    ids: frozenset[int] | None
    until: float


class Admins:
    """Answers whether somebody is an admin from memory, which `follow` clears when Telegram tells of a change."""

    def __init__(self, gateway: Gateway, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._clock = clock
        self._known: dict[int, _Known] = {}
        self._changes = 0

    async def has(self, chat_id: int, user_id: int) -> bool | None:
        """Say whether somebody is an admin of a chat; None where only asking about that person tells.

        Telegram sends `chat_member` to admins only, so without being one the bot believes no list. Raises
        `Unreachable`.
        """
        known = self._known.get(chat_id)
        if known is None or known.until <= self._clock():
            known = await self._ask(chat_id)
        return None if known.ids is None else user_id in known.ids

    def known_in(self, user_id: int) -> set[int]:
        """Return the chats in which somebody is remembered as an admin; nobody is asked, and there may be others."""
        return {chat_id for chat_id, known in self._known.items() if known.ids and user_id in known.ids}

    def follow(self, change: Mapping[str, Any]) -> None:
        """Take in Telegram's news of a member, raw: who becomes, was or stays an admin makes the list a new one."""
        who = [change.get(side) for side in ("old_chat_member", "new_chat_member")]
        is_own = any(one.get("user", {}).get("id") == self._gateway.id for one in who if isinstance(one, dict))
        if is_own or any(one.get("status") in STATUSES for one in who if isinstance(one, dict)):
            self.forget(change["chat"]["id"])

    def forget(self, chat_id: int) -> None:
        """Believe nothing of a chat any more, nor any answer that is under way."""
        self._known.pop(chat_id, None)
        self._changes += 1

    async def _ask(self, chat_id: int) -> _Known:
        before = self._changes
        answer = await self._gateway.ask("getChatAdministrators", {"chat_id": chat_id, "return_bots": True})
        listed = answer if isinstance(answer, list) else []
        ids = frozenset(one["user"]["id"] for one in listed if one.get("status") in STATUSES)
        known = _Known(ids if self._gateway.id in ids else None, self._clock() + SECONDS)
        if self._changes == before:
            self._known.pop(chat_id, None)
            self._known[chat_id] = known
            if len(self._known) > CHATS:
                del self._known[next(iter(self._known))]
        return known
