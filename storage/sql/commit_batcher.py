"""What arrives at the same moment is stored together: deliveries, alerts, answers, and marks that something is done.

A transaction costs a flush to the disk, whatever is in it. While one runs, the next one fills.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.sql import jobs, rows
from storage.sql.dialect import insert
from storage.tables import ALERT, AUDIT, ENVELOPE
from warroom.errors import StoreUnavailable
from warroom.outbox.changes import Changeset

TOGETHER = 500
"""Changes in one transaction."""

SIMPLE = {"now", "envelope", "received", "effects", "envelope_done", "audited"}
"""What a change may say to be stored with others: nothing that depends on what was there before."""


def can_be_batched(change: Changeset) -> bool:
    """Whether the change can share a transaction."""
    if change.envelope and change.received:
        return False
    return all(name in SIMPLE or not getattr(change, name) for name in Changeset.model_fields)


async def write_together(conn: AsyncConnection, changes: Sequence[Changeset]) -> list[bool]:
    """All of them in one transaction; for each whether it was written, False where all it brought was known."""
    envelopes = {codec.key(each.envelope.key): rows.envelope_row(each.envelope) for each in changes if each.envelope}
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
        key = codec.key(change.envelope.key)
        new = key in envelopes
        envelopes.discard(key)
        if not new:
            return False
    if change.received:
        keys = {codec.key(each.alert.delivery_id) for each in change.received}
        new = bool(keys & alerts)
        alerts -= keys
        return new
    return True


class CommitBatcher:
    """Gathers changes for `store`, which writes them in one transaction."""

    def __init__(self, store: Callable[[Sequence[Changeset]], Awaitable[list[bool]]]) -> None:
        self._store = store
        self._waiting: list[tuple[Changeset, asyncio.Future[bool]]] = []
        self._work: asyncio.Task[None] | None = None

    async def join(self, change: Changeset) -> bool:
        """Returns when it is stored; raises what storing it raised."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, future))
        if self._work is None or self._work.done():
            self._begin()
        return await future

    def _begin(self) -> None:
        self._work = asyncio.create_task(self._all(), name="arrivals")
        self._work.add_done_callback(self._go_on)

    def _go_on(self, _ended: asyncio.Task[None]) -> None:
        """Whoever waits must not wait for a task that was cancelled by mistake."""
        self._waiting = [(change, future) for change, future in self._waiting if not future.done()]
        if self._waiting:
            self._begin()

    async def _all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            await self._some(together)

    async def _some(self, together: list[tuple[Changeset, asyncio.Future[bool]]]) -> None:
        try:
            written = await self._store([change for change, _ in together])
        except asyncio.CancelledError:
            cut_off = StoreUnavailable("The transaction was cut off. Nothing was stored.")
            for _, future in together:
                if not future.done():
                    future.set_exception(cut_off)
            raise
        except Exception as error:
            # Whoever waits must hear of it. One that cannot be stored must not take the others with it.
            if len(together) > 1 and not isinstance(error, StoreUnavailable):
                for one in together:
                    await self._some([one])
                return
            for _, future in together:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), new in zip(together, written, strict=True):
            if not future.done():
                future.set_result(new)
