"""The command `haechi`: parses what was typed, calls the machine and prints what comes back. No rule lives here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from bot.errors import HaechiError, UserError

COMMANDS = {
    "run": ("running", "run"),
    "demo": ("running", "demo"),
    "hash": ("files", "hash_files"),
    "match": ("files", "match_files"),
    "calibrate": ("calibrate", "calibrate"),
    "doctor": ("doctor", "doctor"),
    "backup": ("keeping", "backup"),
    "restore": ("keeping", "restore"),
    "lists": ("lists", "cli"),
    "fed": ("feds", "cli"),
}
"""Every command: the file beside this one in which it is, and its name there."""


def main() -> None:
    """Run the command; an error that the person at the keyboard can mend is one line and exit code 2."""
    os.umask(0o077)  # whatever is made, by SQLite too, is its owner's alone
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # durations from Telegram as time spans, the coming default
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for numpy: no matrices are multiplied in this process
    try:
        command_line(sys.argv[1:])()
    except UserError as error:
        sys.stderr.write(f"haechi: {error}\n")
        sys.exit(2)
    except HaechiError as error:
        sys.stderr.write(f"haechi: {error}\n")
        sys.exit(1)


def command_line(words: Sequence[str]) -> typer.Typer:
    """Return what parses `words`: with the command that they begin with, else with all of them.

    What only other commands need is not imported: half a second for the bot, and more for the small ones.
    """
    cli = typer.Typer(
        name="haechi",
        help="Removes known abusive pictures and videos from Telegram groups.",
        callback=lambda: None,  # with one command too, its name is typed
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        file, what = COMMANDS[name]
        found = getattr(import_module(f"{__name__}.{file}"), what)
        if isinstance(found, typer.Typer):
            cli.add_typer(found, name=name)
        else:
            cli.command(name)(found)
    return cli
