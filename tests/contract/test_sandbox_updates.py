"""The sandbox hands out updates by Telegram's rules: offsets, limits, kinds, conflicts, age."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.world import Limits
from tests.contract.stage import TOKEN, RawBot, RefusedError, staged


async def test_confirms_by_offset() -> None:
    """An update is given again until a later offset confirms it, and never after that."""
    async with staged() as stage:
        for text in ("one", "two", "three"):
            await stage.say(text)
        first = await stage.bot("getUpdates")
        again = await stage.bot("getUpdates", limit=2)
        assert [update["message"]["text"] for update in first] == ["one", "two", "three"]
        assert again == first[:2]
        assert await stage.bot("getUpdates", offset=first[1]["update_id"] + 1) == first[2:]
        assert await stage.bot("getUpdates", offset=1) == first[2:]
        assert await stage.people.pending() == 1


async def test_negative_offset_keeps_the_last() -> None:
    """A negative offset forgets all but that many updates from the end."""
    async with staged() as stage:
        for text in ("one", "two", "three"):
            await stage.say(text)
        kept = await stage.bot("getUpdates", offset=-2)
        assert [update["message"]["text"] for update in kept] == ["two", "three"]
        assert await stage.people.pending() == 2


async def test_gives_at_most_a_hundred() -> None:
    """A limit beyond 100 is 100, below 1 is 1."""
    async with staged() as stage:
        for number in range(102):
            stage.world.post(stage.member, stage.group, text=str(number))
        assert len(await stage.bot("getUpdates", limit=1000)) == 100
        assert len(await stage.bot("getUpdates", limit=-5)) == 1


async def test_long_poll_ends_with_the_first_update() -> None:
    """A poll with a timeout waits for the next update and brings it."""
    async with staged() as stage:
        poll = asyncio.create_task(stage.bot.updates(timeout=30))
        await asyncio.sleep(0)
        await stage.say("news")
        assert [update["message"]["text"] for update in await poll] == ["news"]


async def test_second_poll_ends_the_first() -> None:
    """Of two polls at once the earlier is told 409 in Telegram's words, the later gets the updates."""
    async with staged() as stage:
        other = RawBot(stage.url)
        first = asyncio.create_task(stage.bot.updates(timeout=30))
        await stage.people.wait_for(lambda: stage.world.poller.waiting is not None)
        second = asyncio.create_task(other.updates(timeout=30))
        with pytest.raises(RefusedError) as refused:
            await first
        assert refused.value.code == 409
        assert str(refused.value) == (
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        await stage.say("yours")
        assert [update["message"]["text"] for update in await second] == ["yours"]
        await other.aclose()


async def test_allowed_updates_are_remembered() -> None:
    """chat_member comes only when asked for; the wish holds until another one; an empty list is the default again."""
    async with staged() as stage:
        stranger = (await stage.people.create_user("New"))["id"]
        await stage.people.join(stranger, stage.group)
        assert [list(update)[1] for update in await stage.bot.updates()] == ["message"]
        await stage.bot.updates(allowed_updates=["chat_member", "nonsense"])
        await stage.people.leave(stranger, stage.group)
        assert [list(update)[1] for update in await stage.bot.updates()] == ["chat_member"]
        assert (await stage.bot("getWebhookInfo"))["allowed_updates"] == ["chat_member"]
        await stage.bot.updates(allowed_updates=[])
        await stage.people.join(stranger, stage.group)
        assert [list(update)[1] for update in await stage.bot.updates()] == ["message"]
        assert "allowed_updates" not in await stage.bot("getWebhookInfo")


async def test_drops_what_is_a_day_old() -> None:
    """An update that nobody fetched for 24 hours is never delivered."""
    async with staged() as stage:
        await stage.say("old")
        await stage.people.clock(advance=86_000)
        await stage.say("new")
        await stage.people.clock(advance=400)
        assert [update["message"]["text"] for update in await stage.bot.updates()] == ["new"]


async def test_injects_raw_updates() -> None:
    """A raw update comes as it is, with an id of its own when it has none, and may be repeated."""
    async with staged() as stage:
        number = await stage.people.push_update({"some_future_kind": {"x": 1}})
        await stage.people.push_update({"update_id": number, "some_future_kind": {"x": 1}})
        found = await stage.bot("getUpdates")
        assert found == [{"update_id": number, "some_future_kind": {"x": 1}}] * 2


async def test_paces_a_hasty_bot() -> None:
    """With pacing, asking for the same again at once brings one update only."""
    async with staged(limits=Limits(poll_pacing=True)) as stage:
        for text in ("one", "two", "three"):
            await stage.say(text)
        assert len(await stage.bot("getUpdates", offset=77)) == 3
        assert len(await stage.bot("getUpdates", offset=77)) == 1


@pytest.mark.parametrize("path", ["bot1:WRONG/getMe", "botnonsense/getMe"])
async def test_refuses_a_wrong_token(path: str) -> None:
    """A wrong token is 401 Unauthorized, whatever is called."""
    async with staged() as stage:
        answer = await stage.bot.http.get(f"{stage.url}/{path}")
        assert (answer.status_code, answer.json()) == (
            401,
            {"ok": False, "error_code": 401, "description": "Unauthorized"},
        )


async def test_refuses_an_unknown_method() -> None:
    """A method that the sandbox does not have is 404, never a success."""
    async with staged() as stage:
        answer = await stage.bot.http.post("sendDice", json={"chat_id": stage.group})
        assert (answer.status_code, answer.json()) == (
            404,
            {"ok": False, "error_code": 404, "description": "Not Found"},
        )


async def test_takes_every_encoding() -> None:
    """Query, urlencoded, JSON and multipart arguments mean the same, and a method's case does not matter."""
    async with staged() as stage:
        args = {"chat_id": str(stage.group), "text": "7", "disable_notification": "true"}
        answers = [
            await stage.bot.http.get("sendmessage", params=args),
            await stage.bot.http.post("SENDMESSAGE", data=args),
            await stage.bot.http.post("sendMessage", json=args),
            await stage.bot.http.post("sendMessage", data=args, files={"unused": b"x"}),
        ]
        assert [answer.json()["result"]["text"] for answer in answers] == ["7"] * 4
        assert TOKEN not in str(await stage.people.calls())


async def test_refuses_half_a_character() -> None:
    """A text with half a surrogate pair is refused in Telegram's words, and by the control API in a sentence."""
    async with staged() as stage:
        body = b'{"chat_id": %d, "as": %d, "text": "\\ud83d"}' % (stage.group, stage.member)
        sent = await stage.bot.http.post("sendMessage", content=body, headers={"Content-Type": "application/json"})
        assert sent.json()["description"] == "Bad Request: strings must be encoded in UTF-8"
        posted = await stage.bot.http.post(f"{stage.url}/sandbox/api/post", content=body)
        assert "half a surrogate pair" in posted.json()["error"]


async def test_notes_unknown_parameters() -> None:
    """A parameter that a method does not have is ignored, as at Telegram, and noted in the outbox."""
    async with staged() as stage:
        await stage.bot.wrong("getChat", chat_id=stage.group, colour="red")
        assert (await stage.people.calls("getChat"))[-1]["unknown"] == ["colour"]
