"""The bot's machine with everything but its loops, and a cast before it. What happens is the tests' own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app import App
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.settings import Media, Settings, Telegram, Web
from tests.contract.cast import Cast
from tests.contract.stage import TOKEN

MEDIA = Media(image_workers=1, image_seconds=60)
"""One decoder, and time enough for it on any machine."""


@contextlib.asynccontextmanager
async def machine(folder: Path, people: Mapping[str, int] | None = None, **chosen: Any) -> AsyncIterator[Cast]:
    """A bot whose calls the sandbox answers without the way over HTTP, and its people.

    `people` are more than every cast has, by what they are called and with which number; `chosen` are settings.
    """
    world, more = World(TOKEN), dict(people or {})
    for name, number in more.items():
        world.create_user(name.title(), id_=number)
    async with Server(world) as server:
        telegram = Telegram(
            token=SecretStr(TOKEN), base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot"
        )
        fixed = {"data_dir": folder, "telegram": telegram, "web": Web(listen="off"), "media": MEDIA}
        app = App(Settings(**{**fixed, **chosen}))
        made = Cast(app, world, people=more)
        with pytest.MonkeyPatch.context() as patch:
            async with app._ready():
                patch.setattr(app.gateway, "call", made.call)
                made.gather()
                yield made
