"""The store over plain dictionaries. No method waits in the middle of its work, so each is atomic by itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

from storage import codec
from storage.errors import NotEmpty
from storage.memory import full_dump
from storage.memory.records import AcceptedAlert, Delivery, Records
from storage.memory.text import keep
from storage.quarantine import too_many
from storage.row import Row
from storage.turns import IncidentTurn, Turns
from warroom.errors import Conflict, StoreUnavailable
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.outbox.changes import (
    AlertDecision,
    Audited,
    Changeset,
    Claim,
    DeadLetter,
    Envelope,
    Firing,
    Quarantined,
    ReadCursor,
    ReceivedAlert,
    Replicas,
    StoreStats,
)
from warroom.people.model import Group, Person


class MemoryStore:
    """`warroom.ports.Store` in memory. Opened by `storage.open_store("memory://")`; gone when it is closed."""

    def __init__(self) -> None:
        self._kept: Records | None = Records()
        self._turns = Turns(self._commit_all)

    @property
    def _records(self) -> Records:
        if self._kept is None:
            raise StoreUnavailable("The record in memory is closed: Warroom is stopping. Nothing was stored.")
        return self._kept

    # -- writing

    async def commit(self, change: Changeset) -> bool:
        """See `warroom.ports.Store.commit`."""
        turn = self._turns.held(change.incident.id) if change.incident else None
        return await turn.commit(change) if turn else self._commit(change)

    def _commit(self, change: Changeset) -> bool:
        """Everything that can be refused is looked at before anything is written."""
        records = self._records
        _require_aware(change)
        new_alerts = _unknown_alerts(records, change.received)
        if change.envelope and codec.key(change.envelope.key) in records.envelopes:
            return False
        if change.received and not new_alerts:
            return False
        if not all(_unjudged(records, each) for each in change.judges):
            return False
        if change.claim_result:
            records.jobs.held(change.claim_result)
        if change.incident:
            records.incidents.require_free(change.incident)
        _write(records, change, new_alerts)
        return True

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """See `warroom.ports.Store.commit_new`."""
        change = build(self._records.incidents.last_number() + 1)
        return change if await self.commit(change) else None

    async def _commit_all(self, changes: Sequence[Changeset]) -> list[bool]:
        if len(changes) > 1:
            raise Conflict("Here they are written one by one.")
        return [self._commit(change) for change in changes]

    def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AbstractAsyncContextManager[IncidentTurn]:
        """See `warroom.ports.Store.in_turn`."""
        return self._turns.of(incident_id, urgent=urgent, alone=alone)

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """See `warroom.ports.Store.claim`."""
        return self._records.jobs.claim(now, limit, lease)

    async def release_stale_leases(self, now: datetime) -> int:
        """See `warroom.ports.Store.take_over`."""
        return self._records.jobs.release(now)

    async def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """See `warroom.ports.Store.pull_in`."""
        return self._records.jobs.reset_after_clock_change(now, lease)

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """Nobody else can use it."""
        _ = self._records
        return Replicas()

    async def deregister(self, me: str) -> None:
        """Nobody is told."""
        _ = self._records

    async def purge(self, before: datetime) -> int:
        """Delete what is over since before that time; see `storage.sql.purge`."""
        records = self._records
        envelopes = [
            key for key, each in records.envelopes.items() if each.done_at is not None and each.done_at < before
        ]
        alerts = [
            key
            for key, each in records.alerts.items()
            if each.received_at < before and each.alert_decision is not None and each.alert_decision.incident_id is None
        ]
        unused = [key for key, each in records.quarantine.items() if each.received_at < before]
        for key in unused:
            del records.quarantine[key]
        for key in envelopes:
            del records.envelopes[key]
        for key in alerts:
            del records.alerts[key]
        return records.jobs.purge(before) + len(envelopes) + len(alerts) + len(unused)

    # -- incidents

    async def incident(self, incident_id: str) -> Incident | None:
        """By id."""
        return self._records.incidents.newest(lambda each: each.id == codec.key(incident_id))

    async def incident_numbered(self, number: int) -> Incident | None:
        """By number."""
        return self._records.incidents.newest(lambda each: each.number == number)

    async def incident_in(self, channel_id: str) -> Incident | None:
        """By its channel."""
        return self._records.incidents.newest(lambda each: each.channel == codec.key(channel_id))

    async def incident_from(self, origin_key: str) -> Incident | None:
        """By what caused it."""
        return self._records.incidents.newest(lambda each: each.origin == codec.key(origin_key))

    async def incident_grouped(self, group_key: str) -> Incident | None:
        """The newest with that group key, open or not."""
        return self._records.incidents.newest(lambda each: each.group == codec.key(group_key))

    async def incidents(self, *, open_only: bool = False, text: str = "", limit: int = 50) -> list[Incident]:
        """Newest first."""
        return self._records.incidents.search(open_only, codec.fold(text), limit)

    async def last_number(self) -> int:
        """0 when there is no incident."""
        return self._records.incidents.last_number()

    async def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        return self._records.incidents.timeline(incident_id)

    async def firings(self, incident_id: str, limit: int = 100) -> list[Firing]:
        """Newest `last_seen_at` first."""
        return self._records.incidents.firings_of(incident_id, limit)

    async def firings_for(self, keys: Sequence[str], limit: int = 10) -> list[tuple[Firing, Incident]]:
        """Those that share any of the keys, newest incident first."""
        return self._records.incidents.firings_for(keys, limit)

    # -- deliveries and jobs

    async def pending_alerts(self, limit: int) -> list[ReceivedAlert]:
        """Not judged yet, in order of arrival."""
        pending = [each for each in self._records.alerts.values() if each.alert_decision is None]
        return [each.value() for each in pending[:limit]]

    async def alerts(self, limit: int = 50) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """Newest first, with what became of them."""
        newest = list(reversed(self._records.alerts.values()))[:limit]
        return [(each.value(), each.alert_decision) for each in newest]

    async def quarantined(self, limit: int = 50) -> list[Quarantined]:
        """Newest first."""
        return list(reversed(self._records.quarantine.values()))[:limit]

    async def quarantined_as(self, quarantine_id: str) -> Quarantined | None:
        """By id."""
        return self._records.quarantine.get(codec.key(quarantine_id))

    async def read_cursors(self) -> list[ReadCursor]:
        """By channel."""
        return sorted(self._records.read_cursors.values(), key=lambda each: each.channel_id)

    async def pending_envelopes(self, limit: int = 500) -> list[Envelope]:
        """Not worked off yet, in order of arrival."""
        pending = [each.text for each in self._records.envelopes.values() if each.done_at is None]
        return [text.value(Envelope) for text in pending[:limit]]

    async def next_due(self) -> datetime | None:
        """When the next timer, effect or lease is due."""
        return self._records.jobs.next_due()

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Newest first."""
        return self._records.jobs.dead_letters(limit)

    async def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """See `warroom.ports.Store.dig_up`."""
        return self._records.jobs.requeue(keys, now)

    # -- the directory

    async def person(self, user_id: str) -> Person | None:
        """By Slack id."""
        return self._records.directory.person(user_id)

    async def people_by_email(self, email: str) -> list[Person]:
        """Compared without case; nobody for an empty one."""
        return self._records.directory.by_email(email)

    async def people_by_id(self, user_ids: Sequence[str]) -> list[Person]:
        """See `warroom.ports.PeopleStore.people_by_id`."""
        found = [self._records.directory.person(each) for each in sorted(set(user_ids))]
        return [person for person in found if person is not None]

    async def people_by_name(self, normal: str) -> list[Person]:
        """See `warroom.ports.PeopleStore.people_by_name`."""
        return self._records.directory.by_name(normal)

    async def people_after(self, user_id: str, limit: int) -> list[Person]:
        """The next page, by id."""
        return self._records.directory.after(user_id, limit)

    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by normalised handle."""
        return self._records.directory.group(id_or_handle)

    async def directory_version(self) -> tuple[int, bool]:
        """(a number that grows with every change, whether a whole read ever ended)."""
        directory = self._records.directory
        return directory.version, directory.complete

    # -- the whole

    async def rows(self) -> AsyncGenerator[Row, None]:
        """Everything, see `storage.export`."""
        for row in full_dump.rows(self._records):
            yield row

    async def fill(self, rows: Iterable[Row]) -> int:
        """Take all of them or nothing, in rows. Raises NotEmpty, and whatever reading the rows raises."""
        if next(full_dump.rows(self._records), None) is not None:
            raise NotEmpty("The record in memory is not empty.")
        self._kept, count = full_dump.filled(rows)
        return count

    async def audit(self, incident: str | None = None, limit: int = 50) -> list[Audited]:
        """Newest first."""
        found = [each for each in reversed(self._records.audit) if incident in (None, each.incident)]
        return found[:limit]

    async def store_stats(self) -> StoreStats:
        """See `warroom.ports.Store.vitals`."""
        records = self._records
        waiting = records.jobs.waiting()
        return StoreStats(
            open_incidents=records.incidents.open_by_severity(),
            waiting=len(waiting),
            waiting_since=min(waiting, default=None),
            dead_letters=sum(1 for job in records.jobs.by_key.values() if job.dead_at),
            unjudged=sum(1 for each in records.alerts.values() if each.alert_decision is None),
            quarantined=len(records.quarantine),
        )

    async def ready(self) -> None:
        """Raises StoreUnavailable when it is closed."""
        _ = self._records

    async def close(self) -> None:
        """Forget everything; afterwards every method raises StoreUnavailable."""
        self._kept = None


def _require_aware(change: Changeset) -> None:
    """Raises ValueError for a time without a zone."""
    times = [change.now, *(timer.due_at for timer in change.timers), *(entry.at for entry in change.entries)]
    times += [received.received_at for received in change.received]
    times += [kept.received_at for kept in change.quarantined]
    times += [firing.last_seen_at for firing in change.firings]
    for time in times:
        if time is not None:
            codec.utc(time)


def _unknown_alerts(records: Records, received: Sequence[ReceivedAlert]) -> dict[str, ReceivedAlert]:
    """The first of each delivery that is not stored yet, in order of arrival."""
    unknown: dict[str, ReceivedAlert] = {}
    for each in received:
        key = codec.key(each.alert.delivery_id)
        if key not in records.alerts:
            unknown.setdefault(key, each)
    return unknown


def _unjudged(records: Records, delivery_id: str) -> bool:
    alert = records.alerts.get(codec.key(delivery_id))
    return alert is not None and alert.alert_decision is None


def _write(records: Records, change: Changeset, new_alerts: dict[str, ReceivedAlert]) -> None:
    now = change.now
    if change.envelope:
        records.envelopes[codec.key(change.envelope.key)] = Delivery(keep(codec.to_body(change.envelope)))
    for key, received in new_alerts.items():
        records.seq += 1
        text = keep(codec.to_body(received.alert))
        records.alerts[key] = AcceptedAlert(records.seq, received.received_at, codec.key(received.source), text)
    if change.claim_result:
        records.jobs.settle(change.claim_result, now)
    if change.incident:
        records.incidents.keep(change.incident)
    for entry in change.entries:
        records.incidents.add_entry(entry)
    for timer in change.timers:
        records.jobs.arm(timer, now)
    for effect in change.effects:
        records.jobs.enqueue(effect, now)
    for alert_decision in change.judged:
        alert = records.alerts.get(codec.key(alert_decision.delivery_id))
        if alert is not None and alert.alert_decision is None:
            alert.alert_decision = alert_decision
    for firing in change.firings:
        records.incidents.keep_firing(firing)
    for position in change.read_cursors:
        known = records.read_cursors.get(position.channel_id)
        if known is None or position.ts > known.ts:
            records.read_cursors[position.channel_id] = position
    _quarantine(records.quarantine, change)
    records.directory.keep(change.people, change.groups, change.directory_complete)
    records.audit += [
        each.copy_with(said=codec.clean(each.said), result=codec.clean(each.result)) for each in change.audited
    ]
    if change.envelope_done is not None:
        delivery = records.envelopes.get(codec.key(change.envelope_done))
        if delivery is not None and delivery.done_at is None:
            delivery.done_at = now


def _quarantine(kept: dict[str, Quarantined], change: Changeset) -> None:
    for released in change.released:
        kept.pop(codec.key(released), None)
    for each in change.quarantined:
        words = {"content_type": codec.clean(each.content_type), "reason": codec.clean(each.reason)}
        kept.setdefault(codec.key(each.id), each.copy_with(**words))
    for key in too_many((key, len(each.body)) for key, each in reversed(kept.items())):
        del kept[key]
