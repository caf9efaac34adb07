"""The few words in which the two databases differ."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert


def insert(dialect: str, table: sa.Table) -> Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def contains(dialect: str, column: sa.ColumnElement[str], part: str) -> sa.ColumnElement[bool]:
    """True where the part is in the column; unlike LIKE it takes any length and any character."""
    found = sa.func.strpos(column, part) if dialect == "postgresql" else sa.func.instr(column, part)
    return found > 0
