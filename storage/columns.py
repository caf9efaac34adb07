"""Column types that keep what we promise: aware times, text that every database takes, keys that fit an index."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

from storage import codec


class TZDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC in and out. SQLite drops the zone, so it is taken off before and put back after."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError on a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; stored times are aware.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.TypeDecorator[str]):
    """Text of any length, see `codec.clean`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cleaned."""
        return None if value is None else codec.clean(value)


class Key(sa.TypeDecorator[str]):
    """Text in an index, see `codec.key`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cleaned and shortened, on writing and on looking up alike."""
        return None if value is None else codec.key(value)


BODY = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A versioned JSON body, see `codec`."""

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number given by the database: SQLite counts only a column of type INTEGER."""
