"""Restricting, banning and unbanning members and channels; promoting them is in promoting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.access import knows, reached, require_right
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request
from bot.sandbox.rights import MEDIA_PERMISSIONS, PERMISSIONS, Member, lasting

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.chats import Chat
    from bot.sandbox.world import World

NO_RIGHT = "not enough rights to restrict/unrestrict chat member"


def permissions(args: Args) -> frozenset[str]:
    """The permissions of a call: unless they are independent, some imply others, as at Telegram."""
    given = args.object("permissions", "permissions")
    if given is None:
        raise bad_request("permissions are not specified")
    for name, value in given.items():
        if name in PERMISSIONS and not isinstance(value, bool):
            raise bad_request(f'can\'t parse chat permissions: field "{name}" must be of type Boolean')
    on = {name for name in PERMISSIONS if given.get(name)}
    if "can_manage_topics" not in given and "can_pin_messages" in on:
        on.add("can_manage_topics")
    if "can_edit_tag" not in given and "can_pin_messages" in on:
        on.add("can_edit_tag")
    if not args.flag("use_independent_chat_permissions"):
        on |= _implied(on)
    if "can_react_to_messages" not in given and "can_send_messages" in on:
        on.add("can_react_to_messages")
    return frozenset(on)


def _implied(on: set[str]) -> set[str]:
    implied: set[str] = set()
    if on & {"can_send_other_messages", "can_add_web_page_previews"}:
        implied |= {*MEDIA_PERMISSIONS, "can_send_messages"}
    if on & {"can_send_polls", *MEDIA_PERMISSIONS}:
        implied.add("can_send_messages")
    return implied


def _target(world: World, chat: Chat, user_id: int) -> Member:
    """The member that the bot is about to restrict; refused when it may not."""
    if not knows(world, user_id):
        raise bad_request("member not found")
    member = chat.member(user_id, world.now())
    if member.status == "creator":
        raise bad_request("can't remove chat owner")
    if world.is_bot(user_id):
        raise bad_request("can't restrict self")
    require_right(world, chat, "can_restrict_members", NO_RIGHT)
    if member.status == "administrator" and not _may_demote(world, chat, member):
        raise bad_request("user is an administrator of the chat")
    return member


def _may_demote(world: World, chat: Chat, member: Member) -> bool:
    return member.promoted_by == world.bot.id and world.bot_member(chat).has("can_promote_members")


@method("restrictChatMember", "chat_id user_id permissions use_independent_chat_permissions until_date")
def restrict_chat_member(world: World, args: Args) -> bool:
    """Take permissions from a member of a supergroup for a time, or give them back."""
    user_id, allowed = args.user_id(), permissions(args)
    chat = reached(world, args)
    if chat.type != "supergroup":
        raise bad_request("method is available only for supergroups")
    old = _target(world, chat, user_id)
    until = lasting(args.integer("until_date"), world.now())
    if allowed >= chat.permissions:
        free = Member(user_id, "member" if old.is_present else "left")
        world.set_member(chat, world.bot.id, free)
        return True
    present = old.is_present
    world.set_member(
        chat, world.bot.id, Member(user_id, "restricted", permissions=allowed, until=until, is_member=present)
    )
    return True


@method("banChatMember", "chat_id user_id until_date revoke_messages")
def ban_chat_member(world: World, args: Args) -> bool:
    """Remove somebody; from a supergroup or channel so that they cannot come back until the date."""
    user_id = args.user_id()
    args.flag("revoke_messages")
    chat = reached(world, args)
    if chat.type == "private":
        raise bad_request("can't ban members in private chats")
    old = _target(world, chat, user_id)
    if chat.type == "group":
        if old.is_present:
            world.put_out(chat, world.bot.id, Member(user_id, "left"))
        return True
    until = lasting(args.integer("until_date"), world.now())
    world.put_out(chat, world.bot.id, Member(user_id, "kicked", until=until))
    if chat.type == "supergroup" and world.ban_removes_messages:
        theirs = [
            message.id for message in chat.messages.values() if message.sender == user_id and not message.is_service
        ]
        world.remove_messages(chat, theirs)
    return True


@method("unbanChatMember", "chat_id user_id only_if_banned")
def unban_chat_member(world: World, args: Args) -> bool:
    """Let somebody come back; a member who is not banned is put out, unless `only_if_banned`."""
    user_id = args.user_id()
    chat = reached(world, args)
    if chat.type not in {"supergroup", "channel"}:
        raise bad_request("method is available for supergroup and channel chats only")
    if args.flag("only_if_banned") and chat.member(user_id, world.now()).status != "kicked":
        return True
    old = _target(world, chat, user_id)
    if old.status == "kicked" or old.is_present:
        world.put_out(chat, world.bot.id, Member(user_id, "left"))
    return True


def _channel_to_ban(world: World, args: Args) -> tuple[Chat, int]:
    text = args.text("sender_chat_id")
    if not text:
        raise bad_request("sender_chat_id is empty")
    if not text.lstrip("-").isdigit():
        raise bad_request("sender_chat_id is not a valid Integer")
    chat = reached(world, args)
    if chat.type == "private":
        raise bad_request("can't ban members in private chats")
    if chat.type == "group":
        raise bad_request("can't ban chats in basic groups")
    sender: Any = world.chats.get(int(text))
    if sender is None or sender.type not in {"channel", "supergroup"}:
        raise bad_request("chat not found" if sender is None else "can't restrict the chat")
    require_right(world, chat, "can_restrict_members", NO_RIGHT)
    return chat, sender.id


@method("banChatSenderChat", "chat_id sender_chat_id")
def ban_chat_sender_chat(world: World, args: Args) -> bool:
    """Let nobody post as this channel, nor as another one of its owner."""
    chat, sender = _channel_to_ban(world, args)
    if sender in {chat.id, chat.linked_chat_id}:
        raise bad_request("PARTICIPANT_ID_INVALID")
    owner = world.owner(world.chats[sender])
    theirs = (other.id for other in world.chats.values() if other.type == "channel" and world.owner(other) == owner)
    chat.banned_chats |= {sender, *theirs} - {chat.linked_chat_id}
    world.events.add("chat", chat.id, chat=chat.json())
    return True


@method("unbanChatSenderChat", "chat_id sender_chat_id")
def unban_chat_sender_chat(world: World, args: Args) -> bool:
    """Let the channel's owner post as it again."""
    chat, sender = _channel_to_ban(world, args)
    owner = world.owner(world.chats[sender])
    chat.banned_chats -= {
        other.id for other in world.chats.values() if other.type == "channel" and world.owner(other) == owner
    }
    return True


@method("setChatPermissions", "chat_id permissions use_independent_chat_permissions")
def set_chat_permissions(world: World, args: Args) -> bool:
    """What plain members of a group may do."""
    allowed = permissions(args)
    chat = reached(world, args)
    if chat.type == "private":
        raise bad_request("can't change private chat permissions")
    if chat.type == "channel":
        raise bad_request("can't change channel chat permissions")
    require_right(world, chat, "can_restrict_members", "not enough rights to change chat permissions")
    chat.permissions = allowed
    world.events.add("chat", chat.id, chat=chat.json())
    return True
