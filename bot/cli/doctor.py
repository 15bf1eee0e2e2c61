"""`haechi doctor`: what was looked at, a line each, and how to mend what is wrong. Looking is `bot.doctor`'s."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot import log
from bot.cli.options import Config
from bot.config import load
from bot.doctor import database, machine, telegram
from bot.doctor.finding import Finding, Grade, error, ok
from bot.errors import ConfigError

MARKS = {Grade.OK: ("ok     ", "green"), Grade.WARNING: ("warning", "yellow"), Grade.ERROR: ("error  ", "red bold")}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """Look at everything that can be wrong, and say how to mend it. Exit code 0 unless something is an error."""
    log.setup(level="error")  # what matters is a finding
    found = asyncio.run(examine(config))
    is_well = all(one.grade is not Grade.ERROR for one in found)
    if as_json:
        typer.echo(json.dumps({"ok": is_well, "findings": [asdict(one) for one in found]}, indent=2))
    else:
        _show(found)
    if not is_well:
        raise typer.Exit(1)


async def examine(config: Path | None) -> list[Finding]:
    """Look at everything, from the machine to Telegram; without a configuration there is little to look at."""
    found = [machine.python()]
    try:
        settings = load(config, need_token=False)
    except ConfigError as failure:
        return [*found, error("configuration", str(failure), "mend it, then run haechi doctor again")]
    found += [ok("configuration", "every key is known and fits"), *machine.secrets(settings), machine.folder(settings)]
    found += [one async for one in database.findings(settings)]
    found += [one async for one in machine.decoders(settings)]
    found += [await machine.address(settings)]
    return found + [one async for one in telegram.findings(settings)]


def _show(found: list[Finding]) -> None:
    console = Console(soft_wrap=True)
    for one in found:
        mark, style = MARKS[one.grade]
        console.print(Text.assemble((mark, style), f"  {one.subject}: {one.text}"))
        if one.fix:
            console.print(Text(f"         → {one.fix}"))
