"""The canary test's own life: one for each chat, given up at the end; the whole path is tested with the real bot."""

from __future__ import annotations

import asyncio

from bot.canary import CanaryTests, Finding, Step
from bot.outcome import Outcome, Refused
from bot.store.db import Database
from bot.telegram.gateway import Gateway

CHAT = -1001


def canaries(database: Database) -> CanaryTests:
    """Tests that post nowhere."""
    gateway = Gateway("1:token", "http://127.0.0.1:9/bot", "http://127.0.0.1:9/file/bot")
    return CanaryTests(database=database, gateway=gateway, wake=lambda: None)


async def test_a_picture_that_cannot_be_posted_is_told(database: Database) -> None:
    """Telegram's refusal reaches the card in its own words."""
    tests, told = canaries(database), asyncio.Queue[Finding]()

    async def post() -> Outcome:
        return Refused("not enough rights to send photos to the chat")

    assert tests.begin(CHAT, post, told.put)
    finding = await told.get()
    assert (finding.step, finding.words) == (Step.NOT_POSTED, "not enough rights to send photos to the chat")


async def test_one_test_at_a_time_and_none_after_the_stop(database: Database) -> None:
    """A second press in the same chat starts nothing; another chat's does; stopping ends both and tells nothing."""
    tests, told, posting = canaries(database), asyncio.Queue[Finding](), asyncio.Semaphore(0)

    async def post() -> Outcome:
        posting.release()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    assert tests.begin(CHAT, post, told.put)
    assert not tests.begin(CHAT, post, told.put)
    assert tests.begin(CHAT - 1, post, told.put)
    for _ in range(2):
        await posting.acquire()
    await tests.stop()
    await asyncio.sleep(0)
    assert not tests.is_running(CHAT)
    assert told.empty()
