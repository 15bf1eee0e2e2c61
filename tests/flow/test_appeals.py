"""Appeals in the real bot: the way there, the card, the buttons, and what comes back to who was acted on."""

from __future__ import annotations

from tests.flow.kinds import CHANNEL, FORUM, GROUP, SUPERGROUP, in_all, in_groups, in_large_groups
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import card_now, data_of, forge


async def appealed(place: Place, number: int, text: str = "It was my own picture") -> Json:
    """The member appeals in private; the card in the log chat."""
    await place.client.post(place.member, place.member, f"/appeal {number} {text}")
    await place.said("is with the admins", chat=place.member)
    return await place.said("· Appeal", chat=place.log)


def payload_of(notice: Json) -> str:
    """What the link under a notice starts the bot with."""
    (button,) = notice["reply_markup"]["inline_keyboard"][0]
    assert "mistake" in button["text"]
    return str(button["url"]).partition("?start=")[2]


def number_in(message: Json) -> int:
    """The number of the case that a notice is about."""
    return int(message["text"].rsplit("Case ", 1)[1].split(".")[0])


async def banned(place: Place) -> int:
    """The admin bans the member; the case's number."""
    asked = await place.command(f"/ban {place.member} spam")
    number = number_in(await place.answered("is banned", after=asked))
    await place.settle()
    return number


@in_groups
async def test_a_false_match_is_appealed_against_and_overturned(places: Places, kind: str) -> None:
    """From the button under the notice to the strike given back; whoever else follows or presses gets nowhere."""
    place = await places.group(kind)
    await place.wait_gone(await place.post_sample("listed-3"))
    notice = await place.answered("matches a list")
    number, payload = number_in(notice), payload_of(notice)
    await place.client.start_bot(place.other, payload)
    stranger = await place.said("for the person whom", chat=place.other)
    assert str(number) not in stranger["text"]
    await place.client.post(place.other, place.other, f"/appeal {number} let me in")
    await place.said("Only the person whom", chat=place.other)
    await place.client.start_bot(place.member, payload)
    told = await place.said("matches a list of known abuse", chat=place.member)
    assert f"/appeal {number} your reason" in told["text"]
    await place.client.post(place.member, place.member, f"/appeal {number}")
    await place.said("why it was a mistake", chat=place.member)
    card = await appealed(place, number, "my <b>own</b> \u202epicture")
    assert "my <b>own</b> picture" in card["text"]
    assert "I acted by myself" in card["text"]
    await place.client.add_member(place.log or 0, place.other)
    assert "it takes" in str(await place.press(card, "Overturn", as_=place.other))
    assert place.strikes(place.member) == 1
    assert "overturned" in str(await place.press(card, "Overturn", as_=place.admin))
    outcome = await place.said("you were right", chat=place.member)
    assert "strike taken back" in outcome["text"]
    await place.settle()
    assert place.strikes(place.member) == 0
    ended = await card_now(place, card)
    assert "✔ overturned" in ended["text"]
    assert not ended.get("reply_markup", {}).get("inline_keyboard")
    assert "is over" in await forge(place, ended, data=data_of(card, "Uphold"))
    await place.client.post(place.member, place.member, f"/appeal {number} again")
    await place.said("not opened again", chat=place.member)


@in_all
async def test_a_ban_is_appealed_against_and_reduced_by_another_admin(places: Places, kind: str) -> None:
    """Who banned is refused, another admin reduces; the member may come in again, muted where that can be."""
    place = await places.group(kind)
    await place.client.start_bot(place.member)
    number = await banned(place)
    letter = await place.said("an admin decided about you", chat=place.member)
    assert "You are banned." in letter["text"]
    assert "Reason: spam." in letter["text"]
    card = await appealed(place, number)
    assert "You acted in this case yourself" in str(await place.press(card, "Reduce", as_=place.admin))
    assert place.rows("select state from appeals where case_id=?", number) == [("open",)]
    await place.client.post(place.owner, place.log or 0, "/appeals")
    await place.said(f"Case {number}: open until", chat=place.log)
    assert "reduced" in str(await place.press(card, "Reduce", as_=place.owner))
    await place.said("you may come in again", chat=place.member)
    await place.settle()
    status = await place.status(place.member)
    assert status["status"] == ("left" if kind in (GROUP, CHANNEL) else "restricted")
    shown = "not banned any more" if kind in (GROUP, CHANNEL) else "muted for 1 day"
    await place.said(shown, chat=place.member)
    await place.client.post(place.owner, place.log or 0, f"/case {number}")
    assert "It was my own picture" in (await place.said("Appeal: reduced", chat=place.log))["text"]


@in_all
async def test_the_only_admin_decides_and_is_told_why(places: Places, kind: str) -> None:
    """Nobody else could: the card says so, and who acted may uphold; the member is told."""
    place = await places.group(kind)
    await place.client.start_bot(place.member)
    await place.client.demote(place.chat, place.admin)
    asked = await place.command(f"/warn {place.member} rude", as_=place.owner)
    number = number_in(await place.answered("is warned", after=asked))
    await place.settle()
    card = await appealed(place, number)
    assert "Nobody else here could decide it" in card["text"]
    assert "upheld" in str(await place.press(card, "Uphold", as_=place.owner))
    await place.said("it stays as it is", chat=place.member)
    assert place.strikes(place.member) == 1


@in_all
async def test_an_appellant_who_became_an_admin_does_not_decide(places: Places, kind: str) -> None:
    """Their appeal is heard, their own press is refused, another admin's counts."""
    place = await places.group(kind)
    await place.client.start_bot(place.member)
    number = number_in(await place.answered("is warned", after=await place.command(f"/warn {place.member} rude")))
    await place.client.promote(place.chat, place.member, True)
    await place.client.add_member(place.log or 0, place.member)
    card = await appealed(place, number)
    assert "your own appeal" in str(await place.press(card, "Overturn", as_=place.member))
    await place.press(card, "Overturn", as_=place.owner)
    await place.said("you were right", chat=place.member)
    assert place.strikes(place.member) == 0


@in_groups
async def test_in_a_group_an_appeal_is_led_away(places: Places, kind: str) -> None:
    """The command goes, with what it says, and the way to say it in private is shown; a case is not looked at."""
    place = await places.group(kind)
    said = await place.say("/appeal 1 my secret", as_=place.member)
    await place.wait_gone(said)
    hint = await place.answered("between its author and the admins")
    assert hint.get("message_thread_id") == (place.topic if kind == FORUM else None)
    assert hint["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("?start=appeal")
    assert place.rows("select count(*) from appeals where appellant_id=?", place.member) == [(0,)]


async def test_in_a_channel_nobody_appeals_aloud(places: Places) -> None:
    """Only admins post there: a post that says /appeal stays where it is, and nothing comes of it."""
    place = await places.group(CHANNEL)
    said = await place.say("/appeal 1 my secret")
    assert await place.is_there(said)
    assert not [text for text in await place.texts() if "between its author and the admins" in text]


@in_large_groups
async def test_a_channel_identity_has_no_appeal(places: Places, kind: str) -> None:
    """Nobody knows who wrote as a channel: the notice has no link, and its number is nobody's."""
    place = await places.group(kind)
    mask = (await place.client.create_chat("A mask", place.member, type_=CHANNEL))["id"]
    removed = await place.post_sample("listed-3", in_name_of=mask)
    await place.wait_gone(removed)
    notice = await place.answered("matches a list")
    assert "reply_markup" not in notice
    await place.client.start_bot(place.member)
    await place.client.post(place.member, place.member, f"/appeal {number_in(notice)} it was me")
    await place.said("If you wrote as a channel", chat=place.member)
    assert kind in (SUPERGROUP, FORUM)
