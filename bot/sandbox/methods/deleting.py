"""Deleting messages, one or a hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.access import can_delete, found, reached
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.messages import Message
    from bot.sandbox.world import World


@method("deleteMessage", "chat_id message_id")
def delete_message(world: World, args: Args) -> bool:
    """One message."""
    if not args.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    number = args.integer("message_id")
    if number <= 0:
        raise bad_request("message identifier is not specified")
    chat = reached(world, args)
    _delete(world, [found(chat, number, "message to delete")])
    return True


@method("deleteMessages", "chat_id message_ids")
def delete_messages(world: World, args: Args) -> bool:
    """1 to 100 messages; those that are missing are skipped, one that may not be deleted stops all."""
    numbers = args.message_ids()
    chat = reached(world, args)
    _delete(world, [chat.messages[number] for number in numbers if number in chat.messages])
    return True


def _delete(world: World, messages: list[Message]) -> None:
    for message in messages:
        if not can_delete(world, message):
            raise bad_request("message can't be deleted")
    if messages:
        world.remove_messages(messages[0].chat, [message.id for message in messages])
