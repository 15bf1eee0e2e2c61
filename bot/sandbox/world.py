"""The world of the sandbox: one state with all that people, tests and the page can do to it; HTTP is in server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.faults import Fault
from bot.sandbox.posting import Posting
from bot.sandbox.refusal import SandboxError
from bot.sandbox.state import Limits
from bot.sandbox.views import state_view

if TYPE_CHECKING:
    from bot.sandbox.media import Upload

__all__ = ["Limits", "World"]


class World(Posting):
    """A Telegram of its own for one bot, whose token is `token` (``123456:ABC``).

    `seed` makes file ids and random faults repeatable. `limits` bound the memory. `ban_removes_messages` says
    whether a ban in a supergroup takes the banned person's messages away for everybody.
    """

    def state(self, as_: int | None = None) -> dict[str, Any]:
        """Everything that somebody sees; without `as_`, everything."""
        return state_view(self, as_)

    def upload(self, upload: Upload) -> dict[str, Any]:
        """Store a file without posting it: the fields to put into `extra` or into a raw update."""
        return self.store(upload)

    def find_message(self, chat_id: int, message_id: int) -> dict[str, Any] | None:
        """One message, None when it is not there (any more)."""
        message = self.chat(chat_id).messages.get(message_id)
        return message.json() if message else None

    def push_update(self, update: dict[str, Any]) -> int:
        """Queue a raw update as it is; its update_id, assigned when it has none."""
        if not isinstance(update, dict):
            raise SandboxError("an update is an object")
        return self.updates.inject(update)

    def push_raw(self, text: str, update_id: int | None = None) -> int:
        """Queue something as an update that may be no JSON at all; the number that confirms it, one more each time."""
        return self.updates.inject_raw(text, update_id)

    def pending(self) -> int:
        """How many updates the bot has not confirmed."""
        return len(self.updates)

    def fault(self, method: str, kind: str = "error", count: int | None = 1, **details: Any) -> None:
        """Let the next `count` calls of `method` fail; see faults.Fault for the details."""
        try:
            fault = Fault(method, kind, count, **details)
        except TypeError as error:
            raise SandboxError(f"a fault has no such field: {error}") from error
        self.faults.add(fault)

    def clear_faults(self) -> None:
        """Let no injected fault wait any more."""
        self.faults.clear()

    def calls(self, method: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """The calls the bot made, oldest first; without `method` all but getUpdates."""
        return [call.json() for call in self.outbox.list(method, after)]

    def clear_calls(self) -> None:
        """Forget the calls made so far."""
        self.outbox.clear()

    def advance(self, seconds: float) -> int:
        """Let time pass; the new time."""
        try:
            return self.clock.advance(seconds)
        except ValueError as error:
            raise SandboxError(str(error)) from error
