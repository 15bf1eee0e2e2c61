"""Settings, log chat and health against the real bot: pressed by those who may, on record, and in force at once."""

from __future__ import annotations

import re

from bot.sandbox.client import SandboxClient
from tests.flow.kinds import CHANNEL, GROUP, in_all, in_groups
from tests.flow.places import Json, Place, Places


async def _panel(place: Place) -> Json:
    asked = await place.command("/settings")
    return await place.answered("Settings of", after=asked)


async def _card(place: Place) -> Json:
    asked = await place.command("/check")
    return await place.answered("Health of", after=asked)


async def _now(place: Place, message: Json) -> Json:
    """The message as it stands once everything is done."""
    await place.settle()
    found = await place.client.message(message["chat"]["id"], message["message_id"])
    assert found is not None
    return found


def _marked(message: Json) -> list[str]:
    rows = message["reply_markup"]["inline_keyboard"]
    return [button["text"][2:] for row in rows for button in row if button["text"].startswith("●")]


@in_all
async def test_a_choice_counts_at_once_and_is_on_record(places: Places, kind: str) -> None:
    """A pressed preset is stored with its unscannable policy, shown in place, and audited with before and after."""
    place = await places.group(kind)
    panel = await _panel(place)
    assert _marked(panel) == ["Standard", "Tell", "English"]
    await place.press(panel, "Zero tolerance", as_=place.admin)
    assert _marked(await _now(place, panel)) == ["Zero tolerance", "Hold", "English"]
    audit = place.rows(
        "select code, actor_id, detail from audit where chat_id=? and code like 'settings.%'", place.chat
    )
    assert ("settings.preset", place.admin, "standard → zero-tolerance") in audit
    assert ("settings.unscannable", place.admin, "notify → hold") in audit


@in_all
async def test_hold_is_chosen_by_itself(places: Places, kind: str) -> None:
    """Another policy for what cannot be checked is chosen by itself, whatever the preset says."""
    place = await places.group(kind)
    panel = await _panel(place)
    await place.press(panel, "Hold", as_=place.admin)
    assert _marked(await _now(place, panel)) == ["Standard", "Hold", "English"]


async def test_the_language_changes_the_panel(places: Places) -> None:
    """A language that is chosen is the one the panel is rewritten in."""
    place = await places.group()
    panel = await _panel(place)
    await place.press(panel, "Français", as_=place.admin)
    assert "Réglages" in (await _now(place, panel))["text"]
    await place.press(panel, "한국어", as_=place.admin)
    assert "설정" in (await _now(place, panel))["text"]


async def test_who_may_not_change_the_info_changes_nothing(places: Places) -> None:
    """A press without the right is answered with the right's name, and neither setting nor panel changes."""
    place = await places.group()
    await place.client.promote(place.chat, place.other, ["can_delete_messages"])
    panel = await _panel(place)
    for user in (place.member, place.other):
        for words in ("Watch", "Hold", "Français", "Close"):
            toast = await place.press(panel, words, as_=user)
            assert toast is not None
            assert "Change group info" in toast["text"]
    assert _marked(await _now(place, panel)) == ["Standard", "Tell", "English"]
    await place.say("/settings", as_=place.member)
    await place.settle()
    assert sum("Settings of" in text for text in await place.texts()) == 1


@in_all
async def test_a_right_taken_away_counts_at_the_press(places: Places, kind: str) -> None:
    """The panel of an admin who was demoted since is dead for them."""
    place = await places.group(kind)
    panel = await _panel(place)
    await place.client.demote(place.chat, place.admin)
    toast = await place.press(panel, "Watch", as_=place.admin)
    assert toast is not None
    assert "Change group info" in toast["text"]
    await place.press(panel, "Close", as_=place.owner)
    await place.wait_gone(panel["message_id"])


@in_all
async def test_the_log_chat_is_chosen_by_a_link(places: Places, client: SandboxClient, kind: str) -> None:
    """The button's token makes another chat the log chat: once, and only for an admin of both chats."""
    place = await places.group(kind, log=False)
    log = (await client.create_chat("The log", place.owner))["id"]
    await client.add_member(log, place.member)
    await client.add_bot(place.owner, log)
    await place.command("/logchat", as_=place.owner)
    message = await place.answered("Press the button within the hour")
    url = message["reply_markup"]["inline_keyboard"][0][0]["url"]
    token = url.partition("startgroup=")[2]
    assert token.startswith("log_")
    await client.post_one(place.member, log, f"/start@haechi_sandbox_bot {token}")
    await place.said("an admin of both chats", chat=log)
    await client.post_one(place.owner, log, f"/start@haechi_sandbox_bot {token}")
    await place.said("This is the log chat of", chat=log)
    await place.settle()
    told = "The log chat is The log now." in await place.texts()
    assert told is (kind != CHANNEL)  # whose readers need not know
    assert place.rows("select log_chat_id from chats where chat_id=?", place.chat) == [(log,)]
    await client.post_one(place.owner, log, f"/start@haechi_sandbox_bot {token}")
    await place.said("no longer good", chat=log)


async def test_the_log_chat_is_chosen_by_id_and_given_up(places: Places, client: SandboxClient) -> None:
    """A channel where the bot may post is named by its id; a chat where the asker is no admin is refused."""
    place = await places.group(log=False)
    channel = (await client.create_chat("The log channel", place.owner, type_="channel"))["id"]
    await client.add_bot(place.owner, channel, ["can_delete_messages"])
    await place.say(f"/logchat {channel}", as_=place.owner)
    await place.said("I may not write in")
    await client.set_bot_rights(channel, ["can_post_messages"])
    await place.say(f"/logchat {channel}", as_=place.admin)
    await place.said("an admin of both chats")
    await place.say(f"/logchat {channel}", as_=place.owner)
    await place.said("This is the log chat of", chat=channel)
    await place.post_sample("listed-1")
    await place.said("Known abuse removed", chat=channel)
    await place.say("/logchat off", as_=place.owner)
    await place.said("There is no log chat any more")
    assert place.rows("select log_chat_id from chats where chat_id=?", place.chat) == [(None,)]


@in_all
async def test_the_health_card_says_how_the_chat_is_doing(places: Places, kind: str) -> None:
    """/check shows the rights that count here, the log chat, the lists with their sizes, the queues; never a hash."""
    place = await places.group(kind)
    card = await _card(place)
    for words in ("✓ Delete messages", "I see every message", "known abuse: ", "Log chat: Log", "✓ Waiting updates"):
        assert words in card["text"]
    assert ("In a basic group nobody can be muted" in card["text"]) is (kind == GROUP)
    assert ("In a channel only its admins post" in card["text"]) is (kind == CHANNEL)
    assert not re.search(r"\b[0-9a-f]{16,}\b", card["text"])


@in_groups
async def test_the_health_card_names_what_is_wrong(places: Places, client: SandboxClient, kind: str) -> None:
    """A right that is missing is named, and is there at the next look when it was given."""
    place = await places.group(kind, rights=["can_delete_messages"])
    card = await _card(place)
    assert "✓ Delete messages" in card["text"]
    assert "✗ Ban users" in card["text"]
    await client.set_bot_rights(place.chat, ["can_delete_messages", "can_restrict_members"])
    await place.press(card, "Check again", as_=place.admin)
    assert "✓ Ban users" in (await _now(place, card))["text"]


@in_all
async def test_the_canary_picture_proves_the_path(places: Places, kind: str) -> None:
    """The test picture is posted, caught and removed, and the card says in how many seconds."""
    place = await places.group(kind)
    card = await _card(place)
    assert "admin of this chat" in str(await place.press(card, "Test with the canary", as_=place.member))
    await place.press(card, "Test with the canary", as_=place.admin)
    found = await place.said("the whole path works.")
    assert found["message_id"] == card["message_id"]
    assert re.search(r"Caught and removed in \d+\.\d s", found["text"])
    await place.settle()
    assert not [one for one in await place.words() if "photo" in one]


@in_all
async def test_a_canary_that_cannot_be_removed_is_left_to_an_admin(places: Places, kind: str) -> None:
    """Without the right to delete, the card says so and asks an admin to remove the picture."""
    place = await places.group(kind, rights=["can_restrict_members"])
    card = await _card(place)
    await place.press(card, "Test with the canary", as_=place.admin)
    await place.said("an admin has to delete it")


async def test_a_canary_that_telegram_keeps_is_told(places: Places, client: SandboxClient) -> None:
    """When Telegram refuses the removal, the card gives its words and asks an admin to remove the picture."""
    place = await places.group()
    card = await _card(place)
    words = "Bad Request: message can't be deleted"
    await client.fault("deleteMessage", code=400, description=words, chat_id=place.chat)
    await place.press(card, "Test with the canary", as_=place.admin)
    assert words.partition(": ")[2] in (await place.said("An admin has to delete it"))["text"].lower()
