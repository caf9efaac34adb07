"""Claiming timers and effects under a lease, and dead letters."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from storage import codec
from storage.errors import DatabaseFromTheFuture, Unreadable
from storage.sql import jobs
from storage.sql.connection import Connected
from storage.sql.tables import ENVELOPE, JOB
from warroom.outbox.changes import FARTHEST, Claim, ClaimOutcome, ClaimResult, DeadLetter, Envelope
from warroom.outbox.effects import NOTHING_TO_LOOK_FOR, Effect

Row = sa.RowMapping


class SqlOutbox(Connected):
    """`warroom.stores.Outbox` and `Inbox`."""

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """See `warroom.stores.Outbox.claim`."""
        if not self._effects_stored:
            async with self._reading() as conn:
                if not (await conn.execute(_something_due(now))).first():
                    return []
        self._effects_stored = False
        # Among what is due may be an answer that somebody waits for.
        async with self._writing(urgent=True) as conn:
            bound = {"now": now, "until": now + lease, "most": limit}
            found = (await conn.execute(_claim(conn.dialect.name), bound)).mappings()
            claims = []
            for row in sorted(found, key=lambda row: (row["priority"], row["due_since"], row["key"])):
                try:
                    claims.append(_claimed(row))
                except DatabaseFromTheFuture:
                    continue
                except Unreadable as error:
                    await jobs.end_claim(conn, _dead(row, error), now)
            return claims

    async def hold(self, claim: Claim, until: datetime) -> bool:
        """See `warroom.stores.Outbox.hold`."""
        ours = sa.and_(JOB.c.key == claim.key, JOB.c.fence == claim.fence, JOB.c.leased)
        async with self._writing() as conn:
            return (await conn.execute(sa.update(JOB).where(ours).values(due_at=until))).rowcount > 0

    async def waiting_posts(self, incident_id: str) -> list[tuple[datetime, Effect]]:
        """See `warroom.stores.Outbox.waiting_posts`. The condition on `due_at` lets the index be used that holds only open work."""
        waiting = sa.select(JOB.c.created_at, JOB.c.body).where(
            JOB.c.due_at.is_not(None), JOB.c.incident_id == incident_id, JOB.c.kind == "post", sa.not_(JOB.c.timer)
        )
        async with self._reading() as conn:
            found = (await conn.execute(waiting.order_by(JOB.c.created_at, JOB.c.key))).all()
        posts = []
        for created_at, body in found:
            with contextlib.suppress(DatabaseFromTheFuture, Unreadable):
                posts.append((created_at, codec.effect_from(body)))
        return posts

    async def next_due(self) -> datetime | None:
        """When the next timer, effect or lease is due."""
        async with self._reading() as conn:
            # Without the condition SQLite reads the whole table: the index holds only what has a due time.
            soonest = sa.select(sa.func.min(JOB.c.due_at)).where(JOB.c.due_at.is_not(None))
            due: datetime | None = (await conn.execute(soonest)).scalar()
            return due

    async def release_stale_leases(self, now: datetime, lands_within: timedelta) -> int:
        """See `warroom.stores.Outbox.release_stale_leases`. `leased` stays, so that the next claim has an unknown outcome."""
        if self._shared:
            return 0
        nothing_outside = sa.or_(JOB.c.timer, JOB.c.kind.in_(NOTHING_TO_LOOK_FOR))
        ends = sa.case(
            (nothing_outside, sa.literal(now, JOB.c.due_at.type)),
            else_=sa.literal(now + lands_within, JOB.c.due_at.type),
        )
        async with self._writing() as conn:
            stale = sa.update(JOB).where(JOB.c.leased, JOB.c.due_at > ends)
            return (await conn.execute(stale.values(due_at=ends))).rowcount

    async def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """See `warroom.stores.Outbox.reset_after_clock_change`."""

        async def once() -> int:
            async with self._writing() as conn:
                return (await conn.execute(_reset(now, lease))).rowcount

        return await self._commit_again(once)

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Newest first."""
        query = sa.select(JOB).where(JOB.c.dead_at.is_not(None)).order_by(JOB.c.dead_at.desc(), JOB.c.key)
        async with self._reading() as conn:
            return [_dead_letter(row) for row in (await conn.execute(query.limit(limit))).mappings()]

    async def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """See `warroom.stores.Outbox.requeue`. `created_at` stays: whoever looks whether it happened looks from there on."""
        dead = sa.update(JOB).where(JOB.c.key.in_(list(keys)), JOB.c.dead_at.is_not(None))
        again = dead.values(due_at=now, due_since=now, dead_at=None, attempts=0, outcome_unknown=True, error="")
        async with self._writing() as conn:
            return sorted((await conn.execute(again.returning(JOB.c.key))).scalars())

    async def pending_envelopes(self, limit: int = 500) -> list[Envelope]:
        """Not worked off yet, in order of arrival."""
        pending = sa.select(ENVELOPE.c.body).where(ENVELOPE.c.done_at.is_(None))
        async with self._reading() as conn:
            found = await conn.execute(pending.order_by(ENVELOPE.c.seq).limit(limit))
            return [codec.from_body(Envelope, body) for body in found.scalars()]


@cache
def _claim(dialect: str) -> sa.Executable:
    due = (
        sa.select(JOB.c.key)
        .where(JOB.c.due_at <= sa.bindparam("now", type_=JOB.c.due_at.type))
        .order_by(JOB.c.priority, JOB.c.due_since, JOB.c.key)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    if dialect == "postgresql":
        # MATERIALIZED: otherwise the planner may lock more rows than the limit.
        due = due.with_for_update(skip_locked=True)
        taken = due.cte("due").prefix_with("MATERIALIZED")
    return (
        sa.update(JOB)
        .where(JOB.c.key.in_(sa.select(taken.c.key) if dialect == "postgresql" else due))
        .values(
            due_at=sa.bindparam("until", type_=JOB.c.due_at.type),
            leased=True,
            fence=JOB.c.fence + 1,
            attempts=JOB.c.attempts + 1,
            # Still leased: whoever had it never came back, and may have done it.
            outcome_unknown=sa.or_(JOB.c.outcome_unknown, JOB.c.leased),
        )
        .returning(*JOB.c)
    )


def _something_due(now: datetime) -> sa.Select[Any]:
    """Whether a claim would find anything, without taking a lock."""
    return sa.select(sa.literal(1)).select_from(JOB).where(JOB.c.due_at <= now).limit(1)


def _reset(now: datetime, lease: timedelta) -> sa.Update:
    """`due_since` moves along, or it would never be its turn."""
    too_far = sa.and_(JOB.c.due_at > now + FARTHEST, sa.or_(sa.not_(JOB.c.timer), JOB.c.leased))
    soon = sa.case((JOB.c.leased, sa.literal(now + lease, JOB.c.due_at.type)), else_=sa.literal(now, JOB.c.due_at.type))
    return sa.update(JOB).where(too_far).values(due_at=soon, due_since=sa.literal(now, JOB.c.due_since.type))


def _claimed(row: Row) -> Claim:
    """The row as a claim. Raises Unreadable or DatabaseFromTheFuture."""
    effect = None if row["timer"] else codec.effect_from(row["body"])
    return Claim(
        key=row["key"],
        fence=row["fence"],
        rev=row["rev"],
        attempts=row["attempts"],
        outcome_unknown=row["outcome_unknown"],
        created_at=row["created_at"],
        due_at=row["due_since"],
        incident_id=row["incident_id"],
        timer=row["kind"] if row["timer"] else None,
        effect=effect,
        error=row["error"],
    )


def _dead(row: Row, error: Exception) -> ClaimResult:
    """The end of an effect that cannot be read: it would come back for ever."""
    return ClaimResult(key=row["key"], fence=row["fence"], rev=row["rev"], outcome=ClaimOutcome.DEAD, error=str(error))


def _dead_letter(row: Row) -> DeadLetter:
    try:
        kind = row["kind"] if row["timer"] else codec.effect_from(row["body"]).label
    except (Unreadable, DatabaseFromTheFuture):
        kind = row["kind"]
    return DeadLetter(
        key=row["key"],
        kind=kind,
        incident_id=row["incident_id"],
        error=row["error"],
        attempts=row["attempts"],
        at=row["dead_at"],
    )
