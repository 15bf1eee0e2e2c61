"""Updates by webhook: in order within a chat, chats in parallel, again after a failure; they wait in updates."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.clock import Clock
    from bot.sandbox.updates import Update, Updates

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
TOKEN_CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
LONGEST_SECRET = 256
LONGEST_DELAY = 60.0
LONGEST_RETRY_AFTER = 3600.0
ANSWER_SECONDS = 60.0
OK = range(200, 300)


@dataclass(slots=True)
class Webhook:
    """Where updates go, and how it has been going; an empty `url` is no webhook."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""

    def json(self, pending: int, allowed: list[str] | None) -> dict[str, Any]:
        """The webhook as the Bot API's WebhookInfo."""
        body: dict[str, Any] = {"url": self.url, "has_custom_certificate": False, "pending_update_count": pending}
        if self.url:
            body |= {"max_connections": self.max_connections, "ip_address": "127.0.0.1"}
        if self.last_error_date:
            body |= {"last_error_date": self.last_error_date, "last_error_message": self.last_error_message}
        return {**body, "allowed_updates": allowed} if allowed is not None else body


def checked(url: str, secret: str) -> None:
    """Refuse a webhook that Telegram, or this machine's sandbox, would not call."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if parts.hostname not in LOOPBACK:
        raise bad_request("bad webhook: failed to resolve host: the sandbox calls only this machine")
    if len(secret) > LONGEST_SECRET:
        raise bad_request("secret token is too long")
    if not set(secret) <= TOKEN_CHARACTERS:
        raise bad_request("secret token contains unallowed characters")


@dataclass(slots=True)
class Lane:
    """One queue: whether an update of it is on its way, and from when the next may go."""

    busy: bool = False
    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Deliverer:
    """The task that empties the queue towards the webhook; `first_delay` seconds after a first failure."""

    updates: Updates
    clock: Clock
    webhook: Webhook = field(default_factory=Webhook)
    first_delay: float = 1.0
    lanes: dict[int, Lane] = field(default_factory=dict)
    flying: set[asyncio.Task[None]] = field(default_factory=set)
    runner: asyncio.Task[None] | None = None

    def set(self, webhook: Webhook) -> None:
        """Deliver to another place, or nowhere, from now on."""
        self.webhook = webhook
        self.lanes.clear()
        self.updates.signal.ring()

    async def start(self) -> None:
        """Begin to deliver whenever there is a webhook."""
        self.runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop at once; what was not confirmed stays queued."""
        tasks = [task for task in (self.runner, *self.flying) if task]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while not self.webhook.url:
            await self.updates.signal.wait(self.updates.signal.listen(), ANSWER_SECONDS)
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
            while True:
                news = self.updates.signal.listen()
                wait = self._launch(client) if self.webhook.url else ANSWER_SECONDS
                await self.updates.signal.wait(news, wait)

    def _launch(self, client: httpx.AsyncClient) -> float:
        """Send what may be sent now; the seconds until something more may be."""
        soonest, seen, now = ANSWER_SECONDS, set(), time.monotonic()
        for update in self.updates.all():
            if len(self.flying) >= self.webhook.max_connections:
                break
            if update.queue in seen:
                continue
            seen.add(update.queue)
            lane = self.lanes.setdefault(update.queue, Lane())
            if lane.busy:
                continue
            if lane.not_before > now:
                soonest = min(soonest, lane.not_before - now)
                continue
            lane.busy = True
            task = asyncio.create_task(self._send(client, self.webhook, update, lane))
            self.flying.add(task)
            task.add_done_callback(self.flying.discard)
        return soonest

    async def _send(self, client: httpx.AsyncClient, webhook: Webhook, update: Update, lane: Lane) -> None:
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers[SECRET_HEADER] = webhook.secret
        try:
            answer = await client.post(webhook.url, content=update.body, headers=headers)
        except httpx.HTTPError as error:
            self._failed(webhook, lane, f"Connection failed: {type(error).__name__}", None)
        else:
            if answer.status_code in OK:
                self.updates.confirm(update)
                lane.failures, lane.not_before = 0, 0.0
            else:
                words = f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
                self._failed(webhook, lane, words, answer.headers.get("Retry-After"))
        finally:
            lane.busy = False
            asyncio.get_running_loop().call_soon(self.updates.signal.ring)

    def _failed(self, webhook: Webhook, lane: Lane, words: str, retry_after: str | None) -> None:
        webhook.last_error_date, webhook.last_error_message = self.clock.now(), words
        delay = min(self.first_delay * 2**lane.failures, LONGEST_DELAY)
        if retry_after and retry_after.isdigit():
            delay = min(float(retry_after), LONGEST_RETRY_AFTER)
        lane.failures += 1
        lane.not_before = time.monotonic() + delay
