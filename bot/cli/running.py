"""`haechi run` and `haechi demo`. What runs is built in `bot.app` and `bot.demo`."""

from __future__ import annotations

import asyncio
import gc
from typing import Annotated

import typer

from bot.cli.options import Config, settings_for
from bot.media.launch import launched


def run(config: Config = None) -> None:
    """Run the bot until it is stopped."""
    settings = settings_for(config, need_token=True)
    with launched(settings.media) as decoders:
        gc.disable()  # nearly all that is made from here on stays: to look through it time and again is a tenth of it
        from bot.app import serve  # noqa: PLC0415 - half a second, in which decoders warm up on another core

        gc.freeze()
        gc.enable()
        asyncio.run(serve(settings, decoders))


def demo(
    check: Annotated[bool, typer.Option("--check", help="Prove the path without a browser, then stop.")] = False,
    port: Annotated[int, typer.Option(help="The page's port; 0 takes a free one.")] = 8642,
) -> None:
    """Try Haechi against a Telegram of its own, in the browser: no token, no network."""
    from bot import demo as showing  # noqa: PLC0415 - the sandbox is no part of a running bot

    if check:
        raise typer.Exit(asyncio.run(showing.check(port)))
    asyncio.run(showing.show(port))
