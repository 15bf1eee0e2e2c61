"""The tables of reports as SQLAlchemy Core objects; no statement and no decision lives here."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Table, Text, UniqueConstraint

from bot.store.tables import RowId, metadata

reports = Table(
    "reports",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("case_id", BigInteger, nullable=False),
    Column("reporter_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("language", Text),
    Column("category", Text, nullable=False, server_default=""),  # `bot.categories`; empty until somebody says
    Column("outcome", Text, nullable=False, server_default=""),  # "right", "wrong", "void"; empty until it is decided
    Column("at", Float, nullable=False),
    UniqueConstraint("case_id", "reporter_id"),
)
Index("ix_reports_reporter_id", reports.c.reporter_id, reports.c.at)

# Whose reports are not taken in a chat until when, by the case in which an admin called them misuse.
report_blocks = Table(
    "report_blocks",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("reporter_id", BigInteger, primary_key=True),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("until", Float, nullable=False),
)
