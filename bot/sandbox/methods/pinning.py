"""Pinning messages and letting them go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.access import found, reached
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.chats import Chat
    from bot.sandbox.world import World


def _pinnable(world: World, args: Args) -> Chat:
    chat = reached(world, args)
    if chat.type == "private":
        return chat
    member = world.bot_member(chat)
    allowed = (
        member.has("can_edit_messages") if chat.type == "channel" else member.may("can_pin_messages", chat.permissions)
    )
    if not allowed or (member.status == "administrator" and chat.is_group and not member.has("can_pin_messages")):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat


@method("pinChatMessage", "business_connection_id chat_id message_id disable_notification")
def pin_chat_message(world: World, args: Args) -> bool:
    """Pin a message; a service message says so."""
    chat = _pinnable(world, args)
    message = found(chat, args.integer("message_id"), "message to pin")
    if message.id in chat.pinned:
        return True
    chat.pinned.append(message.id)
    world.service_message(chat, world.bot.id, pinned_message=message.fields)
    return True


@method("unpinChatMessage", "business_connection_id chat_id message_id")
def unpin_chat_message(world: World, args: Args) -> bool:
    """Unpin a message, or the latest pinned one."""
    chat = _pinnable(world, args)
    number = args.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if number not in chat.messages:
        raise bad_request("message to unpin not found")
    chat.pinned = [pinned for pinned in chat.pinned if pinned != number]
    world.events.add("chat", chat.id, chat=chat.json())
    return True


@method("unpinAllChatMessages", "chat_id")
def unpin_all_chat_messages(world: World, args: Args) -> bool:
    """Unpin everything."""
    chat = _pinnable(world, args)
    chat.pinned.clear()
    world.events.add("chat", chat.id, chat=chat.json())
    return True
