"""What whoever runs the bot asks: the audit trail, counts, tidying up, and whether the database can be read and written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sql import rows
from storage.sql.connection import Connected
from storage.sql.incidents import OPEN
from storage.sql.schema import require_usable
from storage.sql.tables import ALERT, AUDIT, ENVELOPE, INCIDENT, JOB, QUARANTINE, REPLICA, SERVICE_CHANGE
from warroom.outbox.changes import Audited, StoreStats

CHANGES_KEPT = timedelta(days=90)
"""So much longer what was changed in what runs is kept: post-mortems look back."""
CHECK = "write check"
CHECK_SIZE = 16 * 1024
"""Characters that `check_writable` writes: more than fits into the free space of a page, so that a full disk is noticed."""


class SqlOperations(Connected):
    """`warroom.stores.Operations`."""

    _clean_up: Callable[[], None]

    async def audit(self, incident: str | None = None, limit: int = 50) -> list[Audited]:
        """Newest first; about one incident or everything."""
        query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if incident is not None:
            query = query.where(AUDIT.c.incident == incident)
        async with self._reading() as conn:
            return [rows.audited_of(row) for row in (await conn.execute(query)).mappings()]

    async def store_stats(self) -> StoreStats:
        """Counted now; every count has an index that holds only what it counts."""
        async with self._reading() as conn:
            return await _store_stats(conn)

    async def purge(self, before: datetime) -> int:
        """How many rows were deleted. Incidents, timelines, firings, attached alerts and unfinished work stay.

        `before` is days ago, not minutes: a deleted effect could be asked for again, a deleted delivery accepted again.
        """
        async with self._writing() as conn:
            return sum([(await conn.execute(statement)).rowcount for statement in _over(before)])

    async def ready(self) -> None:
        """Raises StoreUnavailable unless the database answers and its schema is ours."""
        async with self._reading() as conn:
            await conn.run_sync(require_usable)

    async def check_writable(self) -> None:
        """Commits a row that was written and deleted again. Raises StoreUnavailable."""
        row: dict[str, Any] = {
            "id": CHECK,
            "seen_at": datetime(1970, 1, 1, tzinfo=UTC),
            "limited": {"": "x" * CHECK_SIZE},
        }

        async def once() -> None:
            async with self._writing() as conn:
                await conn.execute(sa.insert(REPLICA), [row])
                await conn.execute(sa.delete(REPLICA).where(REPLICA.c.id == CHECK))

        await self._commit_again(once)

    async def close(self) -> None:
        """Waits for the writer at work; afterwards every method raises StoreUnavailable."""
        await self._close()
        self._clean_up()


async def _store_stats(conn: AsyncConnection) -> StoreStats:
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
        undecided=await count(ALERT, ALERT.c.outcome.is_(None)),
        quarantined=await count(QUARANTINE),
    )


def _over(before: datetime) -> list[sa.Delete]:
    """Done jobs, deliveries worked off, alerts that came to nothing, and what nobody could use."""
    return [
        sa.delete(JOB).where(
            JOB.c.due_at.is_(None),
            JOB.c.created_at < before,
            sa.func.coalesce(JOB.c.dead_at, JOB.c.created_at) < before,
        ),
        sa.delete(QUARANTINE).where(QUARANTINE.c.received_at < before),
        sa.delete(SERVICE_CHANGE).where(SERVICE_CHANGE.c.at < before - CHANGES_KEPT),
        sa.delete(ENVELOPE).where(ENVELOPE.c.done_at < before),
        sa.delete(ALERT).where(
            ALERT.c.received_at < before, ALERT.c.outcome.is_not(None), ALERT.c.incident_id.is_(None)
        ),
    ]
