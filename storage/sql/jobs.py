"""Timers and effects: one table, one claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.sql.dialect import insert
from storage.tables import JOB
from warroom.errors import LeaseLost
from warroom.outbox.changes import FARTHEST, Claim, ClaimOutcome, ClaimResult, DeadLetter, Timer
from warroom.outbox.effects import Effect

Row = sa.RowMapping


async def settle(conn: AsyncConnection, claim_result: ClaimResult, now: datetime) -> None:
    """End a claim. Raises LeaseLost when it is not ours any more."""
    result = await conn.execute(_ended(claim_result, now))
    if result.rowcount == 0:
        raise LeaseLost(f"The claim of {claim_result.key} was taken over or settled before; drop the result.")


def _ended(claim_result: ClaimResult, now: datetime) -> sa.Update:
    ours = sa.and_(JOB.c.key == claim_result.key, JOB.c.fence == claim_result.fence, JOB.c.leased)
    update = sa.update(JOB).where(ours)
    if claim_result.outcome is ClaimOutcome.RETRY:
        at = claim_result.retry_at or now
        return update.values(
            due_at=at,
            due_since=at,
            leased=False,
            outcome_unknown=claim_result.outcome_unknown,
            error=claim_result.error,
        )
    dead_letters = now if claim_result.outcome is ClaimOutcome.DEAD else None
    asked_again = JOB.c.rev != claim_result.rev

    def either(again: Any, ended: Any, kind: sa.Column[Any]) -> sa.Case[Any]:
        return sa.case((asked_again, sa.literal(again, kind.type)), else_=sa.literal(ended, kind.type))

    return update.values(
        due_at=either(now, None, JOB.c.due_at),
        due_since=either(now, None, JOB.c.due_since),
        dead_at=either(None, dead_letters, JOB.c.dead_at),
        attempts=sa.case((asked_again, 0), else_=JOB.c.attempts),
        leased=False,
        outcome_unknown=claim_result.outcome_unknown and claim_result.outcome is ClaimOutcome.DEAD,
        error=claim_result.error,
    )


async def arm(conn: AsyncConnection, timers: Sequence[Timer], now: datetime) -> None:
    """Set or stop timers. A firing in progress loses its lease."""
    rows = [_timer_row(timer, now) for timer in timers]
    # Always in the order of keys, so that two writers never wait for each other in a circle.
    rows.sort(key=lambda row: str(row["key"]))
    if rows:
        await conn.execute(_arm(conn.dialect.name), rows)


def _timer_row(timer: Timer, now: datetime) -> dict[str, Any]:
    return {
        **_fresh(codec.timer_key(timer.incident_id, timer.kind), timer.incident_id, timer.kind, timer.priority, now),
        "timer": True,
        "body": None,
        "due_at": timer.due_at,
        "due_since": timer.due_at,
    }


def _fresh(key: str, incident_id: str | None, kind: str, priority: int, now: datetime) -> dict[str, Any]:
    return {
        "key": key,
        "incident_id": incident_id,
        "kind": kind,
        "priority": priority,
        "created_at": now,
        "leased": False,
        "fence": 0,
        "rev": 0,
        "attempts": 0,
        "outcome_unknown": False,
        "dead_at": None,
        "error": "",
    }


@cache
def _arm(dialect: str) -> sa.Executable:
    statement = insert(dialect, JOB)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "due_at": new.due_at,
            "due_since": new.due_since,
            "priority": new.priority,
            "created_at": new.created_at,
            "leased": False,
            "fence": JOB.c.fence + 1,
            "rev": JOB.c.rev + 1,
            "attempts": 0,
            "outcome_unknown": False,
            "dead_at": None,
            "error": "",
        },
    )


async def enqueue(conn: AsyncConnection, effects: Iterable[Effect], now: datetime) -> None:
    """Put effects into the outbox. A known key is left alone, unless the effect coalesces."""
    ordered = sorted(effects, key=lambda effect: codec.key(effect.key))
    once = [_effect_row(effect, now) for effect in ordered if not effect.coalescing]
    coalescing = [_effect_row(effect, now) for effect in ordered if effect.coalescing]
    if once:
        await conn.execute(insert(conn.dialect.name, JOB).on_conflict_do_nothing(index_elements=["key"]), once)
    if coalescing:
        await conn.execute(_ask_again(conn.dialect.name), coalescing)


def _effect_row(effect: Effect, now: datetime) -> dict[str, Any]:
    return {
        **_fresh(effect.key, effect.incident_id, effect.label, effect.priority, now),
        "timer": False,
        "body": codec.effect_body(effect),
        "due_at": now,
        "due_since": now,
    }


@cache
def _ask_again(dialect: str) -> sa.Executable:
    statement = insert(dialect, JOB)
    new, old = statement.excluded, JOB.c
    idle = old.due_at.is_(None)
    # `due_at` of a leased job is the end of its lease; `new.due_at` is now.
    in_flight = sa.and_(old.leased, old.due_at > new.due_at)
    sooner = sa.case((sa.or_(idle, old.due_at > new.due_at), new.due_at), else_=old.due_at)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "body": new.body,
            "incident_id": new.incident_id,
            "kind": new.kind,
            "priority": sa.case((sa.or_(idle, new.priority < old.priority), new.priority), else_=old.priority),
            "due_at": sa.case((in_flight, old.due_at), else_=sooner),
            "due_since": sa.case(
                (in_flight, old.due_since), (old.due_at <= new.due_at, old.due_since), else_=new.due_at
            ),
            "rev": old.rev + 1,
            "attempts": sa.case((in_flight, old.attempts), else_=0),
            "created_at": sa.case((sa.and_(idle, sa.not_(old.outcome_unknown)), new.created_at), else_=old.created_at),
            "dead_at": None,
            "error": sa.case((in_flight, old.error), else_=""),
        },
    )


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


async def claim(conn: AsyncConnection, now: datetime, limit: int, lease: timedelta) -> list[Row]:
    """Lease what is due: in the order of priority, then longest due."""
    rows = await conn.execute(_claim(conn.dialect.name), {"now": now, "until": now + lease, "most": limit})
    return sorted(rows.mappings(), key=lambda row: (row["priority"], row["due_since"], row["key"]))


def something_due(now: datetime) -> sa.Select[Any]:
    """Whether a claim would find anything, without taking a lock."""
    return sa.select(sa.literal(1)).select_from(JOB).where(JOB.c.due_at <= now).limit(1)


def released(now: datetime) -> sa.Update:
    """Ends every lease. `leased` stays, so that the next claim knows that it may have been done."""
    return sa.update(JOB).where(JOB.c.leased, JOB.c.due_at > now).values(due_at=now)


def pulled_in(now: datetime, lease: timedelta) -> sa.Update:
    """See `warroom.ports.Store.pull_in`. `due_since` moves along, or it would never be its turn."""
    too_far = sa.and_(JOB.c.due_at > now + FARTHEST, sa.or_(sa.not_(JOB.c.timer), JOB.c.leased))
    soon = sa.case((JOB.c.leased, sa.literal(now + lease, JOB.c.due_at.type)), else_=sa.literal(now, JOB.c.due_at.type))
    return sa.update(JOB).where(too_far).values(due_at=soon, due_since=sa.literal(now, JOB.c.due_since.type))


def claimed(row: Row) -> Claim:
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
    )


def burial(row: Row, error: Exception) -> ClaimResult:
    """The end of a job that does not read: it would come back for ever."""
    return ClaimResult(key=row["key"], fence=row["fence"], rev=row["rev"], outcome=ClaimOutcome.DEAD, error=str(error))


def dug_up(keys: Sequence[str], now: datetime) -> sa.Update:
    """Dead letters are due again. `created_at` stays: whoever looks whether it happened looks from there on."""
    update = sa.update(JOB).where(JOB.c.key.in_(list(keys)), JOB.c.dead_at.is_not(None))
    again = update.values(due_at=now, due_since=now, dead_at=None, attempts=0, outcome_unknown=True, error="")
    return again.returning(JOB.c.key)


def dead_letter(row: Row) -> DeadLetter:
    """The row of a job that failed for good."""
    return DeadLetter(
        key=row["key"],
        kind=row["kind"],
        incident_id=row["incident_id"],
        error=row["error"],
        attempts=row["attempts"],
        at=row["dead_at"],
    )
