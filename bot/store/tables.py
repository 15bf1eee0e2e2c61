"""Every table of the database as SQLAlchemy Core objects; no statement and no decision lives here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

# SQLite numbers rows by itself only in a column of type INTEGER; PostgreSQL wants 64 bits.
RowId = BigInteger().with_variant(Integer(), "sqlite")

# Times are seconds since 1970 in UTC, as floats: one form for both engines, easy to compare and to expire.

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# --- the two queues ------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),
    Column("update_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("size", Integer, nullable=False),  # of the payload, in characters
    Column("received_at", Float, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("error", Text),
    Column("done_at", Float),
    Column("share", SmallInteger),  # the author's, see `shares`
)
# Holds all that choosing asks for, so that what waits is never read to be counted or passed over.
Index(
    "ix_inbox_todo",
    inbox.c.bot_id,
    inbox.c.line,
    inbox.c.chat_id,
    inbox.c.update_id,
    inbox.c.size,
    inbox.c.received_at,
    inbox.c.state,  # else SQLite reads the row to look at it
    sqlite_where=inbox.c.state == 0,
    postgresql_where=inbox.c.state == 0,
)
Index(
    "ix_inbox_buried", inbox.c.bot_id, inbox.c.state, sqlite_where=text("state = 9"), postgresql_where=text("state = 9")
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("case_id", BigInteger),
    Column("after", Text),  # the key of the call that this one waits for
    Column("state", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("not_before", Float, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("done_at", Float),
    Column("error", Text),
    Column("share", SmallInteger),  # of who is written to in private
)
Index(
    "ix_outbox_todo",
    outbox.c.rank,
    outbox.c.id,
    sqlite_where=outbox.c.state == 0,
    postgresql_where=outbox.c.state == 0,
)

Index("ix_outbox_after", outbox.c.after)

# Where Telegram asked for patience (429): calls of this rank and above wait, whenever they were put.
pauses = Table(
    "pauses",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("rank", SmallInteger, primary_key=True, autoincrement=False),
    Column("until", Float, nullable=False),
)

# --- chats and people ----------------------------------------------------------------------------

chats = Table(
    "chats",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("username", Text),
    Column("linked_chat_id", BigInteger),
    Column("preset", Text, nullable=False, server_default="standard"),
    Column("unscannable", Text, nullable=False, server_default="notify"),
    Column("log_chat_id", BigInteger),
    Column("language", Text, nullable=False, server_default="en"),
    Column("owner_id", BigInteger),
    Column("rules", Text, nullable=False, server_default="{}"),  # JSON: `bot.rules`
    Column("bot_status", Text, nullable=False, server_default="left"),
    Column("bot_rights", Text, nullable=False, server_default=""),
    Column("added_at", Float, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("username", Text, index=True),  # in lower case, as last seen
    Column("language", Text),
    Column("reachable", Boolean, nullable=False, server_default="0"),  # pressed /start and did not block the bot
    Column("updated_at", Float, nullable=False),
)

# --- media ---------------------------------------------------------------------------------------

files = Table(
    "files",
    metadata,
    Column("file_unique_id", Text, primary_key=True),
    Column("fingerprint", Text),  # JSON; empty when the file could not be scanned
    Column("reason", Text),  # why not
    Column("seen_at", Float, nullable=False),
)
Index("ix_files_seen_at", files.c.seen_at)

seen = Table(
    "seen",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("message_id", BigInteger, primary_key=True),
    Column("file_unique_id", Text, primary_key=True),
    Column("album", Text),
    Column("sender_kind", Text, nullable=False),
    Column("sender_id", BigInteger, nullable=False),
    Column("posted_at", Float, nullable=False),
)
Index("ix_seen_album", seen.c.chat_id, seen.c.album)
Index("ix_seen_posted_at", seen.c.posted_at)

# --- lists ---------------------------------------------------------------------------------------

lists = Table(
    "lists",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("trust", Text, nullable=False),
    Column("chat_id", BigInteger),
    Column("source", Text, nullable=False, server_default=""),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("list_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("body", LargeBinary),  # what `value` is the SHA-256 of, where it is too long to be searched for
    Column("category", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("added_by", BigInteger),
    Column("added_at", Float, nullable=False),
    UniqueConstraint("list_id", "kind", "value"),
    sqlite_autoincrement=True,  # an id is never given twice, so a removed entry cannot come back as another
)

# What changed since a process looked last: it reads the rows above the highest seq it knows.
list_changes = Table(
    "list_changes",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("change", Text, nullable=False),  # "list", "drop_list", "added", "removed", "quarantine", "shared"
    Column("list_id", BigInteger, nullable=False),
    Column("first_entry", BigInteger),  # the ids added or removed: a closed range within the list
    Column("last_entry", BigInteger),
    sqlite_autoincrement=True,
)

# --- cases ---------------------------------------------------------------------------------------

cases = Table(
    "cases",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("incident", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="closed"),
    Column("message_id", BigInteger),
    Column("sender_kind", Text, nullable=False),
    Column("sender_id", BigInteger, nullable=False),
    Column("sender_name", Text, nullable=False, server_default=""),
    Column("list_name", Text),
    Column("category", Text),
    Column("tier", SmallInteger),
    Column("how", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("strike", SmallInteger),
    Column("spared", Text),
    Column("posted_at", Float),
    Column("opened_at", Float, nullable=False),
    UniqueConstraint("chat_id", "incident", "kind"),
    sqlite_autoincrement=True,
)
Index("ix_cases_chat_id", cases.c.chat_id, cases.c.id)
Index("ix_cases_sender_id", cases.c.chat_id, cases.c.sender_id, cases.c.id)

case_actions = Table(
    "case_actions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, unique=True),  # the outbox row that carries it out
    Column("by_id", BigInteger),  # the admin who asked for it; empty for the bot itself
    Column("by_name", Text),
    Column("detail", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("answer", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
)

strikes = Table(
    "strikes",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("sender_id", BigInteger, nullable=False),
    Column("incident", Text, nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Column("at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("lifted_at", Float),
    UniqueConstraint("chat_id", "sender_id", "incident"),
)

# --- calm under floods ---------------------------------------------------------------------------

# Whom the bot by itself removed posts of, or muted or banned: a row for each person, chat and day.
sanctions = Table(
    "sanctions",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970 in UTC
    Column("kind", Text, primary_key=True),  # "delete" or "ban"
    Column("who", Text, primary_key=True),  # the poster; the incident where many post under one name
)

breakers = Table(
    "breakers",
    metadata,
    Column("chat_id", BigInteger, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("tripped_at", Float, nullable=False),
    Column("lifted_by", BigInteger),
    Column("lifted_name", Text, nullable=False, server_default=""),
)

raids = Table(
    "raids",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("chat_id", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False, server_default="open"),
    Column("started_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("posts", Integer, nullable=False, server_default="1"),
    Column("first_case", BigInteger, nullable=False),
    Column("last_case", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Where one line tells of a raid: in the chat, and where its admins read.
raid_lines = Table(
    "raid_lines",
    metadata,
    Column("raid_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),  # empty until Telegram has said it
    Column("shown", Integer, nullable=False, server_default="0"),  # posts that the line knows of
    Column("shown_at", Float, nullable=False),
)

# Whose posts an entry matched, where, and when last.
hits = Table(
    "hits",
    metadata,
    Column("entry_id", BigInteger, primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("sender_id", BigInteger, primary_key=True),
    Column("at", Float, nullable=False),
)
Index("ix_hits_at", hits.c.at)

# Entries that hit too much. One that was released stays here: it is not switched off by itself again.
quarantine = Table(
    "quarantine",
    metadata,
    Column("entry_id", BigInteger, primary_key=True),
    Column("list_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="held"),  # "held", "kept" or "released"
    Column("posters", Integer, nullable=False),
    Column("chats", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("token", Text, nullable=False),  # of the card on which maintainers decide
)

# --- buttons and the audit log -------------------------------------------------------------------

buttons = Table(
    "buttons",
    metadata,
    Column("token", Text, primary_key=True),  # random; all that a button's data holds beside the action
    Column("kind", Text, nullable=False),
    Column("chat_id", BigInteger, nullable=False),  # the chat whose rights decide
    Column("case_id", BigInteger),
    Column("state", Text, nullable=False, server_default="open"),
    Column("claimed_by", BigInteger),
    Column("data", Text, nullable=False, server_default=""),
    Column("created_at", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("chat_id", BigInteger),
    Column("actor_id", BigInteger),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
)
Index("ix_audit_at", audit.c.at)

# --- people who asked to be forgotten --------------------------------------------------------------

# Gone as soon as nothing of the person is left that still counts.
erasures = Table(
    "erasures",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("asked_at", Float, nullable=False),  # what came later is not meant
    Column("names", Text, nullable=False, server_default="[]"),  # JSON, until the queues have let go of them
    Column("alias", BigInteger, nullable=False),  # random: stands in the audit log for who it was
)
