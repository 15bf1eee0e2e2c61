"""People come, go, are promoted, restricted and banned, and groups grow up; what they post is in posting."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import TOPIC_COLOR, Chat, Topic
from bot.sandbox.delivery import Delivery
from bot.sandbox.refusal import SandboxError
from bot.sandbox.rights import Member, chosen_rights

if TYPE_CHECKING:
    from bot.sandbox.people import User

CHAT_TYPES = ("group", "supergroup", "channel")


class Membership(Delivery):
    """State in which people and the bot have a standing."""

    # --- making ---------------------------------------------------------------------------------

    def create_user(
        self,
        first_name: str,
        *,
        id_: int | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        is_bot: bool = False,
    ) -> User:
        """A new person, or another bot."""
        return self.people.add(
            id_, first_name, last_name=last_name, username=username, language_code=language_code, is_bot=is_bot
        )

    def create_chat(
        self,
        title: str,
        owner_id: int,
        *,
        type_: str = "supergroup",
        id_: int | None = None,
        username: str | None = None,
        is_forum: bool = False,
        linked_chat_id: int | None = None,
        is_protected: bool = False,
    ) -> Chat:
        """A new group, supergroup or channel with its owner in it; a linked chat is linked both ways."""
        self.people.get(owner_id)
        _check_new_chat(type_, title, is_forum=is_forum)
        number = self.free_chat_id(type_) if id_ is None else id_
        if number in self.chats or number >= 0:
            raise SandboxError(f"{number} cannot be a new chat's id: it is taken, or not negative")
        if username and (self.named_chat(username) or self.people.named(username)):
            raise SandboxError(f"the username {username} is taken")
        linked = self.chat(linked_chat_id) if linked_chat_id is not None else None
        if linked is not None and {linked.type, type_} != {"channel", "supergroup"}:
            raise SandboxError("a channel is linked to a supergroup, and a supergroup to a channel")
        chat = Chat(number, type_, title, username, is_forum=is_forum, is_protected=is_protected)
        chat.members[owner_id] = Member(owner_id, "creator")
        self.chats[number] = chat
        if linked is not None:
            chat.linked_chat_id, linked.linked_chat_id = linked.id, chat.id
        self._tell_created(chat, owner_id)
        return chat

    def _tell_created(self, chat: Chat, owner_id: int) -> None:
        self.events.add("chat", chat.id, chat=chat.json())
        created = {"group": "group_chat_created", "supergroup": "supergroup_chat_created"}.get(
            chat.type, "channel_chat_created"
        )
        self.service_message(chat, owner_id, cannot_delete=True, **{created: True})

    def create_topic(self, chat_id: int, name: str, *, as_: int | None = None) -> Topic:
        """A new topic of a forum, opened by somebody or by its owner."""
        chat = self.chat(chat_id)
        if not chat.is_forum:
            raise SandboxError(f"{chat.title} is not a forum")
        return self.open_topic(chat, name, self.owner(chat) if as_ is None else as_)

    def open_topic(self, chat: Chat, name: str, actor: int, color: int = TOPIC_COLOR) -> Topic:
        """Open a topic; its id is that of the service message that says so."""
        number = chat.last_message_id + 1
        chat.topics[number] = Topic(number, name, color)
        thread = {"message_thread_id": number, "is_topic_message": True}
        made = {"forum_topic_created": {"name": name, "icon_color": color}}
        self.service_message(chat, actor, cannot_delete=True, **thread, **made)
        return chat.topics[number]

    def owner(self, chat: Chat) -> int:
        """Who owns a chat."""
        found = next((member.user_id for member in chat.members.values() if member.status == "creator"), None)
        if found is None:
            raise SandboxError(f"chat {chat.id} has no owner")
        return found

    # --- standing -------------------------------------------------------------------------------

    def set_member(self, chat: Chat, actor: int, member: Member) -> None:
        """Give somebody a new standing, by somebody's hand, and tell who should know."""
        before = self.member_json(chat, chat.member(member.user_id, self.now()))
        chat.members[member.user_id] = member
        self.tell_member(chat, actor, before, member)

    def add_member(
        self, chat_id: int, user_id: int, *, status: str = "member", rights: Any = None, is_anonymous: bool = False
    ) -> Member:
        """Put somebody into a chat, added by its owner; with `rights`, as an administrator."""
        chat, user = self.chat(chat_id), self.people.get(user_id)
        if user_id == self.bot.id:
            raise SandboxError("the bot is added with add_bot")
        if status not in {"member", "administrator"}:
            raise SandboxError(f"somebody is added as member or administrator, not as {status}")
        self._enter(chat, user, self.owner(chat), None)
        if rights is not None or status == "administrator":
            self.promote(chat_id, user_id, True if rights is None else rights, is_anonymous=is_anonymous)
        return chat.members[user_id]

    def _enter(self, chat: Chat, user: User, actor: int, member: Member | None) -> None:
        if chat.migrated_to:
            raise SandboxError(f"this group has become the supergroup {chat.migrated_to}")
        if chat.member(user.id, self.now()).is_present:
            raise SandboxError(f"{user.name} is already in {chat.title}")
        old = chat.member(user.id, self.now())
        keeps = member is None and old.status == "restricted"
        self.set_member(chat, actor, _rejoined(old) if keeps else member or Member(user.id))
        if chat.is_group:
            self.service_message(chat, actor, new_chat_members=[user.json()])

    def join(self, as_: int, chat_id: int) -> Member:
        """Somebody joins by themselves; refused to the banned."""
        chat, user = self.chat(chat_id), self.people.get(as_)
        if chat.member(as_, self.now()).status == "kicked":
            raise SandboxError(f"{user.name} is banned from {chat.title}")
        self._enter(chat, user, as_, None)
        return chat.members[as_]

    def leave(self, as_: int, chat_id: int) -> None:
        """Somebody leaves by themselves."""
        chat, user = self.chat(chat_id), self.people.get(as_)
        self.require_member(chat, as_)
        self._exit(chat, user, as_, Member(as_, "left"))

    def _exit(self, chat: Chat, user: User, actor: int, member: Member) -> None:
        if chat.type == "supergroup" and user is self.bot:  # a supergroup does not tell a bot of its own end
            self.set_member(chat, actor, member)
            self.service_message(chat, actor, left_chat_member=user.json())
            return
        if chat.is_group:
            self.service_message(chat, actor, left_chat_member=user.json())
        self.set_member(chat, actor, member)

    def put_out(self, chat: Chat, actor: int, member: Member) -> None:
        """Remove somebody from a chat, leaving them banned or merely gone as `member` says."""
        was_present = chat.member(member.user_id, self.now()).is_present
        if was_present:
            self._exit(chat, self.people.get(member.user_id), actor, member)
        else:
            self.set_member(chat, actor, member)

    def require_member(self, chat: Chat, user_id: int) -> Member:
        """Somebody's standing; refused to those who are not in the chat."""
        member = chat.member(user_id, self.now())
        if not member.is_present:
            raise SandboxError(f"{self.people.get(user_id).name} is not a member of {chat.title}")
        return member

    def promote(self, chat_id: int, user_id: int, rights: Any = True, *, is_anonymous: bool = False) -> Member:
        """Make a member an administrator with these rights, by the owner's hand."""
        chat = self.chat(chat_id)
        old = self.require_member(chat, user_id)
        names = chosen_rights(rights)
        anonymous = is_anonymous or (isinstance(rights, dict) and bool(rights.get("is_anonymous")))
        owner = self.owner(chat)
        if old.status == "creator":
            self.set_member(chat, owner, Member(user_id, "creator", is_anonymous=anonymous))
        else:
            member = Member(user_id, "administrator", names, is_anonymous=anonymous, promoted_by=owner)
            self.set_member(chat, owner, member)
        return chat.members[user_id]

    def demote(self, chat_id: int, user_id: int) -> Member:
        """Make an administrator a plain member again, by the owner's hand."""
        chat = self.chat(chat_id)
        if self.require_member(chat, user_id).status != "administrator":
            raise SandboxError(f"{self.people.get(user_id).name} is not an administrator of {chat.title}")
        self.set_member(chat, self.owner(chat), Member(user_id))
        return chat.members[user_id]

    # --- the bot --------------------------------------------------------------------------------

    def add_bot(self, as_: int, chat_id: int, rights: Any = None) -> Member:
        """Somebody adds the bot: with `rights` as an administrator, else as a member, which no channel takes."""
        chat, adder = self.chat(chat_id), self.require_member(self.chat(chat_id), as_)
        if rights is None and chat.type == "channel":
            raise SandboxError("a bot can be in a channel only as an administrator")
        if rights is not None and not adder.has("can_promote_members"):
            raise SandboxError(f"{self.people.get(as_).name} may not appoint administrators in {chat.title}")
        if not adder.is_admin and "can_invite_users" not in chat.permissions:
            raise SandboxError(f"{self.people.get(as_).name} may not add anybody to {chat.title}")
        member = Member(self.bot.id)
        if rights is not None:
            member = Member(self.bot.id, "administrator", chosen_rights(rights), promoted_by=as_)
        self._enter(chat, self.bot, as_, member)
        return chat.members[self.bot.id]

    def remove_bot(self, as_: int, chat_id: int) -> None:
        """An admin removes the bot from a chat, for good."""
        chat = self.chat(chat_id)
        if not self.require_member(chat, as_).has("can_restrict_members"):
            raise SandboxError(f"{self.people.get(as_).name} may not remove anybody from {chat.title}")
        self.require_member(chat, self.bot.id)
        self.put_out(chat, as_, Member(self.bot.id, "kicked"))

    def set_bot_rights(self, chat_id: int, rights: Any, *, as_: int | None = None) -> Member:
        """An admin, or the owner, changes the bot's rights; None makes it a plain member."""
        chat = self.chat(chat_id)
        actor = self.owner(chat) if as_ is None else as_
        if not self.require_member(chat, actor).has("can_promote_members"):
            raise SandboxError(f"{self.people.get(actor).name} may not appoint administrators in {chat.title}")
        self.require_member(chat, self.bot.id)
        if rights is None:
            self.set_member(chat, actor, Member(self.bot.id))
        else:
            self.set_member(chat, actor, Member(self.bot.id, "administrator", chosen_rights(rights), promoted_by=actor))
        return chat.members[self.bot.id]

    def set_blocked(self, user_id: int, *, blocked: bool) -> None:
        """Somebody blocks the bot, or unblocks it."""
        user = self.people.get(user_id)
        if user.blocked == blocked:
            return
        chat = self.private_chat(user_id)
        member = chat.members.setdefault(self.bot.id, Member(self.bot.id))
        before = self.member_json(chat, copy(member))
        user.blocked = blocked
        member.status = "kicked" if blocked else "member"
        self.tell_member(chat, user_id, before, member)

    def block_bot(self, as_: int) -> None:
        """Somebody blocks the bot in their private chat."""
        self.set_blocked(as_, blocked=True)

    def unblock_bot(self, as_: int) -> None:
        """Somebody takes the block back."""
        self.set_blocked(as_, blocked=False)

    def set_privacy(self, *, on: bool) -> bool:
        """Switch the bot's privacy mode; it counts at once."""
        self.privacy = on
        return on

    # --- growing up -----------------------------------------------------------------------------

    def migrate(self, chat_id: int) -> Chat:
        """A basic group becomes a supergroup with a new id; the old one only points there."""
        old = self.chat(chat_id)
        if old.type != "group" or old.migrated_to:
            raise SandboxError("only a basic group can become a supergroup, and only once")
        new = Chat(self.free_chat_id("supergroup"), "supergroup", old.title, permissions=old.permissions)
        new.members = {member.user_id: copy(member) for member in old.members.values() if member.is_present}
        self.chats[new.id] = new
        owner = self.owner(old)
        self.service_message(old, owner, cannot_delete=True, migrate_to_chat_id=new.id)
        old.migrated_to = new.id
        self.service_message(new, owner, cannot_delete=True, migrate_from_chat_id=old.id)
        self.events.add("chat", new.id, chat=new.json())
        return new


def _check_new_chat(chat_type: str, title: str, *, is_forum: bool) -> None:
    if chat_type not in CHAT_TYPES:
        raise SandboxError(f"a chat's type is one of {', '.join(CHAT_TYPES)}, not {chat_type}")
    if not title:
        raise SandboxError("a chat needs a title")
    if is_forum and chat_type != "supergroup":
        raise SandboxError("only a supergroup can be a forum")


def _rejoined(old: Member) -> Member:
    """A restricted person who comes back stays restricted."""
    back = copy(old)
    back.is_member = True
    return back
