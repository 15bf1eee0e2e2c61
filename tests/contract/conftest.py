"""A real database for each test, at the newest schema."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.db import Database
from bot.store.schema import upgrade


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite database of its own."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'haechi.db'}")
    await upgrade(opened)
    await opened.start()
    yield opened
    await opened.stop()
