"""What arrives at the same moment is stored together: deliveries, alerts, answers, and marks that something is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import keys
from storage.batch import Batch
from storage.sql import jobs, rows
from storage.sql.dialect import insert
from storage.sql.tables import ALERT, AUDIT, ENVELOPE
from warroom.outbox.changes import Changeset

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


class CommitBatcher(Batch[Changeset, bool]):
    """Gathers arrivals for `store`."""

    def __init__(self, store: Callable[[Sequence[Changeset]], Awaitable[Sequence[bool]]]) -> None:
        super().__init__(store, "arrivals")
