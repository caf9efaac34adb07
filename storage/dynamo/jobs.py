"""Timers and effects: an item each, and its entry in the list of what is due. The rules are those of `storage.sql.jobs`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from storage import codec, keys
from storage.dynamo import layout
from storage.dynamo.layout import sortable
from storage.dynamo.table import Key
from storage.dynamo.transaction import Transaction
from warroom.errors import LeaseLost
from warroom.outbox.changes import ClaimOutcome, ClaimResult, Timer
from warroom.outbox.effects import Effect

Job = dict[str, Any]
KEPT = timedelta(days=14)
"""After which DynamoDB may delete what is done: asked for again sooner, it is known to have been done."""


def read_keys(claim_result: ClaimResult | None, timers: Iterable[Timer], effects: Iterable[Effect]) -> list[Key]:
    """The jobs that are likely to be there."""
    found = [layout.job(keys.timer_key(each.incident_id, each.kind)) for each in timers]
    found += [layout.job(each.key) for each in effects if each.coalescing]
    return [*found, layout.job(claim_result.key)] if claim_result else found


def keep(transaction: Transaction, new: Job, old: Job | None) -> None:
    """Write the job, and move its entries in the lists."""
    fresh = old is None
    over = new["due_at"] is None and new["dead_at"] is None
    at = layout.time_of(new["created_at"]) + KEPT
    transaction.put(layout.job(new["key"]), new, expires=int(at.timestamp()) if over else None, late=fresh)
    before, after = (_entries(old) if old else {}), _entries(new)
    for key in before.keys() - after.keys():
        transaction.discard(key, late=False)
    for key, entry in after.items():
        if before.get(key) != entry:
            transaction.replace(key, entry, late=fresh)


def _entries(job: Job) -> dict[Key, Any]:
    """Where it is listed: among what is due, what is still to be said in a room, what failed for good."""
    found: dict[Key, Any] = {}
    if job["due_at"] is not None:
        found[layout.due(job["due_at"], job["key"])] = {
            "key": job["key"],
            "priority": job["priority"],
            "since": job["due_since"],
            "created": job["created_at"],
            "timer": job["timer"],
            "leased": job["leased"],
        }
        if job["kind"] == "post" and not job["timer"] and job["incident_id"] is not None:
            found[layout.waiting_post(job["incident_id"], job["created_at"], job["key"])] = {"key": job["key"]}
    if job["dead_at"] is not None:
        found[layout.dead(job["dead_at"], job["key"])] = {"key": job["key"]}
    return found


def end_claim(transaction: Transaction, claim_result: ClaimResult, now: datetime) -> None:
    """End a claim. Raises LeaseLost when it is not ours any more."""
    old = transaction.seen(layout.job(claim_result.key))
    if old is None or old["fence"] != claim_result.fence or not old["leased"]:
        raise LeaseLost(f"The claim of {claim_result.key} was taken over or ended before; drop the result.")
    retry, dead = claim_result.outcome is ClaimOutcome.RETRY, claim_result.outcome is ClaimOutcome.DEAD
    new = old | {
        "leased": False,
        "outcome_unknown": claim_result.outcome_unknown and (retry or dead),
        "error": keys.clean(claim_result.error),
    }
    if retry:
        at = sortable(claim_result.retry_at or now)
        new |= {"due_at": at, "due_since": at}
    elif old["rev"] != claim_result.rev:
        new |= {"due_at": sortable(now), "due_since": sortable(now), "dead_at": None, "attempts": 0}
    else:
        new |= {"due_at": None, "due_since": None, "dead_at": sortable(now) if dead else None}
    keep(transaction, new, old)


def arm(transaction: Transaction, timers: Sequence[Timer], now: datetime) -> None:
    """Set or stop timers. A firing in progress loses its lease."""
    for timer in timers:
        name = keys.timer_key(timer.incident_id, timer.kind)
        old = transaction.seen(layout.job(name))
        due = sortable(timer.due_at) if timer.due_at else None
        new = _fresh(name, timer.incident_id, timer.kind, timer.priority, now)
        new |= {"timer": True, "body": None, "due_at": due, "due_since": due}
        if old:
            new |= {"fence": old["fence"] + 1, "rev": old["rev"] + 1}
        keep(transaction, new, old)


def _fresh(key: str, incident_id: str | None, kind: str, priority: int, now: datetime) -> Job:
    return {
        "key": key,
        "incident_id": incident_id,
        "kind": kind,
        "priority": priority,
        "created_at": sortable(now),
        "leased": False,
        "fence": 0,
        "rev": 0,
        "attempts": 0,
        "outcome_unknown": False,
        "dead_at": None,
        "error": "",
    }


def enqueue(transaction: Transaction, effects: Iterable[Effect], now: datetime) -> None:
    """Put effects into the outbox. A known key is left alone, unless the effect coalesces."""
    for effect in effects:
        name = keys.key(effect.key)
        old = transaction.seen(layout.job(name))
        if old and not effect.coalescing:
            continue
        new = _fresh(name, effect.incident_id, effect.label, effect.priority, now)
        new |= {"timer": False, "body": codec.effect_body(effect), "due_at": sortable(now), "due_since": sortable(now)}
        keep(transaction, _asked_again(old, new) if old else new, old)


def _asked_again(old: Job, new: Job) -> Job:
    idle = old["due_at"] is None
    # `due_at` of a leased job is the end of its lease; that of the new one is now.
    in_flight = not idle and old["leased"] and old["due_at"] > new["due_at"]
    sooner = idle or old["due_at"] > new["due_at"]
    return old | {
        "body": new["body"],
        "incident_id": new["incident_id"],
        "kind": new["kind"],
        "priority": new["priority"] if idle or new["priority"] < old["priority"] else old["priority"],
        "due_at": old["due_at"] if in_flight or not sooner else new["due_at"],
        "due_since": old["due_since"] if in_flight or not sooner else new["due_since"],
        "rev": old["rev"] + 1,
        "attempts": old["attempts"] if in_flight else 0,
        "created_at": new["created_at"] if idle and not old["outcome_unknown"] else old["created_at"],
        "dead_at": None,
        "error": old["error"] if in_flight else "",
    }
