"""Chats, people and pictures to measure with, put straight into the sandbox's world. Nothing is measured here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bench.watch import Watch
from bot.sandbox.media import Upload
from tests.texture import encode, texture

RIGHTS = ["can_delete_messages", "can_restrict_members", "can_invite_users"]


@dataclass(frozen=True, slots=True)
class Group:
    """A supergroup in which the bot is an administrator; the owner reads its cards in private."""

    world: Watch
    chat: int
    owner: int
    members: tuple[int, ...]

    def post(self, member: int, data: bytes) -> tuple[int, int]:
        """A member posts a photo; where it stands. The same bytes are encoded by the sandbox only once."""
        message = self.world.post(member, self.chat, media=[{"upload": Upload("photo", data)}])[0]
        return self.chat, message.id


def group(world: Watch, members: int) -> Group:
    """A group with that many members besides its owner."""
    owner = world.create_user("Owner").id
    chat = world.create_chat("Group", owner).id
    people = tuple(world.create_user(f"Member {number}").id for number in range(members))
    for person in people:
        world.add_member(chat, person)
    world.start_bot(owner)
    world.add_bot(owner, chat, RIGHTS)
    return Group(world, chat, owner, people)


@cache
def photo(seed: int) -> bytes:
    """A picture of 1280 × 960 as JPEG, the same one for the same seed."""
    return encode(texture(seed, 1280, 960), "JPEG", quality=90)
