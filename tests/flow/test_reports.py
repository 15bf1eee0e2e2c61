"""Reports in the real bot: filed, merged, decided from the card, and answered without naming anybody."""

from __future__ import annotations

from bot.sandbox.client import SandboxClient, photo
from bot.sandbox.samples import sample
from tests.flow.kinds import CHANNEL, GROUP, in_all, in_groups
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import card_now, card_of, file_report, name_of


@in_all
async def test_a_report_reaches_the_admins_and_nobody_else(places: Places, kind: str) -> None:
    """The command vanishes, the reporter has a receipt, one card tells the admins, and nothing names the reporter."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    bad = await place.say("something vile")
    command = await file_report(place, bad, "this is of me")
    if not place.is_channel:
        await place.wait_gone(command)
    card = await card_of(place)
    await place.said("Your report (case", chat=place.other)
    assert "Reported by 1 member" in card["text"]
    assert "this is of me" in card["text"]
    name = await name_of(place, place.other)
    everything = [*await place.texts(), *await place.texts(place.log), str(card["reply_markup"])]
    assert not any(name in text or str(place.other) in text for text in everything)
    assert await place.is_there(bad)


async def test_a_receipt_that_fails_leaves_no_trace_of_the_reporter(places: Places) -> None:
    """When Telegram refuses a reporter's receipt, the log says so without their number."""
    place = await places.group()
    await place.client.start_bot(place.other)
    await place.settle()
    await place.client.fault("sendMessage", code=403, description="Forbidden: no", chat_id=place.other)
    await file_report(place, await place.say("something vile"))
    await card_of(place)
    await place.settle()
    failures = [line for line in place.bot.log.splitlines() if "outbox.failed" in line and "Forbidden: no" in line]
    assert len(failures) == 1
    assert str(place.other) not in failures[0]


@in_groups
async def test_calling_the_admins_in_a_reply_is_a_report(places: Places, kind: str) -> None:
    """`@admin` in a reply works like /report, and the text that calls vanishes."""
    place = await places.group(kind)
    for words in ("@admin look", "please @admins", "@ADMIN"):
        bad = await place.say(f"something vile, {words.strip('@')}")
        await place.wait_gone(await place.say(words, as_=place.other, reply_to=bad))
    await card_of(place)
    await place.settle()
    assert place.rows("select count(*) from cases where chat_id=? and kind='report'", place.chat) == [(3,)]


async def test_in_a_channel_nobody_reports_by_reply(places: Places) -> None:
    """Only admins write in a channel: a post that would report elsewhere stays, and nothing is said or filed."""
    place = await places.group(CHANNEL)
    post = await place.say("a post")
    before = len(await place.texts())
    calls = [await place.say(words, reply_to=post) for words in ("/report", "@admin look")]
    assert all([await place.is_there(call) for call in calls])
    assert len(await place.texts()) == before + len(calls)
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


async def test_what_comes_from_the_linked_channel_can_be_reported(places: Places, client: SandboxClient) -> None:
    """A channel's post in its group is reported like others; on its card nothing can be done against the channel."""
    channel = await places.group(CHANNEL, log=False)
    place = await places.group(linked_chat_id=channel.chat)
    await client.add_member(place.chat, channel.owner)
    await channel.say("something vile", as_=channel.owner)
    forwarded = await client.wait_for(lambda: _automatic(place))
    await file_report(place, forwarded["message_id"])
    card = await card_of(place)
    assert "linked to this group" in str(await place.press(card, "Ban", as_=place.admin))
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(forwarded["message_id"])


async def _automatic(place: Place) -> Json | None:
    """The linked channel's post in this group."""
    shown = (await place.view())["messages"][str(place.chat)]
    return next((one for one in shown if one.get("is_automatic_forward")), None)


@in_groups
async def test_without_a_reply_nothing_is_reported_and_the_way_is_shown(places: Places, kind: str) -> None:
    """`/report` alone is removed and explained: in private to whom the bot may write, else in a line to the group."""
    place = await places.group(kind)
    await place.wait_gone(await place.say("/report", as_=place.other))
    hint = await place.answered("reply to it with /report")
    await place.client.start_bot(place.member)
    await place.wait_gone(await place.say("/report", as_=place.member))
    await place.said("reply to it with /report", chat=place.member)
    await place.settle()
    assert [text for text in await place.texts() if "/report" in text] == [hint["text"]]
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


@in_groups
async def test_reports_of_one_message_share_a_case_and_its_card_counts(places: Places, kind: str) -> None:
    """A second reporter adds to the first one's card; the same person counts once."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    bad = await place.say("something vile")
    await file_report(place, bad, "first")
    card = await card_of(place)
    await file_report(place, bad, "second", as_=place.admin)
    await file_report(place, bad, "third")
    await place.said("reported this already", chat=place.other)
    now = await card_now(place, card)
    assert "Reported by 2 members" in now["text"]
    assert "second" in now["text"]
    assert "third" not in now["text"]
    assert "reply_markup" in now
    assert len([text for text in await place.texts(place.log) if "Reported by" in text]) == 1


@in_all
async def test_pictures_of_one_album_are_one_case(places: Places, kind: str) -> None:
    """Two members who report two pictures of one album make one card."""
    place = await places.group(kind)
    media = [photo(sample(name).data()) for name in ("clean-1", "clean-2")]
    first, second = await place.post(media=media)
    await place.settle()
    await file_report(place, first)
    await file_report(place, second, as_=place.owner)
    await place.settle()
    assert place.rows("select count(*) from cases where chat_id=? and kind='report'", place.chat) == [(1,)]
    card = await card_of(place, "Reported by 2 members")
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(first, second)


async def test_a_limit_is_told_and_files_nothing(places: Places) -> None:
    """The sixth report within an hour is not filed, and its reporter is told so."""
    place = await places.group()
    await place.client.start_bot(place.other)
    for number in range(6):
        await file_report(place, await place.say(f"vile {number}"))
    await place.said("5 reports an hour", chat=place.other)
    await place.settle()
    assert place.rows("select count(*) from cases where chat_id=? and kind='report'", place.chat) == [(5,)]


@in_groups
async def test_the_bot_itself_is_not_reported(places: Places, kind: str) -> None:
    """A report of the bot's own message opens no case."""
    place = await places.group(kind)
    await place.client.start_bot(place.other)
    await place.say("/case", as_=place.admin)
    own = await place.answered("Which case?")
    await place.wait_gone(await file_report(place, own["message_id"]))
    await place.said("That message is mine", chat=place.other)
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


ADMIN = "nothing against admins"


@in_groups
async def test_a_reported_admin_is_named_as_one_and_not_punished(places: Places, kind: str) -> None:
    """A report of an admin's post says so on its card; the buttons that punish refuse, the others work."""
    place = await places.group(kind)
    bad = await place.say("an admin's words", as_=place.admin)
    await file_report(place, bad)
    card = await card_of(place)
    assert "an admin here" in card["text"]
    for words, why in (("Warn", ADMIN), ("Mute", ADMIN if kind != GROUP else "basic group"), ("Ban", ADMIN)):
        assert why in str(await place.press(card, words, as_=place.owner))
    await place.press(card, "Delete", as_=place.owner)
    await place.wait_gone(bad)
    assert (await place.status(place.admin))["status"] == "administrator"
