"""A town for the crash test: groups, people, and what happens there; what should come of it is the test's business."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from bot.sandbox.client import SandboxClient, photo
from bot.sandbox.media import Upload
from bot.sandbox.samples import sample
from bot.sandbox.world import World
from tests.flow.places import RIGHTS

CHATS = 24
TALKERS = 2
POSTS = 100
"""Messages for each of the bot's lives."""

Deed = tuple[int, int]
"""A chat, and a member or a message of it."""


@dataclass(slots=True)
class Town:
    """Groups of which every other one is strict, and what should come of what has happened in them."""

    world: World
    owner: int
    chats: list[int]
    talkers: dict[int, list[int]]
    fresh: dict[int, list[int]]  # people who have done nothing yet
    originals: dict[str, Deed]  # where the pictures are from: a group without the bot
    listed: list[Deed] = field(default_factory=list)
    clean: list[Deed] = field(default_factory=list)
    struck: list[Deed] = field(default_factory=list)
    banned: list[Deed] = field(default_factory=list)

    @property
    def strict(self) -> list[int]:
        """The groups whose first strike is a ban."""
        return self.chats[1::2]

    def show_originals(self) -> None:
        """Let the bot see each picture once."""
        chat = self.chats[0]
        self.struck.append((chat, self.fresh[chat].pop()))
        self.listed.append((chat, self._show(*self.struck[-1], "listed-1", is_new=False)))
        self.clean.append((chat, self._show(chat, self.talkers[chat][0], "clean-1", is_new=False)))

    def happen(self, number: int, dice: random.Random, *, is_new: bool) -> None:
        """Let a hundred things happen: talk, pictures, commands; `is_new` pictures were never seen by the bot."""
        place = 2 * (number % (CHATS // 2))
        plain, strict = self.chats[place : place + 2]
        for chat in (plain, strict):
            self.struck.append((chat, self.fresh[chat].pop()))
            self.listed.append((chat, self._show(*self.struck[-1], "listed-1", is_new=is_new)))
            self.clean.append((chat, self._show(chat, dice.choice(self.talkers[chat]), "clean-1", is_new=is_new)))
        self.banned.append(self.struck[-1])
        command, deeds = dice.choice((("/ban", self.banned), ("/warn", self.struck)))
        deeds.append((plain, self.fresh[plain].pop()))
        said = self._say(*deeds[-1], "something that annoys an admin")
        self._say(plain, self.owner, command, reply_to=said)
        for count in range(POSTS - 6):
            chat = dice.choice(self.chats)
            self._say(chat, dice.choice(self.talkers[chat]), f"words {number}.{count}")

    def _say(self, chat: int, who: int, text: str, reply_to: int | None = None) -> int:
        return self.world.post(who, chat, text=text, reply_to=reply_to)[0].id

    def _show(self, chat: int, who: int, name: str, *, is_new: bool) -> int:
        """Post a picture: as a new file, or forwarded, which is a file that the bot has seen."""
        if is_new:
            return self.world.post(who, chat, media=[{"upload": Upload("photo", sample(name).data())}])[0].id
        home, message_id = self.originals[name]
        return self.world.post(who, chat, forward_of={"chat_id": home, "message_id": message_id})[0].id


async def build(world: World, client: SandboxClient, people: int) -> Town:
    """Make a town with `people` in each group who have done nothing yet; the bot comes in last."""
    owner = (await client.create_user("Owner"))["id"]
    home = (await client.create_chat("Home", owner))["id"]
    originals = {
        name: (home, (await client.post_one(owner, home, media=[photo(sample(name).data())]))["message_id"])
        for name in ("listed-1", "clean-1")
    }
    chats = [(await client.create_chat(f"Group {number}", owner))["id"] for number in range(CHATS)]
    members: dict[int, list[int]] = {chat: [] for chat in chats}
    for number in range(CHATS * (people + TALKERS)):
        user, chat = world.create_user(f"Member {number}").id, chats[number % CHATS]
        world.add_member(chat, user)
        members[chat].append(user)
    await client.start_bot(owner)
    for chat in chats:
        await client.add_bot(owner, chat, RIGHTS)
    talkers = {chat: users[:TALKERS] for chat, users in members.items()}
    fresh = {chat: users[TALKERS:] for chat, users in members.items()}
    return Town(world, owner, chats, talkers, fresh, originals)
