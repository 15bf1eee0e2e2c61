"""What people do with messages: post, edit, delete, press buttons; the bot's own doings are in the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox import media
from bot.sandbox.authors import author, may_write
from bot.sandbox.entities import written
from bot.sandbox.membership import Membership
from bot.sandbox.messages import CAPTION, CONTENT, Message
from bot.sandbox.people import TELEGRAM
from bot.sandbox.pictures import NotAPictureError
from bot.sandbox.refusal import SandboxError
from bot.sandbox.state import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.chats import Chat

LONGEST_ALBUM = 10


class Posting(Membership):
    """State in which people can talk."""

    def open_chat(self, chat_id: int, as_: int) -> Chat:
        """A chat as somebody names it: their private chat with the bot by their own id or by the bot's."""
        return self.private_chat(as_) if chat_id in {as_, self.bot.id} else self.chat(chat_id)

    def post(
        self,
        as_: int,
        chat_id: int,
        *,
        text: str | None = None,
        media: Sequence[dict[str, Any]] = (),
        in_name_of: str | int | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
        forward_of: dict[str, int] | None = None,
        external_reply_of: dict[str, int] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> list[Message]:
        """Somebody posts; the messages that come of it, several for an album.

        Each of `media` is a mapping with an `upload` and perhaps `caption` and `spoiler`. `extra` is merged into
        every message as it is. Refused, in one sentence, when Telegram's apps would not let this person post that.
        """
        chat = self.open_chat(chat_id, as_)
        contents = self._contents(text, media, forward_of)
        thread = self.thread_of(chat, thread_id, reply_to)
        if not contents and extra:
            contents = [{}]
        if not contents:
            raise SandboxError("a post needs a text, media, or a message to forward")
        for content in contents:
            self._require_writing(chat, as_, content, thread.get("message_thread_id") if chat.is_forum else None)
        if reply_to is not None and reply_to not in chat.messages:
            raise SandboxError(f"there is no message {reply_to} to reply to in this chat")
        fields = {**author(self, chat, as_, in_name_of).fields, **thread}
        if external_reply_of is not None:
            fields["external_reply"] = self.message(**external_reply_of).external_reply()
        if len(contents) > 1:
            fields["media_group_id"] = str(self.number())
        if chat.type == "private":
            self.people.get(as_).started = True
        return [
            self._put(chat, {**fields, **content, **(extra or {})}, as_, reply_to if place == 0 else None)
            for place, content in enumerate(contents)
        ]

    def _put(self, chat: Chat, fields: dict[str, Any], sender: int, reply_to: int | None) -> Message:
        message = self.add_message(chat, fields, sender=sender, reply_to=reply_to)
        if chat.type == "channel":
            self.forward_to_discussion(message)
        return message

    def forward_to_discussion(self, message: Message) -> None:
        """Telegram forwards a channel's post into the group that is linked to it."""
        group = self.chats.get(message.chat.linked_chat_id or 0)
        if group is None:
            return
        fields = {
            "from": self.people.get(TELEGRAM).json(),
            "sender_chat": message.chat.json(),
            "is_automatic_forward": True,
        }
        album = {name: message.fields[name] for name in ("media_group_id",) if name in message.fields}
        self.add_message(
            group, {**fields, "forward_origin": message.origin(), **album, **message.content()}, sender=TELEGRAM
        )

    def _require_writing(self, chat: Chat, user_id: int, content: dict[str, Any], thread_id: int | None) -> None:
        kind = next((kind for kind in ("animation", *media.KINDS) if kind in content), "text")
        refusal = may_write(self, chat, user_id, kind, thread_id)
        if refusal:
            raise SandboxError(refusal)

    def _contents(
        self, text: str | None, items: Sequence[dict[str, Any]], forward_of: dict[str, int] | None
    ) -> list[dict[str, Any]]:
        if forward_of is not None:
            original = self.message(**forward_of)
            if original.is_service or original.fields.get("has_protected_content"):
                raise SandboxError("this message cannot be forwarded")
            return [{"forward_origin": original.origin(), **original.content()}]
        if len(items) > LONGEST_ALBUM:
            raise SandboxError(f"an album has at most {LONGEST_ALBUM} items")
        if not items:
            return [written(text)] if text else []
        first = {**items[0], "caption": items[0].get("caption") or text}
        return [self.item_fields(item) for item in (first, *items[1:])]

    def item_fields(self, item: dict[str, Any]) -> dict[str, Any]:
        """The message fields of one medium, its bytes stored under new ids."""
        fields = self.store(item["upload"])
        if item.get("caption"):
            fields |= written(item["caption"], "caption")
        return {**fields, "has_media_spoiler": True} if item.get("spoiler") else fields

    def store(self, upload: media.Upload) -> dict[str, Any]:
        """Store an upload; the message fields that carry it."""
        if upload.kind not in media.KINDS:
            raise SandboxError(f"a medium's kind is one of {', '.join(media.KINDS)}, not {upload.kind}")
        try:
            return media.store(self.files, upload, self.prepare(upload))
        except NotAPictureError as error:
            raise SandboxError(
                f"Telegram would not take this as a {upload.kind}: {error}; use as_is to post it"
            ) from error

    def edit(
        self, as_: int, chat_id: int, message_id: int, *, text: str | None = None, item: dict[str, Any] | None = None
    ) -> Message:
        """Somebody edits their own message: its text, its caption, or its medium."""
        message = self.message(self.open_chat(chat_id, as_).id, message_id)
        if message.sender != as_ or message.is_service or "forward_origin" in message.fields:
            raise SandboxError("only one's own messages can be edited, and no forwards")
        if text is None and item is None:
            raise SandboxError("an edit needs a text or media")
        if item is not None:
            given = {**item, "caption": item.get("caption") or text}
            self.edit_message(message, self.item_fields(given), drop=CONTENT)
        elif message.media_kind:
            self.edit_message(message, written(text or "", "caption") if text else {}, drop=CAPTION)
        else:
            self.edit_message(message, written(text or ""), drop=("text", "entities"))
        return message

    def delete(self, as_: int, chat_id: int, message_ids: Sequence[int]) -> list[int]:
        """Somebody deletes messages, their own or as an admin anybody's; the numbers of those that were there."""
        chat = self.open_chat(chat_id, as_)
        may_all = chat.type == "private" or chat.member(as_, self.now()).has("can_delete_messages")
        for number in message_ids:
            message = chat.messages.get(number)
            if message is not None and message.sender != as_ and not may_all:
                raise SandboxError(f"{self.people.get(as_).name} may delete only their own messages in {chat.title}")
        return self.remove_messages(chat, message_ids)

    def start_bot(self, as_: int, payload: str | None = None) -> Message:
        """Somebody presses Start in their private chat with the bot, perhaps from a link with a payload."""
        self.set_blocked(as_, blocked=False)
        return self.post(as_, as_, text=f"/start {payload}" if payload else "/start")[0]

    def press_button(self, as_: int, chat_id: int, message_id: int, data: str) -> Query:
        """Somebody presses a button under a message of the bot; what they press must be there."""
        chat = self.open_chat(chat_id, as_)
        message = self.message(chat.id, message_id)
        if not (chat.type == "private" or chat.username or chat.member(as_, self.now()).is_present):
            raise SandboxError(f"{self.people.get(as_).name} does not see {chat.title}")
        if data not in button_data(message):
            raise SandboxError(f"message {message_id} has no button with the data {data!r}")
        query = Query(str(self.number()), as_, chat.id, self.now() + self.limits.query_seconds)
        self.queries = {kept.id: kept for kept in self.queries.values() if kept.until > self.now()}
        self.queries[query.id] = query
        callback = {
            "id": query.id,
            "from": self.people.get(as_).json(),
            "message": message.json(),
            "chat_instance": str(abs(chat.id) * 7919 + self.bot.id),
            "data": data,
        }
        self.updates.push("callback_query", callback, queue=as_ + (1 << 33), date=self.now())
        return query


def button_data(message: Message) -> list[str]:
    """The callback data of all buttons under a message."""
    keyboard = message.fields.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in keyboard for button in row if "callback_data" in button]
