"""The canary test: a harmless listed picture is posted and has to vanish by the ordinary path. Nothing is said here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls
from bot.log import describe
from bot.model import MessageRef, VerdictKind
from bot.outcome import Done, Outcome
from bot.store import cases as records
from bot.store import inbox, outbox
from bot.store.cases import CaseAction
from bot.store.db import Database
from bot.telegram.gateway import Gateway

log = structlog.get_logger(__name__)

PATIENCE = 15.0
"""Seconds that the picture may take to vanish: a crowded queue is a finding, not a reason to wait on."""

LOOK_SECONDS = 0.05
"""Time between looks at the case: the precision of the time that is told."""


class Step(StrEnum):
    """How far the picture came."""

    REMOVED = "removed"
    NOT_POSTED = "not posted"
    NOT_RECOGNISED = "not recognised"
    REFUSED = "refused"  # recognised, but Telegram would not delete it
    STUCK = "stuck"  # recognised, but its removal still waits


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test found: how far the picture came, in how many seconds, and Telegram's words where it refused."""

    step: Step
    seconds: float = 0.0
    words: str = ""


Post = Callable[[], Awaitable[Outcome]]
Tell = Callable[[Finding], Awaitable[None]]


class CanaryTests:
    """Runs tests beside the chats' lanes, one for each chat at a time. `wake` says that there is a new update."""

    def __init__(self, *, database: Database, gateway: Gateway, wake: Callable[[], None]) -> None:
        self._database = database
        self._gateway = gateway
        self._wake = wake
        self._running: dict[int, asyncio.Task[None]] = {}

    def is_running(self, chat_id: int) -> bool:
        """Whether a test is under way in a chat."""
        return chat_id in self._running

    def begin(self, chat_id: int, post: Post, tell: Tell) -> bool:
        """Start a test: `post` posts the picture, `tell` is told what came of it. False when one is under way."""
        if self.is_running(chat_id):
            return False
        task = asyncio.create_task(self._run(chat_id, post, tell), name=f"canary-{chat_id}")
        self._running[chat_id] = task
        task.add_done_callback(lambda _task: self._running.pop(chat_id, None))
        return True

    async def stop(self) -> None:
        """Give up the tests that are under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, chat_id: int, post: Post, tell: Tell) -> None:
        try:
            await tell(await self._test(post))
        except Exception as error:  # noqa: BLE001 - a test that fails must not take the bot with it
            log.warning("canary.failed", chat_id=chat_id, error=describe(error))

    async def _test(self, post: Post) -> Finding:
        started = time.monotonic()
        outcome = await post()
        if not isinstance(outcome, Done) or not isinstance(outcome.result, dict):
            return Finding(Step.NOT_POSTED, words="" if isinstance(outcome, Done) else outcome.reason)
        message: dict[str, Any] = outcome.result
        await self._database.write(lambda connection: self._take_in(connection, message))
        self._wake()
        ref = MessageRef(message["chat"]["id"], message["message_id"])
        step, words = await self._watch(ref, started + PATIENCE)
        if step is Step.NOT_RECOGNISED:
            await self._database.write(lambda connection: outbox.put(connection, [calls.delete(ref)]))
        return Finding(step, time.monotonic() - started, words)

    async def _take_in(self, connection: AsyncConnection, message: Mapping[str, Any]) -> None:
        """Put the picture into the inbox: Telegram does not send a bot its own posts."""
        field = "channel_post" if message["chat"].get("type") == "channel" else "message"
        await inbox.put_own(connection, self._gateway.id, {field: dict(message)})

    async def _watch(self, ref: MessageRef, deadline: float) -> tuple[Step, str]:
        """Follow the picture through case and outbox until it is gone, cannot be removed, or time is up."""
        step = Step.NOT_RECOGNISED
        while time.monotonic() < deadline:
            removal = await self._removal(ref)
            if removal is not None:
                step = {"pending": Step.STUCK, "refused": Step.REFUSED}.get(removal.state, Step.REMOVED)
                if step is not Step.STUCK:
                    return step, removal.answer
            await asyncio.sleep(LOOK_SECONDS)
        return step, ""

    async def _removal(self, ref: MessageRef) -> CaseAction | None:
        """Return the removal on record for the picture, None while it was not judged."""
        async with self._database.read() as connection:
            case = await records.find(connection, ref.chat_id, f"message:{ref.message_id}", VerdictKind.CANARY)
            done = await records.actions(connection, case.id) if case else []
        return next((action for action in done if action.kind == "delete"), None)
