"""Everybody who may command or press, in every kind of chat of a sandbox, before the real handlers of the bot.

Telegram's answers are the sandbox's own, taken from its methods without the way over HTTP.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from telegram import Update

from bot.app import App
from bot.outcome import Done, Outcome, Refused
from bot.sandbox.methods import METHODS
from bot.sandbox.refusal import Refusal
from bot.sandbox.rights import ALL_RIGHTS, Member
from bot.sandbox.world import World
from bot.store.inbox import Row
from bot.store.tables import outbox
from bot.telegram.turn import Turn, current
from handlers.convert import ANONYMOUS, TELEGRAM
from handlers.rights import Right

Json = dict[str, Any]

PRIVATE, GROUP, SUPERGROUP, FORUM, CHANNEL = "private", "group", "supergroup", "forum", "channel"
SHARED = (GROUP, SUPERGROUP, FORUM, CHANNEL)
PEOPLED = (GROUP, SUPERGROUP, FORUM)

ALONE = ("can_delete_messages", "can_restrict_members", "can_change_info", "can_pin_messages")
"""Rights of which an admin has only the one; the last is one that nothing asks for."""

ADMINS: dict[str, frozenset[str]] = {
    "owner": ALL_RIGHTS,
    "admin": ALL_RIGHTS,
    "hidden admin": ALL_RIGHTS,
    **{f"only {right}": frozenset({right}) for right in ALONE},
    "no rights": frozenset(),
}
"""The admins by what they may do, which is also what the tests expect of the table."""

OTHERS = ("restricted", "member", "left", "banned", "maintainer")
"""People who may do nothing here; the maintainer keeps the lists."""

PEOPLE = (*ADMINS, *OTHERS)

FACELESS = ("anonymous", "another bot", "channel identity", "linked channel")
"""Who writes without being a person."""

STATUS = {"restricted": "restricted", "left": "left", "banned": "kicked"}


def lets(role: str, right: Right) -> bool:
    """Whether somebody has what a row of the table asks for."""
    if right is Right.EVERYBODY:
        return True
    if role not in ADMINS or right is Right.MAINTAINER:
        return False
    if right is Right.OWNER:
        return role == "owner"
    return right is Right.ADMIN or set(right.value.split()) <= ADMINS[role]


@dataclass
class Cast:
    """One bot and its chats. `acted` has the numbers of the updates whose command was carried out."""

    app: App
    world: World
    people: dict[str, int] = field(default_factory=dict)
    chats: dict[str, int] = field(default_factory=dict)
    acted: list[int] = field(default_factory=list)
    toasts: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    _numbers: Any = field(default_factory=lambda: itertools.count(1000))

    # --- the world ------------------------------------------------------------------------------

    async def call(self, method: str, args: Mapping[str, Any]) -> Outcome:
        """Answer the bot's call as the sandbox does."""
        self.calls[method] += 1
        if method == "answerCallbackQuery":
            self.toasts[args["callback_query_id"]] = args["text"]
            return Done(result=True)
        given = json.loads(json.dumps({name: value for name, value in args.items() if value is not None}))
        try:
            return Done(await METHODS[method.lower()](self.world, given, {}))
        except Refusal as refusal:
            return Refused(refusal.description)

    def gather(self) -> None:
        """Make the people, and put them into a chat of each kind; the bot is an admin everywhere."""
        for role in (*PEOPLE, "poster"):
            self.people[role] = self.people.get(role) or self.world.create_user(role.title()).id
        self.people["another bot"] = self.world.create_user("Robot", username="robot_bot", is_bot=True).id
        mask = self.world.create_chat("A mask", self.people["member"], type_="channel")
        self.chats["mask"] = mask.id
        for kind in SHARED:
            self.chats[kind] = self.furnish(kind)

    def furnish(self, kind: str) -> int:
        """A new chat of a kind with everybody in it."""
        type_ = SUPERGROUP if kind == FORUM else kind
        chat = self.world.create_chat(f"The {kind}", self.people["owner"], type_=type_, is_forum=kind == FORUM)
        for role, user in self.people.items():
            rights = ADMINS.get(role)
            if role == "owner":
                continue
            status = STATUS.get(role, "member") if rights is None else "administrator"
            chat.members[user] = Member(
                user, status, (rights or frozenset()) | {"can_manage_chat"}, is_anonymous=role == "hidden admin"
            )
        chat.members[self.world.bot.id] = Member(self.world.bot.id, "administrator", ALL_RIGHTS)
        return chat.id

    @contextlib.contextmanager
    def bot_as(self, kind: str, status: str | None) -> Iterator[None]:
        """Have the bot be ``member`` or ``left`` in a chat for a while, without rights; None leaves it an admin."""
        members, bot_id = self.world.chat(self.chats[kind]).members, self.world.bot.id
        before = members[bot_id]
        members[bot_id] = Member(bot_id, status) if status else before
        yield
        members[bot_id] = before

    # --- what arrives ---------------------------------------------------------------------------

    def message(self, kind: str, role: str, text: str, **fields: Any) -> Json:
        """A message of somebody's in the chat of a kind."""
        number = next(self._numbers)
        entity = {"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}
        words = {"message_id": number, "date": self.world.now(), "text": text, "entities": [entity]}
        return {**words, "chat": self._chat(kind, role), **self._author(kind, role), **fields}

    def _chat(self, kind: str, role: str) -> Json:
        if kind == PRIVATE:
            return {"id": self.people[role], "type": "private", "first_name": role}
        return self.world.chat(self.chats[kind]).json()

    def _author(self, kind: str, role: str) -> Json:
        if kind == CHANNEL:
            return {"sender_chat": self._chat(kind, role)}
        if role == "anonymous":
            return {"from": self._service(ANONYMOUS), "sender_chat": self._chat(kind, role)}
        if role == "channel identity":
            return {"from": self._service(136817688), "sender_chat": self.world.chat(self.chats["mask"]).json()}
        if role == "linked channel":
            sender = self.world.chat(self.chats[CHANNEL]).json()
            return {"from": self._service(TELEGRAM), "sender_chat": sender, "is_automatic_forward": True}
        return {"from": self.world.people.get(self.people[role]).json()}

    def _service(self, number: int) -> Json:
        return self.world.people.get(number).json()

    def card(self, kind: str, *data: str, number: int = 0) -> Json:
        """A message of the bot's with a button for each of `data`."""
        rows = [[{"text": "x", "callback_data": one}] for one in data]
        own = {"sender_chat": self._chat(kind, "")} if kind == CHANNEL else {"from": self.world.bot.json()}
        words = {"message_id": number or next(self._numbers), "date": self.world.now(), "text": "card"}
        return {**words, "chat": self._chat(kind, "owner"), **own, "reply_markup": {"inline_keyboard": rows}}

    async def hear(self, message: Json) -> int:
        """Have the bot handle a message; the update's number."""
        field_ = "channel_post" if message["chat"]["type"] == "channel" else "message"
        return await self.handle({field_: message}, message["chat"]["id"])

    async def press(self, role: str, message: Json, data: str) -> str:
        """Somebody presses; the toast."""
        query_id = f"q{next(self._numbers)}"
        person = self.world.people.get(self.people[role]).json()
        query = {"id": query_id, "from": person, "message": message, "chat_instance": "1", "data": data}
        await self.handle({"callback_query": query}, message["chat"]["id"])
        return self.toasts[query_id]

    async def handle(self, raw: Json, chat_id: int) -> int:
        """Have the bot handle an update as its dispatch does; the update's number."""
        number: int = next(self._numbers)
        update = {"update_id": number, **raw}
        row = Row(self.app.gateway.id, number, chat_id, "{}")
        turn = Turn(self.app.database, row, json.loads(json.dumps(update)), lambda: None)
        current.set(turn)
        parsed = Update.de_json(turn.raw, self.app.application.bot)
        await self.app.application.process_update(parsed)
        if turn.error is not None:
            raise turn.error
        await turn.finish()
        return number

    # --- what came of it ------------------------------------------------------------------------

    async def said(self) -> dict[int, set[str]]:
        """What is answered to each update, by what the answers' keys begin with."""
        async with self.app.database.read() as connection:
            keys = (await connection.scalars(select(outbox.c.key))).all()
        found: dict[int, set[str]] = {}
        for key in keys:
            name, _, rest = key.partition(f":{self.app.gateway.id}:")
            number = rest.split(":")[0]
            if number.isdecimal():
                found.setdefault(int(number), set()).add(name)
        return found
