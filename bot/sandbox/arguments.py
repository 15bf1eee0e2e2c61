"""The arguments of one call, read as leniently or strictly as Telegram reads them; no method lives here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.refusal import bad_request

TEXTS = frozenset({  # parameters that are text whatever they look like; all others arrive in forms as JSON
    "text", "caption", "name", "title", "description", "short_description", "callback_query_id", "file_id", "url",
    "secret_token", "language_code", "parse_mode", "action", "inline_message_id", "business_connection_id", "emoji",
    "message_effect_id", "ip_address", "icon_custom_emoji_id",
})  # fmt: skip
TRUE = {"true", "yes", "1"}


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that came with the call."""

    filename: str
    data: bytes = field(repr=False)
    content_type: str = ""

    def json(self) -> dict[str, Any]:
        """What the outbox keeps of it: never the bytes."""
        return {"filename": self.filename, "size": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()}


def plain(name: str, value: str) -> Any:
    """A form field's value: parsed as JSON unless it is a text or no JSON."""
    if name in TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


class Args:
    """One call's arguments. Reading a name that `known` lacks is a defect of the method, and raises."""

    def __init__(self, values: dict[str, Any], files: dict[str, FilePart], known: frozenset[str]) -> None:
        self.values = values
        self.files = files
        self.known = known

    def raw(self, name: str) -> Any:
        """The value as it came, None when it is missing or empty."""
        if name not in self.known:
            raise LookupError(f"the method reads {name}, which it does not declare")
        value = self.values.get(name)
        return None if value == "" else value

    def has(self, name: str) -> bool:
        """Whether it was given at all, be it empty."""
        return name in self.known and name in self.values

    def text(self, name: str) -> str:
        """A text; empty when missing."""
        value = self.raw(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; what is none counts as 0, as at Telegram."""
        value = self.raw(name)
        if value is None:
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            return 0

    def flag(self, name: str) -> bool:
        """A boolean: true, yes and 1 are, all else is not."""
        return str(self.raw(name)).lower() in TRUE

    def json(self, name: str, what: str) -> Any:
        """A JSON value, None when missing; `what` is Telegram's word for it when it cannot be parsed."""
        value = self.raw(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError as error:
                raise bad_request(f"can't parse {what} JSON object") from error
        return value

    def object(self, name: str, what: str) -> dict[str, Any] | None:
        """A JSON object, None when missing."""
        value = self.json(name, what)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"object expected as {what}")
        return value

    def file(self, name: str) -> FilePart | str | None:
        """A file: one that came along (under its name or by `attach://`), else a file id or URL, None when missing."""
        return self.files.get(name) or self.attached(self.text(name))

    def attached(self, value: str) -> FilePart | str | None:
        """What a file field's text stands for."""
        if value.startswith("attach://"):
            return self.files.get(value.removeprefix("attach://"))
        return value or None

    def user_id(self, name: str = "user_id") -> int:
        """A user's id; refused when it is none."""
        number = self.integer(name)
        if number <= 0:
            raise bad_request(f"invalid {name} specified")
        return number

    def message_ids(self) -> list[int]:
        """1 to 100 message ids."""
        value = self.json("message_ids", "message_ids")
        if not value:
            raise bad_request("message identifiers are not specified")
        if not isinstance(value, list):
            raise bad_request("expected an Array of message identifiers")
        if len(value) > 100:  # noqa: PLR2004 - the Bot API's limit
            raise bad_request("too many message identifiers specified")
        return [_message_id(item) for item in value]


def _message_id(value: Any) -> int:
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise bad_request("message identifier must be a Number")
    try:
        number = int(value)
    except ValueError as error:
        raise bad_request("can't parse message identifier as a Number") from error
    if number <= 0:
        raise bad_request("invalid message identifier specified")
    return number
