"""Forwarding and copying messages that exist; new ones are in sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.access import found, reached, thread, writable
from bot.sandbox.formatting import caption_fields
from bot.sandbox.keyboards import inline_keyboard
from bot.sandbox.messages import CAPTION as CAPTION_FIELDS
from bot.sandbox.methods.registry import CAPTION, SEND, method
from bot.sandbox.methods.sending import put, replied, send, sender_fields
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.messages import Message
    from bot.sandbox.world import World

FORWARD = "chat_id message_thread_id direct_messages_topic_id from_chat_id disable_notification protect_content "


@method("forwardMessage", FORWARD + "video_start_timestamp message_effect_id suggested_post_parameters message_id")
def forward_message(world: World, args: Args) -> Any:
    """One message, with where it came from."""
    message = _original(world, args, args.integer("message_id"), "message to forward")
    return _forwarded(world, args, message).json()


@method("forwardMessages", FORWARD + "message_ids")
def forward_messages(world: World, args: Args) -> Any:
    """Several messages; those that are missing are skipped."""
    messages = _originals(world, args)
    return [{"message_id": _forwarded(world, args, message).id} for message in messages]


@method(
    "copyMessage",
    SEND.removeprefix("business_connection_id ")
    + CAPTION
    + "from_chat_id message_id video_start_timestamp show_caption_above_media",
)
def copy_message(world: World, args: Args) -> Any:
    """One message, without where it came from; its caption may be replaced."""
    message = _original(world, args, args.integer("message_id"), "message to copy")
    content = message.content()
    if args.has("caption"):
        content = {name: value for name, value in content.items() if name not in CAPTION_FIELDS}
        content |= caption_fields(world, args)
    chat = reached(world, args)
    inline_keyboard(args, is_private=chat.type == "private")
    replied(world, args, chat)
    return {"message_id": send(world, args, message.media_kind or "text", content).id}


@method("copyMessages", FORWARD + "message_ids remove_caption")
def copy_messages(world: World, args: Args) -> Any:
    """Several messages, without where they came from; those that are missing are skipped."""
    dropped = CAPTION_FIELDS if args.flag("remove_caption") else ()
    copies = []
    for message in _originals(world, args):
        content = {name: value for name, value in message.content().items() if name not in dropped}
        copies.append({"message_id": send(world, args, message.media_kind or "text", content).id})
    return copies


def _original(world: World, args: Args, number: int, what: str) -> Message:
    if not args.text("from_chat_id"):
        raise bad_request('parameter "from_chat_id" is required')
    source = reached(world, args, "from_chat_id", write=False)
    message = found(source, number, what)
    if message.is_service or message.fields.get("has_protected_content") or source.is_protected:
        raise bad_request("message can't be forwarded" if "forward" in what else "message can't be copied")
    return message


def _originals(world: World, args: Args) -> list[Message]:
    source = reached(world, args, "from_chat_id", write=False)
    numbers = [number for number in args.message_ids() if number in source.messages]
    if not numbers:
        raise bad_request("there are no messages to forward")
    return [_original(world, args, number, "message to forward") for number in numbers]


def _forwarded(world: World, args: Args, message: Message) -> Message:
    chat = reached(world, args)
    topic = thread(chat, args)
    writable(world, chat, message.media_kind or "text", topic)
    fields = {
        **sender_fields(world, chat),
        "forward_origin": message.origin(),
        **message.content(),
        **world.thread_of(chat, topic or None, None),
    }
    if args.flag("protect_content"):
        fields["has_protected_content"] = True
    return put(world, chat, fields)
