"""What happened in the sandbox, numbered, for the page and tests to wait on; the bot's are in updates."""

from __future__ import annotations

from collections import deque
from typing import Any

from bot.sandbox.signals import Signal


class Events:
    """The last happenings, each ``{"seq", "kind", "chat_id", ...}``; `only` restricts one to a person's eyes."""

    def __init__(self, keep: int) -> None:
        self._kept: deque[tuple[dict[str, Any], int | None]] = deque(maxlen=keep)
        self.seq = 0
        self.signal = Signal()

    def add(self, kind: str, chat_id: int | None, *, only: int | None = None, **details: Any) -> None:
        """Tell that something happened."""
        self.seq += 1
        self._kept.append(({"seq": self.seq, "kind": kind, "chat_id": chat_id, **details}, only))
        self.signal.ring()

    def since(self, after: int) -> list[tuple[dict[str, Any], int | None]]:
        """Events after number `after`, oldest first, each with whom it is only for."""
        missing = self.seq - after
        if missing <= 0:
            return []
        kept = list(self._kept)
        return kept[-missing:] if missing < len(kept) else kept

    def has_lost(self, after: int) -> bool:
        """Whether events after `after` are no longer kept, so that whoever asks must look at the whole state anew."""
        return bool(self._kept) and after + 1 < self._kept[0][0]["seq"]
