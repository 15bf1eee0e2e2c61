"""Chats that are or were in a federation, in memory: most messages come from others and need no look. No rule here."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.fedtables import fed_chats

CHATS: set[int] = set()
"""Every one that this process has read or written, in any database and though a write may have been taken back.

One too many costs a look; so none is ever taken out, and whoever puts a chat into a federation adds it here first.
"""


async def load(connection: AsyncConnection) -> None:
    """Take in the chats of a database."""
    CHATS.update((await connection.execute(select(fed_chats.c.chat_id))).scalars())
