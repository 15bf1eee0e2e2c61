"""What is remembered of admins and of usernames, over the sandbox's answers: cheap, dropped at news, never too sure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import pytest

from bot.sandbox.methods import METHODS
from bot.sandbox.refusal import Refusal
from bot.sandbox.rights import ALL_RIGHTS, Member
from bot.sandbox.world import World
from bot.sightings import WAITING, Sightings
from bot.store import chats
from bot.store.db import Database
from bot.telegram.admins import SECONDS, Admins
from bot.telegram.gateway import Gateway
from handlers import sightings
from handlers.context import Services

TOKEN = "4242:SANDBOX"

Json = dict[str, Any]


class Direct:
    """The gateway's questions, answered by the sandbox without the way over HTTP, and counted."""

    def __init__(self, world: World) -> None:
        self.world, self.id = world, world.bot.id
        self.asked: Counter[str] = Counter()

    async def ask(self, method: str, args: Mapping[str, Any]) -> Any:
        """What Telegram answers, None when it refuses."""
        self.asked[method] += 1
        try:
            return await METHODS[method.lower()](self.world, dict(args), {})
        except Refusal:
            return None


class Scene:
    """A supergroup with an owner, an admin and members, and a clock that stands still."""

    def __init__(self, kind: str = "supergroup") -> None:
        self.world = World(TOKEN)
        self.owner, self.admin = (self.world.create_user(name).id for name in ("Owner", "Admin"))
        self.chat = self.world.create_chat("The place", self.owner, type_=kind)
        self.world.add_member(self.chat.id, self.admin, rights=["can_delete_messages"])
        self.chat.members[self.world.bot.id] = Member(self.world.bot.id, "administrator", ALL_RIGHTS)
        self.direct, self.now = Direct(self.world), 0.0
        self.gateway = cast("Gateway", self.direct)
        self.admins = Admins(self.gateway, clock=lambda: self.now)
        self.world.updates.allow(["chat_member", "my_chat_member"])
        self.news()

    def members(self, count: int) -> list[int]:
        """New members."""
        people = [self.world.create_user(f"Member{number}").id for number in range(count)]
        for user in people:
            self.world.add_member(self.chat.id, user)
        return people

    def news(self) -> None:
        """Let the bot hear what Telegram has told of members since."""
        waiting = self.world.updates.all()
        self.world.updates.clear()
        for update in waiting:
            raw = _loaded(update.body)
            for field in ("chat_member", "my_chat_member"):
                if field in raw and hasattr(self, "admins"):
                    self.admins.follow(raw[field])


def _loaded(body: bytes) -> Json:
    return cast("Json", json.loads(body))


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_a_raid_asks_for_one_list(kind: str) -> None:
    """Five hundred posters are told from admins with one question, while members come and go."""
    scene = Scene(kind)
    for user in scene.members(500):
        assert await scene.admins.has(scene.chat.id, user) is False
        scene.news()
    assert await scene.admins.has(scene.chat.id, scene.owner)
    assert await scene.admins.has(scene.chat.id, scene.admin)
    assert scene.direct.asked == {"getChatAdministrators": 1}


async def test_news_of_an_admin_counts_at_once() -> None:
    """Who is promoted or demoted is known for what they are as soon as Telegram tells it."""
    scene = Scene()
    (user,) = scene.members(1)
    assert await scene.admins.has(scene.chat.id, user) is False
    scene.world.promote(scene.chat.id, user, ["can_pin_messages"])
    scene.world.demote(scene.chat.id, scene.admin)
    scene.news()
    assert await scene.admins.has(scene.chat.id, user)
    assert await scene.admins.has(scene.chat.id, scene.admin) is False
    assert scene.direct.asked["getChatAdministrators"] == 2


async def test_where_somebody_is_remembered_as_an_admin_costs_no_question() -> None:
    """The chats whose remembered list names somebody are told without asking Telegram, and forgotten with the list."""
    scene = Scene()
    (user,) = scene.members(1)
    assert scene.admins.known_in(scene.admin) == set()
    await scene.admins.has(scene.chat.id, user)
    assert scene.admins.known_in(scene.admin) == {scene.chat.id}
    assert scene.admins.known_in(user) == set()
    scene.admins.forget(scene.chat.id)
    assert scene.admins.known_in(scene.admin) == set()
    assert scene.direct.asked["getChatAdministrators"] == 1


async def test_without_being_an_admin_the_bot_believes_no_list() -> None:
    """A plain member hears of no change: only asking about the person tells, and the list is not asked for again."""
    scene = Scene()
    assert await scene.admins.has(scene.chat.id, scene.admin)
    scene.world.set_bot_rights(scene.chat.id, None)
    scene.news()
    for _ in range(3):
        assert await scene.admins.has(scene.chat.id, scene.admin) is None
    assert scene.direct.asked["getChatAdministrators"] == 2
    scene.world.set_bot_rights(scene.chat.id, ["can_delete_messages"])
    scene.news()
    assert await scene.admins.has(scene.chat.id, scene.admin)


async def test_a_list_is_believed_for_minutes_only() -> None:
    """Even without news the list is asked for anew when it is old."""
    scene = Scene()
    await scene.admins.has(scene.chat.id, scene.admin)
    scene.chat.members[scene.admin] = Member(scene.admin)  # and no update tells of it
    scene.now = SECONDS - 1
    assert await scene.admins.has(scene.chat.id, scene.admin)
    scene.now = SECONDS + 1
    assert await scene.admins.has(scene.chat.id, scene.admin) is False


async def test_news_that_overtake_an_answer_are_not_lost() -> None:
    """A list that was on its way when Telegram told of a change is not kept."""
    scene = Scene()
    ask = scene.direct.ask

    async def slow(method: str, args: Mapping[str, Any]) -> Any:
        answer = await ask(method, args)
        scene.world.demote(scene.chat.id, scene.admin)
        scene.news()
        return answer

    scene.direct.ask = slow  # type: ignore[method-assign]
    await scene.admins.has(scene.chat.id, scene.admin)
    scene.direct.ask = ask  # type: ignore[method-assign]
    assert await scene.admins.has(scene.chat.id, scene.admin) is False


# --- usernames -----------------------------------------------------------------------------------


def services(scene: Scene, database: Database) -> Services:
    """What finding out whom a @name means takes of the machine."""
    made: Any = type("Some", (), {})()
    made.gateway, made.database, made.sightings = scene.direct, database, Sightings()
    return cast("Services", made)


async def test_a_username_means_whom_the_bot_has_seen_with_it(database: Database) -> None:
    """In any case of letters; somebody whom the bot has not seen is nobody, however Telegram calls them."""
    scene = Scene()
    user = scene.world.create_user("Min", username="min_min")
    scene.world.add_member(scene.chat.id, user.id)
    some = services(scene, database)
    assert await sightings.called(some, scene.chat.id, "min_min") == sightings.Called(None, ())
    some.sightings.note(user.json(), "Min")
    found = await sightings.called(some, scene.chat.id, "MIN_min")
    assert found.now is not None
    assert found.now["id"] == user.id


async def test_a_username_that_changed_hands_is_nobodys(database: Database) -> None:
    """Seen with two people, or borne by another now by Telegram's word, it is shown back and not acted on."""
    scene = Scene()
    one, two = scene.world.create_user("One", username="the_name"), scene.world.create_user("Two")
    for user in (one, two):
        scene.world.add_member(scene.chat.id, user.id)
    some = services(scene, database)
    some.sightings.note(one.json(), "One")
    one.username, two.username = None, "the_name"
    found = await sightings.called(some, scene.chat.id, "the_name")
    assert (found.now, [person.name for person in found.seen]) == (None, ["One"])
    some.sightings.note(two.json(), "Two")
    found = await sightings.called(some, scene.chat.id, "the_name")
    assert found.now is None
    assert {person.name for person in found.seen} == {"One", "Two"}
    some.sightings.note(one.json(), "One")  # who wrote again, without it
    found = await sightings.called(some, scene.chat.id, "the_name")
    assert found.now is not None
    assert found.now["id"] == two.id


async def test_sightings_are_written_by_the_dozen_and_keep_what_is_known(database: Database) -> None:
    """Nothing is written for each message; what else is known of a person stays."""
    seen = Sightings()
    await database.write(lambda c: chats.greet(c, 7, name="Min", language="ko", reachable=True))
    for number in range(WAITING):
        assert seen.write(at_least=WAITING) is None
        user = {"id": 7 + number, "username": f"Name{number}"}
        seen.note(user, f"P{number}")
        seen.note(user, f"P{number}")
    seen.note({"id": 99, "is_bot": True, "username": "robot_bot"}, "Robot")
    write = seen.write(at_least=WAITING)
    assert write is not None
    await database.write(write)
    assert seen.write() is None
    async with database.read() as connection:
        person = await chats.person(connection, 7)
        (other,) = await chats.bearers(connection, f"name{WAITING - 1}")
    assert person is not None
    assert (person.name, person.language, person.reachable, other.user_id) == ("P0", "ko", True, 6 + WAITING)


def test_who_writes_in_private_is_not_noted() -> None:
    """Names are taken from groups and channels only: an update of a private chat, or a press there, shows nobody."""
    user = {"id": 7, "is_bot": False, "first_name": "Min", "username": "min_min"}
    for kind, shown in (("private", []), ("supergroup", [user])):
        message = {"message_id": 1, "chat": {"id": 7, "type": kind}}
        assert list(sightings._users({"update_id": 1, "message": {**message, "from": user}})) == shown
        assert list(sightings._users({"callback_query": {"id": "1", "from": user, "message": message}})) == shown
    member = {"chat": {"id": -1, "type": "group"}, "new_chat_member": {"user": user, "status": "member"}}
    assert list(sightings._users({"chat_member": member})) == [user]
