"""A real database for each test, at the newest schema."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.db import Database
from bot.store.schema import upgrade


def _opened(folder: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{folder / 'haechi.db'}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty database at the newest schema: to copy it takes a tenth of the time that migrations take."""
    folder = tmp_path_factory.mktemp("schema")
    database = _opened(folder)
    await upgrade(database)
    await database.stop()
    return folder / "haechi.db"


@pytest.fixture
async def database(tmp_path: Path, schema: Path) -> AsyncIterator[Database]:
    """An open SQLite database of its own."""
    shutil.copy(schema, tmp_path)
    opened = _opened(tmp_path)
    await opened.start()
    yield opened
    await opened.stop()
