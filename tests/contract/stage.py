"""A sandbox with a group in it, its client, and a bare bot whose every call and answer the table judges."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from bot.sandbox.client import NO_TLS, SandboxClient, medium
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.contract.bot_api import check_answer, check_request, check_update
from tests.texture import encode, texture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Json = dict[str, Any]
TOKEN = "4242:SANDBOX"


class RefusedError(Exception):
    """The sandbox's refusal, as Telegram words it."""

    def __init__(self, answer: Json) -> None:
        super().__init__(answer["description"])
        self.code = answer["error_code"]
        self.parameters = answer.get("parameters", {})


class RawBot:
    """A bot that only makes calls; each must fit the table, and so must what it gets."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=f"{url}/bot{TOKEN}/", timeout=30, trust_env=False, verify=NO_TLS)
        self.files = httpx.AsyncClient(base_url=f"{url}/file/bot{TOKEN}/", timeout=30, trust_env=False, verify=NO_TLS)
        self.offset = 0

    async def __call__(self, method: str, /, **args: Any) -> Any:
        """Call with a JSON body; the result."""
        assert check_request(method, args) == []
        return await self.wrong(method, **args)

    async def wrong(self, method: str, /, **args: Any) -> Any:
        """Call with a JSON body that may not fit the table, on purpose; the result."""
        return self._result(method, (await self.http.post(method, json=args)).json())

    async def form(self, method: str, parts: dict[str, bytes], **args: Any) -> Any:
        """Call with a multipart body; the result."""
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in args.items()}
        files = {name: (f"{name}.bin", data) for name, data in parts.items()}
        return self._result(method, (await self.http.post(method, data=fields, files=files)).json())

    @staticmethod
    def _result(method: str, answer: Json) -> Any:
        if not answer["ok"]:
            assert set(answer) <= {"ok", "error_code", "description", "parameters"}
            raise RefusedError(answer)
        if method != "getUpdates":
            assert check_answer(method, answer["result"]) == []
        return answer["result"]

    async def updates(self, **args: Any) -> list[Json]:
        """The updates that wait, confirmed by the next call; each is judged."""
        found = await self("getUpdates", offset=self.offset, **args)
        for update in found:
            assert check_update(update) == []
        self.offset = found[-1]["update_id"] + 1 if found else self.offset
        assert isinstance(found, list)
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self.http.aclose()
        await self.files.aclose()


@dataclass(slots=True)
class Stage:
    """A world with an owner, a member and a supergroup in which the bot is an administrator."""

    world: World
    people: SandboxClient
    bot: RawBot
    url: str
    owner: int
    member: int
    group: int

    async def say(self, text: str = "hello", **fields: Any) -> Json:
        """The member posts a text in the group."""
        return await self.people.post_one(self.member, fields.pop("chat_id", self.group), text, **fields)


@contextlib.asynccontextmanager
async def staged(**options: Any) -> AsyncIterator[Stage]:
    """A stage, its bot's updates up to now read; `options` are the world's."""
    world = World(TOKEN, **options)
    async with (
        Server(world) as server,
        SandboxClient(server.url) as people,
        contextlib.aclosing(RawBot(server.url)) as bot,
    ):
        owner = await people.create_user("Olga", last_name="Oh", username="olga_oh", language_code="ko")
        member = await people.create_user("Min", language_code="en")
        group = await people.create_chat("The group", owner["id"])
        await people.add_bot(owner["id"], group["id"], rights=True)
        await people.add_member(group["id"], member["id"])
        stage = Stage(world, people, bot, server.url, owner["id"], member["id"], group["id"])
        await bot.updates()
        await bot.updates()
        await people.clear_calls()
        yield stage


def photo(seed: int = 1, width: int = 640, height: int = 480, **fields: Any) -> Json:
    """A benign photo to post."""
    return medium("photo", picture(seed, width, height), **fields)


def picture(seed: int = 1, width: int = 640, height: int = 480) -> bytes:
    """The bytes of a benign picture."""
    return encode(texture(seed, width, height), "JPEG")
