"""Claiming timers and effects under a lease, dead letters, and what Slack delivered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage import codec
from storage.dynamo import jobs, layout
from storage.dynamo.jobs import Job
from storage.dynamo.layout import sortable, time_of
from storage.dynamo.table import Item, Table
from storage.dynamo.transaction import TooMuch, Transaction, transact
from storage.errors import DatabaseFromTheFuture, Unreadable
from warroom.errors import StoreUnavailable
from warroom.outbox.changes import FARTHEST, Claim, ClaimOutcome, ClaimResult, DeadLetter, Envelope
from warroom.outbox.effects import Effect

PAGES = 4
"""Of 1 MB, of a partition of due work, that a claim looks through for the most urgent."""
TOGETHER = 24
"""Claims in one transaction: each writes the job, its new place and its old one."""


class DynamoOutbox:
    """`warroom.stores.Outbox` and `Inbox`."""

    _table: Table

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """See `warroom.stores.Outbox.claim`."""
        shards = await asyncio.gather(*(self._due(shard, now) for shard in range(layout.SHARDS)))
        due = [item for items in shards for item in items]
        due.sort(key=lambda item: (item.data["priority"], item.data["since"], item.data["key"]))
        claims: list[Claim] = []
        for start in range(0, min(len(due), limit), TOGETHER):
            claims += await self._claimed(due[start : min(start + TOGETHER, limit)], now, lease)
        return claims

    async def _due(self, shard: int, now: datetime) -> list[Item]:
        found: list[Item] = []
        pages = 0
        async for items in self._table.pages(layout.due_partition(shard), until=f"{sortable(now)}#\U0010ffff"):
            found += items
            pages += 1
            if pages >= PAGES:
                break
        return found

    async def _claimed(self, due: Sequence[Item], now: datetime, lease: timedelta) -> list[Claim]:
        """Those of them that nobody else has claimed meanwhile."""
        try:
            return await self._claimed_together(due, now, lease)
        except TooMuch:
            if len(due) == 1:
                raise StoreUnavailable(
                    f"{due[0].data['key']} is too large to be claimed. Nothing was stored."
                ) from None
            half = len(due) // 2
            return [*await self._claimed(due[:half], now, lease), *await self._claimed(due[half:], now, lease)]

    async def _claimed_together(self, due: Sequence[Item], now: datetime, lease: timedelta) -> list[Claim]:

        async def once(transaction: Transaction) -> list[Job]:
            await transaction.load(layout.job(item.data["key"]) for item in due)
            taken = []
            for item in due:
                job = transaction.seen(layout.job(item.data["key"]))
                if job is None or job["due_at"] is None or layout.due(job["due_at"], job["key"]) != item.key:
                    # An entry that was written behind a marker, and outdated by then: its job is over, or listed elsewhere. It
                    # goes only if that is still so, or the job could come to be listed nowhere.
                    transaction.require(layout.job(item.data["key"]))
                    transaction.discard(item.key, late=False)
                    continue
                new = job | {
                    "due_at": sortable(now + lease),
                    "leased": True,
                    "fence": job["fence"] + 1,
                    "attempts": job["attempts"] + 1,
                    "outcome_unknown": job["outcome_unknown"] or job["leased"],
                }
                jobs.keep(transaction, new, job)
                taken.append(new)
            return taken

        claims = []
        for job in await transact(self._table, once):
            try:
                claims.append(_claim_of(job))
            except DatabaseFromTheFuture:
                continue
            except Unreadable as error:
                await self._dead(job, error, now)
        return claims

    async def _dead(self, job: Job, error: Unreadable, now: datetime) -> None:
        """The end of an effect that cannot be read: it would come back for ever."""
        end = ClaimResult(
            key=job["key"], fence=job["fence"], rev=job["rev"], outcome=ClaimOutcome.DEAD, error=str(error)
        )

        async def once(transaction: Transaction) -> None:
            await transaction.load([layout.job(job["key"])])
            jobs.end_claim(transaction, end, now)

        await transact(self._table, once)

    async def hold(self, claim: Claim, until: datetime) -> bool:
        """See `warroom.stores.Outbox.hold`."""

        async def once(transaction: Transaction) -> bool:
            job = await transaction.read(layout.job(claim.key))
            if job is None or job["fence"] != claim.fence or not job["leased"]:
                return False
            jobs.keep(transaction, job | {"due_at": sortable(until)}, job)
            return True

        return await transact(self._table, once)

    async def waiting_posts(self, incident_id: str) -> list[tuple[datetime, Effect]]:
        """See `warroom.stores.Outbox.waiting_posts`."""
        there = await self._table.query(layout.waiting_post(incident_id, "", "").pk)
        known = await self._table.get_many(layout.job(item.data["key"]) for item in there)
        posts = []
        for item in there:
            job = known.get(layout.job(item.data["key"]))
            if job is not None and job.data["due_at"] is not None:
                with contextlib.suppress(DatabaseFromTheFuture, Unreadable):
                    posts.append((time_of(job.data["created_at"]), codec.effect_from(job.data["body"])))
        return posts

    async def next_due(self) -> datetime | None:
        """When the next timer, effect or lease is due."""
        first = await asyncio.gather(
            *(self._table.query(layout.due_partition(shard), limit=1) for shard in range(layout.SHARDS))
        )
        times = [item.key.sk.partition("#")[0] for items in first for item in items]
        return time_of(min(times)) if times else None

    async def release_stale_leases(self, now: datetime, lands_within: timedelta) -> int:
        """Several processes share the table: the leases of one that died run out."""
        self._table.require_open()
        return 0

    async def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """See `warroom.stores.Outbox.reset_after_clock_change`."""
        far = sortable(now + FARTHEST)
        count = 0
        for shard in range(layout.SHARDS):
            for item in await self._table.query(layout.due_partition(shard), since=far):
                if not item.data["timer"] or item.data["leased"]:
                    count += await self._sooner(item, far, now, lease)
        return count

    async def _sooner(self, item: Item, far: str, now: datetime, lease: timedelta) -> int:
        async def once(transaction: Transaction) -> int:
            job = await transaction.read(layout.job(item.data["key"]))
            if job is None or job["due_at"] is None or job["due_at"] <= far or (job["timer"] and not job["leased"]):
                return 0
            soon = now + lease if job["leased"] else now
            jobs.keep(transaction, job | {"due_at": sortable(soon), "due_since": sortable(now)}, job)
            return 1

        return await transact(self._table, once)

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Newest first."""
        there = await self._table.query(layout.DEAD, newest=True, limit=limit)
        known = await self._table.get_many(layout.job(item.data["key"]) for item in there)
        found = [known[key].data for item in there if (key := layout.job(item.data["key"])) in known]
        letters = [_dead_letter(job) for job in found if job["dead_at"] is not None]
        letters.sort(key=lambda each: each.key)
        return sorted(letters, key=lambda each: each.at, reverse=True)

    async def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """See `warroom.stores.Outbox.requeue`. `created_at` stays: whoever looks whether it happened looks from there on."""
        return sorted([name for name in dict.fromkeys(keys) if await self._requeued(name, now)])

    async def _requeued(self, name: str, now: datetime) -> bool:
        async def once(transaction: Transaction) -> bool:
            job = await transaction.read(layout.job(name))
            if job is None or job["dead_at"] is None:
                return False
            again = {"due_at": sortable(now), "due_since": sortable(now), "dead_at": None, "attempts": 0}
            jobs.keep(transaction, job | again | {"outcome_unknown": True, "error": ""}, job)
            return True

        return await transact(self._table, once)

    async def pending_envelopes(self, limit: int = 500) -> list[Envelope]:
        """Not worked off yet, in order of arrival."""
        there = await self._table.query(layout.INBOX, limit=limit)
        known = await self._table.get_many(layout.envelope(item.data["key"]) for item in there)
        found = [known[key] for item in there if (key := layout.envelope(item.data["key"])) in known]
        return [codec.from_body(Envelope, item.data["body"]) for item in found if item.data["done_at"] is None]


def _claim_of(job: Job) -> Claim:
    """Raises Unreadable or DatabaseFromTheFuture."""
    effect = None if job["timer"] else codec.effect_from(job["body"])
    return Claim(
        key=job["key"],
        fence=job["fence"],
        rev=job["rev"],
        attempts=job["attempts"],
        outcome_unknown=job["outcome_unknown"],
        created_at=time_of(job["created_at"]),
        due_at=time_of(job["due_since"]),
        incident_id=job["incident_id"],
        timer=job["kind"] if job["timer"] else None,
        effect=effect,
        error=job["error"],
    )


def _dead_letter(job: Job) -> DeadLetter:
    return DeadLetter(
        key=job["key"],
        kind=job["kind"],
        incident_id=job["incident_id"],
        error=job["error"],
        attempts=job["attempts"],
        at=time_of(job["dead_at"]),
    )
