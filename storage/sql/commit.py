"""The one way to write: changes in one transaction, everything or nothing; what meets shares a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage import keys
from storage.queues import Batch, IncidentQueue, IncidentQueues
from storage.sql import jobs, rows
from storage.sql.address import Address
from storage.sql.connection import Connected
from storage.sql.dialect import insert
from storage.sql.tables import ALERT, AUDIT, ENVELOPE
from storage.sql.write import following_number, only_ends_a_claim, write, write_claim_results, write_merged
from warroom.outbox.changes import Changeset


class SqlCommits(Connected):
    """`warroom.stores.Commits`."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        super().__init__(address, engine)
        self._batcher = Batch(self._commit_together, "arrivals")
        self._new: Batch[Callable[[int], Changeset], Changeset | None] = Batch(self._commit_new, "new incidents")
        self._claim_results = Batch(self._end_claims_together, "claim results")
        self._queues = IncidentQueues(self._commit_pending)

    async def commit(self, change: Changeset) -> bool:
        """See `warroom.stores.Commits.commit`."""
        written = await self._write(change)
        self._effects_stored |= written and bool(change.effects)
        return written

    async def _write(self, change: Changeset) -> bool:
        if can_be_batched(change):
            return await self._batcher.join(change)
        if only_ends_a_claim(change):
            return await self._claim_results.join(change)
        turn = self._queues.held(change.incident.id) if change.incident else None
        return await (turn.commit(change) if turn else self._commit(change))

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """See `warroom.stores.Commits.commit_new`."""
        written = await self._new.join(build)
        self._effects_stored |= written is not None and bool(written.effects)
        return written

    def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AbstractAsyncContextManager[IncidentQueue]:
        """See `warroom.stores.Commits.in_turn`."""
        return self._queues.of(incident_id, urgent=urgent, alone=alone)

    async def _commit(self, change: Changeset) -> bool:
        async def once() -> bool:
            # Somebody waits for what they did, and for what follows from a claim: the card follows from the room.
            async with self._writing(urgent=change.claim_result is None or bool(change.effects)) as conn:
                written = await write(conn, change)
                if not written:
                    await conn.rollback()
                return written

        return await self._commit_again(once)

    async def _commit_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            async with self._writing(urgent=True) as conn:
                return await write_together(conn, changes)

        return await self._commit_again(once)

    async def _end_claims_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            # Until its claim has ended, an effect takes the place of the next one, which may be an answer.
            async with self._writing(urgent=True) as conn:
                await write_claim_results(conn, changes)
            return [True] * len(changes)

        return await self._commit_again(once)

    async def _commit_pending(self, changes: Sequence[Changeset]) -> list[bool]:
        if len(changes) == 1:
            return [await self._commit(changes[0])]

        async def once() -> None:
            async with self._writing(urgent=True) as conn:
                await write_merged(conn, changes)

        await self._commit_again(once)
        return [True] * len(changes)

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

        return await self._commit_again(once)


SIMPLE = {"now", "envelope", "received", "effects", "envelope_done", "audited"}
"""What a change may say to be stored with others: nothing that depends on what was there before."""


def can_be_batched(change: Changeset) -> bool:
    """Whether the change can share a transaction."""
    if change.envelope and change.received:
        return False
    return all(name in SIMPLE or not getattr(change, name) for name in Changeset.model_fields)


async def write_together(conn: AsyncConnection, changes: Sequence[Changeset]) -> list[bool]:
    """All of them in one transaction; for each whether it was written, False where all it brought was known."""
    envelopes = {keys.key(each.envelope.key): rows.envelope_row(each.envelope) for each in changes if each.envelope}
    alerts = [received for each in changes for received in each.received]
    fresh = await _insert(conn, ENVELOPE, "key", list(envelopes.values()))
    fresh_alerts = await _insert(conn, ALERT, "delivery_id", [rows.alert_row(each) for each in alerts])
    written = [_is_new(each, fresh, fresh_alerts) for each in changes]
    now = max(each.now for each in changes)
    counting = [each for each, new in zip(changes, written, strict=True) if new]
    await jobs.enqueue(conn, [effect for each in counting for effect in each.effects], now)
    audited = [row.model_dump() for each in counting for row in each.audited]
    if audited:
        await conn.execute(sa.insert(AUDIT), audited)
    done = [each.envelope_done for each in counting if each.envelope_done is not None]
    if done:
        mine = sa.and_(ENVELOPE.c.key.in_(done), ENVELOPE.c.done_at.is_(None))
        await conn.execute(sa.update(ENVELOPE).where(mine).values(done_at=now))
    return written


async def _insert(conn: AsyncConnection, table: sa.Table, key: str, new: list[dict[str, Any]]) -> set[str]:
    """The keys that were not there before."""
    if not new:
        return set()
    statement = insert(conn.dialect.name, table).on_conflict_do_nothing(index_elements=[key]).returning(table.c[key])
    return set((await conn.execute(statement, new)).scalars())


def _is_new(change: Changeset, envelopes: set[str], alerts: set[str]) -> bool:
    """Whether it brought something new. Of two equal ones in the same transaction the first did."""
    if change.envelope:
        key = keys.key(change.envelope.key)
        new = key in envelopes
        envelopes.discard(key)
        if not new:
            return False
    if change.received:
        mine = {keys.key(each.alert.delivery_id) for each in change.received}
        new = bool(mine & alerts)
        alerts -= mine
        return new
    return True
