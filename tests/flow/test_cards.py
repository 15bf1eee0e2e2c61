"""Cards in the real bot: decided once, by whoever has the right at that moment, wherever the card stands."""

from __future__ import annotations

import asyncio

import pytest

from tests.flow.kinds import CHANNEL, FORUM, GROUP, PEOPLED, in_all, in_groups, in_large_groups
from tests.flow.places import ADMIN_RIGHTS, RIGHTS, Place, Places
from tests.flow.reporting import card_now, card_of, data_of, file_report, forge, name_of, stranger

# --- deciding ------------------------------------------------------------------------------------


@in_all
async def test_of_two_admins_one_decides_and_the_reporter_learns_it(places: Places, kind: str) -> None:
    """The second press finds the case decided and is told by whom; the reporter is told the outcome once."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    toasts = await asyncio.gather(
        place.press(card, "Delete", as_=place.admin), place.press(card, "Dismiss", as_=place.owner)
    )
    await place.settle()
    assert sum("Decided already by" in str(toast) for toast in toasts) == 1
    told = [text for text in await place.texts(place.other) if "was looked at" in text]
    assert len(told) == 1
    now = await card_now(place, card)
    assert "✔" in now["text"]
    assert not now.get("reply_markup", {}).get("inline_keyboard")


@in_all
async def test_dismissing_leaves_the_message_and_says_so(places: Places, kind: str) -> None:
    """A dismissed report changes nothing in the group, and its reporter learns that no violation was found."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    bad = await place.say("harmless")
    await file_report(place, bad)
    await place.press(await card_of(place), "Dismiss", as_=place.admin)
    await place.said("found no violation", chat=place.other)
    assert await place.is_there(bad)
    await file_report(place, bad, as_=place.owner)
    await place.settle()
    assert place.rows("select count(*) from cases where chat_id=? and kind='report'", place.chat) == [(1,)]


OUTCOMES = [
    (kind, words, status)
    for kind in PEOPLED
    for words, status in (("Warn", "member"), ("Mute", "restricted"), ("Ban", "left" if kind == GROUP else "kicked"))
    if (kind, words) != (GROUP, "Mute")
]


@pytest.mark.parametrize(("kind", "words", "status"), OUTCOMES)
async def test_what_is_decided_against_the_poster_removes_the_post(
    places: Places, kind: str, words: str, status: str
) -> None:
    """Warn, mute and ban act on the poster, remove the message, and tell the group with the case's number."""
    place = await places.group(kind)
    bad = await place.say("something vile")
    await file_report(place, bad)
    await place.press(await card_of(place), words, as_=place.admin)
    await place.wait_gone(bad)
    await place.answered("Case ")
    await place.settle()
    assert (await place.status(place.member))["status"] == status
    assert place.strikes(place.member) == (1 if words == "Warn" else 0)


async def test_a_channels_own_post_has_nobody_to_punish(places: Places) -> None:
    """What would be done to the poster is refused with the reason, and the case waits for another decision."""
    place = await places.group(CHANNEL)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    for words in ("Warn", "Mute", "Ban"):
        assert "own post" in str(await place.press(card, words, as_=place.owner))
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(bad)
    await place.settle()
    assert place.strikes(place.admin) == 0


async def test_a_channels_older_post_is_reported_by_a_forward(places: Places) -> None:
    """A post from before the bot came is not found by its link, which is said; its forward shows all that it is."""
    place = await places.group(CHANNEL)
    await place.client.remove_bot(place.owner, place.chat)
    bad = await place.post_sample("clean-2")
    await place.client.add_bot(place.owner, place.chat, [*RIGHTS, "can_post_messages"])
    await place.settle()
    await file_report(place, bad)
    await place.said("I do not know that message", chat=place.other)
    await place.client.post(place.other, place.other, forward_of={"chat_id": place.chat, "message_id": bad})
    await place.press(await card_of(place), "Block this media", as_=place.admin)
    await place.wait_gone(bad)
    await takes_effect(place, "clean-2")


async def test_a_basic_groups_card_says_that_nobody_can_be_muted(places: Places) -> None:
    """Where Telegram knows no mute, the button says so, and the case waits for another decision."""
    place = await places.group(GROUP)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    assert "Nobody can be muted in a basic group" in str(await place.press(card, "Mute", as_=place.admin))
    assert await place.is_there(bad)
    assert place.rows("select state from cases where chat_id=?", place.chat) == [("open",)]


@in_all
async def test_blocking_the_media_keeps_it_out(places: Places, kind: str) -> None:
    """“Block this media” removes the message, and the same picture vanishes when it is posted again."""
    place = await places.group(kind)
    bad = await place.post_sample("clean-1")
    await file_report(place, bad)
    await place.press(await card_of(place), "Block this media", as_=place.admin)
    await place.wait_gone(bad)
    await takes_effect(place, "clean-1")


@in_groups
async def test_media_older_than_the_bot_can_be_blocked(places: Places, kind: str) -> None:
    """A picture posted before the bot came is scanned when it is reported, so that it can be blocked."""
    place = await places.group(kind, rights=None, log=False)
    await place.client.remove_bot(place.owner, place.chat)
    bad = await place.post_sample("clean-2")
    await place.client.add_bot(place.owner, place.chat, RIGHTS)
    await place.client.start_bot(place.owner)
    await place.settle()
    await file_report(place, bad)
    card = await place.said("Reported by", chat=place.owner)
    await place.press(card, "Block this media", as_=place.owner)
    await place.wait_gone(bad)
    await takes_effect(place, "clean-2")


async def takes_effect(place: Place, name: str) -> None:
    """Post a sample until it vanishes."""
    await place.post_until(lambda: place.post_sample(name, as_=place.admin), is_there=False)


@in_all
async def test_a_text_has_no_media_to_block(places: Places, kind: str) -> None:
    """“Block this media” on a text says that there is nothing to block, and the case stays open."""
    place = await places.group(kind)
    bad = await place.say("only words")
    await file_report(place, bad)
    card = await card_of(place)
    toast = await place.press(card, "Block this media", as_=place.admin)
    assert "nothing to block" in str(toast)
    await place.press(card, "Dismiss", as_=place.admin)
    await card_now(place, card)
    assert place.rows("select state from cases where chat_id=?", place.chat) == [("closed",)]


@in_groups
async def test_a_reported_picture_that_is_listed_is_judged_at_once(places: Places, kind: str) -> None:
    """A listed picture from before the bot came is removed when it is reported, and the reporter is told."""
    place = await places.group(kind, rights=None, log=False)
    await place.client.remove_bot(place.owner, place.chat)
    bad = await place.post_sample("listed-1")
    await place.client.add_bot(place.owner, place.chat, RIGHTS)
    await place.client.start_bot(place.other)
    await place.settle()
    await file_report(place, bad)
    await place.wait_gone(bad)
    await place.said("acted on", chat=place.other)
    await place.settle()
    assert place.rows("select kind, state from cases where chat_id=?", place.chat) == [("match", "closed")]


@in_all
async def test_a_claim_is_shown_and_let_go(places: Places, kind: str) -> None:
    """The card shows who looks after it; another admin is told; the first one lets go of it again."""
    place = await places.group(kind)
    await file_report(place, await place.say("something vile"))
    card = await card_of(place)
    await place.press(card, "I take this", as_=place.admin)
    taken = await card_now(place, card)
    assert await name_of(place, place.admin) in taken["text"]
    toast = await place.press(taken, "Let go", as_=place.owner)
    assert "already" in str(toast)
    await place.press(taken, "Let go", as_=place.admin)
    free = await card_now(place, card)
    assert await name_of(place, place.admin) not in free["text"]
    await place.press(free, "I take this", as_=place.owner)
    assert await name_of(place, place.owner) in (await card_now(place, card))["text"]


# --- rights --------------------------------------------------------------------------------------


@in_all
async def test_rights_count_at_the_moment_of_the_press(places: Places, kind: str) -> None:
    """A demoted admin's press changes nothing, nor does one by an admin without the right that the button asks for."""
    place = await places.group(kind)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    await place.client.promote(place.chat, place.admin, ["can_delete_messages"])
    assert "Ban users" in str(await place.press(card, "Ban", as_=place.admin))
    await place.client.demote(place.chat, place.admin)
    assert "it takes" in str(await place.press(card, "Delete", as_=place.admin))
    assert await place.is_there(bad)
    assert place.rows("select state from cases where chat_id=?", place.chat) == [("open",)]


# --- where cards stand ---------------------------------------------------------------------------


@in_all
async def test_the_log_chats_admins_need_rights_in_the_group(places: Places, kind: str) -> None:
    """Whoever presses in the log chat decides for the reported group, so it is there that they must be an admin."""
    place = await places.group(kind)
    assert place.log is not None
    await place.client.add_member(place.log, place.other, rights=ADMIN_RIGHTS)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await card_of(place)
    assert "it takes" in str(await place.press(card, "Delete", as_=place.other))
    assert await place.is_there(bad)
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(bad)


@in_all
async def test_without_a_log_chat_the_group_has_the_card(places: Places, kind: str) -> None:
    """Where neither log chat nor owner can be written to, the card stands in the group and only admins decide it."""
    place = await places.group(kind, log=False)
    bad = await place.say("something vile")
    await file_report(place, bad)
    card = await place.said("Reported by 1 member")
    assert "it takes" in str(await place.press(card, "Delete", as_=place.other))
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(bad)


@in_all
async def test_a_case_of_the_bots_own_is_decided_by_the_same_buttons(places: Places, kind: str) -> None:
    """Under `watch` a match waits for an admin, whose press acts on it; what is listed is not offered to be listed."""
    place = await places.group(kind)
    await place.choose("Watch")
    known = await place.post_sample("listed-1")
    card = await card_of(place, "please decide")
    assert "Block this media" not in str(card["reply_markup"])
    assert "it takes" in str(await place.press(card, "Delete", as_=await stranger(place)))
    toast = await place.press(card, "Ban", as_=place.admin)
    if kind == CHANNEL:  # its own post has no poster to be banned
        assert "the channel's own post" in str(toast)
        await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(known)
    assert "Decided already by" in await forge(place, card, data=data_of(card, "Dismiss"))  # it has no buttons now
    await place.settle()
    ends = {GROUP: "left", CHANNEL: "administrator"}
    assert (await place.status(place.poster))["status"] == ends.get(kind, "kicked")


async def test_in_a_forum_a_topics_opening_is_not_reported(places: Places) -> None:
    """`/report` in a topic, replying to nobody, is explained in that topic."""
    place = await places.group(FORUM)
    await place.wait_gone(await place.say("/report", as_=place.other, reply_to=place.topic))
    await place.answered("reply to it with /report")
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


@in_large_groups
async def test_an_anonymous_admin_stays_hidden_on_the_card(places: Places, kind: str) -> None:
    """The card does not name an admin who is anonymous in the group; the record knows who it was."""
    place = await places.group(kind)
    await place.client.promote(place.chat, place.admin, ADMIN_RIGHTS, is_anonymous=True)
    await file_report(place, await place.say("something vile"))
    card = await card_of(place)
    await place.press(card, "Dismiss", as_=place.admin)
    now = await card_now(place, card)
    assert await name_of(place, place.admin) not in now["text"]
    assert "an anonymous admin" in now["text"]
    by = place.rows("select by_id from case_actions a join cases c on case_id = c.id where chat_id=?", place.chat)
    assert (place.admin,) in by
