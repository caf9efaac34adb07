"""The processes that share a PostgreSQL, as they tell each other; and whether there is one, as the command line asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sql.connection import Connected
from storage.sql.tables import REPLICA
from warroom.outbox.changes import Replicas

SILENT = timedelta(seconds=10)
"""Who said nothing for so long is not counted; a process says every second that it lives."""
HEARTBEAT_EVERY = timedelta(seconds=10)
"""How often the one process of a SQLite says so: nobody shares Slack's limits with it, so that is only for the command line."""
FORGOTTEN = timedelta(hours=1)
"""When the row of a process that ended without a word is deleted."""


class SqlProcesses(Connected):
    """`warroom.stores.Processes`."""

    _said_at: float | None = None
    """When this process last said that it lives, by the loop's clock."""

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """See `warroom.stores.Processes.heartbeat`."""
        if not self._shared:
            await self._alone(me)
            return Replicas()

        async def once() -> Replicas:
            async with self._writing() as conn:
                return await _heartbeat(conn, me, limited)

        return await self._commit_again(once)

    async def deregister(self, me: str) -> None:
        """Deletes its row."""
        async with self._writing() as conn:
            await conn.execute(sa.delete(REPLICA).where(REPLICA.c.id == me))

    async def _alone(self, me: str) -> None:
        """The row of the one process, in place of any that died without a word."""
        now = asyncio.get_running_loop().time()
        if self._said_at is not None and now - self._said_at < HEARTBEAT_EVERY.total_seconds():
            return
        self._said_at = now
        async with self._writing() as conn:
            await conn.execute(sa.delete(REPLICA))
            seen_at = sa.func.strftime("%Y-%m-%d %H:%M:%f", "now")
            await conn.execute(sa.insert(REPLICA).values(id=me, seen_at=seen_at, limited={}))

    async def last_heartbeat(self) -> timedelta | None:
        """See `warroom.stores.Processes.last_heartbeat`."""
        latest = sa.func.max(REPLICA.c.seen_at)
        age: sa.ColumnElement[Any]
        if self._shared:
            age = sa.cast(sa.extract("epoch", sa.func.clock_timestamp() - latest), sa.Float)
        else:
            age = (sa.func.julianday("now") - sa.func.julianday(latest)) * 86_400
        async with self._reading() as conn:
            seconds = (await conn.execute(sa.select(age))).scalar()
        return None if seconds is None else timedelta(seconds=max(0.0, float(seconds)))


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
