"""The commands with a d or an s before them, kicks, purges and @names in the real bot, in every kind of chat."""

from __future__ import annotations

import time

import pytest

from tests.flow.kinds import CHANNEL, FORUM, GROUP, SUPERGROUP, in_all, in_groups
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import card_of, file_report


@in_groups
async def test_the_message_goes_along_or_no_word_is_said(places: Places, kind: str) -> None:
    """/dwarn answers and removes the message replied to; /swarn removes the command, and says so to the admin alone."""
    place = await places.group(kind)
    bad = await place.say("rude words")
    asked = await place.command("/dwarn rude", reply_to=bad)
    await place.answered("strike 1", after=asked)
    await place.wait_gone(bad)
    await place.client.start_bot(place.admin)
    before = await place.texts()
    quiet = await place.command("/swarn again", reply_to=await place.say("more"))
    await place.wait_gone(quiet)
    await place.said("strike 2", chat=place.admin)
    await place.settle()
    assert await place.texts() == before
    assert place.strikes(place.member) == 2
    asked = await place.command(f"/dban {place.member}")
    await place.answered("takes a message along", after=asked)
    assert (await place.status(place.member))["status"] in ("member", "restricted")
    listed = await place.answered("2 strikes", after=await place.command(f"/warns {place.member}"))
    assert "until" in listed["text"]


@in_all
async def test_a_kick_removes_and_does_not_ban(places: Places, kind: str) -> None:
    """After /kick one is gone and may come back; who is not there cannot be kicked."""
    place = await places.group(kind)
    await place.answered("may come back", after=await place.command(f"/kick {place.member} spam"))
    await place.settle()
    assert (await place.status(place.member))["status"] == "left"
    await place.answered("not in the chat", after=await place.command(f"/kick {place.member}"))


@pytest.mark.parametrize("kind", [SUPERGROUP, FORUM])
async def test_a_mute_is_taken_back(places: Places, kind: str) -> None:
    """/unmute ends a mute; without one it says so; a length gone wrong mutes nobody."""
    place = await places.group(kind)
    await place.answered("no length of time", after=await place.command(f"/mute {place.member} 5x spam"))
    await place.answered("not muted", after=await place.command(f"/unmute {place.member}"))
    await place.answered("is muted", after=await place.command(f"/mute {place.member} 1h"))
    await place.settle()
    assert (await place.status(place.member))["status"] == "restricted"
    await place.answered("may write again", after=await place.command(f"/unmute {place.member}"))
    await place.settle()
    assert (await place.status(place.member))["status"] == "member"


@in_all
async def test_a_purge_removes_from_the_reply_to_here(places: Places, kind: str) -> None:
    """Everything from the reply to the command goes, nothing before it; in a forum only when all topics are meant."""
    place = await places.group(kind)
    kept, *doomed = [await place.say(f"message {number}", as_=place.poster) for number in range(4)]
    if kind == FORUM:
        asked = await place.command("/purge", reply_to=doomed[0])
        await place.answered("other topics", after=asked)
        assert all([await place.is_there(one) for one in doomed])
    asked = await place.command("/purge all" if kind == FORUM else "/purge", reply_to=doomed[0])
    await place.wait_gone(*doomed, asked)
    await place.answered("Removed everything")
    assert await place.is_there(kept)
    calls = [
        call["args"] for call in await place.client.calls("deleteMessages") if call["args"]["chat_id"] == place.chat
    ]
    assert any({*doomed, asked} <= set(args["message_ids"]) for args in calls)
    await place.answered("Reply with /purge", after=await place.command("/purge"))


async def test_a_purge_reaches_back_48_hours(places: Places) -> None:
    """A reply to something older than bots may delete, or too far back, is refused with the reason; nothing goes."""
    place = await places.group()
    first = await place.say("here")
    for date, number, words in ((time.time() - 49 * 3600, first, "48 hours"), (time.time(), first - 2500, "more than")):
        asked = first + 50 + int(words == "more than")
        await place.client.push_update({"message": command(place, asked, {"message_id": number, "date": int(date)})})
        await place.said(words, after=first)
    assert await place.is_there(first)


def command(place: Place, number: int, reply: Json) -> Json:
    """A raw /purge of the admin's, as a reply."""
    chat = {"id": place.chat, "type": "supergroup", "title": "The place"}
    person = {"id": place.admin, "is_bot": False, "first_name": "Admin"}
    message = {"message_id": number, "date": int(time.time()), "chat": chat, "from": person, "text": "/purge"}
    return {**message, "reply_to_message": {"chat": chat, "from": person, "text": "old", **reply}}


async def test_in_a_channel_members_are_named_and_no_word_is_said(places: Places) -> None:
    """/swarn removes the command and its prompt, and tells the admin alone; /dwarn needs a message, and finds none."""
    place = await places.group(CHANNEL)
    await place.client.start_bot(place.admin)
    before = await place.texts()
    quiet = await place.command(f"/swarn {place.member} rude")
    await place.wait_gone(quiet)
    await place.said("strike 1", chat=place.admin)
    await place.settle()
    assert await place.texts() == before
    asked = await place.command(f"/dwarn {place.member}")
    await place.answered("takes a message along", after=asked)
    asked = await place.command("/dwarn", reply_to=await place.say("news"))
    await place.answered("own post", after=asked)
    assert place.strikes(place.member) == 1
    await place.answered("1 strike", after=await place.command(f"/warns {place.member}"))


@in_groups
async def test_a_purge_needs_the_bots_right(places: Places, kind: str) -> None:
    """Without the right to delete the bot says which it lacks; with only the right to ban an admin is refused."""
    place = await places.group(kind, rights=["can_restrict_members"])
    bad = await place.say("one")
    asked = await place.command("/purge all", reply_to=bad)
    await place.answered("I lack the admin right “Delete messages”", after=asked)
    asked = await place.command("/dban", reply_to=bad)
    await place.answered("I lack the admin right “Delete messages”", after=asked)
    await place.client.promote(place.chat, place.admin, ["can_restrict_members"])
    await place.answered("it takes the admin right “Delete messages”", after=await place.command("/dban", reply_to=bad))
    await place.settle()
    assert await place.is_there(bad)
    assert (await place.status(place.member))["status"] == "member"


@in_groups
async def test_a_name_means_who_was_seen_with_it(places: Places, kind: str) -> None:
    """@name works for somebody who has written, in any case; for a stranger's name the bot asks for a number."""
    place = await places.group(kind)
    name = f"name_{abs(place.chat)}"[:30]
    named = (await place.client.create_user("Named", username=name))["id"]
    await place.client.add_member(place.chat, named)
    await place.answered("Whom do you mean?", after=await place.command("/warn @nobody_has_this"))
    await place.say("hello", as_=named)
    await place.settle()
    answer = await place.answered("strike 1", after=await place.command(f"/warn @{name.upper()} be kind"))
    assert "be kind" in answer["text"]
    await place.settle()
    assert place.strikes(named) == 1


@in_all
async def test_misused_reports_are_refused_and_taken_again(places: Places, kind: str) -> None:
    """“Misuse of reports” dismisses, refuses whoever reported without naming them, and /reportblocks takes it back."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    bad = await place.say("harmless")
    await file_report(place, bad)
    card = await card_of(place)
    await place.press(card, "Misuse of reports", as_=place.admin)
    await place.said("calls it misuse", chat=place.other)
    assert await place.is_there(bad)
    await file_report(place, await place.say("more"))
    await place.said("for now I take none", chat=place.other)
    listed = await place.answered("1 member", after=await place.command("/reportblocks"))
    assert str(place.other) not in str(listed)
    number = listed["text"].split("Case ")[1].split(":")[0]
    await place.answered("taken again", after=await place.command(f"/reportblocks {number}"))
    await file_report(place, await place.say("even more"))
    await place.said("is with the admins", chat=place.other, after=0)
    await place.settle()
    assert place.rows("select count(*) from cases where chat_id=? and kind='report'", place.chat) == [(2,)]


async def test_a_channel_has_no_use_for_what_only_groups_know(places: Places) -> None:
    """In a channel nobody is unmuted, and in a basic group neither: both say so."""
    for kind, words in ((CHANNEL, "in a channel"), (GROUP, "in a basic group")):
        place = await places.group(kind, log=False)
        await place.answered(words, after=await place.command(f"/unmute {place.member}"))
