"""Injected faults hit the calls they are meant for, and the outbox tells what the bot did."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from bot.sandbox.refusal import SandboxError
from tests.contract.stage import RefusedError, photo, staged


async def test_flood_wait() -> None:
    """A 429 carries retry_after in its parameters, hits so many calls and does nothing."""
    async with staged() as stage:
        await stage.people.fault("sendMessage", count=2, retry_after=7)
        for _ in range(2):
            with pytest.raises(RefusedError, match="Too Many Requests: retry after 7") as refused:
                await stage.bot("sendMessage", chat_id=stage.group, text="x")
            assert (refused.value.code, refused.value.parameters) == (429, {"retry_after": 7})
        assert await stage.bot("sendMessage", chat_id=stage.group, text="x")
        said = [message for message in await stage.people.messages(stage.group) if message.get("text") == "x"]
        assert len(said) == 1


async def test_hits_one_chat_only() -> None:
    """A fault for one chat leaves calls for others alone."""
    async with staged() as stage:
        await stage.people.start_bot(stage.member)
        await stage.people.fault("sendMessage", count=None, code=500, chat_id=stage.group)
        assert await stage.bot("sendMessage", chat_id=stage.member, text="x")
        for _ in range(3):
            with pytest.raises(RefusedError, match="Internal Server Error"):
                await stage.bot("sendMessage", chat_id=stage.group, text="x")
        await stage.people.clear_faults()
        assert await stage.bot("sendMessage", chat_id=stage.group, text="x")


async def test_cut_before_and_after() -> None:
    """A cut connection has no answer; cut before, the call did nothing, cut after, it did."""
    async with staged() as stage:
        for kind, left in (("cut_before", 1), ("cut_after", 0)):
            said = await stage.say(kind)
            await stage.people.fault("deleteMessage", kind)
            with pytest.raises(httpx.RemoteProtocolError):
                await stage.bot("deleteMessage", chat_id=stage.group, message_id=said["message_id"])
            assert (await stage.people.message(stage.group, said["message_id"]) is not None) == bool(left)


async def test_delay() -> None:
    """A delayed call still does its work."""
    async with staged() as stage:
        await stage.people.fault("getMe", "delay", seconds=0.05)
        assert (await stage.bot("getMe"))["is_bot"] is True


async def test_any_method_and_downloads() -> None:
    """The method * is any; file is the download of a file."""
    async with staged() as stage:
        post = await stage.people.post_one(stage.member, stage.group, media=[photo()])
        file = await stage.bot("getFile", file_id=post["photo"][0]["file_id"])
        await stage.people.fault("file", code=502)
        assert (await stage.bot.files.get(file["file_path"])).status_code == 502
        await stage.people.fault("file", "cut_before")
        with pytest.raises(httpx.RemoteProtocolError):
            await stage.bot.files.get(file["file_path"])
        assert (await stage.bot.files.get(file["file_path"])).status_code == 200
        await stage.people.fault("*", code=403, description="Forbidden: on purpose")
        with pytest.raises(RefusedError, match="Forbidden: on purpose"):
            await stage.bot("getMe")


async def test_probability() -> None:
    """A fault with probability 0 never comes."""
    async with staged() as stage:
        await stage.people.fault("getMe", count=None, probability=0)
        for _ in range(5):
            await stage.bot("getMe")


@pytest.mark.parametrize("details", [{"kind": "explode"}, {"probability": 2}, {"colour": "red"}])
async def test_refuses_a_senseless_fault(details: dict[str, Any]) -> None:
    """A fault that makes no sense is refused in a clear sentence."""
    async with staged() as stage:
        with pytest.raises(SandboxError, match="fault"):
            await stage.people.fault("getMe", **details)


async def test_outbox() -> None:
    """The outbox has each call with its arguments and answer, files without their bytes, and polls apart."""
    async with staged() as stage:
        with pytest.raises(RefusedError):
            await stage.bot("sendMessage", chat_id=-5, text="x")
        await stage.bot.form("sendDocument", {"document": b"12345"}, chat_id=stage.group, caption="c")
        await stage.bot.updates()
        failed, sent = await stage.people.calls()
        assert (failed["method"], failed["ok"], failed["answer"]["error_code"]) == ("sendMessage", False, 400)
        assert sent["args"] == {
            "chat_id": stage.group,
            "caption": "c",
            "document": {"filename": "document.bin", "size": 5, "sha256": hashlib.sha256(b"12345").hexdigest()},
        }
        assert sent["answer"]["document"]["file_size"] == 5
        assert (await stage.people.calls("getUpdates"))[-1]["answer"] == []
        assert await stage.people.wait_call("sendDocument", chat_id=stage.group, caption="c") == sent
        assert await stage.people.calls(after=failed["n"]) == [sent]
        await stage.people.clear_calls()
        assert await stage.people.calls() == []
