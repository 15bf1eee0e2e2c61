"""Indexes of reports that wait for their end, and of the messages that are looked up when they are reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    waiting = sa.text("outcome = ''")
    op.create_index("ix_reports_waiting", "reports", ["case_id"], sqlite_where=waiting, postgresql_where=waiting)
    shared, columns = sa.text("chat_id + 0 < 0"), ["bot_id", "chat_id", "received_at", "update_id"]
    op.create_index("ix_inbox_chat", "inbox", columns, sqlite_where=shared, postgresql_where=shared)
    op.create_index("ix_seen_file_unique_id", "seen", ["file_unique_id"])


def downgrade() -> None:
    """Take the schema back to the revision before."""
    op.drop_index("ix_seen_file_unique_id", "seen")
    op.drop_index("ix_inbox_chat", "inbox")
    op.drop_index("ix_reports_waiting", "reports")
