"""Indexes by case, day, log chat and person, of what waits and failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WHOLE = (
    ("ix_cases_opened_at", "cases", "chat_id", "opened_at"),
    ("ix_strikes_case_id", "strikes", "case_id"),
    ("ix_strikes_person", "strikes", "sender_id"),
    ("ix_cases_person", "cases", "sender_id"),
    ("ix_seen_sender_id", "seen", "sender_id"),
    ("ix_sanctions_who", "sanctions", "who"),
    ("ix_fed_bans_sender_id", "fed_bans", "sender_id"),
)
WHERE_GIVEN = (
    ("ix_fed_bans_by_id", "fed_bans", "by_id"),
    ("ix_buttons_claimed_by", "buttons", "claimed_by"),
    ("ix_buttons_case_id", "buttons", "case_id"),
    ("ix_chats_log_chat_id", "chats", "log_chat_id"),
    ("ix_case_actions_by_id", "case_actions", "by_id"),
    ("ix_audit_actor_id", "audit", "actor_id"),
    ("ix_entries_added_by", "entries", "added_by"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name, table, *columns in WHOLE:
        op.create_index(name, table, columns)
    for name, table, column in WHERE_GIVEN:
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=given, postgresql_where=given)
    is_open = sa.text("state = 'open'")
    op.create_index("ix_cases_open", "cases", ["chat_id", "id"], sqlite_where=is_open, postgresql_where=is_open)
    failed = sa.text("state = 9")
    op.create_index("ix_outbox_failed", "outbox", ["id"], sqlite_where=failed, postgresql_where=failed)


def downgrade() -> None:
    """Take the schema back to the revision before."""
    op.drop_index("ix_outbox_failed", "outbox")
    op.drop_index("ix_cases_open", "cases")
    for name, table, *_ in (*WHERE_GIVEN, *WHOLE):
        op.drop_index(name, table)
