"""Writing timers and effects: one table, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec, keys
from storage.sql.dialect import insert
from storage.sql.tables import JOB
from warroom.errors import LeaseLost
from warroom.outbox.changes import ClaimOutcome, ClaimResult, Timer
from warroom.outbox.effects import Effect


async def end_claim(conn: AsyncConnection, claim_result: ClaimResult, now: datetime) -> None:
    """End a claim. Raises LeaseLost when it is not ours any more."""
    retry = claim_result.outcome is ClaimOutcome.RETRY
    dead = claim_result.outcome is ClaimOutcome.DEAD
    result = await conn.execute(
        _ended(retry=retry),
        {
            "the_key": claim_result.key,
            "the_fence": claim_result.fence,
            "the_error": claim_result.error,
            "the_unknown": claim_result.outcome_unknown and (retry or dead),
        }
        | (
            {"at": claim_result.retry_at or now}
            if retry
            else {"at": now, "the_rev": claim_result.rev, "the_end": now if dead else None}
        ),
    )
    if result.rowcount == 0:
        raise LeaseLost(f"The claim of {claim_result.key} was taken over or ended before; drop the result.")


@cache
def _ended(*, retry: bool) -> sa.Update:
    ours = sa.and_(JOB.c.key == sa.bindparam("the_key"), JOB.c.fence == sa.bindparam("the_fence"), JOB.c.leased)
    at = sa.bindparam("at", type_=JOB.c.due_at.type)
    update = (
        sa.update(JOB)
        .where(ours)
        .values(leased=False, outcome_unknown=sa.bindparam("the_unknown"), error=sa.bindparam("the_error"))
    )
    if retry:
        return update.values(due_at=at, due_since=at)
    asked_again = JOB.c.rev != sa.bindparam("the_rev")
    return update.values(
        due_at=sa.case((asked_again, at), else_=sa.null()),
        due_since=sa.case((asked_again, at), else_=sa.null()),
        dead_at=sa.case((asked_again, sa.null()), else_=sa.bindparam("the_end", type_=JOB.c.dead_at.type)),
        attempts=sa.case((asked_again, 0), else_=JOB.c.attempts),
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
        **_fresh(keys.timer_key(timer.incident_id, timer.kind), timer.incident_id, timer.kind, timer.priority, now),
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
    ordered = sorted(effects, key=lambda effect: keys.key(effect.key))
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
