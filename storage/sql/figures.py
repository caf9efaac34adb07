"""The figures of incidents. They are kept beside the incidents and measured anew for those that changed since."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import codec
from storage.sql import rows
from storage.sql.connection import Connected
from storage.sql.dialect import upsert
from storage.sql.tables import ENTRY, FIGURES, FIRING, INCIDENT
from warroom.incident.timeline import Entry
from warroom.metrics.measure import measured
from warroom.metrics.model import FORMAT, IncidentFigures, figures_from
from warroom.outbox.changes import Firing

AT_ONCE = 100
"""Incidents that are measured together: so many timelines are in memory at a time."""


class SqlFigures(Connected):
    """`warroom.stores.Figures`."""

    async def figures(self, since: datetime, until: datetime) -> list[IncidentFigures]:
        """See `warroom.stores.Figures.figures`."""
        span = sa.and_(INCIDENT.c.declared_at >= since, INCIDENT.c.declared_at < until)
        changed = await self._changed(span)
        for start in range(0, len(changed), AT_ONCE):
            await self._measure(changed[start : start + AT_ONCE])
        query = sa.select(FIGURES.c.body).join(INCIDENT, INCIDENT.c.id == FIGURES.c.incident_id).where(span)
        async with self._reading() as conn:
            bodies = (await conn.execute(query.order_by(INCIDENT.c.declared_at, INCIDENT.c.number))).scalars().all()
        # Ten thousand of them take a fifth of a second: beside the loop, not on it.
        return await asyncio.to_thread(_read, bodies)

    async def measure(self, limit: int) -> int:
        """See `warroom.stores.Figures.measure`."""
        changed = await self._changed(sa.true(), limit)
        if changed:
            await self._measure(changed)
        return len(changed)

    async def _changed(self, span: sa.ColumnElement[bool], limit: int | None = None) -> list[str]:
        """Ids of the incidents whose figures are missing, or of an earlier version or format."""
        known = sa.and_(
            FIGURES.c.incident_id == INCIDENT.c.id, FIGURES.c.version == INCIDENT.c.version, FIGURES.c.format == FORMAT
        )
        query = sa.select(INCIDENT.c.id).outerjoin(FIGURES, known).where(span, FIGURES.c.incident_id.is_(None))
        async with self._reading() as conn:
            return list((await conn.execute(query.order_by(INCIDENT.c.id).limit(limit))).scalars())

    async def _measure(self, ids: Sequence[str]) -> None:
        entries = sa.select(ENTRY.c.incident_id, ENTRY.c.body).where(ENTRY.c.incident_id.in_(ids))
        firings = sa.select(FIRING.c.incident_id, FIRING.c.body).where(FIRING.c.incident_id.in_(ids))
        async with self._reading() as conn:
            # The incidents first: what is added to a timeline meanwhile has a later version, and is measured next time.
            incidents = (await conn.execute(sa.select(INCIDENT).where(INCIDENT.c.id.in_(ids)))).mappings().all()
            lines = (await conn.execute(entries.order_by(ENTRY.c.at, ENTRY.c.seq))).all()
            fired = (await conn.execute(firings)).all()
        new = await asyncio.to_thread(_measured, incidents, lines, fired)
        async with self._writing() as conn:
            await upsert(conn, FIGURES, ["incident_id"], new)


def _measured(
    incidents: Sequence[sa.RowMapping],
    lines: Sequence[Any],
    fired: Sequence[Any],
) -> list[dict[str, object]]:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for line in lines:
        entries[line.incident_id].append(codec.from_body(Entry, line.body))
    firings: dict[str, list[Firing]] = defaultdict(list)
    for each in fired:
        firings[each.incident_id].append(codec.from_body(Firing, each.body))
    found = []
    for row in incidents:
        figures = measured(rows.incident_of(row), entries[row["id"]], firings[row["id"]])
        body = figures.to_json()
        found.append({"incident_id": row["id"], "version": row["version"], "format": FORMAT, "body": body})
    return found


def _read(bodies: Sequence[str]) -> list[IncidentFigures]:
    return [figures_from(body) for body in bodies]
