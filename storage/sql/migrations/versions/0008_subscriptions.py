"""Who follows every new incident of a team or a severity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more table."""
    op.create_table(
        "subscription",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "about", "name", name="pk_subscription"),
    )
    op.create_index("ix_subscription_name", "subscription", ["name"])
