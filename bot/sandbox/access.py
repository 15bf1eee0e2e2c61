"""Whether the bot may reach a chat, write in it or use a right, in Telegram's words; people's are in authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.chats import GENERAL_TOPIC, Chat
from bot.sandbox.refusal import bad_request, forbidden
from bot.sandbox.rights import NEEDED

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.messages import Message
    from bot.sandbox.world import World

WORDS = {
    "text": "text messages", "photo": "photos", "video": "videos", "animation": "animations", "sticker": "stickers",
    "document": "documents", "video_note": "video notes", "audio": "music",
}  # fmt: skip
DELETE_SECONDS = 2 * 86400  # bots cannot delete what is older, be they admins (tdlib, can_delete_channel_message)


def reached(world: World, args: Args, name: str = "chat_id", *, write: bool = True) -> Chat:
    """The chat that an argument names, if the bot may read it, and with `write`, act in it."""
    chat = _named(world, args.text(name), name)
    if chat.type == "private":
        return chat
    if chat.migrated_to and write:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
    member = world.bot_member(chat)
    kind = "channel" if chat.type == "channel" else chat.type
    public = bool(chat.username) and not write
    if member.status == "kicked" and (write or chat.type != "group"):
        raise forbidden(f"bot was kicked from the {kind} chat")
    if not member.is_present and not public and (write or chat.type != "group"):
        raise forbidden(f"bot is not a member of the {kind} chat")
    return chat


def _named(world: World, text: str, name: str) -> Chat:
    if not text:
        raise bad_request(f"{name} is empty")
    if text.startswith("@"):
        chat = world.named_chat(text)
    else:
        chat = world.chats.get(int(text)) if text.lstrip("-").isdigit() else None
        if chat is None and text.isdigit() and knows(world, int(text)):
            chat = Chat(int(text), "private", user=world.people.get(int(text)))
    if chat is None or (chat.type != "private" and not chat.username and world.bot.id not in chat.members):
        raise bad_request("chat not found")
    return chat


def knows(world: World, user_id: int) -> bool:
    """Whether the bot has met somebody: in private, or in a chat that both have been in."""
    user = world.people.users.get(user_id)
    if user is None:
        return False
    together = any(user_id in chat.members and world.bot.id in chat.members for chat in world.chats.values())
    return user.started or together or user_id == world.bot.id or user.id in world.chats


def writable(world: World, chat: Chat, kind: str, thread_id: int = 0) -> None:
    """Refuse what the bot may not send here."""
    if chat.type == "private":
        _private(world, chat)
        return
    member = world.bot_member(chat)
    if chat.type == "channel":
        if not member.has("can_post_messages"):
            raise bad_request("need administrator rights in the channel chat")
        return
    if not member.may(NEEDED.get(kind, "can_send_messages"), chat.permissions):
        raise bad_request(f"not enough rights to send {WORDS.get(kind, kind)} to the chat")
    topic = chat.topics.get(thread_id)
    if topic is not None and topic.is_closed and not member.has("can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def _private(world: World, chat: Chat) -> None:
    user = chat.user
    if user is None or user.is_bot:
        raise forbidden("bot can't send messages to bots")
    if user.blocked:
        raise forbidden("bot was blocked by the user")
    if not user.started:
        raise forbidden("bot can't initiate conversation with a user")
    world.private_chat(user.id)


def thread(chat: Chat, args: Args) -> int:
    """The topic that the call names, 0 for none; the General topic has no number that could be named."""
    number = max(args.integer("message_thread_id"), 0)
    if not number or chat.type not in {"supergroup", "private"}:
        return 0
    if chat.type == "supergroup" and not chat.is_forum:
        return 0
    if number == GENERAL_TOPIC or number not in chat.topics:
        raise bad_request("message thread not found")
    return number


def found(chat: Chat, message_id: int, what: str) -> Message:
    """A message of the chat; `what` is Telegram's word for it when it is not there."""
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"{what} not found")
    return message


def require_right(world: World, chat: Chat, right: str, words: str) -> None:
    """Refuse, in `words`, when the bot lacks an admin right."""
    if not world.bot_member(chat).has(right):
        raise bad_request(words)


def can_delete(world: World, message: Message) -> bool:
    """Whether the bot may delete a message: not after 48 hours, and others' only with the right to."""
    if world.now() - message.date >= DELETE_SECONDS:
        return False
    if message.chat.type == "private":
        return True
    member = world.bot_member(message.chat)
    if message.chat.type == "group":
        return member.is_admin or message.is_outgoing
    if message.cannot_delete or message.id == 1:
        return False
    needs_posting = message.chat.type == "channel" or message.is_service
    own = message.is_outgoing and (not needs_posting or member.has("can_post_messages"))
    return own or member.has("can_delete_messages")
