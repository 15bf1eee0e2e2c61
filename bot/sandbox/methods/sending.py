"""Sending one message: text or a medium, and all that goes with it; albums and copies are elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.sandbox import media
from bot.sandbox.access import reached, thread, writable
from bot.sandbox.arguments import FilePart
from bot.sandbox.formatting import caption_fields, text_fields
from bot.sandbox.keyboards import inline_keyboard
from bot.sandbox.methods.registry import CAPTION, SEND, method
from bot.sandbox.pictures import NotAPictureError
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.chats import Chat
    from bot.sandbox.messages import Message
    from bot.sandbox.world import World

LARGEST_PHOTO, LARGEST_FILE = 10 << 20, 50 << 20  # what a bot may upload (Bot API, "Sending files")
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


@method("sendMessage", SEND + "text parse_mode entities link_preview_options")
def send_message(world: World, args: Args) -> Any:
    """A text message."""
    content = text_fields(world, args)
    return send(world, args, "text", content).json()


@method("sendPhoto", SEND + CAPTION + "photo show_caption_above_media has_spoiler")
async def send_photo(world: World, args: Args) -> Any:
    """A photo, re-encoded in Telegram's sizes."""
    return await _send_medium(world, args, "photo", captioned=True)


@method(
    "sendVideo",
    SEND + CAPTION + "video duration width height thumbnail cover start_timestamp show_caption_above_media has_spoiler "
    "supports_streaming",
)
async def send_video(world: World, args: Args) -> Any:
    """A video."""
    return await _send_medium(world, args, "video", captioned=True)


@method(
    "sendAnimation", SEND + CAPTION + "animation duration width height thumbnail show_caption_above_media has_spoiler"
)
async def send_animation(world: World, args: Args) -> Any:
    """A GIF or a video without sound."""
    return await _send_medium(world, args, "animation", captioned=True)


@method("sendDocument", SEND + CAPTION + "document thumbnail disable_content_type_detection")
async def send_document(world: World, args: Args) -> Any:
    """Any file, as it is."""
    return await _send_medium(world, args, "document", captioned=True)


@method("sendSticker", SEND + "sticker emoji")
async def send_sticker(world: World, args: Args) -> Any:
    """A sticker."""
    return await _send_medium(world, args, "sticker", captioned=False)


@method("sendVideoNote", SEND + "video_note duration length thumbnail")
async def send_video_note(world: World, args: Args) -> Any:
    """A round video."""
    return await _send_medium(world, args, "video_note", captioned=False)


@method("sendChatAction", "business_connection_id chat_id message_thread_id action")
def send_chat_action(world: World, args: Args) -> bool:
    """Say that the bot is typing or uploading; nobody is shown it here."""
    if args.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = reached(world, args)
    writable(world, chat, "text")
    return True


async def _send_medium(world: World, args: Args, kind: str, *, captioned: bool) -> Any:
    caption = caption_fields(world, args) if captioned else {}
    chat = reached(world, args)
    writable(world, chat, kind, thread(chat, args))
    given = args.file(kind)
    options: dict[str, Any] = {
        name: args.integer(name) or None for name in ("width", "height", "duration") if name in args.known
    }
    if "length" in args.known:
        options["width"] = args.integer("length") or None
    for name in ("thumbnail", "cover"):
        part = args.file(name) if name in args.known else None
        if isinstance(part, FilePart):
            options[name] = part.data
    content = await medium_fields(world, kind, given, **options)
    spoiler = {"has_media_spoiler": True} if "has_spoiler" in args.known and args.flag("has_spoiler") else {}
    return send(world, args, kind, {**content, **caption, **spoiler}).json()


async def medium_fields(world: World, kind: str, given: FilePart | str | None, **options: Any) -> dict[str, Any]:
    """The message fields of a medium that the bot uploads or sends again by its file id."""
    if given is None:
        raise bad_request(f"there is no {kind.replace('_', ' ')} in the request")
    if isinstance(given, str):
        return sent_again(world, kind, given)
    if not given.data:
        raise bad_request("file must be non-empty")
    if len(given.data) > (LARGEST_PHOTO if kind == "photo" else LARGEST_FILE):
        raise bad_request(f"file of size {len(given.data)} bytes is too big for a {kind}")
    upload = media.Upload(kind, given.data, filename=given.filename, **options)
    try:
        prepared = await asyncio.to_thread(world.prepare, upload)
    except NotAPictureError as error:
        raise bad_request(str(error)) from error
    return media.store(world.files, upload, prepared)


def sent_again(world: World, kind: str, file_id: str) -> dict[str, Any]:
    """The message fields of a file that Telegram has already: it keeps its ids."""
    if file_id.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")  # the sandbox fetches nothing
    stored = world.files.by_id.get(file_id)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.owner is None or stored.owner[0] != kind:
        raise bad_request(f"can't use file of type {stored.kind.title()} as {kind.title()}")
    return media.fields(stored)


def send(world: World, args: Args, kind: str, content: dict[str, Any]) -> Message:
    """Put the bot's message into the chat that the call names."""
    chat = reached(world, args)
    keyboard = inline_keyboard(args, is_private=chat.type == "private") if "reply_markup" in args.known else None
    topic = thread(chat, args)
    reply_to, extra = replied(world, args, chat) if "reply_parameters" in args.known else (None, {})
    fields = {**sender_fields(world, chat), **content, **extra, **world.thread_of(chat, topic or None, reply_to)}
    writable(world, chat, kind, fields.get("message_thread_id", 0))
    if keyboard:
        fields["reply_markup"] = keyboard
    if args.flag("protect_content"):
        fields["has_protected_content"] = True
    return put(world, chat, fields, reply_to)


def put(world: World, chat: Chat, fields: dict[str, Any], reply_to: int | None = None) -> Message:
    """Add the bot's message, and forward it into the discussion when it is a channel's post."""
    chat = world.private_chat(chat.id) if chat.type == "private" else chat
    message = world.add_message(chat, fields, sender=world.bot.id, reply_to=reply_to)
    if chat.type == "channel":
        world.forward_to_discussion(message)
    return message


def sender_fields(world: World, chat: Chat) -> dict[str, Any]:
    """In whose name the bot's message stands: its own, the channel's, or the group's when it is anonymous."""
    return {"sender_chat": chat.json()} if chat.type == "channel" else {"from": world.bot.json()}


def replied(world: World, args: Args, chat: Chat) -> tuple[int | None, dict[str, Any]]:
    """The message of this chat that the call replies to, and the fields of a reply to another chat's."""
    parameters = args.object("reply_parameters", "reply parameters")
    if not parameters:
        return None, {}
    number = _number(parameters.get("message_id"))
    other = parameters.get("chat_id")
    elsewhere = other not in {None, "", chat.id, str(chat.id)}
    source = world.chats.get(int(str(other))) if elsewhere and str(other).lstrip("-").isdigit() else chat
    if source is None:
        raise bad_request("chat not found")
    message = source.messages.get(number)
    if message is None:
        if str(parameters.get("allow_sending_without_reply")).lower() in {"true", "1"}:
            return None, {}
        raise bad_request("message to be replied not found")
    return (None, {"external_reply": message.external_reply()}) if elsewhere else (message.id, {})


def _number(value: Any) -> int:
    if value is None:
        raise bad_request('can\'t find field "message_id"')
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise bad_request('field "message_id" must be a Number') from error
