"""Settings, log chat and health against the real bot: pressed by those who may, on record, and in force at once."""

from __future__ import annotations

import json
import re

from bot.sandbox.client import SandboxClient, medium
from tests.flow.kinds import CHANNEL, GROUP, in_all, in_groups
from tests.flow.places import RIGHTS, Json, Place, Places
from tests.flow.reporting import data_of, file_report, forge


async def _card(place: Place) -> Json:
    asked = await place.command("/check")
    return await place.answered("Health of", after=asked)


def _buttons(message: Json) -> list[Json]:
    return [button for row in message["reply_markup"]["inline_keyboard"] for button in row]


def _marked(message: Json) -> list[str]:
    return [button["text"][2:] for button in _buttons(message) if button["text"].startswith("●")]


# --- the panel -----------------------------------------------------------------------------------


@in_all
async def test_settings_leads_to_the_panel_in_private(places: Places, kind: str) -> None:
    """In every kind of chat /settings has one button: a link that opens this chat's panel in private, by its name."""
    place = await places.group(kind)
    asked = await place.command("/settings")
    answer = await place.answered("They open in private", after=asked)
    (button,) = _buttons(answer)
    payload = button["url"].partition("?start=")[2]
    assert payload == f"settings_{place.chat}"
    panel = await place.panel()
    assert _marked(panel) == ["✨ Recommended", "Standard"]
    title = place.rows("select title from chats where chat_id=?", place.chat)[0][0]
    assert f"Settings of {title}" in panel["text"]


@in_all
async def test_a_choice_counts_at_once_and_is_on_record(places: Places, kind: str) -> None:
    """A pressed preset is stored with its unscannable policy, shown in place, and audited with before and after."""
    place = await places.group(kind)
    assert _marked(await place.choose("Zero tolerance")) == ["Zero tolerance"]
    assert _marked(await place.panel("Not checkable")) == ["Hold"]
    audit = place.rows(
        "select code, actor_id, detail from audit where chat_id=? and code like 'settings.%'", place.chat
    )
    assert ("settings.preset", place.admin, "standard → zero-tolerance") in audit
    assert ("settings.unscannable", place.admin, "notify → hold") in audit
    assert "Standard" in _marked(await place.choose("Recommended"))


async def test_hold_is_chosen_by_itself(places: Places) -> None:
    """Another policy for what cannot be checked is chosen by itself, whatever the preset says."""
    place = await places.group()
    assert _marked(await place.choose("Hold", "Not checkable")) == ["Hold"]
    assert _marked(await place.panel()) == ["Standard"]


@in_all
async def test_a_knob_counts_at_the_next_match(places: Places, kind: str) -> None:
    """What is chosen for an exact copy happens to the next one: told, then banned at once, if it can be for a day.

    A channel's own post goes as well, and nobody is banned for it.
    """
    place = await places.group(kind)
    await place.choose("Only tell", "Matches", "Exact copy")
    left = await place.post_sample("listed-1")
    await place.said("please decide", chat=place.log)
    assert await place.is_there(left)
    await place.choose("1 day", "Strikes", "How long a ban lasts")
    assert _marked(await place.choose("ban at once", "Matches", "Surely the same")) == ["Remove and ban at once"]
    await place.wait_gone(await place.post_sample("listed-2"))
    await place.settle()
    status, ends = await place.status(place.poster), {GROUP: "left", CHANNEL: "administrator"}
    assert status["status"] == ends.get(kind, "kicked")
    if kind not in ends:  # Telegram knows no end of a ban from a basic group
        assert 0 < status["until_date"] - await place.client.clock() <= 86_400


@in_all
async def test_the_language_changes_the_chat_and_not_the_panel(places: Places, kind: str) -> None:
    """A language that is chosen is the chat's; whoever reads the panel in private goes on reading their own."""
    place = await places.group(kind)
    panel = await place.choose("Français", "Language")
    assert _marked(panel) == ["Français"]
    assert "In the chat I speak this language" in panel["text"]
    asked = await place.say("/settings", as_=place.admin)
    if place.is_channel:
        prompt = await place.answered("Je ne vois pas qui vous êtes", after=asked)
        await place.press(prompt, "Confirmer", as_=place.admin)
    await place.answered("Réglages", after=asked)


@in_all
async def test_quiet_keeps_the_chat_free_of_it(places: Places, kind: str) -> None:
    """With nothing to be heard a match is removed without a word in the chat, and the log has its card."""
    place = await places.group(kind)
    await place.choose("Nothing", "Group and log", "What the group hears")
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.said("Known abuse removed", chat=place.log)
    await place.settle()
    assert not any("removed" in text for text in await place.texts())


@in_groups
async def test_where_reports_are_off_they_are_left_alone(places: Places, kind: str) -> None:
    """/report and @admin then do nothing: no case, no card, and the command stays where it was written."""
    place = await places.group(kind)
    await place.choose("Off", "Reports", "Reports by members")
    said = await place.say("look at this")
    for words in ("/report rude", "hey @admin"):
        assert await place.is_there(await place.say(words, as_=place.other, reply_to=said))
    assert place.rows("select 1 from cases where chat_id=?", place.chat) == []
    await place.choose("On", "Reports", "Reports by members")
    await place.wait_gone(await place.say("/report rude", as_=place.other, reply_to=said))


async def test_a_channel_without_reports_says_so_in_private(places: Places) -> None:
    """Its subscribers give a link, and hear that they have to write to an admin; nothing is filed."""
    place = await places.group(CHANNEL)
    await place.choose("Off", "Reports", "Reports by members")
    await file_report(place, await place.say("look at this"))
    await place.said("take no reports through me", chat=place.other)
    assert place.rows("select 1 from cases where chat_id=?", place.chat) == []


@in_all
async def test_who_may_not_change_the_info_changes_nothing(places: Places, kind: str) -> None:
    """Neither the command, nor the link, nor a press lets somebody in without the right, which is named."""
    place = await places.group(kind)
    title = place.rows("select title from chats where chat_id=?", place.chat)[0][0]
    if kind != CHANNEL:
        await place.say("/settings", as_=place.member)
        await place.answered("Change group info")
    asked = await place.client.start_bot(place.member, f"settings_{place.chat}")
    refused = await place.said("Change group info", chat=place.member, after=asked["message_id"])
    assert title not in refused["text"]
    panel = await place.panel()
    await place.client.demote(place.chat, place.admin)
    for words in ("Watch", "Matches", "Close"):
        toast = await place.press(panel, words, as_=place.admin)
        assert toast is not None
        assert "Change group info" in toast["text"]
    assert place.rows("select preset from chats where chat_id=?", place.chat) == [("standard",)]
    shown = await place.panel(as_=place.owner)
    await place.press(shown, "Close", as_=place.owner)
    await place.client.wait_deleted(place.owner, shown["message_id"], 20)


async def test_a_link_to_somebody_elses_chat_is_refused(places: Places) -> None:
    """An admin of one chat who writes another's number into the link, or nonsense, is refused and told no title."""
    mine, theirs = await places.group(), await places.group()
    title = theirs.rows("select title from chats where chat_id=?", theirs.chat)[0][0]
    for payload in (f"settings_{theirs.chat}", "settings_-1", "settings_x"):
        asked = await mine.client.start_bot(mine.admin, payload)
        answer = await mine.said("Change group info", chat=mine.admin, after=asked["message_id"])
        assert title not in answer["text"]
        assert "reply_markup" not in answer


# --- export and import ---------------------------------------------------------------------------


async def _exported(place: Place) -> Json:
    """The document that the owner gets in private."""
    before = len(await place.client.calls("sendDocument"))
    await place.command("/settings export", as_=place.owner)
    await place.client.wait_for(lambda: _more(place, before), 20, "a document")
    await place.settle()
    shown = (await place.view(place.owner))["messages"][str(place.owner)]
    return next(one["document"] for one in reversed(shown) if "document" in one)


async def _more(place: Place, before: int) -> bool:
    return len(await place.client.calls("sendDocument")) > before


@in_all
async def test_settings_are_brought_to_another_chat(places: Places, kind: str) -> None:
    """The owner exports one chat's settings and imports them into another: shown, confirmed, done once, all of them."""
    place, other = await places.group(kind, is_met=True), await places.group(kind)
    await place.choose("Watch")
    await place.choose("30 days", "Strikes", "How long a ban lasts")
    await place.command("/settings export")
    await place.answered("the owner of this chat")
    data = await place.client.file((await _exported(place))["file_unique_id"])
    assert json.loads(data)["rules"]["ban_seconds"] == 30 * 86_400
    file = [medium("document", data, filename="haechi-settings.json")]
    asked = (await other.post("/settings import", file, as_=other.owner))[0]
    if other.is_channel:
        await other.press(await other.said("I cannot see who you are", after=asked), "Confirm", as_=other.owner)
    preview = await other.answered("Nothing has changed yet", after=asked)
    assert "Standard → Watch" in preview["text"]
    assert "owner of this chat" in str(await other.press(preview, "Import all", as_=other.admin))
    assert other.rows("select preset from chats where chat_id=?", other.chat) == [("standard",)]
    await other.press(preview, "Import all", as_=other.owner)
    assert "Imported" in (await other.now(preview))["text"]
    owner = {"id": other.owner, "is_bot": False, "first_name": "Owner"}
    again = await forge(other, await other.now(preview), data=data_of(preview, "Import all"), **{"from": owner})
    assert "done already" in again
    asked = await other.command("/settings export", as_=other.owner)
    await other.answered("I may not write to you yet", after=asked)
    panel = await other.panel("Export and import", as_=other.owner)
    assert "on its way" in str(await other.press(panel, "Send me the file", as_=other.owner))
    chosen = other.rows("select preset, rules from chats where chat_id=?", other.chat)
    assert [(preset, json.loads(rules)["ban_seconds"]) for preset, rules in chosen] == [("watch", 30 * 86_400)]


async def test_a_file_that_is_wrong_changes_nothing(places: Places) -> None:
    """Everything that is wrong with a file is named; nothing is asked, and nothing is changed."""
    place = await places.group(is_met=True)
    wrong = b'{"haechi": "settings", "version": 1, "preset": "mild", "rules": {"moons": 2}, "colour": 1}'
    media = [medium("document", wrong, filename="x.json")]
    file = (await place.post(None, media, as_=place.owner))[0]
    asked = await place.command("/settings import", as_=place.owner, reply_to=file)
    answer = await place.answered("cannot be imported", after=asked)
    assert all(words in answer["text"] for words in ("preset", "rules.moons", "colour"))
    large = [medium("document", b" " * 270_000, filename="x.json")]
    asked = (await place.post("/settings import", large, as_=place.owner))[0]
    await place.answered("256 kB at most", after=asked)
    asked = await place.command("/settings import", as_=place.owner)
    await place.answered("Reply to the file", after=asked)
    media = [medium("document", b"{}", filename="x.json")]
    await place.client.post(place.owner, place.owner, f"/settings import {place.chat}", media)
    await place.said("no file of Haechi's settings", chat=place.owner)
    await place.client.post(place.admin, place.admin, f"/settings import {place.chat}", media)
    await place.said("the owner of this chat", chat=place.admin)
    assert place.rows("select preset, rules from chats where chat_id=?", place.chat) == [("standard", "{}")]


# --- the log chat --------------------------------------------------------------------------------


@in_all
async def test_a_topic_of_the_log_chat_is_chosen_in_it(places: Places, client: SandboxClient, kind: str) -> None:
    """/logchat in a topic of the log has the cards there; when the topic is gone they go to the chat, none is lost."""
    place = await places.group(kind, log=False)
    log = (await client.create_chat("Forum log", place.owner, is_forum=True))["id"]
    await client.add_bot(place.owner, log, RIGHTS)
    topic = (await client.create_topic(log, "Haechi"))["message_thread_id"]
    await place.command(f"/logchat {log}", as_=place.owner)
    await place.said("This is the log chat of", chat=log)
    await client.post_one(place.owner, log, "/logchat", thread_id=topic)
    await place.said("This topic is the log of", chat=log)
    await place.wait_gone(await place.post_sample("listed-1"))
    card = await place.said("Known abuse removed", chat=log)
    assert card["message_thread_id"] == topic
    await client.fault("sendMessage", code=400, description="Bad Request: message thread not found", chat_id=log)
    await place.wait_gone(await place.post_sample("listed-2", as_=place.admin))
    card = await place.said("Known abuse removed", chat=log, after=card["message_id"])
    assert "message_thread_id" not in card
    await place.settle()
    assert place.rows("select rules from chats where chat_id=?", place.chat) == [("{}",)]


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


@in_all
async def test_the_log_chat_is_chosen_by_id_and_given_up(places: Places, client: SandboxClient, kind: str) -> None:
    """A channel where the bot may post is named by its id; a chat where the asker is no admin is refused."""
    place = await places.group(kind, log=False)
    channel = (await client.create_chat("The log channel", place.owner, type_="channel"))["id"]
    await client.add_bot(place.owner, channel, ["can_delete_messages"])
    asked = await place.command(f"/logchat {channel}", as_=place.owner)
    await place.answered("I may not write in", after=asked)
    await client.set_bot_rights(channel, ["can_post_messages"])
    asked = await place.command(f"/logchat {channel}", as_=place.admin)
    await place.answered("an admin of both chats", after=asked)
    await place.command(f"/logchat {channel}", as_=place.owner)
    await place.said("This is the log chat of", chat=channel)
    await place.post_sample("listed-1")
    await place.said("Known abuse removed", chat=channel)
    asked = await place.command("/logchat off", as_=place.owner)
    await place.answered("There is no log chat any more", after=asked)
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


@in_all
async def test_the_health_card_names_what_is_wrong(places: Places, client: SandboxClient, kind: str) -> None:
    """Rights that are missing are named, in a channel only what counts there, and are there when they were given."""
    place = await places.group(kind, rights=["can_invite_users"])
    card = await _card(place)
    assert "✗ Delete messages" in card["text"]
    assert ("✗ Ban users" in card["text"]) is (kind != CHANNEL)
    await client.set_bot_rights(place.chat, [*RIGHTS, "can_post_messages"])
    await place.press(card, "Check again", as_=place.admin)
    shown = (await place.now(card))["text"]
    assert "✓ Delete messages" in shown
    assert "✓ Ban users" in shown


@in_all
async def test_the_canary_picture_proves_the_path(places: Places, kind: str) -> None:
    """The test picture is posted, caught and removed, and the card says in how many seconds."""
    place = await places.group(kind)
    card = await _card(place)
    assert "admin of this chat" in str(await place.press(card, "Test with the canary", as_=place.member))
    await place.press(card, "Test with the canary", as_=place.admin)
    found = await place.answered("the whole path works.")
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
    await place.answered("an admin has to delete it")


@in_all
async def test_a_canary_that_telegram_keeps_is_told(places: Places, client: SandboxClient, kind: str) -> None:
    """When Telegram refuses the removal, the card gives its words and asks an admin to remove the picture."""
    place = await places.group(kind)
    card = await _card(place)
    words = "Bad Request: message can't be deleted"
    await client.fault("deleteMessage", code=400, description=words, chat_id=place.chat)
    await place.press(card, "Test with the canary", as_=place.admin)
    assert words.partition(": ")[2] in (await place.answered("An admin has to delete it"))["text"].lower()
