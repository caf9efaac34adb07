"""Everything at once: read record by record, written into an empty table.

A table cannot be read as of one moment. What is read while others write may be a mixture of before and after, so the bot is
stopped for an export (docs/storage.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

from storage import codec, keys
from storage.dynamo import jobs, layout
from storage.dynamo.alert_log import decision_of, quarantined_of, received_of
from storage.dynamo.commit import places
from storage.dynamo.incidents import incident_of
from storage.dynamo.keep_alerts import keep_alert, keep_firings, keep_quarantine_item
from storage.dynamo.layout import sortable, time_of
from storage.dynamo.runbooks import place_run, run_of
from storage.dynamo.schema import IMPORTING, LAYOUT
from storage.dynamo.table import Item, Key, Table
from storage.dynamo.transaction import Transaction, transact
from storage.dynamo.unfinished import LAID_DOWN, LAYING, finish_left
from storage.dynamo.write import (
    follower,
    keep_audited,
    keep_entries,
    keep_feed_link,
    keep_service_changes,
    place_incident,
)
from storage.errors import BadExport, DatabaseFromTheFuture, NotEmpty, Unreadable
from storage.records import Counter, Job, LoggedAlert, Record, StoredEnvelope, StoredStep
from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink, Override, ScheduleState
from warroom.outbox.changes import Audited, Envelope, Firing, Quarantined, ReadCursor
from warroom.people.model import Following, Group, Person
from warroom.runbooks.run import Run

TIMES = ("created_at", "due_at", "due_since", "dead_at")
WRITERS = 16
"""Records that are written at the same time."""
NO_RECORDS = (layout.REPLICAS, "PART", "LAID", LAYING)
IDENTITIES: dict[type[Record], tuple[tuple[str, Callable[[Any], object]], ...]] = {
    Counter: (("name", lambda one: one.name),),
    Person: (("id", lambda one: one.id),),
    Group: (("id", lambda one: one.id),),
    Following: (("user_id and about and name", lambda one: one),),
    ReadCursor: (("channel_id", lambda one: one.channel_id),),
    Incident: (
        ("id", lambda one: one.id),
        ("number", lambda one: one.number),
        ("origin_key", lambda one: keys.key(one.origin_key)),
        ("channel_id", lambda one: one.room.channel_id),
    ),
    Entry: (("incident_id and key", lambda one: (one.incident_id, keys.key(one.key))),),
    Job: (("key", lambda one: keys.key(one.key)),),
    LoggedAlert: (("delivery_id", lambda one: keys.key(one.received.alert.delivery_id)),),
    Firing: (("incident_id and dedup_key", lambda one: (one.incident_id, keys.key(one.dedup_key))),),
    StoredEnvelope: (("key", lambda one: keys.key(one.envelope.key)),),
    Quarantined: (("id", lambda one: one.id),),
    Override: (("id", lambda one: one.id),),
    ScheduleState: (("schedule", lambda one: one.schedule),),
    FeedLink: (("id", lambda one: one.id),),
    Change: (("id", lambda one: keys.key(one.id)),),
    Run: (("id", lambda one: one.id), ("incident_id and number", lambda one: (one.incident_id, one.number))),
    StoredStep: (("run_id and id", lambda one: (one.run_id, one.step.id)),),
    Audited: (),
}
"""What only one record of a kind may have. None is nothing that could be taken."""


class DynamoDump:
    """`storage.records.Dump`."""

    _table: Table

    async def dump(self) -> AsyncGenerator[Record, None]:
        """See `storage.records.Dump.dump`; of no single moment while others write."""
        await finish_left(self._table)
        found: dict[type[Record], list[tuple[Any, Record]]] = {kind: [] for kind in IDENTITIES}
        async for item in self._everything():
            read = READERS.get(_kind(item.key))
            if read is None:
                continue
            try:
                for order, record in read(item):
                    found[type(record)].append((order, record))
            except (Unreadable, DatabaseFromTheFuture) as error:
                raise type(error)(f"Item {item.key.pk}, {item.key.sk}: {error}") from error
        for records in found.values():
            records.sort(key=lambda each: each[0])
            for _, record in records:
                yield record

    async def _everything(self) -> AsyncIterator[Item]:
        asked: dict[str, Any] = {"TableName": self._table.address.table, "ConsistentRead": True}
        while True:
            answer = await self._table.call("scan", **asked)
            raws = [raw for raw in answer.get("Items", []) if not raw["pk"]["S"].startswith(("PART#", LAID_DOWN))]
            for item in await self._table.items(raws):
                yield item
            if not (last := answer.get("LastEvaluatedKey")):
                return
            asked["ExclusiveStartKey"] = last

    async def load(self, records: Iterable[tuple[int, Record]]) -> int:
        """See `storage.records.Dump.load`. Everything is read and compared before anything is written. While it is written a mark
        keeps the table from being opened; what was written is taken away when it cannot be finished.
        """
        await self._require_empty()
        all_of_them = list(_compared(records))
        async with _marked(self._table):
            await self._write(all_of_them)
        return len(all_of_them)

    async def _write(self, records: list[Record]) -> None:
        numbers = iter(range(1, len(records) + 1))
        whole = _with_steps(records)
        made = [(each, next(numbers) if isinstance(each, LoggedAlert) else 0) for each in whole]
        waiting = iter(made)
        # Envelopes, audit rows and entries have a place in the order of arrival: part after part keeps it.
        while part := list(islice(waiting, WRITERS)):
            arrivals = [layout.arrival() for _ in part]
            await asyncio.gather(
                *(self._restore(record, seq, arrived) for (record, seq), arrived in zip(part, arrivals, strict=True))
            )
        last = max((each.number for each in records if isinstance(each, Incident)), default=0)
        alerts = max((seq for _, seq in made), default=0)
        for key, number in ((layout.INCIDENT_NUMBER, last), (layout.ALERT_NUMBER, alerts)):
            if number:
                await self._put(key, {"number": number})

    async def _restore(self, record: Record, seq: int, arrived: str) -> None:
        async def once(transaction: Transaction) -> None:
            _restored(transaction, record, seq, arrived)

        await transact(self._table, once)

    async def _put(self, key: Key, data: dict[str, Any]) -> None:
        async def once(transaction: Transaction) -> None:
            transaction.replace(key, data)

        await transact(self._table, once)

    async def _require_empty(self) -> None:
        async for item in self._everything():
            if item.key not in (LAYOUT, IMPORTING) and _kind(item.key) not in NO_RECORDS:
                raise NotEmpty(
                    f"The database is not empty: there is something in {self._table.address.shown} ({item.key.pk}). "
                    "Point DATABASE_URL at a new table; importing never mixes two."
                )


@asynccontextmanager
async def _marked(table: Table) -> AsyncIterator[None]:
    """While an import is written. Takes everything away when it is left with an error."""
    item = {**IMPORTING.raw, "r": {"N": "1"}, "d": {"S": "{}"}}
    await table.call("put_item", TableName=table.address.table, Item=item)
    try:
        yield
    except BaseException:
        await _emptied(table)
        raise
    finally:
        await table.call("delete_item", TableName=table.address.table, Key=IMPORTING.raw)


async def _emptied(table: Table) -> None:
    asked: dict[str, Any] = {"TableName": table.address.table, "ProjectionExpression": "pk, sk", "ConsistentRead": True}
    while True:
        answer = await table.call("scan", **asked)
        for raw in answer.get("Items", []):
            if Key(raw["pk"]["S"], raw["sk"]["S"]) not in (LAYOUT, IMPORTING):
                await table.call("delete_item", TableName=table.address.table, Key=raw)
        if not (last := answer.get("LastEvaluatedKey")):
            return
        asked["ExclusiveStartKey"] = last


def _compared(records: Iterable[tuple[int, Record]]) -> Iterator[Record]:
    """Raises BadExport for the first that cannot stand beside one before it."""
    taken: dict[tuple[type[Record], str], set[object]] = {}
    for line, record in records:
        for name, value_of in IDENTITIES[type(record)]:
            value = value_of(record)
            there = taken.setdefault((type(record), name), set())
            if value is not None and value in there:
                raise BadExport(
                    f"Line {line}: a line before it has the same {name}, which only one may have. Nothing was imported."
                )
            there.add(value)
        yield record


def _with_steps(records: Iterable[Record]) -> Iterator[Record]:
    """Runs with their steps in place of both."""
    everything = list(records)
    steps: dict[str, list[StoredStep]] = {}
    for each in everything:
        if isinstance(each, StoredStep):
            steps.setdefault(each.run_id, []).append(each)
    for each in everything:
        if isinstance(each, Run):
            mine = sorted(steps.get(each.id, ()), key=lambda stored: stored.place)
            yield each.copy_with(steps=tuple(stored.step for stored in mine))
        elif not isinstance(each, StoredStep):
            yield each


def _restored(transaction: Transaction, record: Record, seq: int, arrived: str) -> None:
    match record:
        case Counter():
            transaction.put(layout.meta(record.name), {"number": record.number})
        case Person():
            transaction.put(layout.person(record.id), {"body": codec.to_body(record), "places": sorted(places(record))})
            for place in places(record):
                transaction.replace(Key(*place.rsplit("\n", 1)), {"id": record.id})
        case Group():
            transaction.put(layout.group(record.id), {"body": codec.to_body(record)})
        case Following():
            transaction.put(follower(record), record.model_dump())
        case ReadCursor():
            transaction.put(layout.cursor(record.channel_id), record.model_dump())
        case Incident():
            transaction.put(layout.origin(record.origin_key), {"id": record.id})
            place_incident(transaction, record.copy_with(version=record.version - 1), None)
        case Entry():
            keep_entries(transaction, (record,))
        case Job():
            job = record.model_dump(mode="json")
            times = {name: sortable(at) if (at := getattr(record, name)) else None for name in TIMES}
            jobs.keep(transaction, job | times, None)
        case LoggedAlert():
            keep_alert(transaction, record.received.copy_with(seq=seq), record.decision)
        case Firing():
            keep_firings(transaction, (record,))
        case StoredEnvelope():
            done = sortable(record.done_at) if record.done_at else None
            data = {"body": codec.to_body(record.envelope), "arrived": arrived, "done_at": done}
            transaction.put(layout.envelope(record.envelope.key), data)
            if done is None:
                transaction.replace(Key(layout.INBOX, arrived), {"key": record.envelope.key})
        case Quarantined():
            keep_quarantine_item(transaction, record)
        case Audited():
            keep_audited(transaction, (record,))
        case Override():
            transaction.put(layout.override(record.id), {"version": record.version, "body": codec.to_body(record)})
        case ScheduleState():
            transaction.put(
                layout.schedule(record.schedule), {"version": record.version, "body": codec.to_body(record)}
            )
        case FeedLink():
            keep_feed_link(transaction, record)
        case Change():
            keep_service_changes(transaction, (record,))
        case Run():
            place_run(transaction, record.copy_with(version=record.version - 1))


Read = Callable[[Item], list[tuple[Any, Record]]]
"""(its place among those of its kind, the record)."""


def _kind(key: Key) -> str:
    kind = key.pk.partition("#")[0]
    return f"I {key.sk[:2]}" if kind == "I" else kind


def _counter(item: Item) -> list[tuple[Any, Record]]:
    if item.key.sk not in (keys.DIRECTORY_VERSION, keys.DIRECTORY_COMPLETE):
        return []
    return [(item.key.sk, Counter(name=item.key.sk, number=item.data["number"]))]


def _job(item: Item) -> list[tuple[Any, Record]]:
    times = {name: time_of(text) if (text := item.data[name]) else None for name in TIMES}
    return [(item.data["key"], Job.model_validate(item.data | times))]


def _versioned(model: type[Override] | type[ScheduleState]) -> Read:
    def read(item: Item) -> list[tuple[Any, Record]]:
        return [(item.key.sk, codec.from_body(model, {**item.data["body"], "version": item.data["version"]}))]

    return read


def _body(model: type[Any], order: Callable[[Item], Any] = lambda item: (item.key.pk, item.key.sk)) -> Read:
    return lambda item: [(order(item), codec.from_body(model, item.data["body"]))]


def _alert(item: Item) -> list[tuple[Any, Record]]:
    received = received_of(item.data)
    return [(received.seq, LoggedAlert(received=received, decision=decision_of(item.data)))]


def _envelope(item: Item) -> list[tuple[Any, Record]]:
    done = time_of(item.data["done_at"]) if item.data["done_at"] else None
    envelope = codec.from_body(Envelope, item.data["body"])
    return [(item.data["arrived"], StoredEnvelope(envelope=envelope, done_at=done))]


def _run(item: Item) -> list[tuple[Any, Record]]:
    run = run_of(item)
    found: list[tuple[Any, Record]] = [(run.id, run.copy_with(steps=()))]
    for n, step in enumerate(run.steps):
        found.append(((run.id, n), StoredStep(run_id=run.id, place=n, step=step)))
    return found


READERS: dict[str, Read] = {
    layout.META: _counter,
    layout.PEOPLE: _body(Person),
    layout.GROUPS: _body(Group),
    "FOLLOW": lambda item: [((item.key.pk, item.key.sk), Following.model_validate(item.data))],
    layout.CURSORS: lambda item: [(item.key.sk, ReadCursor.model_validate(item.data))],
    "I .": lambda item: [(incident_of(item).number, incident_of(item))],
    "I E#": _body(Entry, lambda item: item.data["arrived"]),
    "J": _job,
    "A": _alert,
    "I F#": _body(Firing),
    "EV": _envelope,
    "Q": lambda item: [(item.data["arrived"], quarantined_of(item.data))],
    "AUDIT": lambda item: [(item.key.sk, Audited.model_validate(item.data))],
    layout.OVERRIDES: _versioned(Override),
    layout.SCHEDULES: _versioned(ScheduleState),
    "SC": _body(Change),
    "FL": _body(FeedLink),
    "RUN": _run,
}
"""By the beginning of the partition key; within an incident by that of the sort key. Lists and pointers are made anew."""
