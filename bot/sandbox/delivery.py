"""A message's way: into its chat, to the page, and to the bot if Telegram would show it; who may post is in posting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import GENERAL_TOPIC
from bot.sandbox.messages import Message
from bot.sandbox.people import ANONYMOUS_ADMIN, CHANNEL_BOT, TELEGRAM
from bot.sandbox.rights import member_json
from bot.sandbox.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.sandbox.chats import Chat
    from bot.sandbox.rights import Member

COMMAND = re.compile(r"/[A-Za-z0-9_]+(?:@(?P<bot>[A-Za-z0-9_]+))?(?:\s|$)")
SERVICE_SENDERS = {TELEGRAM, ANONYMOUS_ADMIN, CHANNEL_BOT}


class Delivery(State):
    """State to which messages can be added, changed and taken away."""

    def add_message(
        self,
        chat: Chat,
        fields: dict[str, Any],
        *,
        sender: int | None,
        reply_to: int | None = None,
        is_service: bool = False,
        cannot_delete: bool = False,
    ) -> Message:
        """Put a message into a chat and tell everyone who should hear of it; `sender` is who really posted it."""
        chat.last_message_id += 1
        number = chat.last_message_id
        body = {"message_id": number, "date": self.now(), "chat": chat.json(), **fields}
        if chat.is_protected and not is_service:
            body["has_protected_content"] = True
        message = Message(chat, number, body, sender, reply_to, self.is_bot(sender), is_service, cannot_delete)
        chat.messages[number] = message
        while len(chat.messages) > self.limits.messages:
            del chat.messages[next(iter(chat.messages))]
        self.events.add("message", chat.id, message=message.json())
        self.deliver(message)
        return message

    def service_message(self, chat: Chat, user_id: int, *, cannot_delete: bool = False, **fields: Any) -> Message:
        """Put a service message into a chat, in somebody's name."""
        sender = {"from": self.people.get(user_id).json()} if chat.type != "channel" else {"sender_chat": chat.json()}
        return self.add_message(
            chat, {**sender, **fields}, sender=user_id, is_service=True, cannot_delete=cannot_delete
        )

    def deliver(self, message: Message, *, is_edit: bool = False) -> None:
        """Queue the bot's update for a message, if it may see it."""
        if not self.bot_sees(message):
            return
        kind = "channel_post" if message.chat.type == "channel" else "message"
        date = int(message.fields.get("edit_date", message.date))
        name = f"edited_{kind}" if is_edit else kind
        self.updates.push(name, message.json(), queue=message.chat.id, date=date)

    def bot_sees(self, message: Message) -> bool:
        """Whether the bot is shown this message: its own and other bots' never, others as privacy mode says."""
        chat = message.chat
        if message.is_outgoing or self._is_other_bot(message):
            return False
        if chat.type == "private":
            return True
        member = self.bot_member(chat)
        if not member.is_present:
            return False
        return member.is_admin or not self.privacy or message.is_service or self._is_addressed(message)

    def _is_other_bot(self, message: Message) -> bool:
        author = message.fields.get("from")
        return bool(author and author["is_bot"] and author["id"] not in SERVICE_SENDERS and not message.is_service)

    def _is_addressed(self, message: Message) -> bool:
        replied = message.chat.messages.get(message.reply_to or 0)
        if replied is not None and replied.is_outgoing:
            return True
        command = COMMAND.match(message.fields.get("text", ""))
        if not command:
            return False
        return command["bot"] is None or command["bot"].lower() == (self.bot.username or "").lower()

    def edit_message(self, message: Message, fields: dict[str, Any], drop: Iterable[str] = ()) -> None:
        """Change a message and tell of it."""
        for name in drop:
            message.fields.pop(name, None)
        message.fields = {**message.fields, **fields, "edit_date": self.now()}
        self.events.add("edited", message.chat.id, message=message.json())
        self.deliver(message, is_edit=True)

    def remove_messages(self, chat: Chat, numbers: Iterable[int]) -> list[int]:
        """Take messages out of a chat; the numbers of those that were there. The bot is never told."""
        gone = [number for number in numbers if chat.messages.pop(number, None) is not None]
        chat.pinned = [number for number in chat.pinned if number not in gone]
        if gone:
            self.events.add("deleted", chat.id, message_ids=gone)
        return gone

    def tell_member(self, chat: Chat, actor: int, before: dict[str, Any], member: Member) -> None:
        """Tell the page, and the bot if it may know, that somebody's standing changed from `before`."""
        after = self.member_json(chat, member)
        if after == before:
            return
        self.events.add("member", chat.id, user_id=member.user_id, member=after)
        own = self.is_bot(member.user_id)
        if not own and not (self.bot_member(chat).is_admin and chat.type != "private"):
            return
        change = {
            "chat": chat.json(),
            "from": self.people.get(actor).json(),
            "date": self.now(),
            "old_chat_member": before,
            "new_chat_member": after,
        }
        kind = "my_chat_member" if own else "chat_member"
        queue = member.user_id + (5 << 33) if not own else chat.id  # a queue of its own, as Telegram has it
        self.updates.push(kind, change, queue=queue, date=self.now())

    def member_json(self, chat: Chat, member: Member) -> dict[str, Any]:
        """Somebody's standing as the bot sees it."""
        editable = member.promoted_by == self.bot.id and self.bot_member(chat).has("can_promote_members")
        return member_json(member, self.people.get(member.user_id), chat.type, can_be_edited=editable)

    def thread_of(self, chat: Chat, thread_id: int | None, reply_to: int | None) -> dict[str, Any]:
        """The thread fields of a new message: its topic in a forum, else the thread of the message it replies to."""
        replied = chat.messages.get(reply_to) if reply_to else None
        if chat.is_forum:
            topic = thread_id or (replied.fields.get("message_thread_id") if replied else None)
            return {"message_thread_id": topic, "is_topic_message": True} if topic and topic != GENERAL_TOPIC else {}
        if chat.type == "supergroup" and replied is not None:
            return {"message_thread_id": replied.fields.get("message_thread_id", replied.id)}
        return {}
