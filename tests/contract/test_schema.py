"""The schema of a database: known by its version, brought up to date by steps when it is behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.errors import StoreError
from bot.store.db import Database
from bot.store.schema import revisions, upgrade
from bot.store.steps import configuration

VERSION = text("select version_num from alembic_version")

_OPENING = """
import asyncio, sys
from bot.store.db import Database
from bot.store.schema import upgrade
asyncio.run(upgrade(Database(sys.argv[1])))
print("alembic" in sys.modules)
"""


def test_steps_are_known_by_their_files() -> None:
    """The revisions that the files are named for are those of the steps in them, each one following on the last."""
    steps = list(ScriptDirectory.from_config(configuration()).walk_revisions())
    assert revisions() == [step.revision for step in reversed(steps)]


def test_a_database_that_is_up_to_date_needs_no_migration_library(schema: Path, tmp_path: Path) -> None:
    """Alembic is imported for a new database, and not for one at the newest schema: nearly every start is quicker."""
    answers = [
        subprocess.run(
            [sys.executable, "-c", _OPENING, f"sqlite+aiosqlite:///{file}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for file in (tmp_path / "new.db", schema)
    ]
    assert answers == ["True", "False"]


async def test_a_database_that_is_behind_is_brought_up_to_date(database: Database) -> None:
    """A database one step behind is taken that step, and one whose note of its version is lost is not believed."""
    async with database.writer.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "-1"))
    await upgrade(database)
    async with database.writer.begin() as connection:
        assert (await connection.scalars(VERSION)).all() == revisions()[-1:]
        await connection.execute(text("delete from alembic_version"))
    with pytest.raises(StoreError, match="already exists"):
        await upgrade(database)
