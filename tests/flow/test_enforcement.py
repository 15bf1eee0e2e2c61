"""Who is punished and who never is, what happens where the bot may not act, and what admins are told."""

from __future__ import annotations

import pytest

from bot.sandbox.client import SandboxClient, medium, photo
from bot.sandbox.samples import sample
from tests.flow.kinds import CHANNEL, FORUM, GROUP, SUPERGROUP, in_all, in_groups, in_large_groups
from tests.flow.places import ADMIN_RIGHTS, Json, Places

HOURS_49 = 49 * 3600

# --- presets -------------------------------------------------------------------------------------


@in_all
async def test_watch_only_tells(places: Places, kind: str) -> None:
    """Under `watch` a match is told to the admins and nothing is removed."""
    place = await places.group(kind)
    await place.choose("Watch")
    known = await place.post_sample("listed-1")
    await place.said("please decide", chat=place.log)
    assert await place.is_there(known)
    assert place.strikes(place.poster) == 0


@in_all
async def test_zero_tolerance_bans_at_the_first_match(places: Places, kind: str) -> None:
    """Under `zero-tolerance` the first match removes the post and bans its poster, whom a channel does not show."""
    place = await places.group(kind)
    await place.choose("Zero")
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.settle()
    ends = {GROUP: "left", CHANNEL: "administrator"}
    assert (await place.status(place.poster))["status"] == ends.get(kind, "kicked")


@in_all
async def test_what_could_not_be_checked_is_held_under_zero_tolerance(places: Places, kind: str) -> None:
    """Under `zero-tolerance` what cannot be decoded is removed, and waits for an admin who decides."""
    place = await places.group(kind)
    await place.choose("Zero")
    broken = sample("clean-1").data()[:200] + b"\0" * 4000
    await place.wait_gone(*await place.post(media=[medium("document", broken, filename="picture.jpg")]))
    card = await place.said("removed until you decide", chat=place.log)
    assert (await place.press(card, "Keep removed", as_=place.admin)) is not None
    await place.settle()
    assert place.rows("select kind, state, strike from cases where chat_id=?", place.chat) == [
        ("unscannable", "closed", None)
    ]


@in_all
async def test_what_could_not_be_checked_is_removed_or_told_as_the_chat_chose(places: Places, kind: str) -> None:
    """“Remove” takes it and leaves nothing to decide, “Tell” lets it stand as an open case: it is never clean."""
    place = await places.group(kind)
    broken = sample("clean-1").data()[:200] + b"\0" * 4000
    await place.choose("Remove", "Not checkable")
    await place.wait_gone(*await place.post(media=[medium("document", broken + b"1", filename="picture.jpg")]))
    await place.choose("Tell", "Not checkable")
    (left,) = await place.post(media=[medium("document", broken + b"2", filename="picture.jpg")])
    assert await place.is_there(left)
    cases = place.rows("select kind, state, strike from cases where chat_id=? order by id", place.chat)
    assert cases == [("unscannable", "closed", None), ("unscannable", "open", None)]


# --- whom it spares ------------------------------------------------------------------------------


@in_groups
async def test_an_admin_is_never_punished(places: Places, kind: str) -> None:
    """An admin's post is removed, nobody is struck, and the card says why."""
    place = await places.group(kind)
    await place.wait_gone(await place.post_sample("listed-1", as_=place.admin))
    card = await place.said("The poster is an admin here", chat=place.log)
    assert "Known abuse removed" in card["text"]
    assert place.strikes(place.admin) == 0
    assert (await place.status(place.admin))["status"] == "administrator"


@in_large_groups
async def test_an_anonymous_admin_is_never_punished(places: Places, client: SandboxClient, kind: str) -> None:
    """A post in the group's own name is removed and nobody is struck."""
    place = await places.group(kind)
    await client.promote(place.chat, place.admin, ADMIN_RIGHTS, is_anonymous=True)
    await place.wait_gone(await place.post_sample("listed-1", as_=place.admin, in_name_of="anonymous"))
    await place.said("an anonymous admin", chat=place.log)
    assert place.rows("select count(*) from strikes where chat_id=?", place.chat) == [(0,)]


async def test_nobody_is_punished_for_a_channels_own_post(places: Places) -> None:
    """A channel's own post is removed; who posted it is hidden, so the card asks to see who may post there."""
    place = await places.group(CHANNEL)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.said("the channel's own post", chat=place.log)
    assert place.rows("select spared, strike from cases where chat_id=?", place.chat) == [("own post", None)]


@in_large_groups
async def test_a_channel_identity_is_banned_as_a_sender(places: Places, client: SandboxClient, kind: str) -> None:
    """Who posts as a channel cannot be muted: at the step that mutes a member the channel is banned."""
    place = await places.group(kind)
    mask = (await client.create_chat("Mask", place.member, type_="channel", username=f"mask_{place.member}"))["id"]
    for name in ("listed-1", "listed-2"):
        await place.wait_gone(await place.post_sample(name, as_=place.member, in_name_of=mask))
        await place.settle()
    calls = [call["args"] for call in await client.calls("banChatSenderChat") if call["args"]["chat_id"] == place.chat]
    assert [call["sender_chat_id"] for call in calls] == [mask]
    assert place.strikes(mask) == 2


async def test_the_linked_channel_is_never_punished(places: Places, client: SandboxClient) -> None:
    """A listed picture that comes from the linked channel is removed from the group, and nobody is banned."""
    channel = await places.group(CHANNEL, log=False)
    group = await client.create_chat("Talk", channel.owner, linked_chat_id=channel.chat)
    await client.add_bot(channel.owner, group["id"], ["can_delete_messages", "can_restrict_members"])
    await channel.settle()
    await channel.wait_gone(await channel.post_sample("listed-1"))
    await channel.settle()
    left = [one for one in await client.messages(group["id"]) if "photo" in one]
    assert left == []
    assert channel.rows("select spared, strike from cases where chat_id=?", group["id"]) == [("linked channel", None)]


# --- where it may not act ------------------------------------------------------------------------


def leads_to(alert: Json, message: int, kind: str) -> bool:
    """Whether an alert has a link to a message; a basic group's messages have no address."""
    links = [one["url"] for one in alert["entities"] if one["type"] == "text_link"]
    return any(link.endswith(f"/{message}") for link in links) is (kind != GROUP)


@pytest.mark.parametrize("kind", [SUPERGROUP, FORUM, CHANNEL])
async def test_without_the_right_to_delete_the_admins_are_told(
    places: Places, client: SandboxClient, kind: str
) -> None:
    """Where the bot may not delete, it says so to the admins, with the way to the message."""
    place = await places.group(kind)
    await client.set_bot_rights(place.chat, ["can_invite_users", "can_post_messages"], as_=place.owner)
    known = await place.post_sample("listed-1")
    alert = await place.said("I could not remove the message", chat=place.log)
    assert leads_to(alert, known, kind)
    assert await place.is_there(known)


async def test_a_plain_member_of_a_basic_group_says_that_it_cannot_delete(
    places: Places, client: SandboxClient
) -> None:
    """In a basic group every admin may delete: a bot that is none, and sees all posts, tells the admins."""
    place = await places.group(GROUP)
    await client.set_bot_rights(place.chat, None, as_=place.owner)
    await client.set_privacy(on=False)
    known = await place.post_sample("listed-1")
    await client.set_privacy(on=True)
    alert = await place.said("I could not remove the message", chat=place.log)
    assert leads_to(alert, known, GROUP)
    assert await place.is_there(known)


@in_groups
async def test_without_the_right_to_ban_the_admins_are_told(places: Places, client: SandboxClient, kind: str) -> None:
    """Where the bot may delete but not ban, the post goes, and the admins are told that its poster is still there."""
    place = await places.group(kind)
    await place.choose("Zero")
    await client.set_bot_rights(place.chat, ["can_delete_messages"], as_=place.owner)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.said("I could not ban the poster", chat=place.log)
    assert (await place.status(place.member))["status"] == "member"


@in_all
async def test_what_is_too_old_to_delete_is_told(places: Places, client: SandboxClient, kind: str) -> None:
    """Telegram deletes nothing older than 48 hours for a bot: the admins get a link instead."""
    place = await places.group(kind)
    old = await place.say("just words", extra={"date": await client.clock() - HOURS_49})
    await client.edit(place.poster, place.chat, old, media=[photo(sample("listed-1").data())])
    alert = await place.said("I could not remove the message", chat=place.log)
    assert leads_to(alert, old, kind)
    assert await place.is_there(old)


# --- what is told --------------------------------------------------------------------------------


@in_groups
async def test_the_group_is_told_where_it_happened(places: Places, kind: str) -> None:
    """What was removed is said in the group, in a forum in the topic of the post; a channel's readers are not told."""
    place = await places.group(kind)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.answered("matches a list of known abuse")


async def test_a_file_too_large_to_fetch_is_judged_by_its_thumbnail(places: Places) -> None:
    """Over 20 MB Telegram gives bots no file: the preview is judged and the card says that it was partly checked."""
    place = await places.group()
    one = sample("listed-1")
    large = medium("document", one.data() + b"\0" * (21 * 1024 * 1024), filename="large.jpg", thumbnail=one.data())
    await place.wait_gone(*await place.post(media=[large]))
    await place.said("Partly checked", chat=place.log)


@in_all
async def test_the_canary_vanishes_and_costs_nobody_anything(places: Places, kind: str) -> None:
    """The canary is removed whoever posts it, the group is told that it is protected, nobody is struck."""
    place = await places.group(kind)
    for poster in (place.poster, place.admin):
        await place.wait_gone(await place.post_sample("canary", as_=poster))
    if kind != CHANNEL:  # whose readers it does not concern
        await place.answered("caught the canary")
    await place.said("Canary picture caught", chat=place.log)
    assert place.rows("select count(*) from strikes where chat_id=?", place.chat) == [(0,)]


async def test_a_group_that_becomes_a_supergroup_keeps_its_settings(places: Places, client: SandboxClient) -> None:
    """After a migration the chat's log, strikes and protection go on under its new id."""
    place = await places.group("group")
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.settle()
    new = (await client.migrate(place.chat))["id"]
    await place.settle()
    assert place.rows("select log_chat_id from chats where chat_id=?", new) == [(place.log,)]
    message = await client.post_one(place.member, new, media=[photo(sample("listed-2").data())])
    await client.wait_deleted(new, message["message_id"])
    await place.settle()
    query = "select count(*) from strikes where chat_id=? and sender_id=?"
    assert place.rows(query, new, place.member) == [(2,)]


@pytest.mark.parametrize("fault", ["error", "cut_before", "cut_after"])
async def test_a_failing_delete_is_tried_until_it_is_done(places: Places, client: SandboxClient, fault: str) -> None:
    """A 502, or a connection cut before or after the effect, does not save a match."""
    place = await places.group()
    details = {"code": 502, "description": "Bad Gateway"} if fault == "error" else {}
    await client.fault("deleteMessage", fault, 2, chat_id=place.chat, **details)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.settle()
    assert place.rows(
        "select state from case_actions where kind='delete' and key like ?", f"delete:{place.chat}:%"
    ) in (
        [("done",)],
        [("gone",)],
    )


async def test_a_429_is_waited_for(places: Places, client: SandboxClient) -> None:
    """When Telegram asks for patience the deletion waits as long, and is then done."""
    place = await places.group()
    await client.fault("deleteMessage", "error", 1, chat_id=place.chat, code=429, retry_after=1)
    await place.wait_gone(await place.post_sample("listed-1"))


@in_all
async def test_no_card_or_notice_names_a_hash_or_shows_the_picture(places: Places, kind: str) -> None:
    """What admins and group read about a match holds no picture and nothing of the list's content."""
    place = await places.group(kind)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.settle()
    hashes = {value.hex() for (value,) in place.rows("select value from entries where kind in ('pdq','sha256','md5')")}
    for message in [*await place.words(), *await place.words(place.log)]:
        assert not {"photo", "video", "document"} & message.keys()
        assert not any(one in message.get("text", "") for one in hashes)
