"""Deleting what is over: done jobs, deliveries worked off, alerts that came to nothing, what nobody could use."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import ALERT, ENVELOPE, JOB, QUARANTINE


async def purge(conn: AsyncConnection, before: datetime) -> int:
    """How many rows were deleted. Incidents, timelines, firings, attached alerts and unfinished work stay."""
    over = [
        sa.delete(JOB).where(
            JOB.c.due_at.is_(None),
            JOB.c.created_at < before,
            sa.func.coalesce(JOB.c.dead_at, JOB.c.created_at) < before,
        ),
        sa.delete(QUARANTINE).where(QUARANTINE.c.received_at < before),
        sa.delete(ENVELOPE).where(ENVELOPE.c.done_at < before),
        sa.delete(ALERT).where(
            ALERT.c.received_at < before, ALERT.c.outcome.is_not(None), ALERT.c.incident_id.is_(None)
        ),
    ]
    return sum([(await conn.execute(statement)).rowcount for statement in over])
