"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Spelled out here and not taken from storage.columns: what this step does must not change with the code.
WHEN = sa.DateTime(timezone=True)
BODY = sa.JSON().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial_index(name: str, table: str, column: str, *, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Every table, empty."""
    op.create_table(
        "alert",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("received_at", WHEN, nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_alert"),
        sa.UniqueConstraint("delivery_id", name="uq_alert_delivery_id"),
    )
    op.create_index("ix_alert_received_at", "alert", ["received_at"])
    _partial_index("ix_alert_unjudged", "alert", "seq", where="outcome IS NULL")
    op.create_table(
        "entry",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_entry"),
        sa.UniqueConstraint("incident_id", "key", name="uq_entry_incident_id_key"),
    )
    op.create_table(
        "envelope",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", WHEN, nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.Column("done_at", WHEN, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_envelope"),
        sa.UniqueConstraint("key", name="uq_envelope_key"),
    )
    _partial_index("ix_envelope_done_at", "envelope", "done_at", where="done_at IS NOT NULL")
    _partial_index("ix_envelope_pending", "envelope", "seq", where="done_at IS NULL")
    op.create_table(
        "firing",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("last_seen_at", WHEN, nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "dedup_key", name="pk_firing"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("origin_key", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=True),
        sa.Column("declared_at", WHEN, nullable=False),
        sa.Column("touched_at", WHEN, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
        sa.UniqueConstraint("origin_key", name="uq_incident_origin_key"),
        sa.UniqueConstraint("channel_id", name="uq_incident_channel_id"),
        sa.UniqueConstraint("number", name="uq_incident_number"),
    )
    op.create_index("ix_incident_group_key", "incident", ["group_key"])
    op.create_index("ix_incident_state", "incident", ["state"])
    op.create_table(
        "job",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("timer", sa.Boolean(), nullable=False),
        sa.Column("body", BODY, nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", WHEN, nullable=True),
        sa.Column("due_since", WHEN, nullable=True),
        sa.Column("leased", sa.Boolean(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("buried_at", WHEN, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_job"),
    )
    _partial_index("ix_job_buried_at", "job", "buried_at", where="buried_at IS NOT NULL")
    _partial_index("ix_job_due_at", "job", "due_at", where="due_at IS NOT NULL")
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email_lower", sa.Text(), nullable=True),
        sa.Column("display_key", sa.Text(), nullable=True),
        sa.Column("real_key", sa.Text(), nullable=True),
        sa.Column("user_key", sa.Text(), nullable=True),
        sa.Column("local_key", sa.Text(), nullable=True),
        sa.Column("body", BODY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_index("ix_person_display_key", "person", ["display_key"])
    op.create_index("ix_person_email_lower", "person", ["email_lower"])
    op.create_index("ix_person_local_key", "person", ["local_key"])
    op.create_index("ix_person_real_key", "person", ["real_key"])
    op.create_index("ix_person_user_key", "person", ["user_key"])
    op.create_table(
        "user_group",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handle_key", sa.Text(), nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_group"),
    )
    op.create_index("ix_user_group_handle_key", "user_group", ["handle_key"])
    op.create_table(
        "firing_key",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id", "dedup_key"],
            ["firing.incident_id", "firing.dedup_key"],
            name="fk_firing_key_incident_id_dedup_key",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", "dedup_key", "key", name="pk_firing_key"),
    )
    op.create_index("ix_firing_key_key", "firing_key", ["key"])
