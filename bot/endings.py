"""How calls to Telegram ended, put on record with everybody whom that concerns. What they make of it is theirs."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases, daybook, summary, topics, unreachable
from bot.outcome import Outcome
from bot.store import outbox


async def record(connection: AsyncConnection, row: outbox.Row, outcome: Outcome) -> None:
    """Write down how a call ended, in the transaction that closes it; what is said again elsewhere has not ended."""
    if await topics.fall_back(connection, row, outcome):
        return
    await cases.record(connection, row, outcome)
    await daybook.removed(connection, row, outcome)
    await summary.record(connection, row, outcome)
    await unreachable.record(connection, row, outcome)
