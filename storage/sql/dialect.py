"""What differs between SQLite and PostgreSQL in statements: column types, upserts, searching in text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import keys


class TZDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC in and out. SQLite drops the zone, so it is taken off before and put back after."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError on a naive time."""
        if value is None:
            return None
        value = keys.utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.TypeDecorator[str]):
    """Text of any length, see `keys.clean`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cleaned."""
        return None if value is None else keys.clean(value)


class Key(sa.TypeDecorator[str]):
    """Text in an index, see `keys.key`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cleaned and shortened, on writing and on looking up alike."""
        return None if value is None else keys.key(value)


BODY = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A versioned JSON body, see `storage.codec`."""

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number given by the database: SQLite counts only a column of type INTEGER."""

Insert = sqlite.Insert | postgresql.Insert


def insert(dialect: str, table: sa.Table) -> Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def contains(dialect: str, column: sa.ColumnElement[str], part: str) -> sa.ColumnElement[bool]:
    """True where the part is in the column; unlike LIKE it takes any length and any character."""
    found = sa.func.strpos(column, part) if dialect == "postgresql" else sa.func.instr(column, part)
    return found > 0


async def upsert(conn: AsyncConnection, table: sa.Table, identity: list[str], values: list[dict[str, Any]]) -> None:
    """Insert or replace whole rows, in the order of their identity so that two writers never wait in a circle."""
    statement = insert(conn.dialect.name, table)
    rest = {name: statement.excluded[name] for name in values[0] if name not in identity}
    values.sort(key=lambda row: [str(row[name]) for name in identity])
    await conn.execute(statement.on_conflict_do_update(index_elements=identity, set_=rest), values)
