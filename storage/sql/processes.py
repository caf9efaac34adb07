"""The processes that share a PostgreSQL, as they tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sql.connection import Connected
from storage.sql.tables import REPLICA
from warroom.outbox.changes import Replicas

SILENT = timedelta(seconds=10)
"""Who said nothing for so long is not counted; a process says every second that it lives."""
FORGOTTEN = timedelta(hours=1)
"""When the row of a process that ended without a word is deleted."""


class SqlProcesses(Connected):
    """`warroom.stores.Processes`."""

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """See `warroom.stores.Processes.heartbeat`."""
        if not self._shared:
            return Replicas()

        async def once() -> Replicas:
            async with self._writing() as conn:
                return await _heartbeat(conn, me, limited)

        return await self._commit_again(once)

    async def deregister(self, me: str) -> None:
        """Deletes its row."""
        if self._shared:
            async with self._writing() as conn:
                await conn.execute(sa.delete(REPLICA).where(REPLICA.c.id == me))


async def _heartbeat(conn: AsyncConnection, me: str, limited: Mapping[str, datetime]) -> Replicas:
    """Those that live, by the database's own time: the machines' clocks need not agree on who is silent."""
    now = sa.func.clock_timestamp()
    mine = postgresql.insert(REPLICA).values(
        id=me, seen_at=now, limited={method: until.isoformat() for method, until in limited.items()}
    )
    new = mine.excluded
    await conn.execute(
        mine.on_conflict_do_update(index_elements=["id"], set_={"seen_at": new.seen_at, "limited": new.limited})
    )
    await conn.execute(sa.delete(REPLICA).where(REPLICA.c.seen_at < now - FORGOTTEN))
    found = await conn.execute(sa.select(REPLICA.c.limited).where(REPLICA.c.seen_at > now - SILENT))
    found_limits = list(found.scalars())
    latest: dict[str, datetime] = {}
    for method, until in ((name, datetime.fromisoformat(text)) for each in found_limits for name, text in each.items()):
        latest[method] = max(until, latest.get(method, until))
    return Replicas(active=max(1, len(found_limits)), limited=latest)
