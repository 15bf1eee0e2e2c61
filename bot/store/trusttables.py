"""The table of trusted members as an SQLAlchemy Core object; no statement and no decision lives here."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Table, Text

from bot.store.tables import metadata

trusted = Table(
    "trusted",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("sender_id", BigInteger, primary_key=True, index=True),  # a person, or below zero a channel
    Column("name", Text, nullable=False, server_default=""),
    Column("by_id", BigInteger),
    Column("at", Float, nullable=False),
)
