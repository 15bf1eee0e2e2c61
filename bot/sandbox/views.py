"""The sandbox as one person sees it, for the page and for tests; nothing changes here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.authors import may_write
from bot.sandbox.people import ANONYMOUS_ADMIN, CHANNEL_BOT, TELEGRAM
from bot.sandbox.rights import permissions_json, rights_json

if TYPE_CHECKING:
    from bot.sandbox.chats import Chat
    from bot.sandbox.people import User
    from bot.sandbox.posting import Posting
    from bot.sandbox.rights import Member

MESSAGES_SHOWN = 200


def user_view(user: User) -> dict[str, Any]:
    """A person, with whether the bot may write to them."""
    return {**user.json(), "started": user.started, "blocked": user.blocked}


def sees(world: Posting, chat: Chat, user_id: int | None) -> bool:
    """Whether somebody sees a chat: their own private chat, groups they are in, public ones; None sees everything."""
    if user_id is None:
        return True
    if chat.type == "private":
        return chat.id == user_id
    member = chat.member(user_id, world.now())
    return member.is_present or (bool(chat.username) and member.status != "kicked")


def member_view(member: Member, chat_type: str) -> dict[str, Any]:
    """Somebody's standing in a chat."""
    return {
        "user_id": member.user_id,
        "status": member.status,
        "is_present": member.is_present,
        "is_anonymous": member.is_anonymous,
        "until_date": member.until,
        "rights": rights_json(member.rights, chat_type, is_anonymous=member.is_anonymous),
        "permissions": permissions_json(member.permissions),
    }


def chat_view(world: Posting, chat: Chat, user_id: int | None) -> dict[str, Any]:
    """A chat with its members and topics, and whether this person can write in it."""
    refusal = may_write(world, chat, user_id) if user_id is not None else None
    now = world.now()
    members = [chat.member(number, now) for number in list(chat.members)]
    commands: list[dict[str, str]] = []
    if user_id is not None:
        language = world.people.get(user_id).language_code or ""
        is_admin = chat.member(user_id, now).is_admin
        commands = world.profile.shown_commands(chat.json(), user_id, language, is_admin=is_admin)
    return {
        **chat.json(),
        "members": [member_view(member, chat.type) for member in members],
        "member_count": sum(member.is_present for member in members),
        "bot": member_view(world.bot_member(chat), chat.type),
        "can_write": refusal is None,
        "refusal": refusal,
        "topics": [{**topic.json(), "is_closed": topic.is_closed} for topic in chat.topics.values()],
        "linked_chat_id": chat.linked_chat_id,
        "migrated_to": chat.migrated_to,
        "permissions": permissions_json(chat.permissions),
        "pinned": list(chat.pinned),
        "commands": commands,
    }


def state_view(world: Posting, user_id: int | None) -> dict[str, Any]:
    """Everything that somebody sees; None sees all."""
    me = None if user_id is None else user_view(world.people.get(user_id))
    if user_id is not None:
        world.private_chat(user_id)
    chats = [chat for chat in list(world.chats.values()) if sees(world, chat, user_id)]
    service = {TELEGRAM, ANONYMOUS_ADMIN, CHANNEL_BOT}
    return {
        "me": me,
        "now": world.now(),
        "seq": world.events.seq,
        "bot": world.me_json(),
        "users": [user_view(user) for user in list(world.people.users.values()) if user.id not in service],
        "chats": [chat_view(world, chat, user_id) for chat in chats],
        "messages": {
            str(chat.id): [message.json() for message in list(chat.messages.values())[-MESSAGES_SHOWN:]]
            for chat in chats
        },
    }


def events_view(world: Posting, user_id: int | None, after: int) -> dict[str, Any]:
    """What happened after event number `after` and this person may know; `reset` says that some of it is forgotten."""
    shown = []
    for event, only in world.events.since(after):
        if only is not None and user_id is not None and only != user_id:
            continue
        chat = world.chats.get(event["chat_id"] or 0)
        if event["kind"] == "call" and user_id is not None:
            continue
        own = event["kind"] == "member" and event["user_id"] == user_id
        if chat is None or own or sees(world, chat, user_id):
            shown.append(event)
    return {"seq": world.events.seq, "events": shown, "reset": world.events.has_lost(after)}
