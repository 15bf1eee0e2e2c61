"""Editing the bot's own messages: text, caption, medium, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.access import found, reached
from bot.sandbox.formatting import caption_fields, text_fields
from bot.sandbox.keyboards import inline_keyboard
from bot.sandbox.messages import CAPTION, CONTENT
from bot.sandbox.methods.albums import item_fields
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.messages import Message
    from bot.sandbox.world import World

TARGET = "business_connection_id chat_id message_id inline_message_id reply_markup "


@method("editMessageText", TARGET + "text parse_mode entities link_preview_options rich_message")
def edit_message_text(world: World, args: Args) -> Any:
    """Another text."""
    fields = text_fields(world, args)
    message = _target(world, args)
    if "text" not in message.fields:
        raise bad_request("there is no text in the message to edit")
    return _edited(world, args, message, fields, ("text", "entities", "link_preview_options"))


@method("editMessageCaption", TARGET + "caption parse_mode caption_entities show_caption_above_media")
def edit_message_caption(world: World, args: Args) -> Any:
    """Another caption, or none."""
    fields = caption_fields(world, args)
    message = _target(world, args)
    if message.media_kind in {None, "sticker", "video_note"}:
        raise bad_request("there is no caption in the message to edit")
    return _edited(world, args, message, fields, CAPTION)


@method("editMessageMedia", TARGET + "media")
async def edit_message_media(world: World, args: Args) -> Any:
    """Another medium."""
    item = args.object("media", "input media")
    if item is None:
        raise bad_request("input media is not specified")
    if item.get("type") not in {"photo", "video", "animation", "document", "audio"}:
        raise bad_request(f'can\'t parse InputMedia: type "{item.get("type")}" is unsupported')
    message = _target(world, args)
    if message.media_kind in {"sticker", "video_note"}:
        raise bad_request("message media can't be edited")
    fields = await item_fields(world, args, item)
    return _edited(world, args, message, fields, CONTENT)


@method("editMessageReplyMarkup", TARGET)
def edit_message_reply_markup(world: World, args: Args) -> Any:
    """Other buttons, or none."""
    return _edited(world, args, _target(world, args), {}, ())


def _target(world: World, args: Args) -> Message:
    if args.raw("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")  # nothing here is sent inline
    if args.raw("chat_id") is None and not args.integer("message_id"):
        raise bad_request("message identifier is not specified")
    message = found(reached(world, args), args.integer("message_id"), "message to edit")
    if not message.is_outgoing or message.is_service or "forward_origin" in message.fields:
        raise bad_request("message can't be edited")
    return message


def _edited(world: World, args: Args, message: Message, fields: dict[str, Any], drop: tuple[str, ...]) -> Any:
    keyboard = inline_keyboard(args, is_private=message.chat.type == "private")
    kept = {name: value for name, value in message.fields.items() if name not in {*drop, "reply_markup", "edit_date"}}
    new = {**kept, **fields, **({"reply_markup": keyboard} if keyboard else {})}
    if new == {name: value for name, value in message.fields.items() if name != "edit_date"}:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a current "
            "content and reply markup of the message"
        )
    world.edit_message(message, new, drop=(*drop, "reply_markup"))
    return message.json()
