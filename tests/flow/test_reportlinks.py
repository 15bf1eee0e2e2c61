"""Reports in private in the real bot, what reporters say a post is, holds, claims, and the list of what waits."""

from __future__ import annotations

import json
import sqlite3

from bot.sandbox.client import SandboxClient
from tests.flow.kinds import CHANNEL, FORUM, GROUP
from tests.flow.places import Place, Places
from tests.flow.reporting import card_now, card_of, file_report, name_of


def address(chat: int, message: int, path: str = "") -> str:
    """A message's link as members copy it."""
    return f"https://t.me/c/{str(chat)[4:]}/{path}{message}"


async def test_a_reporter_says_what_it_is(places: Places) -> None:
    """The receipt asks; “minor” takes every way to the post off the card and names hotlines on both."""
    place = await places.group()
    await place.client.start_bot(place.other)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    assert "t.me/c/" in str(card)
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


async def test_a_topics_message_is_reported_by_its_link(places: Places) -> None:
    """In private by link, the group hears nothing, and the case is the one of whoever reports by reply."""
    place = await places.group(FORUM)
    bad = await place.say("something vile")
    before = await place.texts()
    await place.client.post(place.other, place.other, f"/report {address(place.chat, bad, f'{place.topic}/')} spam")
    await place.said("Thank you", chat=place.other)
    card = await card_of(place)
    assert "Spam, fraud (1)" in card["text"]
    assert await place.texts() == before
    await file_report(place, bad, as_=place.owner)
    assert "Reported by 2 members" in (await card_now(place, card))["text"]
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(bad)


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


async def test_a_forward_is_enough_in_a_basic_group(places: Places) -> None:
    """Where messages have no links a picture is forwarded: the report is filed and the forward vanishes."""
    place = await places.group(GROUP)
    bad = await place.post_sample("clean-1")
    await place.settle()
    origin = {"chat_id": place.chat, "message_id": bad}
    (own,) = await place.client.post(place.other, place.other, forward_of=origin)
    await place.said("Thank you", chat=place.other)
    await place.client.wait_deleted(place.other, own["message_id"], 20)
    await place.press(await card_of(place), "Delete", as_=place.admin)
    await place.wait_gone(bad)
    stranger = await places.group(log=False)
    await place.client.post(stranger.other, stranger.other, "something", extra={"forward_origin": HIDDEN})
    await place.said("Telegram does not tell me", chat=stranger.other)


HIDDEN = {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1}


async def test_a_claim_is_taken_over_and_listed(places: Places) -> None:
    """Another admin takes a card from whoever it names, who hears of it; /reports says who is on it to admins."""
    place = await places.group()
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
    await place.say("/reports", as_=place.admin)
    shown = (await place.said("1 report waits"))["text"]
    assert "an admin is on it" in shown
    assert other not in shown
    await place.client.post(place.admin, place.admin, "/reports")
    assert f"{other} is on it" in (await place.said("1 report waits", chat=place.admin))["text"]
    await place.say("/reports", as_=place.other)
    await place.said("not for you to decide")


async def test_reports_of_who_was_right_hold_a_post(places: Places) -> None:
    """Where a chat asks for it, the fourth report of who was right three times removes the post until it is decided."""
    place = await places.group()
    _have_held(place, 1)
    await place.client.start_bot(place.other)
    for number in range(3):
        bad = await place.say(f"vile {number}")
        await file_report(place, bad)
        await place.settle()
        ((case,),) = place.rows("select max(id) from cases where chat_id=?", place.chat)
        await place.press(await card_of(place, f"Case {case}"), "Delete", as_=place.admin)
        await place.wait_gone(bad)
    held = await place.post_sample("clean-1")
    await place.settle()
    await file_report(place, held)
    await place.wait_gone(held)
    await place.said("removed until an admin decides")
    card = await card_now(place, await card_of(place, "Removed until you decide"))
    await place.press(card, "Release", as_=place.admin)
    await place.said("no violation", chat=place.other)
    await place.said("released a post that was held")


def _have_held(place: Place, number: int) -> None:
    """The chat's admins have a post held at so many trusted reports."""
    with sqlite3.connect(place.bot.database, timeout=20) as connection:
        connection.execute("update chats set rules=? where chat_id=?", (json.dumps({"hold_at": number}), place.chat))
