"""Run by Alembic inside the transaction that `storage.schema` opened."""

from __future__ import annotations

from alembic import context

from storage.sql.schema import VERSION_TABLE
from storage.sql.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
