"""How the record is, in numbers; every count has an index that holds only what it counts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import ALERT, INCIDENT, JOB, QUARANTINE
from warroom.incident.model import State
from warroom.outbox.changes import StoreStats

OPEN = [state.value for state in State if state.open]


async def store_stats(conn: AsyncConnection) -> StoreStats:
    """Counted now."""
    by_severity = sa.select(INCIDENT.c.severity, sa.func.count()).where(INCIDENT.c.state.in_(OPEN))
    found = await conn.execute(by_severity.group_by(INCIDENT.c.severity).order_by(INCIDENT.c.severity))
    pending = sa.and_(JOB.c.due_at.is_not(None), JOB.c.timer.is_(False))
    outbox = await conn.execute(sa.select(sa.func.count(), sa.func.min(JOB.c.created_at)).where(pending))
    waiting, since = outbox.one()

    async def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        return (await conn.execute(sa.select(sa.func.count()).select_from(table).where(*where))).scalar_one()

    return StoreStats(
        open_incidents=tuple((severity, number) for severity, number in found),
        waiting=waiting,
        waiting_since=since,
        dead_letters=await count(JOB, JOB.c.dead_at.is_not(None)),
        unjudged=await count(ALERT, ALERT.c.outcome.is_(None)),
        quarantined=await count(QUARANTINE),
    )
