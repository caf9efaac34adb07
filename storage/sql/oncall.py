"""Overrides of schedules, and what was last said about each schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.sql import rows
from storage.sql.connection import Connected
from storage.sql.dialect import insert
from storage.sql.tables import CALENDAR, FEED_LINK, OVERRIDE, SCHEDULE_STATE
from warroom.errors import Conflict
from warroom.oncall.model import Calendar, FeedLink, Override, ScheduleState


class SqlOnCall(Connected):
    """`warroom.stores.OnCall`."""

    async def override(self, override_id: str) -> Override | None:
        """By id."""
        found = await self._overrides(OVERRIDE.c.id == override_id)
        return found[0] if found else None

    async def overrides(self, since: datetime, until: datetime) -> list[Override]:
        """Those of all schedules that touch the time, by start."""
        return await self._overrides(sa.and_(OVERRIDE.c.end_at > since, OVERRIDE.c.start_at < until))

    async def _overrides(self, where: sa.ColumnElement[bool]) -> list[Override]:
        query = sa.select(OVERRIDE).where(where).order_by(OVERRIDE.c.start_at, OVERRIDE.c.id)
        async with self._reading() as conn:
            return [rows.override_of(row) for row in (await conn.execute(query)).mappings()]

    async def schedule_state(self, schedule: str) -> ScheduleState | None:
        """Of the schedule with that key."""
        query = sa.select(SCHEDULE_STATE).where(SCHEDULE_STATE.c.schedule == schedule)
        async with self._reading() as conn:
            row = (await conn.execute(query)).mappings().first()
        return rows.schedule_state_of(row) if row else None

    async def calendar(self, schedule: str) -> Calendar | None:
        """Of the schedule with that key."""
        async with self._reading() as conn:
            row = (await conn.execute(sa.select(CALENDAR).where(CALENDAR.c.schedule == schedule))).mappings().first()
        return codec.from_body(Calendar, row["body"]) if row else None

    async def feed_link(self, link_id: str) -> FeedLink | None:
        """By id."""
        async with self._reading() as conn:
            row = (await conn.execute(sa.select(FEED_LINK).where(FEED_LINK.c.id == link_id))).mappings().first()
        return rows.feed_link_of(row) if row else None

    async def feed_links(self, person: str | None = None) -> list[FeedLink]:
        """Of that person, or of everybody, oldest first."""
        query = sa.select(FEED_LINK).order_by(FEED_LINK.c.made_at, FEED_LINK.c.id)
        if person is not None:
            query = query.where(FEED_LINK.c.person == person)
        async with self._reading() as conn:
            return [rows.feed_link_of(row) for row in (await conn.execute(query)).mappings()]


async def keep_feed_links(conn: AsyncConnection, links: Sequence[FeedLink], revoked: Sequence[str]) -> None:
    """Insert the new ones, remove those that were revoked."""
    if revoked:
        await conn.execute(sa.delete(FEED_LINK).where(FEED_LINK.c.id.in_(revoked)))
    if links:
        await conn.execute(sa.insert(FEED_LINK), [rows.feed_link_row(each) for each in links])


async def keep_calendars(conn: AsyncConnection, calendars: Sequence[Calendar]) -> None:
    """Each in the place of the one before it."""
    for each in sorted(calendars, key=lambda one: one.schedule):
        row = {"schedule": each.schedule, "body": codec.to_body(each)}
        put = insert(conn.dialect.name, CALENDAR).values(row)
        await conn.execute(put.on_conflict_do_update(index_elements=["schedule"], set_={"body": row["body"]}))


async def keep_schedule_states(conn: AsyncConnection, states: Sequence[ScheduleState]) -> None:
    """Insert those of version 0, replace the others. Raises Conflict when one was changed, or made, by somebody else."""
    for each in sorted(states, key=lambda one: one.schedule):
        if not await _kept(conn, SCHEDULE_STATE, "schedule", rows.schedule_state_row(each), each.version):
            raise Conflict(f"What is known of the schedule {each.schedule} was changed by somebody else.")


async def keep_overrides(conn: AsyncConnection, overrides: Sequence[Override]) -> None:
    """Insert those of version 0, replace the others. Raises Conflict when one was changed, or made, by somebody else."""
    for each in sorted(overrides, key=lambda one: one.id):
        if not await _kept(conn, OVERRIDE, "id", rows.override_row(each), each.version):
            raise Conflict(f"The override {each.id} was changed by somebody else.")


async def _kept(conn: AsyncConnection, table: sa.Table, key: str, row: Mapping[str, Any], version: int) -> bool:
    """Whether the row was written: a new one for version 0, else in the place of the one of that version."""
    if version == 0:
        new = insert(conn.dialect.name, table).values(row).on_conflict_do_nothing().returning(table.c[key])
        return (await conn.execute(new)).first() is not None
    mine = sa.and_(table.c[key] == row[key], table.c.version == version)
    changed = sa.update(table).where(mine).values(row).returning(table.c[key])
    return (await conn.execute(changed)).first() is not None
