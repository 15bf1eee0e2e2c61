"""What is asked of tables that grow, over a real database: it is looked up, and not read from end to end."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import MessageRef
from bot.store import casebook, cases, chats, dossier, erasure, heard, openreports, outbox, reports, undone
from bot.store.casebook import Filter
from bot.store.db import Database

Work = Callable[[AsyncConnection], Awaitable[object]]

GROWING = frozenset(
    {"audit", "buttons", "case_actions", "cases", "entries", "fed_bans", "sanctions", "seen", "strikes"}
)
"""Tables with a row for every post, case, strike or decision, over months."""

FEW = frozenset({"ix_outbox_todo", "ix_outbox_failed", "ix_reports_waiting", "ix_cases_open"})
"""Indexes that hold only what waits or failed."""

SCAN = re.compile(r"SCAN (?P<table>\w+)(?: USING (?:COVERING )?INDEX (?P<index>\w+))?")

DAY = Filter(since=time.time() - 86_400)

QUESTIONS: dict[str, tuple[Work, frozenset[str]]] = {
    "the cases of a day": (lambda c: casebook.page(c, [1, 2], DAY), GROWING),
    "the cases of somebody": (lambda c: casebook.page(c, [1, 2], Filter(sender_id=3), below=9), GROWING),
    "a case's card": (lambda c: cases.case_button(c, 1), GROWING),
    "a case's strikes": (lambda c: undone.lift_strikes(c, 1), GROWING),
    "the chats that one logs": (lambda c: chats.logged_by(c, 1), GROWING | {"chats"}),
    "calls that wait or failed": (outbox.depth, GROWING | {"outbox"}),
    "all about a person": (lambda c: dossier.of(c, 1), GROWING | {"inbox", "outbox"}),
    "reports that wait for their end": (lambda c: reports.unsettled(c, 50), GROWING | {"reports"}),
    "a message by its number": (lambda c: heard.message(c, 1, MessageRef(-1, 2)), GROWING | {"inbox"}),
    "a message by its words": (lambda c: heard.posted(c, 1, 1_700_000_000, "vile"), GROWING | {"inbox"}),
    "messages by their files": (lambda c: heard.carrying(c, ["u1", "u2"]), GROWING | {"inbox"}),
    "where somebody's reports may wait": (lambda c: openreports.waiting_in(c, 1, {-1}), GROWING | {"reports"}),
    "what stays of a person": (lambda c: erasure.left(c, 1, time.time()), GROWING),
}


async def planned(database: Database, work: Work) -> list[str]:
    """How SQLite goes about what `work` asks."""
    given: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        given.append((statement, parameters))

    engine = database.readers.sync_engine
    async with database.read() as connection:
        event.listen(engine, "before_cursor_execute", note)
        await work(connection)
        event.remove(engine, "before_cursor_execute", note)
        asked = [one for one in given if one[0].startswith(("SELECT", "UPDATE"))]
        assert asked
        plans = [await connection.exec_driver_sql(f"explain query plan {what}", with_) for what, with_ in asked]
        return [str(words) for plan in plans for words in plan.scalars(3)]


async def scanned(database: Database, work: Work) -> set[str]:
    """The tables of which `work` reads every row, by SQLite's own plans."""
    rows = [SCAN.match(words) for words in await planned(database, work)]
    return {row["table"] for row in rows if row and row["index"] not in FEW}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_growing_tables_are_looked_up(database: Database, question: str) -> None:
    """However many cases, strikes and posts there are, a question about some of them reads those alone."""
    work, growing = QUESTIONS[question]
    assert await scanned(database, work) & growing == set()


async def test_open_cases_are_found_among_many(database: Database) -> None:
    """The cases that wait are found by an index that holds no others, in a chat that logs others too."""
    plan = await planned(database, lambda c: casebook.page(c, [1, 2], Filter(is_open=True)))
    assert any("ix_cases_open" in words for words in plan)


async def test_a_reported_message_is_looked_up_in_its_chat(database: Database) -> None:
    """What members report in private is found without reading what was said elsewhere or at other times."""
    by_number = await planned(database, lambda c: heard.message(c, 1, MessageRef(-1, 2)))
    assert any("ix_inbox_chat (bot_id=? AND chat_id=?)" in words for words in by_number)
    by_words = await planned(database, lambda c: heard.posted(c, 1, 1_700_000_000, "vile"))
    assert any("ix_inbox_chat (bot_id=? AND chat_id=? AND received_at>?" in words for words in by_words)
    assert not [one for one in by_number + by_words if "(bot_id=?)" in one]
