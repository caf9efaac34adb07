"""The record in memory as rows of tables, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from storage.memory.incidents import FiringRecord, Record
from storage.memory.jobs import Job
from storage.memory.records import AcceptedAlert, Delivery, Records
from storage.memory.text import Text, keep
from storage.names import COMPLETE, VERSION, keys_of
from storage.row import Row
from storage.sql.rows import alert_decision_of, audited_of, incident_row, quarantine_row
from warroom.incident.model import State
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Envelope, Quarantined, ReadCursor
from warroom.people.model import Group, Person, normal

Columns = dict[str, Any]


def rows(records: Records) -> Iterator[Row]:
    """Everything, in the order of `storage.tables.WHOLE`."""
    yield from _directory(records)
    for position in sorted(records.read_cursors.values(), key=lambda each: each.channel_id):
        yield "read_cursor", position.model_dump()
    for record in records.incidents.by_id.values():
        yield "incident", incident_row(record.value().copy_with(version=record.version - 1))
    for seq, ((incident_id, key), text) in enumerate(records.incidents.entries.items(), 1):
        at = text.value(Entry).at
        yield "entry", {"seq": seq, "incident_id": incident_id, "key": key, "at": at, "body": text.body()}
    for job in records.jobs.by_key.values():
        columns = asdict(job) | {"body": job.text.body() if job.text else None}
        del columns["text"]
        yield "job", columns
    for delivery_id, alert in records.alerts.items():
        yield "alert", _alert(delivery_id, alert)
    yield from _firings(records)
    for seq, (key, delivery) in enumerate(records.envelopes.items(), 1):
        kept = delivery.text.value(Envelope)
        columns = {"key": key, "kind": kept.kind, "received_at": kept.received_at, "body": delivery.text.body()}
        yield "envelope", {"seq": seq, **columns, "done_at": delivery.done_at}
    for seq, useless in enumerate(records.quarantine.values(), 1):
        yield "quarantine", {"seq": seq, **quarantine_row(useless)}
    for seq, audited in enumerate(records.audit, 1):
        yield "audit", {"seq": seq, **audited.model_dump()}


def _directory(records: Records) -> Iterator[Row]:
    directory = records.directory
    if directory.version:
        yield "meta", {"name": VERSION, "number": directory.version}
    if directory.complete:
        yield "meta", {"name": COMPLETE, "number": 1}
    for user_id, text in directory.people.items():
        yield "person", {"id": user_id, **directory.keys[user_id], "body": text.body()}
    for group_id, text in directory.groups.items():
        handle = normal(text.value(Group).handle)
        yield "user_group", {"id": group_id, "handle_key": handle, "body": text.body()}


def _alert(delivery_id: str, alert: AcceptedAlert) -> Columns:
    said = alert.alert_decision
    return {
        "seq": alert.seq,
        "delivery_id": delivery_id,
        "received_at": alert.received_at,
        "source": alert.source,
        "body": alert.text.body(),
        "outcome": said.outcome.value if said else None,
        "incident_id": said.incident_id if said else None,
        "rule": said.rule if said else None,
        "why": said.why if said else "",
    }


def _firings(records: Records) -> Iterator[Row]:
    known = records.incidents.firings
    for (incident_id, dedup_key), firing in known.items():
        identity = {"incident_id": incident_id, "dedup_key": dedup_key}
        yield "firing", identity | {"last_seen_at": firing.last_seen_at, "body": firing.text.body()}
    for (incident_id, dedup_key), firing in known.items():
        for key in sorted(firing.keys):
            yield "firing_key", {"incident_id": incident_id, "dedup_key": dedup_key, "key": key}


def filled(all_rows: Iterable[Row]) -> tuple[Records, int]:
    """(a record of these rows, how many there were). They come in the order of `rows`."""
    records, count = Records(), 0
    for table, columns in all_rows:
        _TAKE[table](records, columns)
        count += 1
    return records, count


def _take_meta(records: Records, columns: Columns) -> None:
    if columns["name"] == VERSION:
        records.directory.version = columns["number"]
    elif columns["name"] == COMPLETE:
        records.directory.complete = True


def _take_person(records: Records, columns: Columns) -> None:
    text = keep(columns["body"])
    records.directory.people[columns["id"]] = text
    records.directory.keys[columns["id"]] = keys_of(text.value(Person))


def _take_group(records: Records, columns: Columns) -> None:
    records.directory.groups[columns["id"]] = keep(columns["body"])


def _take_read_cursor(records: Records, columns: Columns) -> None:
    records.read_cursors[columns["channel_id"]] = ReadCursor.model_validate(columns)


def _take_incident(records: Records, columns: Columns) -> None:
    records.incidents.by_id[columns["id"]] = Record(
        id=columns["id"],
        number=columns["number"],
        version=columns["version"],
        origin=columns["origin_key"],
        channel=columns["channel_id"],
        group=columns["group_key"],
        state=State(columns["state"]),
        search=columns["search"],
        text=keep(columns["body"]),
    )


def _take_entry(records: Records, columns: Columns) -> None:
    records.incidents.entries[columns["incident_id"], columns["key"]] = keep(columns["body"])


def _take_job(records: Records, columns: Columns) -> None:
    text: Text | None = None if columns["body"] is None else keep(columns["body"])
    rest = {name: value for name, value in columns.items() if name != "body"}
    records.jobs.by_key[columns["key"]] = Job(**rest, text=text)


def _take_alert(records: Records, columns: Columns) -> None:
    records.seq = max(records.seq, columns["seq"])
    records.alerts[columns["delivery_id"]] = AcceptedAlert(
        seq=columns["seq"],
        received_at=columns["received_at"],
        source=columns["source"],
        text=keep(columns["body"]),
        alert_decision=alert_decision_of(columns),
    )


def _take_firing(records: Records, columns: Columns) -> None:
    identity = (columns["incident_id"], columns["dedup_key"])
    records.incidents.firings[identity] = FiringRecord(
        *identity, keys=frozenset(), last_seen_at=columns["last_seen_at"], text=keep(columns["body"])
    )


def _take_firing_key(records: Records, columns: Columns) -> None:
    known = records.incidents.firings
    identity = (columns["incident_id"], columns["dedup_key"])
    firing = known[identity]
    known[identity] = FiringRecord(
        *identity, keys=firing.keys | {columns["key"]}, last_seen_at=firing.last_seen_at, text=firing.text
    )


def _take_envelope(records: Records, columns: Columns) -> None:
    records.envelopes[columns["key"]] = Delivery(keep(columns["body"]), columns["done_at"])


def _take_quarantine(records: Records, columns: Columns) -> None:
    wanted = {name: columns[name] for name in Quarantined.model_fields}
    records.quarantine[columns["id"]] = Quarantined.model_validate(wanted)


def _take_audit(records: Records, columns: Columns) -> None:
    records.audit.append(audited_of(columns))


_TAKE = {
    "meta": _take_meta,
    "person": _take_person,
    "user_group": _take_group,
    "read_cursor": _take_read_cursor,
    "incident": _take_incident,
    "entry": _take_entry,
    "job": _take_job,
    "alert": _take_alert,
    "firing": _take_firing,
    "firing_key": _take_firing_key,
    "envelope": _take_envelope,
    "quarantine": _take_quarantine,
    "audit": _take_audit,
}
