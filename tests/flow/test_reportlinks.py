"""Reports in private in the real bot, what reporters say a post is, holds, claims, and the list of what waits."""

from __future__ import annotations

import pytest

from bot.sandbox.client import SandboxClient
from tests.flow.kinds import CHANNEL, FORUM, GROUP, SUPERGROUP, in_all, in_groups
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import address, card_now, card_of, file_report, name_of


@in_all
async def test_a_reporter_says_what_it_is(places: Places, kind: str) -> None:
    """The receipt asks; “minor” takes every way to the post off the card and names hotlines on both."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    assert ("t.me/c/" in str(card)) is (kind != GROUP)
    receipt = await place.said("What is it?", chat=place.other)
    await place.press(receipt, "A minor, sexually", as_=place.other)
    now = await card_now(place, card)
    assert "t.me/c/" not in str(now)
    assert "A minor, sexually (1)" in now["text"]
    for message in (now, await place.said("You say it is: A minor", chat=place.other)):
        assert "screenshot" in message["text"]
        assert "INHOPE" in message["text"]
    await place.press(now, "Delete", as_=place.admin)
    await place.wait_gone(bad)
    await place.said("acted on", chat=place.other)


@pytest.mark.parametrize("kind", [SUPERGROUP, FORUM, CHANNEL])
async def test_a_message_is_reported_by_its_link(places: Places, kind: str) -> None:
    """In private by link, in a forum with the topic in it: the chat hears nothing, and the case is everybody's."""
    place = await places.group(kind)
    bad = await place.say("something vile")
    before = await place.texts()
    path = f"{place.topic}/" if kind == FORUM else ""
    for number, user in enumerate((place.other, place.owner), start=1):
        await place.client.post(user, user, f"/report {address(place.chat, bad, path)} spam")
        await place.said("Thank you", chat=user)
        card = await card_now(place, await card_of(place))
        assert f"Spam, fraud ({number})" in card["text"]
    assert "Reported by 2 members" in card["text"]
    assert await place.texts() == before
    if kind != CHANNEL:
        await file_report(place, bad, as_=place.admin)
        assert "Reported by 3 members" in (await card_now(place, card))["text"]
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(bad)


async def test_a_basic_group_has_no_links(places: Places) -> None:
    """A link made up for a basic group's message leads nowhere, which is said; nothing is filed."""
    place = await places.group(GROUP)
    bad = await place.say("something vile")
    await place.client.post(place.other, place.other, f"https://t.me/c/{-place.chat}/{bad}")
    await place.said("I am not in that chat", chat=place.other)
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


async def test_a_channels_post_and_a_comment_are_reported(places: Places, client: SandboxClient) -> None:
    """Subscribers report in private what nobody can reply to; who only comments reports in the linked group."""
    channel = await places.group(CHANNEL)
    place = await places.group(linked_chat_id=channel.chat)
    post, comment = await channel.say("something vile"), await place.say("a vile comment")
    await client.post(channel.other, channel.other, address(channel.chat, post))
    await channel.said("Thank you", chat=channel.other)
    link = f"{address(channel.chat, post)}?comment={comment}"
    await client.post(channel.other, channel.other, f"{link} it is of me")
    card = await card_of(place)
    assert "it is of me" in card["text"]
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(comment)
    await channel.press(await card_of(channel), "Delete", as_=channel.admin)
    await channel.wait_gone(post)
    await client.post(place.other, place.other, address(channel.chat, post))
    await place.said("Only members", chat=place.other)


@in_all
async def test_a_forward_is_enough(places: Places, kind: str) -> None:
    """A picture is forwarded in private, which is the only way in a basic group: it is reported, the forward vanishes.

    A text that is forwarded is found as well.
    """
    place = await places.group(kind)
    for bad in (await place.post_sample("clean-1"), await place.say(f"vile words about {place.chat}")):
        await place.settle()
        origin = {"chat_id": place.chat, "message_id": bad}
        (own,) = await place.client.post(place.other, place.other, forward_of=origin)
        await place.said("Thank you", chat=place.other, after=own["message_id"])
        assert ("photo" in own) is await is_gone(place, own)
        await place.press(await card_of(place, f"Case {await filed(place, bad)}"), "Delete", as_=place.admin)
        await place.wait_gone(bad)


async def is_gone(place: Place, message: Json) -> bool:
    """Whether a message is not there any more, once the bot has handled everything so far."""
    await place.settle()
    return await place.client.message(message["chat"]["id"], message["message_id"]) is None


async def test_a_forward_that_tells_nothing_is_said(places: Places) -> None:
    """Whoever hides who they are when forwarded is not found by a text nobody posted: the link is asked for."""
    place = await places.group(log=False)
    hidden = {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1}
    await place.client.post(place.other, place.other, "something", extra={"forward_origin": hidden})
    await place.said("Telegram does not tell me", chat=place.other)


@in_all
async def test_a_claim_is_taken_over_and_listed(places: Places, kind: str) -> None:
    """Another admin takes a card from whoever it names, who hears of it; /reports says who is on it to admins."""
    place = await places.group(kind)
    await place.client.start_bot(place.admin)
    await file_report(place, await place.say("something vile"))
    card = await card_of(place)
    await place.press(card, "I take this", as_=place.admin)
    holder, other = await name_of(place, place.admin), await name_of(place, place.owner)
    taken = await card_now(place, card)
    assert holder in str(await place.press(taken, "Take over from", as_=place.owner))
    await place.said(f"{other} took over case", chat=place.admin)
    assert holder not in (await card_now(place, card))["text"]
    await place.client.post(place.admin, place.log or 0, "/reports")
    assert f"{other} is on it" in (await place.said("1 report waits", chat=place.log))["text"]
    shown = (await place.answered("1 report waits", after=await place.command("/reports")))["text"]
    assert "an admin is on it" in shown
    assert other not in shown
    await place.client.post(place.admin, place.admin, "/reports")
    assert f"{other} is on it" in (await place.said("1 report waits", chat=place.admin))["text"]
    if not place.is_channel:
        await place.answered("not for you to decide", after=await place.say("/reports", as_=place.other))


async def trusted(place: Place) -> None:
    """The other member was right three times, so that a report of theirs counts for one."""
    await place.client.start_bot(place.other)
    for number in range(3):
        bad = await place.say(f"vile {number}")
        await file_report(place, bad)
        await place.press(await card_of(place, f"Case {await filed(place, bad)}"), "Delete", as_=place.admin)
        await place.wait_gone(bad)


async def filed(place: Place, message: int) -> int:
    """Wait until a message is reported; the number of its case."""

    async def number() -> int | None:
        rows = place.rows("select id from cases where chat_id=? and message_id=?", place.chat, message)
        return rows[0][0] if rows else None

    return int(await place.client.wait_for(number, what="the report"))


@in_groups
async def test_reports_of_who_was_right_hold_a_post(places: Places, kind: str) -> None:
    """Where a chat asks for it, the fourth report of who was right three times removes the post until it is decided."""
    place = await places.group(kind)
    await place.choose("At 1", "Reports", "Reports that hide a post")
    await trusted(place)
    held = await place.post_sample("clean-1")
    await place.settle()
    await file_report(place, held)
    await place.wait_gone(held)
    await place.answered("removed until an admin decides")
    card = await card_now(place, await card_of(place, "Removed until you decide"))
    await place.press(card, "Release", as_=place.admin)
    await place.said("no violation", chat=place.other)
    await place.answered("released a post that was held")


async def test_a_channels_own_post_is_not_held(places: Places) -> None:
    """Only a channel's admins post there, so reports hide nothing of it, as the panel says: it stays and waits."""
    place = await places.group(CHANNEL)
    panel = await place.choose("At 1", "Reports", "Reports that hide a post")
    assert "nor what a channel posts itself" in panel["text"]
    await trusted(place)
    post = await place.post_sample("clean-1")
    await place.settle()
    await file_report(place, post)
    case = await filed(place, post)
    assert await place.is_there(post)
    assert "Removed until" not in (await card_now(place, await card_of(place, f"Case {case}")))["text"]
