"""Appointing administrators; restricting members is in banning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.access import knows, reached
from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request
from bot.sandbox.rights import ALL_RIGHTS, Member

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.world import World


@method("promoteChatMember", "chat_id user_id is_anonymous " + " ".join(sorted(ALL_RIGHTS)))
def promote_chat_member(world: World, args: Args) -> bool:
    """Give a member admin rights that the bot has itself; no rights at all is a demotion."""
    user_id = args.user_id()
    chosen = frozenset(name for name in ALL_RIGHTS if args.flag(name))
    chat = reached(world, args)
    if chat.type not in {"supergroup", "channel"}:
        raise bad_request("method is available for supergroup and channel chats only")
    if not knows(world, user_id):
        raise bad_request("user not found")
    if world.is_bot(user_id):
        raise bad_request("can't promote self")
    own, old = world.bot_member(chat), chat.member(user_id, world.now())
    if old.status == "creator":
        raise bad_request("can't remove chat owner")
    if not own.has("can_promote_members"):
        raise bad_request("not enough rights")
    if old.status == "administrator" and old.promoted_by != world.bot.id:
        raise bad_request("CHAT_ADMIN_REQUIRED")
    if not old.is_present:
        raise bad_request("USER_NOT_PARTICIPANT")
    if not all(own.has(name) for name in chosen - {"can_manage_chat"}):
        raise bad_request("RIGHT_FORBIDDEN")
    member = Member(user_id)
    if chosen:
        rights, anonymous = chosen | {"can_manage_chat"}, args.flag("is_anonymous")
        member = Member(user_id, "administrator", rights, is_anonymous=anonymous, promoted_by=world.bot.id)
    world.set_member(chat, world.bot.id, member)
    return True
