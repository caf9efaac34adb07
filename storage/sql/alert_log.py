"""Alerts as they arrived, what became of them, what fires, what could not be used, and how far channels were read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec, keys
from storage.sql import rows
from storage.sql.connection import Connected
from storage.sql.dialect import insert, upsert
from storage.sql.tables import ALERT, FIRING, FIRING_KEY, INCIDENT, QUARANTINE, READ_CURSOR
from warroom.alerts.quarantine import over_limit
from warroom.incident.model import Incident
from warroom.outbox.changes import AlertDecision, Firing, Quarantined, ReadCursor, ReceivedAlert


class SqlAlertLog(Connected):
    """`warroom.stores.AlertLog`."""

    async def firings(self, incident_id: str, limit: int = 100) -> list[Firing]:
        """Newest `last_seen_at` first."""
        mine = sa.select(FIRING.c.body).where(FIRING.c.incident_id == incident_id)
        query = mine.order_by(FIRING.c.last_seen_at.desc(), FIRING.c.dedup_key).limit(limit)
        async with self._reading() as conn:
            return [codec.from_body(Firing, body) for body in (await conn.execute(query)).scalars()]

    async def firings_for(self, keys: Sequence[str], limit: int = 10) -> list[tuple[Firing, Incident]]:
        """Those that share any of the keys, newest incident first."""
        if not keys:
            return []
        shared = (
            sa.select(FIRING_KEY.c.incident_id, FIRING_KEY.c.dedup_key)
            .where(FIRING_KEY.c.key.in_(list(keys)))
            .distinct()
        ).subquery()
        same = sa.and_(FIRING.c.incident_id == shared.c.incident_id, FIRING.c.dedup_key == shared.c.dedup_key)
        query = (
            sa.select(FIRING.c.body.label("firing"), INCIDENT.c.body, INCIDENT.c.version)
            .join(shared, same)
            .join(INCIDENT, INCIDENT.c.id == FIRING.c.incident_id)
            .order_by(INCIDENT.c.number.desc(), FIRING.c.last_seen_at.desc(), FIRING.c.dedup_key)
            .limit(limit)
        )
        async with self._reading() as conn:
            found = (await conn.execute(query)).mappings()
            return [(codec.from_body(Firing, row["firing"]), rows.incident_of(row)) for row in found]

    async def pending_alerts(self, limit: int) -> list[ReceivedAlert]:
        """Not decided yet, in order of arrival."""
        query = sa.select(ALERT).where(ALERT.c.outcome.is_(None)).order_by(ALERT.c.seq).limit(limit)
        async with self._reading() as conn:
            return [rows.alert_of(row) for row in (await conn.execute(query)).mappings()]

    async def alerts(self, limit: int = 50) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """Newest first, with what became of them."""
        query = sa.select(ALERT).order_by(ALERT.c.seq.desc()).limit(limit)
        async with self._reading() as conn:
            found = (await conn.execute(query)).mappings()
            return [(rows.alert_of(row), rows.alert_decision_of(row)) for row in found]

    async def alerts_after(
        self, seq: int, since: datetime, limit: int
    ) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """In order of arrival, with what became of them."""
        later = sa.and_(ALERT.c.seq > seq, ALERT.c.received_at >= since)
        query = sa.select(ALERT).where(later).order_by(ALERT.c.seq).limit(limit)
        async with self._reading() as conn:
            found = (await conn.execute(query)).mappings()
            return [(rows.alert_of(row), rows.alert_decision_of(row)) for row in found]

    async def quarantined(self, limit: int = 50) -> list[Quarantined]:
        """Newest first."""
        return await self._quarantined(sa.select(QUARANTINE).order_by(QUARANTINE.c.seq.desc()).limit(limit))

    async def quarantined_as(self, quarantine_id: str) -> Quarantined | None:
        """By id."""
        found = await self._quarantined(sa.select(QUARANTINE).where(QUARANTINE.c.id == quarantine_id))
        return found[0] if found else None

    async def _quarantined(self, query: sa.Select[tuple[object, ...]]) -> list[Quarantined]:
        async with self._reading() as conn:
            return [rows.quarantined_of(row) for row in (await conn.execute(query)).mappings()]

    async def read_cursors(self) -> list[ReadCursor]:
        """By channel."""
        async with self._reading() as conn:
            found = await conn.execute(sa.select(READ_CURSOR).order_by(READ_CURSOR.c.channel_id))
            return [rows.read_cursor_of(row) for row in found.mappings()]


async def decide(conn: AsyncConnection, decisions: Sequence[AlertDecision]) -> int:
    """Write decisions. How many were not decided before; of several at once it may not be known (-1)."""
    if not decisions:
        return 0
    first = sa.and_(
        ALERT.c.delivery_id == sa.bindparam("decided_id", type_=ALERT.c.delivery_id.type), ALERT.c.outcome.is_(None)
    )
    values = [
        {
            "decided_id": each.delivery_id,
            "outcome": each.outcome.value,
            "incident_id": each.incident_id,
            "rule": each.rule,
            "why": each.why,
        }
        for each in sorted(decisions, key=lambda each: keys.key(each.delivery_id))
    ]
    names = ("outcome", "incident_id", "rule", "why")
    update = sa.update(ALERT).where(first).values({name: sa.bindparam(name) for name in names})
    return (await conn.execute(update, values[0] if len(values) == 1 else values)).rowcount


async def keep_firings(conn: AsyncConnection, firings: Sequence[Firing]) -> None:
    """Insert or replace firings and the keys that lead to them."""
    if not firings:
        return
    await upsert(conn, FIRING, ["incident_id", "dedup_key"], [rows.firing_row(each) for each in firings])
    identity = [{"of": each.incident_id, "by": each.dedup_key} for each in firings]
    old = sa.and_(
        FIRING_KEY.c.incident_id == sa.bindparam("of", type_=FIRING_KEY.c.incident_id.type),
        FIRING_KEY.c.dedup_key == sa.bindparam("by", type_=FIRING_KEY.c.dedup_key.type),
    )
    await conn.execute(sa.delete(FIRING_KEY).where(old), identity)
    new = [row for each in firings for row in rows.firing_key_rows(each)]
    await conn.execute(insert(conn.dialect.name, FIRING_KEY).on_conflict_do_nothing(), new)


async def remove_firings(conn: AsyncConnection, gone: Sequence[tuple[str, str]]) -> None:
    """Remove firings, by (incident id, dedup key), and the keys that lead to them."""
    if not gone:
        return
    identity = [{"of": incident_id, "by": dedup_key} for incident_id, dedup_key in gone]
    for table in (FIRING_KEY, FIRING):
        mine = sa.and_(
            table.c.incident_id == sa.bindparam("of", type_=table.c.incident_id.type),
            table.c.dedup_key == sa.bindparam("by", type_=table.c.dedup_key.type),
        )
        await conn.execute(sa.delete(table).where(mine), identity)


async def keep_read_cursors(conn: AsyncConnection, read_cursors: Sequence[ReadCursor]) -> None:
    """Move cursors forward; one never goes back."""
    if not read_cursors:
        return
    one = insert(conn.dialect.name, READ_CURSOR)
    newer = one.excluded.ts > READ_CURSOR.c.ts
    further = one.on_conflict_do_update(
        index_elements=["channel_id"], set_={"name": one.excluded.name, "ts": one.excluded.ts}, where=newer
    )
    await conn.execute(further, [each.model_dump() for each in sorted(read_cursors, key=lambda each: each.channel_id)])


async def keep_quarantined(conn: AsyncConnection, kept: Sequence[Quarantined], released: Sequence[str]) -> None:
    """Add and remove; the oldest go when there are too many or they are too large."""
    if released:
        await conn.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.id.in_(list(released))))
    if not kept:
        return
    one = insert(conn.dialect.name, QUARANTINE).on_conflict_do_nothing(index_elements=["id"])
    await conn.execute(one, [rows.quarantine_row(each) for each in kept])
    sizes = await conn.execute(sa.select(QUARANTINE.c.seq, QUARANTINE.c.size).order_by(QUARANTINE.c.seq.desc()))
    if going := over_limit((seq, size) for seq, size in sizes):
        await conn.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.seq.in_(going)))
