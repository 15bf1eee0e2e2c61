"""The control API does what people can do, shows each what they may see, and says clearly what does not fit."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from bot.sandbox.refusal import SandboxError
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.contract.stage import TOKEN, photo, staged


async def test_state_is_personal() -> None:
    """Somebody sees their own groups, public ones and their private chat with the bot, and nothing else."""
    async with staged() as stage:
        await stage.people.create_chat("Closed", stage.owner)
        await stage.people.create_chat("Open", stage.owner, username="open_house")
        await stage.people.start_bot(stage.owner)
        await stage.say("hello")
        state = await stage.people.state(stage.member)
        assert {chat.get("title", "private") for chat in state["chats"]} == {"The group", "Open", "private"}
        assert state["me"]["id"] == stage.member
        assert state["messages"][str(stage.group)][-1]["text"] == "hello"
        group = next(chat for chat in state["chats"] if chat["id"] == stage.group)
        assert group["can_write"] is True
        assert {member["status"] for member in group["members"]} == {"creator", "administrator", "member"}
        public = next(chat for chat in state["chats"] if chat.get("username"))
        assert (public["can_write"], public["refusal"]) == (False, "Min is not a member of Open")
        everything = await stage.people.state()
        assert len(everything["chats"]) == 5


async def test_events_are_personal() -> None:
    """Events tell somebody of their chats only; the bot's calls and other people's toasts are not theirs."""
    async with staged() as stage:
        start = (await stage.people.state())["seq"]
        closed = (await stage.people.create_chat("Closed", stage.owner))["id"]
        await stage.people.post(stage.owner, closed, "secret")
        said = await stage.say("one")
        await stage.bot("deleteMessage", chat_id=stage.group, message_id=said["message_id"])
        events = (await stage.people.events(start, as_=stage.member))["events"]
        assert [(event["kind"], event["chat_id"]) for event in events] == [
            ("message", stage.group),
            ("deleted", stage.group),
        ]
        assert events[1]["message_ids"] == [said["message_id"]]
        assert "call" in {event["kind"] for event in (await stage.people.events(start))["events"]}


async def test_events_wait() -> None:
    """A poll of events ends with the next one, or empty when time is up."""
    async with staged() as stage:
        seq = (await stage.people.state())["seq"]
        assert (await stage.people.events(seq, timeout=0.05))["events"] == []
        poll = asyncio.create_task(stage.people.events(seq, timeout=20))
        await stage.say("news")
        assert (await poll)["events"][0]["message"]["text"] == "news"
        assert (await stage.people.events(seq))["reset"] is False


async def test_a_press_waits_for_the_answer() -> None:
    """A press returns what the bot answers, and None when it does not; there must be such a button."""
    async with staged() as stage:
        markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
        said = await stage.bot("sendMessage", chat_id=stage.group, text="?", reply_markup=markup)
        press = asyncio.create_task(stage.people.press(stage.member, stage.group, said["message_id"], "yes"))
        update = (await stage.bot.updates(timeout=20))[0]["callback_query"]
        await stage.bot("answerCallbackQuery", callback_query_id=update["id"], text="done")
        assert await press == {"text": "done", "show_alert": False}
        assert await stage.people.press(stage.member, stage.group, said["message_id"], "yes", wait=0.05) is None
        with pytest.raises(SandboxError, match="has no button with the data 'no'"):
            await stage.people.press(stage.member, stage.group, said["message_id"], "no")


async def test_people_delete() -> None:
    """Members delete their own messages, admins who may anybody's."""
    async with staged() as stage:
        theirs = await stage.people.post_one(stage.owner, stage.group, "mine")
        own = await stage.say()
        with pytest.raises(SandboxError, match="Min may delete only their own messages in The group"):
            await stage.people.delete(stage.member, stage.group, theirs["message_id"])
        assert await stage.people.delete(stage.member, stage.group, own["message_id"]) == [own["message_id"]]
        assert await stage.people.delete(stage.owner, stage.group, theirs["message_id"], 999) == [theirs["message_id"]]


@pytest.mark.parametrize(
    ("verb", "body", "words"),
    [
        ("dance", {}, "there is no verb dance; the verbs are add_bot, "),
        ("join", {"as": 5}, "the field chat_id is missing; the fields are as, chat_id"),
        ("join", {"as": 5, "chat_id": 1, "mood": 2}, "there is no field mood here; the fields are as, chat_id"),
        ("join", {"as": "5", "chat_id": 1}, "as is a number"),
        ("join", {"as": 5, "chat_id": 1}, "there is no chat with the id 1"),
        ("create_user", {"first_name": ""}, "a user needs a first_name"),
        ("create_user", {"first_name": "X", "username": "OLGA_oh"}, "the username OLGA_oh is taken"),
        ("create_chat", {"title": "X", "owner_id": 5}, "there is nobody with the id 5"),
        ("clock", {"advance": -1}, "the clock only goes forward"),
        ("clock", {"advance": "soon"}, "the fields of clock do not fit"),
        ("push_update", {"update": []}, "an update is an object"),
    ],
)
async def test_says_what_does_not_fit(verb: str, body: dict[str, Any], words: str) -> None:
    """A wrong request is 400 with one sentence that names the fault."""
    async with staged() as stage:
        answer = await stage.bot.http.post(f"{stage.url}/sandbox/api/{verb}", json=body)
        assert (answer.status_code, answer.json()["ok"]) == (400, False)
        assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "a post needs a text, media, or a message to forward"),
        ({"text": "x", "reply_to": 99}, "there is no message 99 to reply to in this chat"),
        ({"media": [{"kind": "hologram", "file": b"x"}]}, "a medium's kind is one of photo, video"),
        ({"media": [{"kind": "photo", "file": b"x", "colour": 1}]}, "a medium has no field colour"),
        ({"media": [{"kind": "photo", "file": "nowhere"}]}, "there is no multipart file part called nowhere"),
        ({"media": [{"kind": "photo"}]}, "each medium is an object with at least kind and file"),
    ],
)
async def test_says_what_is_wrong_with_a_post(fields: dict[str, Any], words: str) -> None:
    """A post that cannot be is refused in one sentence."""
    async with staged() as stage:
        with pytest.raises(SandboxError, match=words):
            await stage.people.post(stage.member, stage.group, **fields)


async def test_only_ones_own_messages_are_edited() -> None:
    """Nobody edits another's message."""
    async with staged() as stage:
        said = await stage.say()
        with pytest.raises(SandboxError, match="only one's own messages can be edited"):
            await stage.people.edit(stage.owner, stage.group, said["message_id"], "x")


def test_binds_to_this_machine_only() -> None:
    """Any address but loopback is refused before anything listens."""
    with pytest.raises(ValueError, match="the sandbox listens only on this machine"):
        Server(World(TOKEN), host="0.0.0.0")  # noqa: S104 - it is refused
    with pytest.raises(ValueError, match="a bot's token looks like 123456:ABC"):
        World("nonsense")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_answers_this_machine_only(headers: dict[str, str]) -> None:
    """A request that names another host, or comes from another site's page, is refused."""
    async with staged() as stage:
        answer = await stage.bot.http.post(f"{stage.url}/sandbox/api/state", json={}, headers=headers)
        assert answer.status_code == 403


def test_runs_in_a_thread() -> None:
    """For callers without a loop the server runs in a thread, and ends with its block."""
    with Server.in_thread(World(TOKEN)) as server:
        answer = httpx.get(f"{server.url}/bot{TOKEN}/getMe", trust_env=False)
        assert answer.json()["result"]["username"] == "haechi_sandbox_bot"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url, trust_env=False)


async def test_stops_while_somebody_polls() -> None:
    """The server ends at once, answering whoever polls."""
    async with staged() as stage:
        poll = asyncio.create_task(stage.bot.updates(timeout=50))
        events = asyncio.create_task(stage.people.events(2**40, timeout=50))
        await stage.people.wait_for(lambda: stage.world.poller.waiting is not None)
        stage.world.close()
        assert await poll == []
        assert (await events)["events"] == []


async def test_waiting_gives_up() -> None:
    """Waiting for what does not happen ends with a TimeoutError that says what it was."""
    async with staged() as stage:
        with pytest.raises(TimeoutError, match=r"a call of banChatMember with \{'user_id': 5\} did not happen"):
            await stage.people.wait_call("banChatMember", timeout=0.05, user_id=5)


async def test_commands_are_shown_by_scope() -> None:
    """The state shows each person the commands of the narrowest scope, in their language."""
    async with staged() as stage:
        for scope, language, name in (("default", "", "help"), ("all_chat_administrators", "ko", "panel")):
            await stage.bot(
                "setMyCommands",
                commands=[{"command": name, "description": "…"}],
                scope={"type": scope},
                language_code=language,
            )
        shown = {}
        for person in (stage.owner, stage.member):
            chats = (await stage.people.state(person))["chats"]
            shown[person] = [command["command"] for command in chats[0]["commands"]]
        assert shown == {stage.owner: ["panel"], stage.member: ["help"]}


async def test_photo_of_a_forward() -> None:
    """A person forwards a photo of one chat into another with the same file ids."""
    async with staged() as stage:
        other = (await stage.people.create_chat("Other", stage.member))["id"]
        posted = await stage.people.post_one(stage.member, other, media=[photo()])
        source = {"chat_id": other, "message_id": posted["message_id"]}
        forward = await stage.people.post_one(stage.member, stage.group, forward_of=source)
        assert forward["forward_origin"]["sender_user"]["id"] == stage.member
        assert forward["photo"] == posted["photo"]
