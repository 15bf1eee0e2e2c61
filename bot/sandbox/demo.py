"""The world that a visitor finds: a neighbourhood's group, its admins' log, a channel, and four people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.world import World

MODERATOR_RIGHTS = ("can_delete_messages", "can_restrict_members", "can_invite_users")
ADMIN_RIGHTS = (*MODERATOR_RIGHTS, "can_pin_messages", "can_change_info")


@dataclass(frozen=True, slots=True)
class Demo:
    """The ids of everybody and every chat in the demo world."""

    hana: int  # owns all chats
    minjun: int  # administrator
    lea: int  # member
    sam: int  # a stranger, in no chat
    group: int
    log: int
    channel: int
    discussion: int


def build(world: World) -> Demo:
    """Fill an empty world with people and chats, the bot an administrator wherever it should be."""
    people = _people(world)
    hana = people["hana"]
    group = world.create_chat("Riverside Neighbours", hana, username="riverside_neighbours").id
    log = world.create_chat("Riverside · admin log", hana).id
    channel = world.create_chat("Riverside News", hana, type_="channel", username="riverside_news").id
    talk = world.create_chat("Riverside News talk", hana, username="riverside_news_talk", linked_chat_id=channel)
    demo = Demo(**people, group=group, log=log, channel=channel, discussion=talk.id)
    _fill(world, demo)
    _greet(world, demo)
    for chat_id in (group, log, channel, talk.id):
        world.add_bot(hana, chat_id, MODERATOR_RIGHTS)
    return demo


def _people(world: World) -> dict[str, int]:
    return {
        "hana": world.create_user("Hana", last_name="Seo", username="hana_seo", language_code="en").id,
        "minjun": world.create_user("Minjun", last_name="Park", username="minjun_park", language_code="en").id,
        "lea": world.create_user("Léa", last_name="Martin", username="lea_martin", language_code="en").id,
        "sam": world.create_user("Sam", last_name="Doe", username="sam_doe", language_code="en").id,
    }


def _fill(world: World, demo: Demo) -> None:
    for chat_id in (demo.group, demo.log, demo.discussion):
        world.add_member(chat_id, demo.minjun, rights=ADMIN_RIGHTS)
    for chat_id in (demo.group, demo.channel, demo.discussion):
        world.add_member(chat_id, demo.lea)
    world.add_member(demo.channel, demo.minjun)


def _greet(world: World, demo: Demo) -> None:
    # Before the bot is there, so that it is not asked about small talk.
    world.post(demo.hana, demo.group, text="Welcome, everybody! News, lost cats and spare tomatoes go here.")
    world.post(demo.lea, demo.group, text="Thank you! Does anybody have pictures of the summer party?")
    world.post(demo.minjun, demo.group, text="Post yours, I will add mine. A watchful bot joins us in a moment.")
    world.post(demo.hana, demo.log, text="Only we two read this. The bot tells us here what it did, and why.")
    world.post(demo.hana, demo.channel, text="The footbridge is open again from Monday.")
