"""The one way to write: a changeset in one transaction, everything or nothing."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage import keys
from storage.sql import jobs, rows
from storage.sql.address import Address
from storage.sql.alert_log import decide, keep_firings, keep_quarantined, keep_read_cursors
from storage.sql.commit_batcher import CommitBatcher, can_be_batched, write_together
from storage.sql.connection import Connected
from storage.sql.dialect import insert
from storage.sql.people import keep_directory
from storage.sql.tables import ALERT, AUDIT, ENTRY, ENVELOPE, INCIDENT, JOB
from warroom.errors import Conflict
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset


class SqlCommits(Connected):
    """`warroom.stores.Commits`."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        super().__init__(address, engine)
        self._batcher = CommitBatcher(self._commit_together)

    async def commit(self, change: Changeset) -> bool:
        """See `warroom.stores.Commits.commit`."""
        if can_be_batched(change):
            return await self._batcher.join(change)
        return await self._commit_again(lambda: self._commit(change))

    async def _commit_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            async with self._writing(urgent=True) as conn:
                return await write_together(conn, changes)

        return await self._commit_again(once)

    async def _commit(self, change: Changeset) -> bool:
        async with self._writing() as conn:
            written = await write(conn, change)
            if not written:
                await conn.rollback()
            return written


async def write(conn: AsyncConnection, change: Changeset) -> bool:
    """All of the changeset. False when it was known: then the caller rolls back."""
    await _lock(conn, change)
    if not await _take_in(conn, change) or not await _first_to_decide(conn, change):
        return False
    if change.claim_result:
        await jobs.settle(conn, change.claim_result, change.now)
    if change.incident:
        await _keep(conn, change.incident)
    if change.entries:
        entry = insert(conn.dialect.name, ENTRY).on_conflict_do_nothing(index_elements=["incident_id", "key"])
        await conn.execute(entry, [rows.entry_row(each) for each in change.entries])
    await jobs.arm(conn, change.timers, change.now)
    await jobs.enqueue(conn, change.effects, change.now)
    await decide(conn, [each for each in change.judged if each.delivery_id not in change.judges])
    await keep_firings(conn, change.firings)
    await keep_read_cursors(conn, change.read_cursors)
    await keep_quarantined(conn, change.quarantined, change.released)
    await keep_directory(conn, change)
    if change.audited:
        await conn.execute(sa.insert(AUDIT), [each.model_dump() for each in change.audited])
    if change.envelope_done is not None:
        mine = sa.and_(ENVELOPE.c.key == change.envelope_done, ENVELOPE.c.done_at.is_(None))
        await conn.execute(sa.update(ENVELOPE).where(mine).values(done_at=change.now))
    return True


async def _lock(conn: AsyncConnection, change: Changeset) -> None:
    """On PostgreSQL, take the rows that two writers may both want in one order: incident, then jobs by key."""
    if conn.dialect.name != "postgresql" or change.claim_result is None:
        return
    if change.incident:
        await conn.execute(sa.select(INCIDENT.c.id).where(INCIDENT.c.id == change.incident.id).with_for_update())
    wanted = [change.claim_result.key, *(effect.key for effect in change.effects)]
    wanted += [keys.timer_key(timer.incident_id, timer.kind) for timer in change.timers]
    if len(wanted) > 1:
        locked = sa.select(JOB.c.key).where(JOB.c.key.in_(wanted)).order_by(JOB.c.key)
        await conn.execute(locked.with_for_update())


async def _take_in(conn: AsyncConnection, change: Changeset) -> bool:
    """Store what was delivered; False when all of it was known."""
    dialect = conn.dialect.name
    if change.envelope:
        one = insert(dialect, ENVELOPE).values(rows.envelope_row(change.envelope))
        result = await conn.execute(one.on_conflict_do_nothing(index_elements=["key"]))
        if result.rowcount == 0:
            return False
    if change.received:
        alerts = insert(dialect, ALERT).on_conflict_do_nothing(index_elements=["delivery_id"]).returning(ALERT.c.seq)
        new = await conn.execute(alerts, [rows.alert_row(each) for each in change.received])
        return bool(new.all())
    return True


async def _first_to_decide(conn: AsyncConnection, change: Changeset) -> bool:
    """Whether no alert this is about was decided before. Whoever comes second waits here for the first to end."""
    mine = [each for each in change.judged if each.delivery_id in change.judges]
    if len(mine) < len(change.judges):
        return False
    if len(mine) > 1:
        free = sa.select(ALERT.c.delivery_id).where(ALERT.c.delivery_id.in_(change.judges), ALERT.c.outcome.is_(None))
        found = await conn.execute(free.order_by(ALERT.c.delivery_id).with_for_update())
        if len(found.all()) < len(mine):
            return False
    return not mine or await decide(conn, mine) != 0


async def _keep(conn: AsyncConnection, incident: Incident) -> None:
    row = rows.incident_row(incident)
    if incident.version == 0:
        result = await conn.execute(insert(conn.dialect.name, INCIDENT).values(row).on_conflict_do_nothing())
        if result.rowcount == 0:
            raise Conflict(
                f"The number {incident.number}, the origin {keys.key(incident.origin_key)} or the channel was taken "
                "by another writer. Load and decide again."
            )
        return
    same = sa.and_(INCIDENT.c.id == incident.id, INCIDENT.c.version == incident.version)
    result = await conn.execute(sa.update(INCIDENT).where(same).values(row))
    if result.rowcount == 0:
        raise Conflict(f"{incident.name} is not at version {incident.version} any more. Load and decide again.")
