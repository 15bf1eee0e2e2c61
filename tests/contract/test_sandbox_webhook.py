"""The sandbox delivers by webhook as Telegram does: the secret, the order within a chat, patience after failures."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.client import PATIENCE
from bot.sandbox.server import _Uvicorn
from bot.sandbox.world import Limits
from tests.contract.bot_api import check_update
from tests.contract.stage import RefusedError, Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request


@dataclass
class Hook:
    """A bot's webhook: what came, and what is answered to the next ones (200 when nothing is planned)."""

    url: str = ""
    plan: list[Response] = field(default_factory=list)
    seen: list[tuple[dict[str, Any], str | None]] = field(default_factory=list)
    hold: dict[int, asyncio.Event] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Response:
        """Take one update."""
        update = await request.json()
        self.seen.append((update, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        self.news.set()
        chat = update.get("message", {}).get("chat", {}).get("id")
        if chat in self.hold:
            await self.hold[chat].wait()
        return self.plan.pop(0) if self.plan else Response()

    async def until(self, count: int) -> list[str]:
        """Wait until so many deliveries came; their texts."""
        async with asyncio.timeout(PATIENCE):
            while len(self.seen) < count:
                self.news.clear()
                await self.news.wait()
        return [update["message"]["text"] for update, _ in self.seen]


@contextlib.asynccontextmanager
async def hooked() -> AsyncIterator[tuple[Stage, Hook]]:
    """A stage, and a server that waits for its updates."""
    hook = Hook()
    app = Starlette(routes=[Route("/hook", hook.answer, methods=["POST"])])
    server = _Uvicorn(uvicorn.Config(app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag for it and no event
        await asyncio.sleep(0.005)
    hook.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/hook"
    async with staged(limits=Limits(webhook_delay=0.05)) as stage:
        yield stage, hook
        for event in hook.hold.values():
            event.set()
    server.should_exit = True
    await task


async def test_delivers_with_the_secret() -> None:
    """An update arrives as JSON with the secret header, and is confirmed by a 2xx."""
    async with hooked() as (stage, hook):
        await stage.bot("setWebhook", url=hook.url, secret_token="s3cret_-")
        await stage.say("hello")
        assert await hook.until(1) == ["hello"]
        assert check_update(hook.seen[0][0]) == []
        assert hook.seen[0][1] == "s3cret_-"
        await stage.people.wait_for(lambda: len(stage.world.updates) == 0)


async def test_keeps_order_within_a_chat() -> None:
    """The next update of a chat waits for the last one's 2xx, while other chats go on."""
    async with hooked() as (stage, hook):
        other = (await stage.people.create_chat("Other", stage.owner))["id"]
        await stage.people.add_bot(stage.owner, other, rights=True)
        await stage.bot.updates()
        await stage.bot.updates()
        hook.hold[stage.group] = asyncio.Event()
        await stage.bot("setWebhook", url=hook.url)
        for text in ("one", "two"):
            await stage.say(text)
        await stage.people.post(stage.owner, other, "elsewhere")
        assert sorted(await hook.until(2)) == ["elsewhere", "one"]
        hook.hold[stage.group].set()
        assert (await hook.until(3))[2] == "two"


async def test_tries_again_after_a_failure() -> None:
    """After a wrong answer the same update comes again, and getWebhookInfo tells what was wrong."""
    async with hooked() as (stage, hook):
        hook.plan += [Response(status_code=500), Response(status_code=404)]
        await stage.bot("setWebhook", url=hook.url)
        await stage.say("stubborn")
        assert await hook.until(3) == ["stubborn"] * 3
        info = await stage.bot("getWebhookInfo")
        assert info["last_error_message"] == "Wrong response from the webhook: 404 Not Found"


async def test_obeys_retry_after() -> None:
    """A Retry-After header puts the chat's next try off for so long."""
    async with hooked() as (stage, hook):
        hook.plan.append(Response(status_code=503, headers={"Retry-After": "3600"}))
        await stage.bot("setWebhook", url=hook.url)
        await stage.say("later")
        await hook.until(1)
        await stage.people.wait_for(lambda: stage.world.deliverer.webhook.last_error_message)
        lane = stage.world.deliverer.lanes[stage.group]
        assert lane.not_before - asyncio.get_running_loop().time() > 3000


async def test_excludes_polling() -> None:
    """While a webhook is set getUpdates is refused; a poll that waits is ended; deleting it brings polling back."""
    async with hooked() as (stage, hook):
        poll = asyncio.create_task(stage.bot.updates(timeout=30))
        await stage.people.wait_for(lambda: stage.world.poller.waiting is not None)
        await stage.bot("setWebhook", url=hook.url)
        with pytest.raises(RefusedError, match="Conflict: terminated by setWebhook request"):
            await poll
        with pytest.raises(RefusedError, match="Conflict: can't use getUpdates method while webhook is active"):
            await stage.bot.updates()
        await stage.bot("deleteWebhook", drop_pending_updates=True)
        assert await stage.bot.updates() == []


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("no url", "", "invalid webhook URL specified"),
        ("ftp://127.0.0.1/", "", "invalid webhook URL specified"),
        ("https://example.org/", "", "bad webhook: failed to resolve host"),
        ("http://127.0.0.1/", "with space", "secret token contains unallowed characters"),
        ("http://127.0.0.1/", "x" * 257, "secret token is too long"),
    ],
)
async def test_refuses_a_bad_webhook(url: str, secret: str, words: str) -> None:
    """A webhook that cannot be is refused in Telegram's words; the sandbox calls nothing but this machine."""
    async with staged() as stage:
        with pytest.raises(RefusedError, match=f"Bad Request: {words}"):
            await stage.bot.wrong("setWebhook", url=url, secret_token=secret)
