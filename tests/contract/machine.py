"""The bot's machine with everything but its loops, and a cast before it. What happens is the tests' own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import App
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.settings import Media, Settings, Telegram, Web
from tests.contract.cast import Cast
from tests.contract.stage import TOKEN


@contextlib.asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Cast]:
    """A bot whose calls the sandbox answers without the way over HTTP, and its people."""
    world = World(TOKEN)
    async with Server(world) as server:
        telegram = Telegram(
            token=SecretStr(TOKEN), base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot"
        )
        settings = Settings(data_dir=folder, telegram=telegram, web=Web(listen="off"), media=Media(image_workers=1))
        app = App(settings)
        made = Cast(app, world)
        with pytest.MonkeyPatch.context() as patch:
            async with app._ready():
                patch.setattr(app.gateway, "call", made.call)
                made.gather()
                yield made
