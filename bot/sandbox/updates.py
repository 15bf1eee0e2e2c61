"""The bot's waiting updates: filtered, numbered, confirmed by offset; the way by webhook is in webhook."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.sandbox.clock import Clock

FIRST_ID = 700_000_001
KEPT_SECONDS = 86400  # counted from the message's date
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
KINDS = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
})  # fmt: skip
DEFAULT = KINDS - NOT_BY_DEFAULT


@dataclass(frozen=True, slots=True)
class Update:
    """One waiting update, already as JSON. `queue` is the webhook queue it keeps its order in."""

    id: int
    kind: str
    queue: int
    until: int
    body: bytes


class Updates:
    """The queue of one bot. Ids only grow; what is confirmed is gone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[Update] = []
        self._next = FIRST_ID
        self.allowed = DEFAULT
        self.signal = Signal()

    def __len__(self) -> int:
        """How many updates are neither confirmed nor too old."""
        self._expire()
        return len(self._waiting)

    def allow(self, names: Iterable[str] | None) -> None:
        """Set the kinds wanted from now on: None keeps the last setting, an empty list is Telegram's default."""
        if names is None:
            return
        wanted = frozenset(name.lower() for name in names) & KINDS
        self.allowed = wanted or DEFAULT

    def push(self, kind: str, payload: dict[str, Any], *, queue: int, date: int) -> bool:
        """Queue an update if the bot wants its kind; whether it was queued."""
        if kind not in self.allowed:
            return False
        self._add({"update_id": self._next, kind: payload}, kind, queue, date)
        return True

    def inject(self, update: dict[str, Any]) -> int:
        """Queue a raw update as it is, wanted or not, even a repeated one; its id, given when it has none."""
        number = update.setdefault("update_id", self._next)
        kind = next((name for name in update if name != "update_id"), "")
        payload = update.get(kind)
        chat = payload.get("chat") if isinstance(payload, dict) else None
        self._add(update, kind, chat["id"] if isinstance(chat, dict) and "id" in chat else 0, self._clock.now())
        return int(number)

    def inject_raw(self, text: str, number: int | None = None) -> int:
        """Queue a text as an update, whatever it is; its id, given when it has none."""
        number = self._next if number is None else number
        self._queue(Update(number, "", 0, self._clock.now() + KEPT_SECONDS, text.encode("utf-8", "surrogatepass")))
        return number

    def _add(self, update: dict[str, Any], kind: str, queue: int, date: int) -> None:
        body = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        self._queue(Update(int(update["update_id"]), kind, queue, date + KEPT_SECONDS, body))

    def _queue(self, entry: Update) -> None:
        self._next = max(self._next, entry.id + 1)
        place = len(self._waiting)
        if self._waiting and self._waiting[-1].id > entry.id:
            place = bisect_left(self._waiting, entry.id, key=_id)
        self._waiting.insert(place, entry)
        self.signal.ring()

    def _expire(self) -> None:
        now = self._clock.now()
        if any(entry.until <= now for entry in self._waiting[:1]):
            self._waiting = [entry for entry in self._waiting if entry.until > now]

    def take(self, offset: int, limit: int) -> list[Update]:
        """Confirm what is below `offset`, or all but the last when negative; up to `limit` that follow."""
        self._expire()
        if offset < 0:
            self._waiting = self._waiting[offset:]
        elif offset > 0:
            del self._waiting[: bisect_left(self._waiting, offset, key=_id)]
        return self._waiting[:limit]

    def all(self) -> list[Update]:
        """Everything that waits, in order; nothing is confirmed."""
        self._expire()
        return list(self._waiting)

    def confirm(self, update: Update) -> None:
        """Take one update off the queue, however many lie before it."""
        place = bisect_left(self._waiting, update.id, key=_id)
        for index in range(place, len(self._waiting)):
            if self._waiting[index] is update:
                del self._waiting[index]
                return

    def clear(self) -> None:
        """Drop everything that waits."""
        self._waiting.clear()


def _id(update: Update) -> int:
    return update.id
