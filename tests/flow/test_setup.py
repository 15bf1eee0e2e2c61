"""The set-up conversations against the real bot: it is met, promoted, robbed of rights, thrown out, and grows along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.sandbox.client import PATIENCE, SandboxClient
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.kinds import CHANNEL, FORUM, SUPERGROUP, in_all, in_groups
from tests.flow.places import RIGHTS, Places
from tests.running import TOKEN, running

ASKED = "delete_messages+restrict_members+invite_users"


@pytest.mark.usefixtures("bot")
async def test_start_introduces_the_bot_and_offers_the_links(client: SandboxClient) -> None:
    """In private /start explains Haechi and has one button each for groups and channels, with the rights asked for."""
    person = (await client.create_user("Starter", language_code="en"))["id"]
    await client.start_bot(person)
    message = await client.wait_message(person, "guards groups and channels")
    urls = [row[0]["url"] for row in message["reply_markup"]["inline_keyboard"]]
    assert [url.partition("?")[2] for url in urls] == [f"startgroup=setup&admin={ASKED}", f"startchannel&admin={ASKED}"]
    assert all(url.startswith("https://t.me/haechi_sandbox_bot?") for url in urls)


async def test_a_person_is_reachable_until_they_block_the_bot(places: Places, client: SandboxClient) -> None:
    """Pressing start makes somebody reachable, in their language; blocking ends it, unblocking brings it back."""
    place = await places.group(log=False)
    person = (await client.create_user("Reachable", language_code="fr-CA"))["id"]
    seen = []
    for act in (client.start_bot, client.block_bot, client.unblock_bot):
        await act(person)
        await place.settle()
        seen.append(place.rows("select reachable from people where user_id=?", person)[0][0])
    assert seen == [1, 0, 1]
    assert place.rows("select language from people where user_id=?", person)[0][0].startswith("fr")


@in_all
async def test_a_new_chat_is_met_and_told_what_is_missing(places: Places, kind: str) -> None:
    """A bot that is added without rights says which it lacks and how to give them, and offers the presets."""
    place = await places.group(kind, log=False, rights=None)
    message = await place.said("I am missing")
    assert "Delete messages" in message["text"]
    assert ("Ban users" in message["text"]) is (kind != CHANNEL)  # where nobody is banned for a post
    assert "Administrators" in message["text"]
    words = [row[0]["text"] for row in message["reply_markup"]["inline_keyboard"]]
    assert words == ["Watch", "Standard", "Zero tolerance"]
    known = place.rows("select type, owner_id, bot_status from chats where chat_id=?", place.chat)
    status = "administrator" if kind == CHANNEL else "member"
    assert known == [(SUPERGROUP if kind == FORUM else kind, place.owner, status)]


@in_groups
async def test_a_promotion_is_said_to_be_complete_once(places: Places, kind: str) -> None:
    """Rights given one after the other: the rest is named, and completeness is said once."""
    place = await places.group(kind, log=False, rights=None)
    await place.client.set_bot_rights(place.chat, ["can_delete_messages"])
    await place.said("Protection is not complete yet")
    await place.client.set_bot_rights(place.chat, RIGHTS)
    await place.said("I have every right I need now")
    await place.client.set_bot_rights(place.chat, [*RIGHTS, "can_pin_messages"])
    await place.settle()
    assert sum("I have every right I need now" in text for text in await place.texts()) == 1


async def test_a_channels_owner_is_thanked_in_private(places: Places) -> None:
    """That a channel's protection is complete now concerns its owner, not its readers."""
    place = await places.group(CHANNEL, log=False, rights=None, is_met=True)
    await place.said("I am missing", chat=place.owner)
    await place.client.set_bot_rights(place.chat, ["can_delete_messages", "can_post_messages"])
    await place.said("I have every right I need now", chat=place.owner)
    await place.settle()
    assert await place.texts() == [""]  # the channel was created


@in_all
async def test_the_preset_is_chosen_from_the_greeting(places: Places, kind: str) -> None:
    """A press on the greeting of somebody who may change the chat's info sets the preset; a member's does nothing."""
    place = await places.group(kind, log=False)
    greeting = await place.said("I am Haechi")
    assert "Change group info" in str(await place.press(greeting, "Zero tolerance", as_=place.member))
    await place.press(greeting, "Zero tolerance", as_=place.admin)
    await place.settle()
    chosen = place.rows("select preset, unscannable from chats where chat_id=?", place.chat)
    assert chosen == [("zero-tolerance", "hold")]


async def test_a_channels_preset_is_chosen_in_private(places: Places) -> None:
    """Whoever added the bot to a channel is greeted in private if they may be, and their buttons are the channel's."""
    place = await places.group(CHANNEL, log=False, is_met=True)
    greeting = await place.said("I am Haechi", chat=place.owner)
    await place.press(greeting, "Watch", as_=place.owner)
    await place.settle()
    assert place.rows("select preset from chats where chat_id=?", place.chat) == [("watch",)]


@in_all
async def test_losing_a_right_alarms_owner_and_log_chat(places: Places, kind: str) -> None:
    """Without the right to delete, the owner in private and the log chat learn at once since when protection is off."""
    place = await places.group(kind, is_met=True)
    await place.client.set_bot_rights(place.chat, ["can_restrict_members", "can_post_messages"])
    for where in (place.log, place.owner):
        message = await place.said("I may no longer delete messages", chat=where)
        assert re.search(r"Protection is off in Place \d+ since \d\d:\d\d UTC", message["text"])


@in_all
async def test_losing_the_admin_status_or_the_place_alarms(places: Places, kind: str) -> None:
    """Demoted, which in a channel is to be removed, then removed: either is an alarm of its own."""
    place = await places.group(kind)
    if kind != CHANNEL:
        await place.client.set_bot_rights(place.chat, None)
        await place.said("I am no longer an administrator", chat=place.log)
    await place.client.remove_bot(place.owner, place.chat)
    await place.said("I was removed from the chat", chat=place.log)


@in_all
async def test_a_removed_log_chat_is_told_and_forgotten(places: Places, kind: str) -> None:
    """When the bot is thrown out of the log chat, the chat it logged hears so and gets its cards elsewhere."""
    place = await places.group(kind)
    assert place.log is not None
    await place.client.remove_bot(place.owner, place.log)
    await place.said("the log chat of")
    assert place.rows("select log_chat_id from chats where chat_id=?", place.chat) == [(None,)]


async def test_a_group_that_grows_up_keeps_everything(places: Places) -> None:
    """After a migration settings and log chat are there under the new id, and pictures are still removed."""
    place = await places.group("group")
    await place.press(await place.said("I am Haechi"), "Zero tolerance", as_=place.owner)
    await place.settle()
    new = (await place.client.migrate(place.chat))["id"]
    await place.settle()
    kept = place.rows("select preset, log_chat_id, type from chats where chat_id=?", new)
    assert kept == [("zero-tolerance", place.log, "supergroup")]
    assert place.rows("select 1 from chats where chat_id=?", place.chat) == []


@pytest.mark.usefixtures("bot")
async def test_menus_and_default_rights_are_published(client: SandboxClient) -> None:
    """At start Telegram gets a menu for each scope and language, and the rights to suggest."""
    await client.wait_call("setMyDefaultAdministratorRights", for_channels=True)  # the last of them
    menus = await client.calls("setMyCommands")
    asked = {(call["args"]["scope"]["type"], call["args"].get("language_code")) for call in menus}
    scopes = ("all_private_chats", "all_group_chats", "all_chat_administrators")
    assert asked >= {(scope, None) for scope in scopes}
    rights = await client.calls("setMyDefaultAdministratorRights")
    assert all(call["args"]["rights"]["can_delete_messages"] for call in rights)
    assert len(rights) == 2


async def test_nobody_waits_for_the_menus(tmp_path: Path) -> None:
    """While Telegram takes its time over the menus, the bot answers and judges."""
    async with Server(World(TOKEN)) as server, SandboxClient(server.url) as client:
        await client.fault("setMyCommands", "delay", None, seconds=2 * PATIENCE)
        async with running(server.url, tmp_path):
            person = (await client.create_user("Asker"))["id"]
            await client.start_bot(person)
            await client.wait_message(person, "guards groups and channels")
            await client.wait_for(lambda: client.calls("setMyCommands"), what="the first menu")
            assert not await client.calls("setMyDefaultAdministratorRights")


@in_groups
async def test_everybody_sees_the_menu_of_what_they_may(places: Places, kind: str) -> None:
    """Members are offered /report, admins everything, and people in private what works there; in their language."""
    place = await places.group(kind, log=False)
    person = (await place.client.create_user("Lecteur", language_code="fr"))["id"]
    await place.client.add_member(place.chat, person)
    await place.client.start_bot(person)
    await place.client.wait_call("setMyDefaultAdministratorRights", for_channels=True)  # after all menus
    shown: dict[tuple[int, int], dict[str, str]] = {}
    for user in (place.member, place.admin, person):
        chats = (await place.client.state(user))["chats"]
        shown |= {
            (user, one["id"]): {line["command"]: line["description"] for line in one["commands"]} for one in chats
        }
    assert list(shown[place.member, place.chat]) == ["report", "why", "helpme", "help"]
    assert {"report", "settings", "check", "block", "warn", "ban", "case"} <= shown[place.admin, place.chat].keys()
    assert list(shown[person, person])[:3] == ["start", "helpme", "help"]
    assert {"case", "privacy", "export_me", "forget_me"} <= shown[person, person].keys()
    assert not {"report", "ban", "settings"} & shown[person, person].keys()
    french, english = shown[person, place.chat]["report"], shown[place.member, place.chat]["report"]
    assert french != english


@in_all
async def test_help_is_sorted_by_who_may(places: Places, kind: str) -> None:
    """/help lists what everybody may do, and what takes an admin's right."""
    place = await places.group(kind, log=False)
    await place.say("/help")
    message = await place.answered("Everybody")
    everybody, admins = message["text"].split("Admins", 1)
    assert "/report" in everybody
    assert "/settings" not in everybody
    assert all(f"/{name}" in admins for name in ("settings", "check", "logchat", "block", "allow", "warn", "case"))


@in_all
async def test_start_in_a_chat_is_a_sign_of_life(places: Places, kind: str) -> None:
    """/start where the bot is already says that it is on guard, and how to go on."""
    place = await places.group(kind, log=False)
    await place.say("/start")
    await place.answered("I am on guard here")


@in_all
async def test_a_new_title_and_username_are_followed(places: Places, client: SandboxClient, kind: str) -> None:
    """What a message says of its chat is what the bot knows from then on."""
    place = await places.group(kind, log=False)
    message = await client.message(place.chat, await place.say("hello"))
    assert message is not None
    renamed = {**message["chat"], "title": "Another name", "username": f"named{-place.chat}"}
    field = "channel_post" if place.is_channel else "message"
    await client.push_update({field: {**message, "chat": renamed, "new_chat_title": "Another name"}})
    await place.settle()
    known = place.rows("select title, username from chats where chat_id=?", place.chat)
    assert known == [("Another name", f"named{-place.chat}")]
