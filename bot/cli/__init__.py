"""The command `haechi`: parses what was typed, calls the machine and prints what comes back. No rule lives here."""

from __future__ import annotations

import os
import sys

import typer

from bot.cli import calibrate, doctor, feds, files, keeping, lists, running
from bot.errors import HaechiError, UserError

cli = typer.Typer(
    name="haechi",
    help="Removes known abusive pictures and videos from Telegram groups.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command("run")(running.run)
cli.command("demo")(running.demo)
cli.add_typer(lists.cli, name="lists")
cli.add_typer(feds.cli, name="fed")
cli.command("hash")(files.hash_files)
cli.command("match")(files.match_files)
cli.command("calibrate")(calibrate.calibrate)
cli.command("doctor")(doctor.doctor)
cli.command("backup")(keeping.backup)
cli.command("restore")(keeping.restore)


def main() -> None:
    """Run the command; an error that the person at the keyboard can mend is one line and exit code 2."""
    os.umask(0o077)  # whatever is made, by SQLite too, is its owner's alone
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # durations from Telegram as time spans, the coming default
    try:
        cli()
    except UserError as error:
        sys.stderr.write(f"haechi: {error}\n")
        sys.exit(2)
    except HaechiError as error:
        sys.stderr.write(f"haechi: {error}\n")
        sys.exit(1)
