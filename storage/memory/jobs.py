"""Timers and effects in memory; `storage.sql.jobs` says the same in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage import codec
from storage.errors import DatabaseFromTheFuture, Unreadable
from storage.memory.text import Text, keep
from warroom.errors import LeaseLost
from warroom.outbox.changes import FARTHEST, Claim, ClaimOutcome, ClaimResult, DeadLetter, Timer
from warroom.outbox.effects import Effect


@dataclass(slots=True)
class Job:
    """See `storage.tables.JobRow`."""

    key: str
    incident_id: str | None
    kind: str
    timer: bool
    text: Text | None
    priority: int
    created_at: datetime
    due_at: datetime | None
    due_since: datetime | None
    leased: bool = False
    fence: int = 0
    rev: int = 0
    attempts: int = 0
    outcome_unknown: bool = False
    dead_at: datetime | None = None
    error: str = ""

    def due(self, at: datetime | None) -> None:
        """Make it due at that time; None: nothing to do."""
        self.due_at = self.due_since = None if at is None else codec.utc(at)

    def reset(self) -> None:
        """Forget earlier tries."""
        self.attempts, self.dead_at, self.error = 0, None, ""

    def in_flight(self, now: datetime) -> bool:
        """True while somebody holds a lease on it."""
        return self.leased and self.due_at is not None and self.due_at > now


@dataclass(slots=True)
class Jobs:
    """The outbox and the timers."""

    by_key: dict[str, Job] = field(default_factory=dict)

    def held(self, claim_result: ClaimResult) -> Job:
        """The job that the settlement is of. Raises LeaseLost when the claim is not current."""
        job = self.by_key.get(codec.key(claim_result.key))
        if job is None or job.fence != claim_result.fence or not job.leased:
            raise LeaseLost(f"The claim of {claim_result.key} was taken over or settled before; drop the result.")
        return job

    def settle(self, claim_result: ClaimResult, now: datetime) -> None:
        """End a claim. Raises LeaseLost."""
        job = self.held(claim_result)
        job.leased = False
        job.error = codec.clean(claim_result.error)
        job.outcome_unknown = claim_result.outcome_unknown and claim_result.outcome is not ClaimOutcome.DONE
        if claim_result.outcome is ClaimOutcome.RETRY:
            job.due(claim_result.retry_at or now)
        elif job.rev != claim_result.rev:
            job.due(now)
            job.attempts, job.dead_at = 0, None
        else:
            job.due(None)
            job.dead_at = now if claim_result.outcome is ClaimOutcome.DEAD else None

    def arm(self, timer: Timer, now: datetime) -> None:
        """Set or stop a timer. A firing in progress loses its lease."""
        key = codec.timer_key(timer.incident_id, timer.kind)
        job = self.by_key.get(key)
        if job is None:
            job = Job(key, timer.incident_id, timer.kind, True, None, timer.priority, now, None, None)
            self.by_key[key] = job
        else:
            job.fence += 1
            job.rev += 1
        job.reset()
        job.priority, job.created_at = timer.priority, now
        job.leased = job.outcome_unknown = False
        job.due(timer.due_at)

    def enqueue(self, effect: Effect, now: datetime) -> None:
        """Put an effect into the outbox. A known key is left alone, unless the effect coalesces."""
        key = codec.key(effect.key)
        job = self.by_key.get(key)
        text = keep(codec.effect_body(effect))
        if job is None:
            self.by_key[key] = Job(key, effect.incident_id, effect.label, False, text, effect.priority, now, now, now)
        elif effect.coalescing:
            _ask_again(job, effect, text, now)

    def claim(self, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """Lease what is due: in the order of priority, then longest due."""
        due = [job for job in self.by_key.values() if job.due_at is not None and job.due_at <= now]
        due.sort(key=lambda job: (job.priority, job.due_since or now, job.key))
        claims = []
        for job in due[:limit]:
            job.outcome_unknown = job.outcome_unknown or job.leased
            job.leased, job.due_at = True, now + lease
            job.fence += 1
            job.attempts += 1
            try:
                claims.append(_claim(job, job.due_since or now))
            except DatabaseFromTheFuture:
                continue
            except Unreadable as error:
                self.settle(
                    ClaimResult(key=job.key, fence=job.fence, rev=job.rev, outcome=ClaimOutcome.DEAD, error=str(error)),
                    now,
                )
        return claims

    def release(self, now: datetime) -> int:
        """End every lease; the next claim is told that it may have been done."""
        held = [job for job in self.by_key.values() if job.in_flight(now)]
        for job in held:
            job.due_at = now
        return len(held)

    def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """Make due what a clock that was ahead put off too far."""
        far = [job for job in self.by_key.values() if job.due_at is not None and job.due_at > now + FARTHEST]
        far = [job for job in far if job.leased or not job.timer]
        for job in far:
            job.due_at, job.due_since = now + lease if job.leased else now, now
        return len(far)

    def next_due(self) -> datetime | None:
        """When the next one is due."""
        return min((job.due_at for job in self.by_key.values() if job.due_at is not None), default=None)

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Newest first."""
        graves = [
            DeadLetter(
                key=job.key, kind=job.kind, incident_id=job.incident_id, error=job.error, attempts=job.attempts, at=at
            )
            for job in self.by_key.values()
            if (at := job.dead_at) is not None
        ]
        graves.sort(key=lambda dead_letter: dead_letter.key)
        return sorted(graves, key=lambda dead_letter: dead_letter.at, reverse=True)[:limit]

    def waiting(self) -> list[datetime]:
        """When the effects that are not done yet were asked for."""
        return [job.created_at for job in self.by_key.values() if job.due_at is not None and not job.timer]

    def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """Make dead letters due again. Returns their keys."""
        wanted = {codec.key(key) for key in keys}
        found = [job for job in self.by_key.values() if job.dead_at is not None and job.key in wanted]
        for job in found:
            job.reset()
            job.outcome_unknown = True
            job.due(now)
        return sorted(job.key for job in found)

    def purge(self, before: datetime) -> int:
        """Delete what is over since before then."""
        over = [
            job.key
            for job in self.by_key.values()
            if job.due_at is None and job.created_at < before and (job.dead_at or job.created_at) < before
        ]
        for key in over:
            del self.by_key[key]
        return len(over)


def _ask_again(job: Job, effect: Effect, text: Text, now: datetime) -> None:
    idle = job.due_at is None
    job.text, job.incident_id, job.kind = text, effect.incident_id, effect.label
    job.rev += 1
    job.priority = effect.priority if idle else min(effect.priority, job.priority)
    if job.in_flight(now):
        job.dead_at = None
        return
    if idle and not job.outcome_unknown:
        job.created_at = now
    if job.due_at is None or job.due_at > now:
        job.due(now)
    job.reset()


def _claim(job: Job, due_at: datetime) -> Claim:
    return Claim(
        key=job.key,
        fence=job.fence,
        rev=job.rev,
        attempts=job.attempts,
        outcome_unknown=job.outcome_unknown,
        created_at=job.created_at,
        due_at=due_at,
        incident_id=job.incident_id,
        timer=job.kind if job.timer else None,
        effect=None if job.text is None else codec.effect_from(job.text.body()),
    )
