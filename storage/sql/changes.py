"""What was changed in what runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.sql import rows
from storage.sql.connection import Connected
from storage.sql.dialect import insert
from storage.sql.tables import SERVICE_CHANGE
from warroom.changes.model import Change
from warroom.people.model import normal


class SqlChanges(Connected):
    """`warroom.stores.Changes`."""

    async def service_changes(
        self, since: datetime, until: datetime, services: Sequence[str] = (), limit: int = 50
    ) -> list[Change]:
        """See `warroom.stores.Changes.service_changes`."""
        within = sa.and_(SERVICE_CHANGE.c.at >= since, SERVICE_CHANGE.c.at <= until)
        if services:
            within = sa.and_(within, SERVICE_CHANGE.c.service_key.in_([normal(each) for each in services]))
        query = sa.select(SERVICE_CHANGE.c.body).where(within)
        query = query.order_by(SERVICE_CHANGE.c.at.desc(), SERVICE_CHANGE.c.id).limit(limit)
        async with self._reading() as conn:
            return [codec.from_body(Change, body) for body in (await conn.execute(query)).scalars()]


async def keep_changes(conn: AsyncConnection, changes: Sequence[Change]) -> None:
    """Each once, as it was first told."""
    if changes:
        fresh = insert(conn.dialect.name, SERVICE_CHANGE).on_conflict_do_nothing(index_elements=["id"])
        await conn.execute(fresh, [rows.change_row(each) for each in changes])
