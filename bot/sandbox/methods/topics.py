"""Opening and closing the topics of a forum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.access import reached
from bot.sandbox.chats import TOPIC_COLOR
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.chats import Chat
    from bot.sandbox.world import World

COLORS = {7322096, 16766590, 13338331, 9367192, 16749490, 16478047}  # the six that the Bot API allows
LONGEST_NAME = 128


def _forum(world: World, args: Args, words: str) -> Chat:
    chat = reached(world, args)
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if not world.bot_member(chat).has("can_manage_topics"):
        raise bad_request(words)
    return chat


@method("createForumTopic", "chat_id name icon_color icon_custom_emoji_id")
def create_forum_topic(world: World, args: Args) -> Any:
    """A new topic."""
    chat = _forum(world, args, "not enough rights to create a topic")
    name, color = args.text("name").strip(), args.integer("icon_color") or TOPIC_COLOR
    if not name:
        raise bad_request("name must be non-empty")
    if len(name) > LONGEST_NAME:
        raise bad_request("TOPIC_TITLE_INVALID")
    if color not in COLORS:
        raise bad_request("invalid icon color specified")
    return world.open_topic(chat, name, world.bot.id, color).json()


def _switch(world: World, args: Args, *, closed: bool) -> bool:
    chat = _forum(world, args, "not enough rights to close or open the topic")
    topic = chat.topics.get(args.integer("message_thread_id"))
    if topic is None:
        raise bad_request("message thread not found")
    if topic.is_closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = closed
    said: dict[str, Any] = {"forum_topic_closed" if closed else "forum_topic_reopened": {}}
    world.service_message(chat, world.bot.id, message_thread_id=topic.id, is_topic_message=True, **said)
    return True


@method("closeForumTopic", "chat_id message_thread_id")
def close_forum_topic(world: World, args: Args) -> bool:
    """Let only admins write in a topic."""
    return _switch(world, args, closed=True)


@method("reopenForumTopic", "chat_id message_thread_id")
def reopen_forum_topic(world: World, args: Args) -> bool:
    """Let everybody write in a topic again."""
    return _switch(world, args, closed=False)
