"""The tables of what admins get to know, as SQLAlchemy Core objects; no statement and no decision lives here."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, SmallInteger, Table, Text

from bot.store.tables import metadata

# What happened in a chat on a day, counted: times as well, by steps of their length.
counts = Table(
    "counts",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970 in UTC
    Column("what", Text, primary_key=True),
    Column("step", SmallInteger, primary_key=True, server_default="0"),
    Column("number", Integer, nullable=False),
)

# Up to which day a chat has had its summary: of a period that lies before it none is sent any more.
summaries = Table(
    "summaries",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("until_day", Integer, nullable=False),
)

# Whom a chat's admins know to be out of reach: its owner, or the chat that should be its log.
unreachable = Table(
    "unreachable",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("who", BigInteger, primary_key=True),
    Column("said_at", Float, nullable=False),
)

# Cases of a raid that wait for an admin; beyond the first few the raid's card stands for theirs.
raid_waits = Table(
    "raid_waits",
    metadata,
    Column("raid_id", BigInteger, primary_key=True, autoincrement=False),
    Column("waiting", Integer, nullable=False),
)
