"""Shares of people: what somebody wrote and was told is found without an index that bears their number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

QUEUES = ("inbox", "outbox")


def upgrade() -> None:
    """Bring the schema to this revision."""
    for table in QUEUES:
        op.add_column(table, sa.Column("share", sa.SmallInteger))
        op.create_index(f"ix_{table}_share", table, ["share"])


def downgrade() -> None:
    """Take the schema back to the revision before."""
    for table in QUEUES:
        op.drop_index(f"ix_{table}_share", table)
        op.drop_column(table, "share")
