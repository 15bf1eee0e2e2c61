"""The two ways to say no: in Telegram's words to the bot, in a clear sentence to people; no rule lives here."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """What Telegram answers instead of a result: a code, its words, and parameters such as `retry_after`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        """Keep the answer's parts."""
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def json(self) -> dict[str, Any]:
        """The answer's body, as the Bot API shapes it."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


class SandboxError(Exception):
    """A control request that makes no sense, or that Telegram's apps would not let a person do; it says why."""


def bad_request(words: str, **parameters: int) -> Refusal:
    """A 400 in Telegram's words, without its prefix."""
    return Refusal(400, f"Bad Request: {words}", **parameters)


def forbidden(words: str) -> Refusal:
    """A 403 in Telegram's words, without its prefix."""
    return Refusal(403, f"Forbidden: {words}")


def too_many(seconds: int) -> Refusal:
    """A 429 that asks for `seconds` of patience."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
