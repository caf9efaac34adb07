"""The field's names for columns and tables: source, outcome_unknown, dead_at, read_cursor.

This step renames, so processes of the version before cannot go on with the new schema: stop them first (docs/operating.md).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Renames alone; SQLite and PostgreSQL do them without writing the rows anew."""
    op.alter_column("job", "doubtful", new_column_name="outcome_unknown")
    op.drop_index("ix_job_buried_at", "job")
    op.alter_column("job", "buried_at", new_column_name="dead_at")
    dead = sa.text("dead_at IS NOT NULL")
    op.create_index("ix_job_dead_at", "job", ["dead_at"], sqlite_where=dead, postgresql_where=dead)
    op.alter_column("alert", "door", new_column_name="source")
    op.alter_column("quarantine", "door", new_column_name="source")
    op.rename_table("position", "read_cursor")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_position RENAME TO pk_read_cursor")
