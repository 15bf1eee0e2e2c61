"""/undo and its button in the real bot: what was done is undone, once, by who had the right to do it."""

from __future__ import annotations

from tests.flow.kinds import CHANNEL, GROUP, in_all, in_groups, in_large_groups
from tests.flow.places import Place, Places
from tests.flow.reporting import card_now, card_of, data_of, file_report, forge


async def number_of(place: Place, command: str) -> int:
    """An admin gives a command; the number of its case."""
    asked = await place.command(command)
    text = (await place.answered("Case ", after=asked))["text"]
    await place.settle()
    return int(text.rsplit("Case ", 1)[1].split(".")[0])


@in_all
async def test_a_ban_is_taken_back_with_a_way_in(places: Places, kind: str) -> None:
    """The ban ends, the member gets a link in private, a second time says who was first; members may not."""
    place = await places.group(kind)
    await place.client.start_bot(place.member)
    number = await number_of(place, f"/ban {place.member}")
    gone = (await place.status(place.member))["status"]
    assert gone == ("left" if kind == GROUP else "kicked")
    if kind != CHANNEL:
        await place.command(f"/undo {number}", as_=place.other)
        await place.answered("an admin of this chat")
    done = await place.answered(f"Case {number} is taken back", after=await place.command(f"/undo {number}"))
    assert ("unbanned" in done["text"]) == (kind != GROUP)
    assert "on its way" in done["text"]
    told = await place.said("took back what was done", chat=place.member)
    assert "https://t.me/+" in told["text"]
    await place.settle()
    assert (await place.status(place.member))["status"] == "left"
    (call,) = [one for one in await place.client.calls("createChatInviteLink") if one["args"]["chat_id"] == place.chat]
    assert call["args"]["member_limit"] == 1
    await place.answered("taken back already, by an admin.", after=await place.command(f"/undo {number}"))
    assert place.log is not None
    await place.said("all taken back", chat=place.log)


@in_all
async def test_a_false_match_is_taken_back_by_its_button(places: Places, kind: str) -> None:
    """The card of a match gives the strike back and lets the picture be posted; without the right it does not."""
    place = await places.group(kind)
    poster = place.admin if kind == CHANNEL else place.member
    removed = await place.post_sample("listed-3", as_=poster)
    await place.wait_gone(removed)
    card = await place.said("Known abuse removed", chat=place.log)
    await place.client.promote(place.chat, place.admin, ["can_restrict_members"])
    assert "it takes" in str(await place.press(card, "Undo", as_=place.admin))
    strikes = 0 if kind == CHANNEL else 1
    assert place.strikes(poster) == strikes
    toast = str(await place.press(card, "Undo", as_=place.owner))
    assert "may be posted here again" in toast
    assert "cannot be brought back" in toast
    assert "taken back already" in str(await place.press(card, "Undo", as_=place.owner))
    await place.settle()
    assert place.strikes(poster) == 0
    assert place.rows("select kind from lists where chat_id=?", place.chat) == [("allow",)]
    await place.post_until(lambda: place.post_sample("listed-3", as_=place.owner), is_there=True)


@in_large_groups
async def test_a_mute_ends_and_the_case_says_so(places: Places, kind: str) -> None:
    """By the button of /case the member may write again and is told in the group; the file shows who did it."""
    place = await places.group(kind)
    number = await number_of(place, f"/mute {place.member} 2h")
    assert (await place.status(place.member))["status"] == "restricted"
    shown = await place.answered("moderation · closed", after=await place.command(f"/case {number}"))
    await place.press(shown, "Undo", as_=place.admin)
    await place.said(f"took back what was done about a post. Case {number}")
    await place.settle()
    assert (await place.status(place.member))["status"] == "member"
    again = await place.answered("all taken back", after=await place.command(f"/case {number}"))
    assert "reply_markup" not in again


@in_groups
async def test_a_decision_on_a_card_is_taken_back_on_it(places: Places, kind: str) -> None:
    """A card that was decided has the button until it is used; an old screen's press says that it was used."""
    place = await places.group(kind)
    await file_report(place, await place.say("something vile"))
    card = await card_of(place)
    await place.press(card, "Warn" if kind == GROUP else "Mute", as_=place.admin)
    await place.settle()
    decided = await card_now(place, card)
    await place.press(decided, "Undo", as_=place.owner)
    await place.settle()
    assert (await place.status(place.member))["status"] == "member"
    assert place.strikes(place.member) == 0
    ended, data = await card_now(place, card), data_of(decided, "Undo")
    assert not ended.get("reply_markup", {}).get("inline_keyboard")
    assert "taken back already" in await forge(place, ended, data=data)
    member = {"id": place.other, "is_bot": False, "first_name": "Other"}
    assert "no longer valid" in await forge(place, ended, data=data, **{"from": member})


@in_all
async def test_an_undo_needs_a_number_of_this_chat(places: Places, kind: str) -> None:
    """Without a number it is asked for; another chat has no such case; a right that the bot lacks is named."""
    place, elsewhere = await places.group(kind), await places.group(log=False)
    number = await number_of(place, f"/ban {place.member}")
    await place.answered("Give its number", after=await place.command("/undo"))
    await elsewhere.command(f"/undo {number}")
    await elsewhere.said(f"no case {number} here")
    await place.client.start_bot(place.admin)
    if kind != GROUP:
        await place.client.set_bot_rights(place.chat, ["can_delete_messages", "can_post_messages"])
        await place.client.post(place.admin, place.admin, f"/undo {number}")
        await place.said("I lack the admin right “Ban users”", chat=place.admin)
        assert (await place.status(place.member))["status"] == "kicked"
    await place.client.start_bot(place.other)
    await place.client.post(place.other, place.other, f"/undo {number}")
    await place.said(f"no case {number} here", chat=place.other)
