"""What admins get to know from the real bot: summaries, one card for a raid, a channel as log, tests by button."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from bot.sandbox.client import SandboxClient, medium
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.conftest import is_own
from tests.flow.kinds import CHANNEL, in_all
from tests.flow.places import ADMIN_RIGHTS, RIGHTS, Json, Place, Places
from tests.flow.reporting import card_now, stranger
from tests.flow.test_floods import BROKEN, change
from tests.running import TOKEN, haechi, running

DAY = 86_400
WAITING = 6
"""Posts at once that cannot be checked: three have cards of their own."""


async def picture(place: Place, chat: int | None = None, after: int = 0) -> Json:
    """Wait for the picture of a summary in this chat or another."""

    async def found() -> Json | None:
        shown = (one for one in await place.words(chat) if one["message_id"] > after and "photo" in one)
        return next((one for one in shown if one.get("caption", "").startswith("📊")), None)

    message: Json = await place.client.wait_for(found, 20, "the picture of a summary")
    return message


@in_all
async def test_a_summary_is_there_for_the_asking(places: Places, kind: str) -> None:
    """/summary answers where it was asked, in its topic, with numbers and the bot's own drawing; members get none."""
    place = await places.group(kind)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.post_sample("clean-1")
    await place.settle()
    if not place.is_channel:
        await place.answered("it takes", after=await place.say("/summary", as_=place.member))
    asked = await place.command("/summary day")
    shown = await picture(place, after=asked)
    assert shown.get("message_thread_id") == place.topic
    for words in ("2 posts checked", "1 post matched a list", "0 reports", "1 post removed; it was gone within"):
        assert words in shown["caption"]
    assert place.log is not None
    await place.client.post_one(place.admin, place.log, "/summary")
    logged = await picture(place, place.log)
    assert shown["caption"].split(" · ")[0] in logged["caption"]
    calls = await place.client.calls("sendPhoto")
    drawn = [one for one in calls if one["args"]["chat_id"] in (place.chat, place.log)]
    assert [is_own(one["args"], place.bot) for one in drawn] == [True, True]
    assert not is_own({**drawn[0]["args"], "photo": "AgACAgIAAx0"}, place.bot)
    assert not is_own({**drawn[0]["args"], "photo": {"filename": "summary.png", "sha256": "0" * 64}}, place.bot)


async def test_the_last_day_is_told_once_over_restarts(tmp_path: Path) -> None:
    """What was due while the bot was down is told when it comes back, and at no later start."""
    code, _, errors = await haechi(tmp_path, "lists", "show")
    assert code == 0, errors
    async with Server(World(TOKEN)) as server, SandboxClient(server.url) as client:
        owner = (await client.create_user("Owner"))["id"]
        chat, log = [(await client.create_chat(title, owner))["id"] for title in ("Old place", "Log")]
        await client.add_bot(owner, log, RIGHTS)
        _have_been(tmp_path, chat, log)
        for _ in range(2):
            async with running(server.url, tmp_path, HAECHI_MEDIA__IMAGE_WORKERS="1", HAECHI_SUMMARY_HOUR="0") as bot:
                place = Place(client, bot, chat, owner, owner, owner, owner, log)
                shown = await picture(place, log)
                await place.settle()
        assert "40 posts checked" in shown["caption"]
        assert len(await client.calls("sendPhoto")) == 1


def _have_been(folder: Path, chat: int, log: int) -> None:
    """The bot was in a chat that wants to hear every day, and yesterday was busy."""
    yesterday = int(time.time() // DAY) - 1
    known = {"chat_id": chat, "type": "supergroup", "title": "Old place", "log_chat_id": log, "added_at": 1}
    known |= {"bot_status": "administrator", "rules": '{"summary": "daily"}'}
    with sqlite3.connect(folder / "haechi.db") as connection:
        names, marks = ", ".join(known), ", ".join("?" * len(known))
        connection.execute(f"insert into chats ({names}) values ({marks})", tuple(known.values()))  # noqa: S608
        rows = [(chat, day, "clean", 0, 40) for day in (yesterday, yesterday + 1)]  # whatever midnight does
        connection.executemany("insert into counts values (?, ?, ?, ?, ?)", rows)


@in_all
async def test_many_posts_that_wait_are_one_card_whose_button_shows_the_next(places: Places, kind: str) -> None:
    """The raid's card counts what waits; who is no admin of the chat is refused; /case shows a card as well."""
    place = await places.group(kind)
    for number in range(WAITING):
        data = BROKEN + str((place.chat, number)).encode()
        await place.post(media=[medium("document", data, filename="picture.jpg")])
        await place.settle()
    cards = [text for text in await place.texts(place.log) if "Could not be checked: please look" in text]
    assert len(cards) == 3
    change(place, "update raid_lines set shown_at = shown_at - 60 where chat_id=?", (place.log,))
    card = await place.said("6 cases wait for an admin", chat=place.log)
    ((last,),) = place.rows("select max(id) from cases where chat_id=?", place.chat)
    await place.command(f"/case {last}")
    shown = await place.said(f"Case {last} ", chat=place.log, after=card["message_id"])
    assert "it takes" in str(await place.press(card, "Show the next", as_=await stranger(place)))
    assert "Here are 2 cards" in str(await place.press(card, "Show the next", as_=place.admin))
    await place.settle()
    assert not (await card_now(place, card)).get("reply_markup", {}).get("inline_keyboard")
    await place.press(shown, "Delete", as_=place.admin)
    await place.settle()
    assert place.rows("select state from cases where id=?", last) == [("closed",)]
    assert place.rows("select count(*) from cases where chat_id=? and state='open'", place.chat) == [(WAITING - 1,)]


@in_all
async def test_a_channel_becomes_the_log_by_what_is_posted_there(
    places: Places, client: SandboxClient, kind: str
) -> None:
    """In a channel whoever posted the link's words proves who they are; then cards come, and their buttons work."""
    place = await places.group(kind, log=False)
    channel = (await client.create_chat("The log channel", place.owner, type_=CHANNEL))["id"]
    await client.add_member(channel, place.other, rights=["can_post_messages"])
    await client.add_bot(place.owner, channel, ["can_post_messages"])
    await place.command("/logchat", as_=place.owner)
    offer = await place.answered("For a channel")
    urls = [row[0]["url"] for row in offer["reply_markup"]["inline_keyboard"]]
    assert urls[1] == "https://t.me/haechi_sandbox_bot?startchannel&admin=post_messages"
    payload = urls[0].partition("startgroup=")[2]
    assert f"/start {payload}" in offer["text"]
    await client.post_one(place.owner, channel, f"/start {payload}")
    prompt = await place.said("I cannot see who you are", chat=channel)
    await place.press(prompt, "Confirm", as_=place.other)
    await place.said("an admin of both chats", chat=channel)
    await client.post_one(place.owner, channel, f"/start {payload}")
    prompt = await place.said("I cannot see who you are", chat=channel, after=prompt["message_id"])
    await place.press(prompt, "Confirm", as_=place.owner)
    await place.said("This is the log chat of", chat=channel)
    await place.wait_gone(await place.post_sample("listed-1"))
    card = await place.said("Known abuse removed", chat=channel)
    await place.press(card, "Undo", as_=place.owner)
    await place.settle()
    assert place.rows("select log_chat_id from chats where chat_id=?", place.chat) == [(channel,)]
    assert place.rows("select count(*) from case_actions where kind='undo' and by_id=?", place.owner) == [(1,)]
    await _test_by_button(place, channel)


@in_all
async def test_a_log_chat_of_any_kind_takes_cards_and_asks(places: Places, client: SandboxClient, kind: str) -> None:
    """Cards come to it, their buttons and admins' questions work there, and it is given up when the bot is put out."""
    place, log = await places.group(log=False), await places.group(kind, log=False)
    await client.add_member(place.chat, log.owner, rights=ADMIN_RIGHTS)
    await place.command(f"/logchat {log.chat}", as_=log.owner)
    await log.said("This is the log chat of")
    await place.wait_gone(await place.post_sample("listed-1"))
    card = await log.said("Known abuse removed")
    assert "message_thread_id" not in card
    await place.press(card, "Undo", as_=log.owner)
    asked = await log.command("/cases", as_=log.owner)
    await log.answered("newest first", after=asked)
    ((case,),) = place.rows("select id from cases where chat_id=?", place.chat)
    asked = await log.command(f"/case {case}", as_=log.owner)
    await log.answered("all taken back", after=asked)
    await client.remove_bot(log.owner, log.chat)
    await place.said("the log chat of")
    assert place.rows("select log_chat_id from chats where chat_id=?", place.chat) == [(None,)]


async def _test_by_button(place: Place, channel: int) -> None:
    """The log chat is tested from the health card: what is well, who may, and what Telegram says when it is not."""
    asked = await place.command("/check")
    card = await place.answered("Health of", after=asked)
    assert "it takes" in str(await place.press(card, "Test the log chat", as_=place.member))
    await place.press(card, "Test the log chat", as_=place.admin)
    await place.said("📨 Test: here the admins of", chat=channel)
    await place.answered("📨 The test post stands in The log channel", after=asked)
    await place.client.set_bot_rights(channel, ["can_delete_messages"])
    if not place.is_channel:  # whose readers need not know
        assert "may post messages" in (await place.said("🔕 The log chat of"))["text"]
    await place.press(card, "Test the log chat", as_=place.admin)
    failed = await place.answered("The test post was not taken by The log channel", after=asked)
    assert "↳ Cards go elsewhere until then. Make me an administrator of that channel" in failed["text"]
    await place.wait_gone(await place.post_sample("listed-2", as_=place.admin))
    await place.said("Known abuse removed")
    await place.settle()
    assert sum("🔕 The log chat of" in text for text in await place.texts()) == (0 if place.is_channel else 1)
    await place.client.set_bot_rights(channel, ["can_post_messages"])
    await place.press(card, "Check again", as_=place.admin)
    await place.answered("✓ Log chat: The log channel", after=asked)


@in_all
async def test_an_owner_out_of_reach_is_told_of_once(places: Places, kind: str) -> None:
    """Rights lost twice are two alarms, and one word that the owner hears nothing; after Start they are told."""
    place = await places.group(kind)
    more = ["can_post_messages"] if place.is_channel else []
    for _ in range(2):
        await place.client.set_bot_rights(place.chat, ["can_restrict_members", *more])
        await place.settle()
        await place.client.set_bot_rights(place.chat, [*RIGHTS, *more])
        await place.settle()
    texts = await place.texts(place.log)
    assert sum("I may no longer delete messages" in text for text in texts) == 2
    assert sum("🔕 I cannot tell the owner of" in text for text in texts) == 1
    await place.client.start_bot(place.owner)
    await place.settle()
    await place.client.set_bot_rights(place.chat, ["can_restrict_members", *more])
    await place.said("I may no longer delete messages", chat=place.owner)
    await place.settle()
    assert sum("🔕" in text for text in await place.texts(place.log)) == 1
