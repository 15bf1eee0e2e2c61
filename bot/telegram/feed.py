"""One line of the inbox into memory: a bounded piece of it, chats in turn, each in order. No row is handled here."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import inbox
from bot.store.db import Database

CHATS = 64
"""Chats that are looked at before their rows are put to work."""

CHARACTERS = 8 << 20
"""Characters of updates that a line holds in memory at most, unless a single update has more."""

FIRST = -(2**63)


class Feed:
    """Takes rows of one line, about `room` at once, of one chat up to `each`.

    A chat that has no row in hand gets one even when others have filled the room, up to twice as many in all: so a
    backlog, however long and however slow, delays its own chats only.
    """

    def __init__(
        self, database: Database, line: int, *, room: int, each: int, put: Callable[[inbox.Row], None]
    ) -> None:
        self._database = database
        self._line = line
        self._room = room
        self._each = each
        self._put = put
        self._in_hand: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._count = self._characters = 0
        self._last = FIRST
        self._backlogged: set[int] = set()
        self._released: set[int] = set()  # since the look began that goes on: what it reads may still hold them
        self._is_more = False
        self._news = asyncio.Event()
        self._news.set()

    def wake(self) -> None:
        """Say that there may be new rows."""
        self._news.set()

    def release(self, row: inbox.Row) -> None:
        """Say that a row is done with, on disk too."""
        rows = self._in_hand[row.chat_id]
        if row.update_id not in rows:
            return
        self._released.add(row.update_id)
        self._characters -= rows.pop(row.update_id)
        self._count -= 1
        if not rows:
            del self._in_hand[row.chat_id]
        is_low = len(rows) <= self._each // 2 and row.chat_id in self._backlogged
        if is_low or (self._is_more and (not rows or self._count <= self._room // 2)):
            self._news.set()

    async def run(self, bot_id: int) -> None:
        """Take rows until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            self._is_more = False
            await self._go_round(bot_id)

    async def _go_round(self, bot_id: int) -> None:
        """Look at every chat that waits, from where the last round ended, for as long as there is room."""
        start, is_second = self._last, False
        while self._count < 2 * self._room:
            self._released.clear()
            async with self._database.read() as connection:
                found = await inbox.chats(connection, bot_id, self._line, after=self._last, most=CHATS)
                due = [chat for chat in found if not is_second or chat <= start]
                await self._take(connection, bot_id, due)
            is_end = len(found) < CHATS
            self._last = FIRST if is_end else found[-1]
            if len(due) < len(found) or (is_end and (is_second or start == FIRST)):
                return
            is_second = is_second or is_end
        self._is_more = True

    async def _take(self, connection: AsyncConnection, bot_id: int, chats: list[int]) -> None:
        """Put the oldest rows of some chats to work."""
        low = [chat for chat in chats if len(self._in_hand.get(chat, ())) < self._each]
        waiting: dict[int, list[inbox.Head]] = {chat: [] for chat in low}
        for head in await inbox.heads(connection, bot_id, self._line, low, each=self._each):
            waiting[head.chat_id].append(head)
        wanted = [head.update_id for chat, heads in waiting.items() for head in self._chosen(chat, heads)]
        if wanted:
            for row in await inbox.rows(connection, bot_id, wanted):
                self._put(row)

    def _chosen(self, chat: int, heads: list[inbox.Head]) -> list[inbox.Head]:
        """Count in hand, and return, those rows of a chat that are not yet and for which there is room."""
        rows = self._in_hand[chat]
        chosen: list[inbox.Head] = []
        for head in heads:
            if head.update_id in rows or head.update_id in self._released:
                continue
            if not self._has_room(rows, head):
                self._is_more = True
                break
            rows[head.update_id] = head.size
            self._count += 1
            self._characters += head.size
            chosen.append(head)
        if len(heads) == self._each:
            self._backlogged.add(chat)
        else:
            self._backlogged.discard(chat)
        if not rows:
            del self._in_hand[chat]
        return chosen

    def _has_room(self, rows: dict[int, int], head: inbox.Head) -> bool:
        """Whether a row may be taken; the first one of a chat nearly always, and any when there is no other."""
        if self._count and self._characters + head.size > CHARACTERS:
            return False
        return self._count < (self._room if rows else 2 * self._room)
