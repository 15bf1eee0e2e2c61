"""Looking at chats and their members, leaving them, and invite links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.access import knows, reached, require_right
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request
from bot.sandbox.rights import Member

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.chats import Chat
    from bot.sandbox.world import World

LONGEST_LINK_NAME = 32


@method("getChat", "chat_id")
def get_chat(world: World, args: Args) -> Any:
    """All of a chat."""
    chat = reached(world, args, write=False)
    return chat.full_json(shows_link=world.bot_member(chat).has("can_invite_users"))


def _readable(world: World, args: Args) -> Chat:
    chat = reached(world, args, write=False)
    if chat.type == "group":
        reached(world, args)  # the members of a group that is no more cannot be read
    if chat.type == "channel" and not world.bot_member(chat).is_admin:
        raise bad_request("member list is inaccessible")
    return chat


@method("getChatMember", "chat_id user_id")
def get_chat_member(world: World, args: Args) -> Any:
    """Somebody's standing."""
    user_id = args.user_id()
    chat = reached(world, args, write=False) if world.is_bot(user_id) else _readable(world, args)
    if not knows(world, user_id):
        raise bad_request("member not found")
    return world.member_json(chat, chat.member(user_id, world.now()))


@method("getChatMemberCount", "chat_id")
def get_chat_member_count(world: World, args: Args) -> int:
    """How many are in the chat, bots among them."""
    chat = _readable(world, args)
    return 2 if chat.type == "private" else len(chat.present(world.now()))


@method("getChatAdministrators", "chat_id return_bots")
def get_chat_administrators(world: World, args: Args) -> Any:
    """The owner and the administrators; of bots only itself, unless `return_bots`."""
    chat = _readable(world, args)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    everyone = args.flag("return_bots")
    shown = [
        member
        for member in chat.present(world.now())
        if member.is_admin and (everyone or world.is_bot(member.user_id) or not world.people.get(member.user_id).is_bot)
    ]
    return [world.member_json(chat, member) for member in shown]


@method("leaveChat", "chat_id")
def leave_chat(world: World, args: Args) -> bool:
    """The bot leaves."""
    chat = reached(world, args, write=False)
    if chat.type == "private":
        raise bad_request("can't leave private chats")
    if world.bot_member(chat).is_present:
        world.put_out(chat, world.bot.id, Member(world.bot.id, "left"))
    return True


def _new_link(world: World, args: Args) -> tuple[Chat, str]:
    chat = reached(world, args)
    if chat.type == "private":
        raise bad_request("can't create invite link for the private chat")
    require_right(world, chat, "can_invite_users", "not enough rights to manage chat invite link")
    return chat, f"https://t.me/+{world.number():x}sandbox"


@method("exportChatInviteLink", "chat_id")
def export_chat_invite_link(world: World, args: Args) -> str:
    """A new primary link."""
    chat, link = _new_link(world, args)
    chat.invite_link = link
    return link


@method("createChatInviteLink", "chat_id name expire_date member_limit creates_join_request")
def create_chat_invite_link(world: World, args: Args) -> Any:
    """A further link."""
    name, limit = args.text("name"), args.integer("member_limit")
    if len(name) > LONGEST_LINK_NAME:
        raise bad_request("INVITE_LINK_NAME_INVALID")
    if limit and args.flag("creates_join_request"):
        raise bad_request("member limit can't be specified for links requiring administrator approval")
    _, link = _new_link(world, args)
    body: dict[str, Any] = {
        "invite_link": link,
        "creator": world.bot.json(),
        "creates_join_request": args.flag("creates_join_request"),
        "is_primary": False,
        "is_revoked": False,
    }
    extra = {"name": name, "expire_date": args.integer("expire_date"), "member_limit": limit}
    return body | {key: value for key, value in extra.items() if value}
