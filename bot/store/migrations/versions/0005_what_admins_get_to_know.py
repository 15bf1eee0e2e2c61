"""What admins get to know: counts of days, summaries sent, who is out of reach, cases of raids that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "counts",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("step", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "day", "what", "step", name=op.f("pk_counts")),
    )
    op.create_table(
        "summaries",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_summaries")),
    )
    op.create_table(
        "unreachable",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "who", name=op.f("pk_unreachable")),
    )
    op.create_table(
        "raid_waits",
        sa.Column("raid_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("raid_id", name=op.f("pk_raid_waits")),
    )


def downgrade() -> None:
    """Bring the schema back to the revision before."""
    for name in ("raid_waits", "unreachable", "summaries", "counts"):
        op.drop_table(name)
