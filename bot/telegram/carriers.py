"""Raw update JSON to every medium it carries: a walker, not a list of fields. No decision lives here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model import MediaKind, MediaRef

Json = Any

OTHER_MESSAGES = frozenset({"reply_to_message", "pinned_message", "poll_message", "giveaway_message"})
"""Fields that hold another message of the same chat: it was, or is, judged as itself."""

NO_PICTURE = frozenset({"voice", "audio"})
"""Objects whose own file is sound; a thumbnail inside them is a picture all the same."""

SAME_AGAIN = frozenset({"qualities", "premium_animation"})
"""Further encodings of a file that stands beside them."""

KINDS = {
    "photo": MediaKind.PHOTO,
    "new_chat_photo": MediaKind.PHOTO,
    "video": MediaKind.VIDEO,
    "animation": MediaKind.ANIMATION,
    "video_note": MediaKind.VIDEO_NOTE,
    "sticker": MediaKind.STICKER,
    "document": MediaKind.DOCUMENT,
    "thumbnail": MediaKind.THUMBNAIL,
    "cover": MediaKind.COVER,
    "live_photo": MediaKind.LIVE_PHOTO,
}

ENOUGH_PX = 320
"""Pixels of the size of a photo that is fetched: the search reduces pictures to 256.

Hashes of the 320-pixel size are as near to the reference as those of the 1280-pixel one (4.0 and 4.4 bits, mean of 50).
"""

NAMED = 64
"""Levels that a path names: Telegram nests a dozen, and what lies deeper than that is found all the same."""


def messages(update: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield (field name, message) for every post in an update, whatever the field is called in years to come."""
    for name, body in update.items():
        if not isinstance(body, dict) or name == "callback_query":
            continue
        chat, number = body.get("chat"), body.get("message_id")
        if isinstance(chat, dict) and _is_id(chat.get("id")) and _is_id(number):
            yield name, body


def media_in(message: Json, path: str = "message") -> tuple[MediaRef, ...]:
    """Return every picture and video that a message carries, in nested blocks too, each file once."""
    found: dict[str, MediaRef] = {}
    stack: list[tuple[Json, str, str | None, int]] = [(message, path, None, 0)]
    while stack:
        node, where, parent, depth = stack.pop()
        if isinstance(node, dict):
            ref = _ref(node, where, parent)
            if ref is not None and _is_better(ref, found.get(ref.file_unique_id)):
                found[ref.file_unique_id] = ref
            parent = ref.file_unique_id if ref else _unique_id(node) or parent
            children = [item for item in node.items() if item[0] not in OTHER_MESSAGES | SAME_AGAIN]
            prefix = f"{where}." if depth < NAMED else "…."
            stack.extend((child, prefix + name, parent, depth + 1) for name, child in reversed(children))
        elif isinstance(node, list):
            stack.extend((child, where, parent, depth + 1) for child in reversed(_one_size(node)))
    return tuple(found.values())


def _ref(node: dict[str, Json], where: str, parent: str | None) -> MediaRef | None:
    file_id, unique_id = node.get("file_id"), _unique_id(node)
    name = where.rsplit(".", 1)[-1]
    if not isinstance(file_id, str) or unique_id is None or name in NO_PICTURE:
        return None
    kind = KINDS.get(name, MediaKind.OTHER)
    return MediaRef(
        kind=kind,
        file_id=file_id,
        file_unique_id=unique_id,
        path=where,
        size=_number(node.get("file_size")),
        width=_number(node.get("width")),
        height=_number(node.get("height")),
        mime_type=node["mime_type"] if isinstance(node.get("mime_type"), str) else None,
        parent=parent if kind in (MediaKind.THUMBNAIL, MediaKind.COVER) else None,
    )


def _unique_id(node: dict[str, Json]) -> str | None:
    value = node.get("file_unique_id")
    return value if isinstance(value, str) and value else None


def _is_better(ref: MediaRef, before: MediaRef | None) -> bool:
    """A GIF stands in the update as `animation` and as `document`: the name that says more wins."""
    return before is None or (before.kind is MediaKind.DOCUMENT and ref.kind is not MediaKind.DOCUMENT)


def _one_size(node: list[Json]) -> list[Json]:
    """Of the sizes of one photo keep the smallest that is large enough; keep any other list whole."""
    if not node or not all(_is_size(item) for item in node):
        return node
    by_size = sorted(node, key=lambda item: max(item["width"], item["height"]))
    return [next((item for item in by_size if max(item["width"], item["height"]) >= ENOUGH_PX), by_size[-1])]


def _is_size(item: Json) -> bool:
    names = {"file_id", "file_unique_id", "width", "height"}
    return (
        isinstance(item, dict)
        and names <= item.keys() <= names | {"file_size"}
        and isinstance(item["width"], int)
        and isinstance(item["height"], int)
    )


def _is_id(value: Json) -> bool:
    """Whether a value is an id that a database can hold."""
    return _number(value) is not None and abs(value) < 2**63


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
