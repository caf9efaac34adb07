"""The store over a database: every method is one short transaction."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import codec
from storage.address import Address
from storage.batch import Batch
from storage.errors import DatabaseFromTheFuture, Unreadable
from storage.faults import Again, translated
from storage.row import Row
from storage.sql import full_dump, jobs, purge, replicas, rows
from storage.sql.commit_batcher import CommitBatcher, can_be_batched, write_together
from storage.sql.dialect import contains
from storage.sql.people import SqlPeople
from storage.sql.store_stats import store_stats
from storage.sql.write import following_number, is_settlement, write, write_merged, write_settlements
from storage.tables import ALERT, AUDIT, ENTRY, ENVELOPE, FIRING, FIRING_KEY, INCIDENT, JOB, QUARANTINE, READ_CURSOR
from storage.turns import IncidentTurn, Turns
from warroom.errors import Conflict
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.outbox.changes import (
    AlertDecision,
    Audited,
    Changeset,
    Claim,
    DeadLetter,
    Envelope,
    Firing,
    Quarantined,
    ReadCursor,
    ReceivedAlert,
    Replicas,
    StoreStats,
)

_OPEN = [state.value for state in State if state.open]


T = TypeVar("T")


async def _again(transaction: Callable[[], Awaitable[T]]) -> T:
    for _ in range(3):
        try:
            return await transaction()
        except Again:
            continue
    raise Conflict("Several writers kept standing in each other's way. Load and decide again.")


class SqlStore(SqlPeople):
    """`warroom.ports.Store` over SQLite or PostgreSQL. Opened by `storage.open_store`; safe to use from many tasks."""

    def __init__(
        self,
        address: Address,
        engine: AsyncEngine,
        check: Callable[[sa.Connection], None],
        clean_up: Callable[[], None],
    ) -> None:
        super().__init__(address, engine)
        self._batcher = CommitBatcher(self._commit_together)
        self._new: Batch[Callable[[int], Changeset], Changeset | None] = Batch(self._commit_new, "new incidents")
        self._settlements = Batch(self._settle_together, "settlements")
        self._turns = Turns(self._commit_links)
        self._check = check
        self._clean_up = clean_up

    # -- writing

    async def commit(self, change: Changeset) -> bool:
        """See `warroom.ports.Store.commit`."""
        if can_be_batched(change):
            return await self._batcher.join(change)
        if is_settlement(change):
            return await self._settlements.join(change)
        turn = self._turns.held(change.incident.id) if change.incident else None
        return await (turn.commit(change) if turn else self._commit(change))

    async def _commit_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            async with self._writing(urgent=True) as conn:
                return await write_together(conn, changes)

        return await _again(once)

    async def _commit(self, change: Changeset) -> bool:
        async def once() -> bool:
            # Somebody waits for what they did; what a claim came to waits for nobody.
            async with self._writing(urgent=change.claim_result is None) as conn:
                written = await write(conn, change)
                if not written:
                    await conn.rollback()
                return written

        return await _again(once)

    async def _settle_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            # Until its claim has ended, an effect takes the place of the next one, which may be an answer.
            async with self._writing(urgent=True) as conn:
                await write_settlements(conn, changes)
            return [True] * len(changes)

        return await _again(once)

    async def _commit_links(self, changes: Sequence[Changeset]) -> list[bool]:
        if len(changes) == 1:
            return [await self._commit(changes[0])]

        async def once() -> None:
            async with self._writing(urgent=True) as conn:
                await write_merged(conn, changes)

        await _again(once)
        return [True] * len(changes)

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """See `warroom.ports.Store.commit_new`."""
        return await self._new.join(build)

    async def _commit_new(self, builds: Sequence[Callable[[int], Changeset]]) -> list[Changeset | None]:
        async def once() -> list[Changeset | None]:
            async with self._writing(urgent=True) as conn:
                number = await following_number(conn)
                changes = [build(number + n) for n, build in enumerate(builds)]
                if len(changes) > 1:
                    await write_merged(conn, changes)
                elif not await write(conn, changes[0]):
                    await conn.rollback()
                    return [None]
                return list(changes)

        return await _again(once)

    def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AbstractAsyncContextManager[IncidentTurn]:
        """See `warroom.ports.Store.in_turn`."""
        return self._turns.of(incident_id, urgent=urgent, alone=alone)

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """See `warroom.ports.Store.claim`. A job that cannot be read becomes a dead letter; one of a newer version is left to it."""
        async with self._reading() as conn:
            if not (await conn.execute(jobs.something_due(now))).first():
                return []
        # Among what is due may be an answer that somebody waits for.
        async with self._writing(urgent=True) as conn:
            taken = await jobs.claim(conn, now, limit, lease)
            claims = []
            for row in taken:
                try:
                    claims.append(jobs.claimed(row))
                except DatabaseFromTheFuture:
                    continue
                except Unreadable as error:
                    await jobs.settle(conn, jobs.burial(row, error), now)
            return claims

    async def release_stale_leases(self, now: datetime) -> int:
        """See `warroom.ports.Store.take_over`."""
        if self._shared:
            return 0
        async with self._writing() as conn:
            return (await conn.execute(jobs.released(now))).rowcount

    async def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """See `warroom.ports.Store.pull_in`."""

        async def once() -> int:
            async with self._writing() as conn:
                return (await conn.execute(jobs.pulled_in(now, lease))).rowcount

        return await _again(once)

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """See `warroom.ports.Store.beat`."""
        if not self._shared:
            return Replicas()

        async def once() -> Replicas:
            async with self._writing() as conn:
                return await replicas.heartbeat(conn, me, limited)

        return await _again(once)

    async def deregister(self, me: str) -> None:
        """See `warroom.ports.Store.leave`."""
        if self._shared:
            async with self._writing() as conn:
                await replicas.deregister(conn, me)

    async def purge(self, before: datetime) -> int:
        """Delete what is over since before that time, in rows; see `storage.sql.purge` for what that is.

        `before` is days ago, not minutes: a deleted effect could be asked for again, a deleted delivery accepted again.
        """
        async with self._writing() as conn:
            return await purge.purge(conn, before)

    # -- incidents

    async def _one_incident(self, where: sa.ColumnElement[bool]) -> Incident | None:
        found = await self._incidents(sa.select(INCIDENT).where(where).order_by(INCIDENT.c.number.desc()).limit(1))
        return found[0] if found else None

    async def _incidents(self, query: sa.Select[tuple[object, ...]]) -> list[Incident]:
        async with self._reading() as conn:
            return [rows.incident_of(row) for row in (await conn.execute(query)).mappings()]

    async def incident(self, incident_id: str) -> Incident | None:
        """By id."""
        return await self._one_incident(INCIDENT.c.id == incident_id)

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

    async def incidents(self, *, open_only: bool = False, text: str = "", limit: int = 50) -> list[Incident]:
        """Newest first; see `warroom.ports.Store.incidents`."""
        query = sa.select(INCIDENT).order_by(INCIDENT.c.number.desc()).limit(limit)
        if open_only:
            query = query.where(INCIDENT.c.state.in_(_OPEN))
        if wanted := codec.fold(text):
            query = query.where(contains(self._address.kind, INCIDENT.c.search, wanted))
        return await self._incidents(query)

    async def last_number(self) -> int:
        """0 when there is no incident."""
        async with self._reading() as conn:
            return (await conn.execute(sa.select(sa.func.max(INCIDENT.c.number)))).scalar() or 0

    async def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        query = sa.select(ENTRY.c.body).where(ENTRY.c.incident_id == incident_id).order_by(ENTRY.c.at, ENTRY.c.seq)
        async with self._reading() as conn:
            return [codec.from_body(Entry, body) for body in (await conn.execute(query)).scalars()]

    # -- alerts and deliveries

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
        """Not judged yet, in order of arrival."""
        query = sa.select(ALERT).where(ALERT.c.outcome.is_(None)).order_by(ALERT.c.seq).limit(limit)
        async with self._reading() as conn:
            return [rows.alert_of(row) for row in (await conn.execute(query)).mappings()]

    async def alerts(self, limit: int = 50) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """Newest first, with what became of them."""
        query = sa.select(ALERT).order_by(ALERT.c.seq.desc()).limit(limit)
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

    async def pending_envelopes(self, limit: int = 500) -> list[Envelope]:
        """Not worked off yet, in order of arrival."""
        pending = sa.select(ENVELOPE.c.body).where(ENVELOPE.c.done_at.is_(None))
        async with self._reading() as conn:
            found = await conn.execute(pending.order_by(ENVELOPE.c.seq).limit(limit))
            return [codec.from_body(Envelope, body) for body in found.scalars()]

    # -- jobs

    async def next_due(self) -> datetime | None:
        """When the next timer, effect or lease is due."""
        async with self._reading() as conn:
            # Without the condition SQLite reads the whole table: the index holds only what has a due time.
            soonest = sa.select(sa.func.min(JOB.c.due_at)).where(JOB.c.due_at.is_not(None))
            due: datetime | None = (await conn.execute(soonest)).scalar()
            return due

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Newest first."""
        query = sa.select(JOB).where(JOB.c.dead_at.is_not(None)).order_by(JOB.c.dead_at.desc(), JOB.c.key)
        async with self._reading() as conn:
            return [jobs.dead_letter(row) for row in (await conn.execute(query.limit(limit))).mappings()]

    async def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """See `warroom.ports.Store.dig_up`."""
        async with self._writing() as conn:
            return sorted((await conn.execute(jobs.dug_up(keys, now))).scalars())

    # -- the whole

    async def rows(self) -> AsyncGenerator[Row, None]:
        """Everything as it is at one moment, see `storage.export`."""
        self._refuse_if_closed()
        with translated(self._address):
            async with full_dump.snapshot(self._engine) as conn:
                async for row in full_dump.rows(conn):
                    yield row

    async def fill(self, rows: Iterable[Row]) -> int:
        """Write all of them or nothing, in rows. Raises NotEmpty, and whatever reading the rows raises."""
        async with self._writing() as conn:
            return await full_dump.fill(conn, rows)

    async def audit(self, incident: str | None = None, limit: int = 50) -> list[Audited]:
        """Newest first; see `warroom.ports.Store.audit`."""
        query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if incident is not None:
            query = query.where(AUDIT.c.incident == incident)
        async with self._reading() as conn:
            return [rows.audited_of(row) for row in (await conn.execute(query)).mappings()]

    async def store_stats(self) -> StoreStats:
        """See `warroom.ports.Store.vitals`."""
        async with self._reading() as conn:
            return await store_stats(conn)

    async def ready(self) -> None:
        """Raises StoreUnavailable unless the database answers and its schema is ours."""
        async with self._reading() as conn:
            await conn.run_sync(self._check)

    async def close(self) -> None:
        """Waits for the writer at work; afterwards every method raises StoreUnavailable."""
        await self._close()
        self._clean_up()
