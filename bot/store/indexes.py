"""Indexes for what is asked seldom of tables that grow: by case, by log chat, by person. No statement lives here.

Where most rows have nothing in the column, only the others are in the index.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, text

from bot.store.fedtables import fed_bans
from bot.store.reporttables import reports
from bot.store.tables import (
    audit,
    buttons,
    case_actions,
    cases,
    chats,
    entries,
    inbox,
    metadata,
    outbox,
    sanctions,
    seen,
    strikes,
)

__all__ = ["metadata"]


def _where_given(name: str, column: Column[int]) -> Index:
    given = column.is_not(None)
    return Index(name, column, sqlite_where=given, postgresql_where=given)


# Asked at every look at the bot's health.
Index("ix_outbox_failed", outbox.c.id, sqlite_where=text("state = 9"), postgresql_where=text("state = 9"))

# Cases that wait, few among many.
Index(
    "ix_cases_open",
    cases.c.chat_id,
    cases.c.id,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

# Reports whose reporters have still to hear how they ended: looked for every few seconds.
Index(
    "ix_reports_waiting",
    reports.c.case_id,
    sqlite_where=text("outcome = ''"),
    postgresql_where=text("outcome = ''"),
)

# Where a message is looked up that is reported in private: in its chat, around its time, or by its files. Private
# chats, which bear people's numbers, are not in it: SQLite may leave bytes of an index behind when it splits a page.
Index(
    "ix_inbox_chat",
    inbox.c.bot_id,
    inbox.c.chat_id,
    inbox.c.received_at,
    inbox.c.update_id,
    sqlite_where=text("chat_id + 0 < 0"),
    postgresql_where=text("chat_id + 0 < 0"),
)
Index("ix_seen_file_unique_id", seen.c.file_unique_id)

# Where what a person wrote and was told is looked up for them: among a thousandth of all, and by nobody's number.
Index("ix_inbox_share", inbox.c.share)
Index("ix_outbox_share", outbox.c.share)

# The cases of a day: without it all of a chat's are looked at, and of all chats that a log chat reads.
Index("ix_cases_opened_at", cases.c.chat_id, cases.c.opened_at)

# What an undo takes back, the card of a case, and the chats whose cases a log chat may ask for.
Index("ix_strikes_case_id", strikes.c.case_id)
_where_given("ix_buttons_case_id", buttons.c.case_id)
_where_given("ix_chats_log_chat_id", chats.c.log_chat_id)

# What is kept of a person, wherever: to be handed out, and to be forgotten.
Index("ix_strikes_person", strikes.c.sender_id)
Index("ix_cases_person", cases.c.sender_id)
Index("ix_seen_sender_id", seen.c.sender_id)
Index("ix_sanctions_who", sanctions.c.who)
Index("ix_fed_bans_sender_id", fed_bans.c.sender_id)
_where_given("ix_fed_bans_by_id", fed_bans.c.by_id)
_where_given("ix_buttons_claimed_by", buttons.c.claimed_by)
_where_given("ix_case_actions_by_id", case_actions.c.by_id)
_where_given("ix_audit_actor_id", audit.c.actor_id)
_where_given("ix_entries_added_by", entries.c.added_by)
