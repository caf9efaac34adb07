"""Figures of incidents, kept so that a report reads no timeline; and the words of incidents, to find similar ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_WORDS = """
CREATE VIRTUAL TABLE incident_words USING fts5(search, tokenize = 'porter unicode61 remove_diacritics 2')
"""
_KNOWN = "INSERT INTO incident_words (rowid, search) SELECT number, search FROM incident"
_INSERTED = """
CREATE TRIGGER incident_words_inserted AFTER INSERT ON incident BEGIN
    INSERT INTO incident_words (rowid, search) VALUES (new.number, new.search);
END
"""
_UPDATED = """
CREATE TRIGGER incident_words_updated AFTER UPDATE OF search ON incident WHEN old.search IS NOT new.search BEGIN
    UPDATE incident_words SET search = new.search WHERE rowid = new.number;
END
"""
_DELETED = """
CREATE TRIGGER incident_words_deleted AFTER DELETE ON incident BEGIN
    DELETE FROM incident_words WHERE rowid = old.number;
END
"""


def upgrade() -> None:
    """A table, two indexes, and on SQLite a table of words that triggers keep: older processes need not know of any."""
    op.create_table(
        "figures",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name="pk_figures"),
    )
    op.create_index("ix_incident_declared_at", "incident", ["declared_at"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        words = sa.text("to_tsvector('english', search)")
        op.create_index("ix_incident_words", "incident", [words], postgresql_using="gin")
        return
    for statement in (_WORDS, _KNOWN, _INSERTED, _UPDATED, _DELETED):
        connection.exec_driver_sql(statement)
