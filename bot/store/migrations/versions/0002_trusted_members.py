"""Trusted members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "trusted",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "sender_id", name=op.f("pk_trusted")),
    )
    with op.batch_alter_table("trusted", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trusted_sender_id"), ["sender_id"], unique=False)


def downgrade() -> None:
    """Bring the schema back to the revision before."""
    with op.batch_alter_table("trusted", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trusted_sender_id"))

    op.drop_table("trusted")
