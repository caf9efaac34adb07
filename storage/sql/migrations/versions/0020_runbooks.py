"""Runs of runbooks, their steps, and what they change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three more tables."""
    body = sa.JSON().with_variant(JSONB(), "postgresql")
    op.create_table(
        "runbook_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", body, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runbook_run"),
        sa.UniqueConstraint("incident_id", "number", name="uq_runbook_run_incident_id_number"),
    )
    op.create_index("ix_runbook_run_state", "runbook_run", ["state"])
    op.create_table(
        "runbook_step",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", body, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "id", name="pk_runbook_step"),
    )
    op.create_table(
        "runbook_target",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "target", name="pk_runbook_target"),
    )
    held = sa.text("held")
    op.create_index(
        "uq_runbook_target_held", "runbook_target", ["target"], unique=True, sqlite_where=held, postgresql_where=held
    )
    op.create_index("ix_runbook_target_target", "runbook_target", ["target"])
