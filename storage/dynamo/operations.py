"""What whoever runs the bot asks, and the processes that share the table."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.dynamo import layout
from storage.dynamo.layout import time_of
from storage.dynamo.table import AT_ONCE, OVER, Key, Table, key_of, over_shards
from storage.dynamo.transaction import Transaction, transact
from storage.dynamo.unfinished import finish_left
from warroom.outbox.changes import Audited, Replicas, StoreStats

SILENT = timedelta(seconds=10)
"""Who said nothing for so long is not counted; a process says every second that it lives."""
FORGOTTEN = timedelta(hours=1)
"""When the item of a process that ended without a word is deleted."""
FINISH_EVERY = 10
"""Heartbeats between two looks for changes that a process left unfinished."""
CHECK = "write check"
BESIDE = frozenset({"PART", "AO", "SCI", layout.QUARANTINE})
"""Items that come with another one, which is counted."""


def _now() -> datetime:
    """DynamoDB tells no time; the machines' clocks have to agree within a few seconds, as those of AWS do."""
    return datetime.now(UTC)  # noqa: TID251  # who lives is a matter of real time, whatever the bot's clock says


class DynamoOperations:
    """`warroom.stores.Operations` and `Processes`."""

    _table: Table
    _heartbeats = 0

    async def audit(self, incident: str | None = None, limit: int = 50) -> list[Audited]:
        """Newest first; about one incident or everything."""
        if incident is not None:
            there = await self._table.query(layout.audit_of(incident), newest=True, limit=limit)
            return [Audited.model_validate(item.data) for item in there]
        found: list[Audited] = []
        for day in await self._table.query(layout.AUDIT_DAYS, newest=True):
            there = await self._table.query(layout.audit_day(day.key.sk), newest=True, limit=limit - len(found))
            found += [Audited.model_validate(item.data) for item in there]
            if len(found) >= limit:
                break
        return found

    async def store_stats(self) -> StoreStats:
        """Counted now, over the lists of what is open and due."""
        opened = Counter(item.data["severity"] for item in await self._table.query(layout.OPEN))
        due = await asyncio.gather(*(self._table.query(layout.due_partition(shard)) for shard in range(layout.SHARDS)))
        waiting = [item.data["created"] for items in due for item in items if not item.data["timer"]]
        return StoreStats(
            open_incidents=tuple(sorted(opened.items())),
            waiting=len(waiting),
            waiting_since=time_of(min(waiting)) if waiting else None,
            dead_letters=len(await self._table.query(layout.DEAD)),
            undecided=len(await self._table.query(layout.PENDING_ALERTS)),
            quarantined=len(await self._table.query(layout.QUARANTINE)),
        )

    async def purge(self, before: datetime) -> int:
        """Delete what is over, found by the index of it. DynamoDB does that too, at no cost but a day or two late."""
        seconds = int((before + layout.DELIVERIES_KEPT).timestamp())
        count = 0
        for shard in over_shards():
            async for keys in self._over(shard, seconds):
                gone = await asyncio.gather(*(self._deleted_if_over(key, seconds) for key in keys))
                count += sum(gone)
        return count + await self._purge_dead(before)

    async def _over(self, shard: str, seconds: int) -> AsyncIterator[list[Key]]:
        """Keys of what may be deleted since that time, in seconds since 1970."""
        asked: dict[str, Any] = {
            "TableName": self._table.address.table,
            "IndexName": OVER,
            "KeyConditionExpression": "g = :shard AND x < :over",
            "ExpressionAttributeValues": {":shard": {"S": shard}, ":over": {"N": str(seconds)}},
            "Limit": AT_ONCE,
        }
        while True:
            answer = await self._table.call("query", **asked)
            yield [key_of(raw) for raw in answer.get("Items", [])]
            if not (last := answer.get("LastEvaluatedKey")):
                return
            asked["ExclusiveStartKey"] = last

    async def _deleted_if_over(self, key: Key, seconds: int) -> bool:
        """Whether a thing that counts was deleted. It may have been asked for again since the index was written."""
        from botocore.exceptions import ClientError

        try:
            await self._table.call(
                "delete_item",
                TableName=self._table.address.table,
                Key=key.raw,
                ConditionExpression="x < :over",
                ExpressionAttributeValues={":over": {"N": str(seconds)}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return key.pk.partition("#")[0] not in BESIDE

    async def _purge_dead(self, before: datetime) -> int:
        count = 0
        for item in await self._table.query(layout.DEAD, until=layout.sortable(before)):

            async def once(transaction: Transaction, key: str = item.data["key"], entry: Key = item.key) -> bool:
                job = await transaction.read(layout.job(key))
                over = job is not None and job["dead_at"] is not None and time_of(job["created_at"]) < before
                if over:
                    transaction.delete(layout.job(key))
                    transaction.discard(entry, late=False)
                return over

            count += await transact(self._table, once)
        return count

    async def ready(self) -> None:
        """Raises StoreUnavailable unless the table answers."""
        await self._table.get(layout.INCIDENT_NUMBER)

    async def check_writable(self) -> None:
        """Writes an item. Raises StoreUnavailable."""

        async def once(transaction: Transaction) -> None:
            transaction.replace(layout.meta(CHECK), {"at": layout.arrival()})

        await transact(self._table, once)

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """See `warroom.stores.Processes.heartbeat`. Now and then what a process left unfinished is carried out as well."""
        now = _now()

        async def once(transaction: Transaction) -> None:
            said = {"seen_at": layout.sortable(now), "limited": {name: at.isoformat() for name, at in limited.items()}}
            transaction.replace(layout.replica(me), said)

        await transact(self._table, once)
        self._heartbeats += 1
        if self._heartbeats % FINISH_EVERY == 0:
            await finish_left(self._table)
        latest: dict[str, datetime] = {}
        active = 0
        for item in await self._table.query(layout.REPLICAS):
            silent = now - time_of(item.data["seen_at"])
            if silent > FORGOTTEN:
                await self._table.call("delete_item", TableName=self._table.address.table, Key=item.key.raw)
            if silent > SILENT:
                continue
            active += 1
            for name, text in item.data["limited"].items():
                until = datetime.fromisoformat(text)
                latest[name] = max(until, latest.get(name, until))
        return Replicas(active=max(1, active), limited=latest)

    async def last_heartbeat(self) -> timedelta | None:
        """See `warroom.stores.Processes.last_heartbeat`."""
        seen = [time_of(item.data["seen_at"]) for item in await self._table.query(layout.REPLICAS)]
        return max(timedelta(0), _now() - max(seen)) if seen else None

    async def deregister(self, me: str) -> None:
        """Deletes its item."""
        await self._table.call("delete_item", TableName=self._table.address.table, Key=layout.replica(me).raw)
