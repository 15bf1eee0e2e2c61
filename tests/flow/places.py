"""Chats with people in them for flow tests, and what people do there; what should come of it is the test's business."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.client import PATIENCE, SandboxClient, medium, photo
from bot.sandbox.samples import sample
from tests.flow.kinds import CHANNEL, FORUM, SUPERGROUP
from tests.running import Bot

RIGHTS = ["can_delete_messages", "can_restrict_members", "can_invite_users"]
ADMIN_RIGHTS = [*RIGHTS, "can_change_info", "can_pin_messages"]

Json = dict[str, Any]
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """A chat: its owner, an admin, a member and another, and the log chat when it has one.

    `kind` is one of `tests.flow.kinds`. In a forum everything happens in the topic `topic` unless said otherwise.
    """

    client: SandboxClient
    bot: Bot
    chat: int
    owner: int
    admin: int
    member: int
    other: int
    log: int | None = None
    kind: str = SUPERGROUP
    topic: int | None = None

    @property
    def is_channel(self) -> bool:
        """Whether only admins write here, unseen."""
        return self.kind == CHANNEL

    @property
    def poster(self) -> int:
        """Somebody who may post here: a member, in a channel an admin."""
        return self.admin if self.is_channel else self.member

    # --- what people do -------------------------------------------------------------------------

    async def post(
        self, text: str | None = None, media: Sequence[Json] = (), *, as_: int | None = None, **fields: Any
    ) -> list[int]:
        """Somebody posts; the numbers of the messages."""
        where = {"thread_id": self.topic, **fields}
        messages = await self.client.post(as_ or self.poster, self.chat, text, media, **where)
        return [int(message["message_id"]) for message in messages]

    async def post_sample(self, name: str, *, as_: int | None = None, **fields: Any) -> int:
        """Somebody posts a sample as what it is; the message's number."""
        one = sample(name)
        media = medium(one.kind, one.data(), filename=one.filename)
        return (await self.post(None, [media], as_=as_, **fields))[0]

    async def post_photo(self, data: bytes, *, as_: int | None = None, **fields: Any) -> int:
        """Somebody posts a picture as a photo; the message's number."""
        return (await self.post(None, [photo(data)], as_=as_, **fields))[0]

    async def say(self, text: str, *, as_: int | None = None, **fields: Any) -> int:
        """Somebody writes a text; the message's number."""
        return (await self.post(text, as_=as_, **fields))[0]

    async def command(self, text: str, *, as_: int | None = None, **fields: Any) -> int:
        """An admin gives a command, and in a channel, where nobody sees who wrote, confirms it; its number."""
        asked = await self.say(text, as_=as_ or self.admin, **fields)
        if self.is_channel:
            prompt = await self.said("I cannot see who you are", after=asked)
            await self.press(prompt, "Confirm", as_=as_ or self.admin)
        return asked

    async def panel(self, *doors: str, as_: int | None = None) -> Json:
        """Somebody, else the admin, opens the settings in private by their link, and goes through these doors."""
        who = as_ or self.admin
        asked = await self.client.start_bot(who, f"settings_{self.chat}")
        panel = await self.said("⚙️", chat=who, after=asked["message_id"])
        for door in doors:
            await self.press(panel, door, as_=who)
            panel = await self.now(panel)
        return panel

    async def choose(self, words: str, *doors: str) -> Json:
        """The admin chooses something by a button of the settings panel, behind these doors; the panel after it."""
        panel = await self.panel(*doors)
        await self.press(panel, words, as_=self.admin)
        return await self.now(panel)

    async def now(self, message: Json) -> Json:
        """A message as it stands once everything is done."""
        await self.settle()
        found = await self.client.message(message["chat"]["id"], message["message_id"])
        assert found is not None
        return found

    # --- what comes of it -----------------------------------------------------------------------

    async def wait_gone(self, *message_ids: int) -> None:
        """Wait until messages of this chat are removed."""
        for message_id in message_ids:
            await self.client.wait_deleted(self.chat, message_id)

    async def is_there(self, message_id: int) -> bool:
        """Whether a message of this chat is there, once the bot has handled everything so far."""
        await self.settle()
        return await self.client.message(self.chat, message_id) is not None

    async def post_until(self, post: Callable[[], Awaitable[int]], *, is_there: bool) -> int:
        """Post until it stays, or goes: what was just listed counts within the second, not at once. The last number."""
        async with asyncio.timeout(PATIENCE):
            while await self.is_there(message := await post()) is not is_there:
                pass
        return message

    async def settle(self) -> None:
        """Wait until the bot has handled all updates and made all calls."""
        async with asyncio.timeout(PATIENCE):
            while not await self._is_settled():  # noqa: ASYNC110 - the bot is another process: it sets no event here
                await asyncio.sleep(0.02)

    async def said(self, text: str, *, chat: int | None = None, after: int = 0) -> Json:
        """Wait for a message of the bot that contains `text`, in this chat or another, after message `after`."""

        async def found() -> Json | None:
            news = (one for one in await self.words(chat) if one["message_id"] > after)
            return next((one for one in news if text in one.get("text", "")), None)

        message: Json = await self.client.wait_for(found, what=f"a message with {text!r}")
        return message

    async def answered(self, text: str, *, after: int = 0) -> Json:
        """Wait for a message of the bot in this chat; in a forum it has to be in the topic."""
        message = await self.said(text, after=after)
        assert message.get("message_thread_id") == self.topic or self.kind != FORUM
        return message

    async def words(self, chat: int | None = None) -> list[Json]:
        """What the bot has said in this chat or another and is still there; a channel's posts show no author."""
        view, number = await self.view(chat), chat or self.chat
        shown: list[Json] = view["messages"].get(str(number), [])
        me = view["bot"]["id"]
        is_channel = any(one["id"] == number and one["type"] == "channel" for one in view["chats"])
        return [one for one in shown if is_channel or one.get("from", {}).get("id") == me]

    async def texts(self, chat: int | None = None) -> list[str]:
        """The texts of what the bot has said in this chat or another."""
        return [one.get("text", "") for one in await self.words(chat)]

    async def view(self, chat: int | None = None) -> Json:
        """The sandbox as the owner sees it, or for a private chat whoever it is with: the whole world is large."""
        return await self.client.state(chat if chat and chat > 0 else self.owner)

    async def press(self, message: Json, words: str, *, as_: int) -> Json | None:
        """Somebody presses the button with these words under a message; the bot's toast."""
        data = next(
            button["callback_data"]
            for row in message["reply_markup"]["inline_keyboard"]
            for button in row
            if words in button["text"]
        )
        return await self.client.press(as_, message["chat"]["id"], message["message_id"], data)

    async def status(self, user: int) -> Json:
        """What somebody is in this chat, as the sandbox has it."""
        chats = (await self.view())["chats"]
        members = next(one for one in chats if one["id"] == self.chat)["members"]
        return next((one for one in members if one["user_id"] == user), {"status": "left"})

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the bot's database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.bot.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def strikes(self, user: int) -> int:
        """How many strikes somebody has in this chat."""
        return int(
            self.rows(
                "select count(*) from strikes where chat_id=? and sender_id=? and lifted_at is null", self.chat, user
            )[0][0]
        )

    async def _is_settled(self) -> bool:
        """Whether nothing waits: the database is asked first, which is cheap, and last, for updates come there last."""
        return self._is_idle() and not await self.client.pending() and self._is_idle()

    def _is_idle(self) -> bool:
        """Whether the bot has no update and no call to see to."""
        waiting = "(select count(*) from inbox where state=0) + (select count(*) from outbox where state in (0, 1))"
        return self.rows(f"select {waiting}") == [(0,)]


class Places:
    """Makes places."""

    def __init__(self, client: SandboxClient, bot: Bot) -> None:
        self.client, self.bot = client, bot

    async def group(
        self,
        kind: str = SUPERGROUP,
        *,
        log: bool = True,
        rights: Any = RIGHTS,
        is_met: bool = False,
        **facts: Any,
    ) -> Place:
        """A new chat of a kind with owner, admin and members, the bot in it with `rights`, and a log chat.

        A bot without rights is a plain member; in a channel, which has none, an administrator who may only post.
        With `is_met` the owner has started the bot before.
        """
        number = next(_numbers)
        owner, admin, member, other = [
            (await self.client.create_user(f"{name}{number}"))["id"] for name in ("Owner", "Admin", "Member", "Other")
        ]
        type_ = SUPERGROUP if kind == FORUM else kind
        facts |= {"is_forum": True} if kind == FORUM else {}
        chat = (await self.client.create_chat(f"Place {number}", owner, type_=type_, **facts))["id"]
        posting = ["can_post_messages"] if kind == CHANNEL else []
        await self._fill(chat, [*ADMIN_RIGHTS, *posting], admin, member, other)
        topic = (await self.client.create_topic(chat, "Pictures"))["message_thread_id"] if kind == FORUM else None
        if is_met:
            await self.client.start_bot(owner)
        await self.client.add_bot(owner, chat, [*(rights or ()), *posting] if rights or posting else None)
        log_chat = await self._log(number, owner, admin) if log else None
        place = Place(self.client, self.bot, chat, owner, admin, member, other, log_chat, kind, topic)
        await place.settle()
        if log_chat is not None:
            await self._set_log(place)
        return place

    async def _fill(self, chat: int, rights: list[str], admin: int, *members: int) -> None:
        await self.client.add_member(chat, admin, rights=rights)
        for user in members:
            await self.client.add_member(chat, user)

    async def _log(self, number: int, owner: int, admin: int) -> int:
        log = (await self.client.create_chat(f"Log {number}", owner))["id"]
        await self.client.add_member(log, admin, rights=ADMIN_RIGHTS)
        await self.client.add_bot(owner, log, RIGHTS)
        return int(log)

    async def _set_log(self, place: Place) -> None:
        await place.command(f"/logchat {place.log}", as_=place.owner)
        await place.settle()
        rows = place.rows("select log_chat_id from chats where chat_id=?", place.chat)
        assert rows == [(place.log,)], place.bot.log[-3000:]
