"""The lock beside the database file: one running bot for each. Who writes when is SQLite's business."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.errors import StoreError, UserError

PATIENCE = 5.0
"""Seconds that a start waits: what a bot that was just killed held is let go a moment after its end."""

LOOK_SECONDS = 0.1
"""Time between two tries."""


@contextlib.contextmanager
def taken(database: Path) -> Iterator[bool]:
    """Hold the lock of a database file while the context is open; False when another process holds it."""
    try:
        descriptor = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"store.url: cannot open {database}.lock for writing: {error.strerror}") from error
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)  # and with it goes the lock


def is_taken(database: Path) -> bool:
    """Whether a bot runs on this database now; a folder that cannot be written has none."""
    try:
        descriptor = os.open(f"{database}.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def held(database: Path | None) -> AsyncIterator[None]:
    """Hold the lock while the bot runs; nothing to hold without a file. Raises `UserError` when another bot has it."""
    if database is None:
        yield
        return
    deadline = asyncio.get_running_loop().time() + PATIENCE
    async with contextlib.AsyncExitStack() as stack:
        while not stack.enter_context(taken(database)):
            await stack.aclose()
            if asyncio.get_running_loop().time() > deadline:
                raise UserError(f"another bot runs on {database}; stop it, or give this one a data_dir of its own")
            await asyncio.sleep(LOOK_SECONDS)
        yield


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
