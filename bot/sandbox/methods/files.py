"""Fetching files, and the pictures that are asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.world import World

MOST_EMOJI = 200


@method("getFile", "file_id")
def get_file(world: World, args: Args) -> Any:
    """Where a file can be fetched for the next hour; not when it is over 20 MB."""
    file_id = args.text("file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    stored = world.files.by_id.get(file_id)
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if stored.size > world.limits.download:
        raise bad_request("file is too big")
    return {**stored.json(), "file_path": world.files.path(stored, world.now())}


@method("getUserProfilePhotos", "user_id offset limit")
def get_user_profile_photos(world: World, args: Args) -> Any:
    """Nobody here has a profile photo."""
    if args.user_id() not in world.people.users:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}


@method("getStickerSet", "name")
def get_sticker_set(_: World, args: Args) -> Any:
    """No sticker set is published here."""
    if not args.text("name"):
        raise bad_request("sticker_set_name is empty")
    raise bad_request("STICKERSET_INVALID")


@method("getCustomEmojiStickers", "custom_emoji_ids")
def get_custom_emoji_stickers(_: World, args: Args) -> Any:
    """No custom emoji is published here: none is found."""
    ids = args.json("custom_emoji_ids", "custom emoji identifiers")
    if not isinstance(ids, list):
        raise bad_request("expected an Array of custom emoji identifiers")
    if len(ids) > MOST_EMOJI:
        raise bad_request("too many custom emoji identifiers specified")
    if not all(isinstance(item, str) and item.isdigit() for item in ids):
        raise bad_request("invalid custom emoji identifier specified")
    return []
