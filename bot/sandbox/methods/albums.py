"""Sending an album of 2 to 10 media; single media are in sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.access import reached, thread, writable
from bot.sandbox.arguments import FilePart
from bot.sandbox.formatting import caption_fields
from bot.sandbox.methods.registry import method
from bot.sandbox.methods.sending import medium_fields, put, replied, sender_fields
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.world import World

SHORTEST, LONGEST = 2, 10
TOGETHER = ({"photo", "video"}, {"document"}, {"audio"})  # what may stand in one album


@method(
    "sendMediaGroup",
    "business_connection_id chat_id message_thread_id direct_messages_topic_id media disable_notification "
    "protect_content allow_paid_broadcast message_effect_id reply_parameters",
)
async def send_media_group(world: World, args: Args) -> Any:
    """An album; its messages share a media_group_id."""
    items = _items(args)
    chat = reached(world, args)
    topic = thread(chat, args)
    for item in items:
        writable(world, chat, item["type"], topic)
    reply_to, extra = replied(world, args, chat)
    contents = [await item_fields(world, args, item) for item in items]
    album = {"media_group_id": str(world.number())}
    shared = {**sender_fields(world, chat), **album, **extra, **world.thread_of(chat, topic or None, reply_to)}
    if args.flag("protect_content"):
        shared["has_protected_content"] = True
    return [put(world, chat, {**shared, **content}, reply_to).json() for content in contents]


def _items(args: Args) -> list[dict[str, Any]]:
    items = args.json("media", "media")
    if not isinstance(items, list):
        raise bad_request("expected an Array of InputMedia")
    kinds = {item.get("type") for item in items if isinstance(item, dict)}
    if not kinds or not all(isinstance(item, dict) for item in items):
        raise bad_request("can't parse InputMedia: expected an Object")
    if not any(kinds <= together for together in TOGETHER):
        raise bad_request("can't use the media of the specified type in the album")
    if not SHORTEST <= len(items) <= LONGEST:
        raise bad_request("wrong number of messages to send as an album" if items else "there are no messages to send")
    return items


async def item_fields(world: World, args: Args, item: dict[str, Any]) -> dict[str, Any]:
    """The message fields of one InputMedia."""
    kind, given = str(item.get("type")), str(item.get("media") or "")
    if not given:
        raise bad_request("can't parse InputMedia: media not found")
    options = {name: item.get(name) for name in ("width", "height", "duration") if item.get(name)}
    for name in ("thumbnail", "cover"):
        part = args.attached(str(item.get(name) or ""))
        if isinstance(part, FilePart):
            options[name] = part.data
    fields = {**await medium_fields(world, kind, args.attached(given), **options), **caption_fields(world, item)}
    return {**fields, "has_media_spoiler": True} if item.get("has_spoiler") else fields
