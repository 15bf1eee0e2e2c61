"""The outbox: every call the bot made, with arguments and answer, for tests; polls are kept apart."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

POLLS_KEPT = 100


@dataclass(slots=True)
class Call:
    """One call. `answer` is the result, or the refusal's body; `unknown` names parameters the method does not have.

    `files` has the name and size of every file that came along; those that stand for a parameter are in `args` too.
    """

    n: int
    method: str
    args: dict[str, Any]
    at: int
    ok: bool | None = None
    answer: Any = None
    unknown: tuple[str, ...] = ()
    files: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The call as the control API shows it."""
        return {
            "n": self.n,
            "method": self.method,
            "args": self.args,
            "at": self.at,
            "ok": self.ok,
            "answer": self.answer,
            "unknown": list(self.unknown),
            "files": self.files,
        }


class Calls:
    """The last calls; getUpdates would drown the others and is kept apart."""

    def __init__(self, keep: int) -> None:
        self._kept: deque[Call] = deque(maxlen=keep)
        self._polls: deque[Call] = deque(maxlen=POLLS_KEPT)
        self.count = 0

    def add(self, method: str, args: dict[str, Any], at: int, **details: Any) -> Call:
        """Note a call that has come in."""
        self.count += 1
        call = Call(self.count, method, args, at, **details)
        (self._polls if method == "getUpdates" else self._kept).append(call)
        return call

    def list(self, method: str | None = None, after: int = 0) -> list[Call]:
        """The calls after number `after`, oldest first; of one method, or of all but getUpdates."""
        kept = self._polls if method and method.lower() == "getupdates" else self._kept
        return [call for call in kept if call.n > after and (method is None or call.method.lower() == method.lower())]

    def clear(self) -> None:
        """Forget all calls; the numbers go on."""
        self._kept.clear()
        self._polls.clear()
