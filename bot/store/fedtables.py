"""The tables of federations as SQLAlchemy Core objects; no statement and no decision lives here."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table, Text, UniqueConstraint

from bot.store.tables import RowId, metadata

feds = Table(
    "feds",
    metadata,
    Column("id", Text, primary_key=True),  # random, short enough to be typed
    Column("name", Text, nullable=False),
    Column("owner_id", BigInteger, nullable=False, unique=True),  # one each
    Column("created_at", Float, nullable=False),
)

fed_chats = Table(
    "fed_chats",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),  # a chat is in one federation at most
    Column("fed_id", Text, nullable=False, index=True),
    Column("acts", Boolean, nullable=False, server_default="1"),  # else its admins are only told
    Column("strikes", Boolean, nullable=False, server_default="1"),  # strikes of the other chats count here
    Column("joined_by", BigInteger, nullable=False),
    Column("joined_at", Float, nullable=False),
)

fed_admins = Table(
    "fed_admins",
    metadata,
    Column("fed_id", Text, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("added_at", Float, nullable=False),
)
Index("ix_fed_admins_user_id", fed_admins.c.user_id)

fed_bans = Table(
    "fed_bans",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("fed_id", Text, nullable=False),
    Column("sender_id", BigInteger, nullable=False),  # a person, or below zero a channel
    Column("name", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("case_id", BigInteger),  # the case of the chat where it was decided; none for one that was imported
    Column("by_id", BigInteger),  # none for the operator
    Column("by_name", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    UniqueConstraint("fed_id", "sender_id"),
    sqlite_autoincrement=True,  # an id names one ban for good: what was done about it is found by it
)
