"""Values from a decoder process, taken only as exactly what they should be: an enemy may have written them."""

from __future__ import annotations

from typing import Any


def only(body: Any, keys: set[str]) -> None:
    """Refuse, with ValueError, an object with other keys than `keys`."""
    if not isinstance(body, dict) or set(body) != keys:
        raise ValueError("keys")


def exactly(kind: type, value: Any) -> Any:
    """`value`, which must be of exactly the type `kind`. Raises TypeError."""
    if type(value) is not kind:
        raise TypeError(kind.__name__)
    return value


def whole(value: Any, most: int) -> int:
    """`value`, which must be an int from 0 to `most`. Raises TypeError or ValueError."""
    number: int = exactly(int, value)
    if not 0 <= number <= most:
        raise ValueError("range")
    return number


def text_bytes(text: Any, size: int) -> bytes:
    """The `size` bytes that the hex digits in `text` stand for. Raises TypeError or ValueError."""
    value = bytes.fromhex(exactly(str, text))
    if len(value) != size:
        raise ValueError("hash")
    return value
