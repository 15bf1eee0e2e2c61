"""Runs migrations on the connection that `bot.store.steps` hands over. No migration lives here."""

from __future__ import annotations

from alembic import context

from bot.store import appealtables, reporttables, telltables, trusttables  # noqa: F401 - tables are there once imported
from bot.store.indexes import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
