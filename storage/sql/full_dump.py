"""The whole record at once: read as of one moment, written into an empty database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.errors import NotEmpty
from storage.row import Row
from storage.tables import WHOLE

AT_ONCE = 500
"""Rows read or written together; memory stays small however large the record is."""

_TABLES = {table.name: table for table in WHOLE}


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees everything as it is now, whatever others write meanwhile; it hinders nobody."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    async with engine.connect() as conn:
        if engine.dialect.name == "sqlite":
            await conn.exec_driver_sql("BEGIN")
        yield conn


async def rows(conn: AsyncConnection) -> AsyncIterator[Row]:
    """Table by table, each in the order of its key."""
    for table in WHOLE:
        found = await conn.stream(
            sa.select(table).order_by(*table.primary_key), execution_options={"yield_per": AT_ONCE}
        )
        async for row in found.mappings():
            yield table.name, dict(row)


async def fill(conn: AsyncConnection, new: Iterable[Row]) -> int:
    """Insert all of them. Returns how many; raises NotEmpty when anything is there."""
    for table in WHOLE:
        if (await conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1))).first():
            raise NotEmpty(
                f"The database is not empty: there is something in its table {table.name}. "
                "Point DATABASE_URL at a new database; importing never mixes two records."
            )
    count = 0
    for name, of_one_table in groupby(new, key=lambda row: row[0]):
        for part in _parts(columns for _, columns in of_one_table):
            await conn.execute(sa.insert(_TABLES[name]), part)
            count += len(part)
    await _count_on(conn)
    return count


def _parts(all_rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    waiting = iter(all_rows)
    while part := list(islice(waiting, AT_ONCE)):
        yield part


async def _count_on(conn: AsyncConnection) -> None:
    """PostgreSQL counts serial numbers apart from the rows; SQLite goes on after the highest."""
    if conn.dialect.name != "postgresql":
        return
    for table in WHOLE:
        if "seq" in table.c:
            highest = sa.select(sa.func.max(table.c.seq)).scalar_subquery()
            serial = sa.func.pg_get_serial_sequence(table.name, "seq")
            await conn.execute(sa.select(sa.func.setval(serial, sa.func.coalesce(highest, 1), highest.is_not(None))))
