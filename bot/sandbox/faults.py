"""Injected faults: which calls of the Bot API fail, how and how often; the failing itself is done by the server."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from bot.sandbox.refusal import Refusal, SandboxError

KINDS = ("error", "cut_before", "cut_after", "delay")
WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@dataclass(slots=True)
class Fault:
    """A failure waiting to happen. `method` "*" is any method, "file" a download; `count` None is for ever."""

    method: str
    kind: str
    count: int | None = 1
    code: int = 500
    description: str | None = None
    retry_after: int | None = None
    seconds: float = 0.0
    chat_id: int | None = None
    probability: float = 1.0

    def refusal(self) -> Refusal:
        """What Telegram answers when this fault is an error."""
        if self.retry_after is not None:
            text = self.description or f"Too Many Requests: retry after {self.retry_after}"
            return Refusal(429, text, retry_after=self.retry_after)
        return Refusal(self.code, self.description or WORDS.get(self.code, "Internal Server Error"))


class Faults:
    """All faults that wait, oldest first."""

    def __init__(self, seed: int) -> None:
        self._waiting: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311 - which call fails is no secret

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its call; refused when it makes no sense."""
        if fault.kind not in KINDS:
            raise SandboxError(f"a fault's kind is one of {', '.join(KINDS)}, not {fault.kind}")
        if not 0 <= fault.probability <= 1:
            raise SandboxError("a fault's probability is between 0 and 1")
        self._waiting.append(fault)

    def clear(self) -> None:
        """No fault waits any more."""
        self._waiting.clear()

    def strike(self, method: str, args: dict[str, Any]) -> Fault | None:
        """The fault that hits this call, if any; it is used up by one."""
        for fault in self._waiting:
            if self._hits(fault, method, args):
                if fault.count is not None:
                    fault.count -= 1
                self._waiting = [waiting for waiting in self._waiting if waiting.count is None or waiting.count > 0]
                return fault
        return None

    def _hits(self, fault: Fault, method: str, args: dict[str, Any]) -> bool:
        if fault.method != "*" and fault.method.lower() != method.lower():
            return False
        if fault.chat_id is not None and str(args.get("chat_id")) != str(fault.chat_id):
            return False
        return fault.probability >= 1 or self._random.random() < fault.probability
