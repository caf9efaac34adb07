"""The steps of a commit, in its one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.names import COMPLETE, VERSION
from storage.quarantine import too_many
from storage.sql import jobs, rows
from storage.sql.dialect import insert
from storage.tables import (
    ALERT,
    AUDIT,
    ENTRY,
    ENVELOPE,
    FIRING,
    FIRING_KEY,
    GROUP,
    INCIDENT,
    JOB,
    META,
    PERSON,
    POSITION,
    QUARANTINE,
)
from warroom.errors import Conflict
from warroom.incident.model import Incident
from warroom.outbox.changes import AlertDecision, Changeset, Firing, Quarantined, ReadCursor

NUMBERING = 0x57415253
"""PostgreSQL's advisory lock of whoever gives a number to an incident, until the transaction ends."""


async def following_number(conn: AsyncConnection) -> int:
    """The number of the incident that this transaction stores. Nobody else is given one before it ends."""
    if conn.dialect.name == "postgresql":
        # A statement of its own: the next one sees what whoever held the lock before has committed.
        await conn.execute(sa.select(sa.func.pg_advisory_xact_lock(NUMBERING)))
    highest: int | None = (await conn.execute(sa.select(sa.func.max(INCIDENT.c.number)))).scalar()
    return (highest or 0) + 1


async def write(conn: AsyncConnection, change: Changeset) -> bool:
    """All of the changeset. False when it was known: then the caller rolls back."""
    await _lock(conn, change)
    if not await _take_in(conn, change) or not await _first_to_judge(conn, change):
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
    await _judge(conn, [each for each in change.judged if each.delivery_id not in change.judges])
    await _keep_firings(conn, change.firings)
    await _keep_read_cursors(conn, change.read_cursors)
    await _quarantine(conn, change.quarantined, change.released)
    await _keep_directory(conn, change)
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
    keys = [change.claim_result.key, *(effect.key for effect in change.effects)]
    keys += [codec.timer_key(timer.incident_id, timer.kind) for timer in change.timers]
    if len(keys) > 1:
        wanted = sa.select(JOB.c.key).where(JOB.c.key.in_(keys)).order_by(JOB.c.key)
        await conn.execute(wanted.with_for_update())


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


async def _first_to_judge(conn: AsyncConnection, change: Changeset) -> bool:
    """Whether no alert this is about was judged before. Whoever comes second waits here for the first to end."""
    mine = [each for each in change.judged if each.delivery_id in change.judges]
    if len(mine) < len(change.judges):
        return False
    if len(mine) > 1:
        free = sa.select(ALERT.c.delivery_id).where(ALERT.c.delivery_id.in_(change.judges), ALERT.c.outcome.is_(None))
        found = await conn.execute(free.order_by(ALERT.c.delivery_id).with_for_update())
        if len(found.all()) < len(mine):
            return False
    return not mine or await _judge(conn, mine) != 0


async def _keep(conn: AsyncConnection, incident: Incident) -> None:
    row = rows.incident_row(incident)
    if incident.version == 0:
        result = await conn.execute(insert(conn.dialect.name, INCIDENT).values(row).on_conflict_do_nothing())
        if result.rowcount == 0:
            raise Conflict(
                f"The number {incident.number}, the origin {codec.key(incident.origin_key)} or the channel was taken "
                "by another writer. Load and decide again."
            )
        return
    same = sa.and_(INCIDENT.c.id == incident.id, INCIDENT.c.version == incident.version)
    result = await conn.execute(sa.update(INCIDENT).where(same).values(row))
    if result.rowcount == 0:
        raise Conflict(f"{incident.name} is not at version {incident.version} any more. Load and decide again.")


async def _judge(conn: AsyncConnection, judged: Sequence[AlertDecision]) -> int:
    """How many were not judged before; of several at once it may not be known (-1)."""
    if not judged:
        return 0
    first = sa.and_(
        ALERT.c.delivery_id == sa.bindparam("judged_id", type_=ALERT.c.delivery_id.type), ALERT.c.outcome.is_(None)
    )
    values = [
        {
            "judged_id": each.delivery_id,
            "outcome": each.outcome.value,
            "incident_id": each.incident_id,
            "rule": each.rule,
            "why": each.why,
        }
        for each in sorted(judged, key=lambda each: codec.key(each.delivery_id))
    ]
    names = ("outcome", "incident_id", "rule", "why")
    update = sa.update(ALERT).where(first).values({name: sa.bindparam(name) for name in names})
    return (await conn.execute(update, values[0] if len(values) == 1 else values)).rowcount


async def _keep_firings(conn: AsyncConnection, firings: Sequence[Firing]) -> None:
    if not firings:
        return
    await _upsert(conn, FIRING, ["incident_id", "dedup_key"], [rows.firing_row(each) for each in firings])
    identity = [{"of": each.incident_id, "by": each.dedup_key} for each in firings]
    old = sa.and_(
        FIRING_KEY.c.incident_id == sa.bindparam("of", type_=FIRING_KEY.c.incident_id.type),
        FIRING_KEY.c.dedup_key == sa.bindparam("by", type_=FIRING_KEY.c.dedup_key.type),
    )
    await conn.execute(sa.delete(FIRING_KEY).where(old), identity)
    keys = [
        {"incident_id": each.incident_id, "dedup_key": each.dedup_key, "key": key}
        for each in firings
        for key in sorted({each.dedup_key, *each.keys})
    ]
    await conn.execute(insert(conn.dialect.name, FIRING_KEY).on_conflict_do_nothing(), keys)


async def _keep_read_cursors(conn: AsyncConnection, read_cursors: Sequence[ReadCursor]) -> None:
    if not read_cursors:
        return
    one = insert(conn.dialect.name, POSITION)
    newer = one.excluded.ts > POSITION.c.ts
    further = one.on_conflict_do_update(
        index_elements=["channel_id"], set_={"name": one.excluded.name, "ts": one.excluded.ts}, where=newer
    )
    await conn.execute(further, [each.model_dump() for each in sorted(read_cursors, key=lambda each: each.channel_id)])


async def _quarantine(conn: AsyncConnection, kept: Sequence[Quarantined], released: Sequence[str]) -> None:
    if released:
        await conn.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.id.in_(list(released))))
    if not kept:
        return
    one = insert(conn.dialect.name, QUARANTINE).on_conflict_do_nothing(index_elements=["id"])
    await conn.execute(one, [rows.quarantine_row(each) for each in kept])
    sizes = await conn.execute(sa.select(QUARANTINE.c.seq, QUARANTINE.c.size).order_by(QUARANTINE.c.seq.desc()))
    if going := too_many((seq, size) for seq, size in sizes):
        await conn.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.seq.in_(going)))


async def _keep_directory(conn: AsyncConnection, change: Changeset) -> None:
    dialect = conn.dialect.name
    if change.people:
        await _upsert(conn, PERSON, ["id"], [rows.person_row(each) for each in change.people])
    if change.groups:
        await _upsert(conn, GROUP, ["id"], [rows.group_row(each) for each in change.groups])
    if change.people or change.groups:
        counter = insert(dialect, META).values(name=VERSION, number=1)
        await conn.execute(counter.on_conflict_do_update(index_elements=["name"], set_={"number": META.c.number + 1}))
    if change.directory_complete:
        flag = insert(dialect, META).values(name=COMPLETE, number=1)
        await conn.execute(flag.on_conflict_do_nothing(index_elements=["name"]))


async def _upsert(conn: AsyncConnection, table: sa.Table, identity: list[str], values: list[dict[str, Any]]) -> None:
    """Insert or replace whole rows, in the order of their identity so that two writers never wait in a circle."""
    statement = insert(conn.dialect.name, table)
    rest = {name: statement.excluded[name] for name in values[0] if name not in identity}
    values.sort(key=lambda row: [str(row[name]) for name in identity])
    await conn.execute(statement.on_conflict_do_update(index_elements=identity, set_=rest), values)
