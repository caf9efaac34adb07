"""Incidents and their timelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import codec, keys
from storage.queues import Batch
from storage.sql import rows
from storage.sql.address import Address
from storage.sql.connection import Connected
from storage.sql.dialect import contains
from storage.sql.tables import ENTRY, INCIDENT
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry

OPEN = [state.value for state in State if state.open]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which incidents are asked for. `text` is folded."""

    open_only: bool
    closed_only: bool
    text: str
    limit: int


class SqlIncidents(Connected):
    """`warroom.stores.Incidents`."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        super().__init__(address, engine)
        self._by_id: Batch[str, Incident | None] = Batch(self._read_together, "incidents by id")
        self._lists: Batch[Listing, list[Incident]] = Batch(self._read_lists, "lists of incidents")

    async def _one_incident(self, where: sa.ColumnElement[bool]) -> Incident | None:
        found = await self._incidents(sa.select(INCIDENT).where(where).order_by(INCIDENT.c.number.desc()).limit(1))
        return found[0] if found else None

    async def _incidents(self, query: sa.Select[tuple[object, ...]]) -> list[Incident]:
        async with self._reading() as conn:
            return [rows.incident_of(row) for row in (await conn.execute(query)).mappings()]

    async def incident(self, incident_id: str) -> Incident | None:
        """By id. What performs effects side by side asks for the same incident at the same moment: it is read once."""
        return await self._by_id.join(incident_id)

    async def _read_together(self, ids: Sequence[str]) -> list[Incident | None]:
        wanted = [keys.key(each) for each in ids]
        async with self._reading() as conn:
            found = await conn.execute(sa.select(INCIDENT).where(INCIDENT.c.id.in_(sorted(set(wanted)))))
            by_key = {row["id"]: rows.incident_of(row) for row in found.mappings()}
        return [by_key.get(each) for each in wanted]

    async def incident_numbered(self, number: int) -> Incident | None:
        """By number; None for one that no incident can have."""
        return await self._one_incident(INCIDENT.c.number == number) if 0 < number < 2**31 else None

    async def incident_in(self, channel_id: str) -> Incident | None:
        """By its channel."""
        return await self._one_incident(INCIDENT.c.channel_id == channel_id)

    async def incident_from(self, origin_key: str) -> Incident | None:
        """By what caused it."""
        return await self._one_incident(INCIDENT.c.origin_key == origin_key)

    async def incident_grouped(self, group_key: str) -> Incident | None:
        """The newest with that group key, open or not."""
        return await self._one_incident(INCIDENT.c.group_key == group_key)

    async def incidents(
        self, *, open_only: bool = False, closed_only: bool = False, text: str = "", limit: int = 50
    ) -> list[Incident]:
        """Newest first; `text` matches title, description and summary. Many who ask for the same at the same moment, as when a
        crowd declares, share one answer: reading and checking the incidents is what costs.
        """
        wanted = Listing(open_only=open_only, closed_only=closed_only, text=keys.fold(text), limit=limit)
        if wanted.text:
            # A search may take long, and nobody else waits for it.
            return await self._incidents(self._listed(wanted))
        return list(await self._lists.join(wanted))

    async def _read_lists(self, wanted: Sequence[Listing]) -> list[list[Incident]]:
        found = {each: await self._incidents(self._listed(each)) for each in dict.fromkeys(wanted)}
        return [found[each] for each in wanted]

    def _listed(self, wanted: Listing) -> sa.Select[Any]:
        query = sa.select(INCIDENT).order_by(INCIDENT.c.number.desc()).limit(wanted.limit)
        if wanted.open_only:
            query = query.where(INCIDENT.c.state.in_(OPEN))
        if wanted.closed_only:
            query = query.where(INCIDENT.c.state.not_in(OPEN))
        if wanted.text:
            query = query.where(contains(self._address.kind, INCIDENT.c.search, wanted.text))
        return query

    async def last_number(self) -> int:
        """0 when there is no incident."""
        async with self._reading() as conn:
            return (await conn.execute(sa.select(sa.func.max(INCIDENT.c.number)))).scalar() or 0

    async def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        query = sa.select(ENTRY.c.body).where(ENTRY.c.incident_id == incident_id).order_by(ENTRY.c.at, ENTRY.c.seq)
        async with self._reading() as conn:
            return [codec.from_body(Entry, body) for body in (await conn.execute(query)).scalars()]
