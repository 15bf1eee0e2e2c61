"""What reports are about, and how they ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision; reports of before count for nobody, and nobody is told their end again."""
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("category", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("outcome", sa.Text(), server_default="", nullable=False))
    op.execute(
        "update reports set outcome = 'void' "
        "where not exists (select 1 from cases where cases.id = reports.case_id and cases.state = 'open')"
    )


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_column("outcome")
        batch_op.drop_column("category")
