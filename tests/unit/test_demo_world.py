"""Promises of the demo world: who is where, and what the bot may do there."""

from __future__ import annotations

import pytest

from bot.sandbox.demo import Demo, build
from bot.sandbox.world import World


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World("123456:ABC")


@pytest.fixture
def demo(world: World) -> Demo:
    """The demo built into it."""
    return build(world)


def test_everybody_has_their_place(world: World, demo: Demo) -> None:
    """Hana owns the group, Minjun helps, Léa is a member, and Sam is not there yet."""
    chat = world.chat(demo.group)
    people = (demo.hana, demo.minjun, demo.lea, demo.sam)
    standing = [chat.member(person, world.now()).status for person in people]
    assert standing == ["creator", "administrator", "member", "left"]


def test_bot_is_an_admin_with_the_rights_it_needs(world: World, demo: Demo) -> None:
    """In all four chats the bot may delete, restrict and invite."""
    for chat_id in (demo.group, demo.log, demo.channel, demo.discussion):
        member = world.bot_member(world.chat(chat_id))
        assert all(member.has(f"can_{right}") for right in ("delete_messages", "restrict_members", "invite_users"))


def test_only_admins_see_the_log_and_strangers_see_the_public_chats(world: World, demo: Demo) -> None:
    """Léa does not see the admins' log; Sam sees the group, to be able to join it."""
    seen = {
        name: {chat["id"] for chat in world.state(person)["chats"]}
        for name, person in (("lea", demo.lea), ("sam", demo.sam))
    }
    assert demo.log not in seen["lea"] | seen["sam"]
    assert {demo.group, demo.channel, demo.sam} <= seen["sam"]


def test_channel_is_linked_to_its_discussion(world: World, demo: Demo) -> None:
    """What is posted in the channel arrives in the discussion group, forwarded by Telegram."""
    assert world.chat(demo.channel).linked_chat_id == demo.discussion
    posted = world.post(demo.hana, demo.channel, text="news")[0].json()
    forwarded = list(world.chat(demo.discussion).messages.values())[-1].json()
    assert (forwarded["text"], forwarded["is_automatic_forward"]) == (posted["text"], True)
