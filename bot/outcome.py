"""Calls of the Bot API and how they end: what is asked of Telegram, and its answers. Nothing is sent here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Done:
    """Telegram did it; `result` is its answer as raw JSON."""

    result: Any = None


@dataclass(frozen=True, slots=True)
class Gone:
    """What should be done is so already: the message is not there, the button is too old."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Telegram asks for patience (429), or could not be reached: try again after `seconds`."""

    seconds: float
    reason: str
    is_flood: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram will not do it, however often asked: rights, age, a chat the bot has left."""

    reason: str
    new_chat_id: int | None = None  # set when the group became a supergroup


Outcome = Done | Gone | Wait | Refused


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API to be made durably.

    `key` is unique: a replay that asks for the same call again adds nothing. Lower `rank` goes first. With `after`,
    the call waits for the one of that key, and is dropped when that one fails.
    """

    key: str
    method: str
    args: Mapping[str, Any]
    chat_id: int
    rank: int
    case_id: int | None = None
    after: str | None = None
