"""The table of appeals as a SQLAlchemy Core object; no statement and no decision lives here."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from bot.store.tables import metadata

appeals = Table(
    "appeals",
    metadata,
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),  # one for each case
    Column("token", Text, nullable=False, unique=True),  # of the buttons of its card
    Column("appellant_id", BigInteger, nullable=False),
    Column("language", Text),
    Column("text", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="1"),  # how often it was filed
    Column("at", Float, nullable=False),
    Column("until", Float, nullable=False),  # when it lapses
    Column("remind_at", Float),  # none once the admins were reminded
    Column("decided_at", Float),
    Column("by_id", BigInteger),
    Column("by_name", Text, nullable=False, server_default=""),
    Column("card_chat_id", BigInteger),
    Column("card_message_id", BigInteger),  # none until Telegram has said it
)
Index("ix_appeals_appellant_id", appeals.c.appellant_id)
Index("ix_appeals_state", appeals.c.state, appeals.c.until)
