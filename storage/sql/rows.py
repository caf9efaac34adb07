"""Values to rows and rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import codec, keys
from storage.keys import keys_of, searchable
from storage.records import Job, LoggedAlert, StoredEnvelope
from warroom.alerts.model import Alert
from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink, Override, ScheduleState
from warroom.outbox.changes import (
    AlertDecision,
    AlertOutcome,
    Audited,
    Envelope,
    Firing,
    Quarantined,
    ReadCursor,
    ReceivedAlert,
)
from warroom.people.model import Following, Group, Person, normal


def incident_row(incident: Incident) -> dict[str, Any]:
    """The columns of the incident in its next version."""
    return {
        "id": incident.id,
        "number": incident.number,
        "origin_key": incident.origin_key,
        "channel_id": incident.room.channel_id,
        "state": incident.state.value,
        "severity": incident.severity,
        "private": incident.private,
        "group_key": incident.alert_group.key,
        "declared_at": incident.declared_at,
        "touched_at": incident.touched_at,
        "search": searchable(incident),
        "version": incident.version + 1,
        "body": codec.to_body(incident),
    }


def incident_of(row: sa.RowMapping) -> Incident:
    """The incident in the version of its row."""
    return codec.from_body(Incident, {**row["body"], "version": row["version"]})


def override_row(override: Override) -> dict[str, Any]:
    """The columns of the override in its next version."""
    return {
        "id": override.id,
        "schedule": override.schedule,
        "start_at": override.start,
        "end_at": override.end,
        "version": override.version + 1,
        "body": codec.to_body(override),
    }


def schedule_state_row(state: ScheduleState) -> dict[str, Any]:
    """The columns of the state in its next version."""
    return {"schedule": state.schedule, "version": state.version + 1, "body": codec.to_body(state)}


def schedule_state_of(row: sa.RowMapping) -> ScheduleState:
    """The state in the version of its row."""
    return codec.from_body(ScheduleState, {**row["body"], "version": row["version"]})


def feed_link_row(link: FeedLink) -> dict[str, Any]:
    """The columns of the link."""
    return {"id": link.id, "person": link.person, "made_at": link.made_at, "body": codec.to_body(link)}


def feed_link_of(row: sa.RowMapping) -> FeedLink:
    """The link."""
    return codec.from_body(FeedLink, row["body"])


def override_of(row: sa.RowMapping) -> Override:
    """The override in the version of its row."""
    return codec.from_body(Override, {**row["body"], "version": row["version"]})


def change_of(row: sa.RowMapping) -> Change:
    """The change of what runs."""
    return codec.from_body(Change, row["body"])


def change_row(change: Change) -> dict[str, Any]:
    """The columns of a change of what runs."""
    named = {"id": change.id, "at": change.at, "service_key": normal(change.service)}
    return named | {"body": codec.to_body(change)}


def entry_of(row: sa.RowMapping) -> Entry:
    """The timeline entry."""
    return codec.from_body(Entry, row["body"])


def entry_row(entry: Entry) -> dict[str, Any]:
    """The columns of a timeline entry."""
    return {"incident_id": entry.incident_id, "key": entry.key, "at": entry.at, "body": codec.to_body(entry)}


def alert_row(received: ReceivedAlert) -> dict[str, Any]:
    """The columns of an accepted alert, not decided yet."""
    return {
        "delivery_id": received.alert.delivery_id,
        "received_at": received.received_at,
        "source": received.source,
        "body": codec.to_body(received.alert),
    }


def alert_of(row: sa.RowMapping) -> ReceivedAlert:
    """The alert as it was accepted, with its place in the order of arrival."""
    alert = codec.from_body(Alert, row["body"])
    return ReceivedAlert(alert=alert, received_at=row["received_at"], source=row["source"], seq=row["seq"])


def alert_decision_of(row: Mapping[str, Any] | sa.RowMapping) -> AlertDecision | None:
    """What became of the alert, None while that is not decided."""
    if row["outcome"] is None:
        return None
    return AlertDecision(
        delivery_id=row["delivery_id"],
        outcome=AlertOutcome(row["outcome"]),
        incident_id=row["incident_id"],
        rule=row["rule"],
        why=row["why"],
    )


def logged_alert_of(row: sa.RowMapping) -> LoggedAlert:
    """The alert and what became of it."""
    return LoggedAlert(received=alert_of(row), decision=alert_decision_of(row))


def logged_alert_row(logged: LoggedAlert) -> dict[str, Any]:
    """The columns of an accepted alert and what became of it."""
    said = logged.decision
    return {
        **alert_row(logged.received),
        "outcome": said and said.outcome.value,
        "incident_id": said and said.incident_id,
        "rule": said and said.rule,
        "why": said.why if said else "",
    }


def quarantine_row(kept: Quarantined) -> dict[str, Any]:
    """The columns of something that could not be used."""
    return {**kept.model_dump(), "size": len(kept.body)}


def quarantined_of(row: sa.RowMapping) -> Quarantined:
    """What could not be used, with its full body."""
    return Quarantined.model_validate({name: row[name] for name in Quarantined.model_fields})


def audited_of(row: Mapping[str, Any] | sa.RowMapping) -> Audited:
    """Who did what."""
    return Audited.model_validate({name: row[name] for name in Audited.model_fields})


def read_cursor_of(row: sa.RowMapping) -> ReadCursor:
    """Up to where a channel was read."""
    return ReadCursor(channel_id=row["channel_id"], name=row["name"], ts=row["ts"])


def envelope_row(envelope: Envelope, done_at: datetime | None = None) -> dict[str, Any]:
    """The columns of a delivery of Slack's; `done_at` when it is worked off already."""
    return {
        "key": envelope.key,
        "kind": envelope.kind,
        "received_at": envelope.received_at,
        "body": codec.to_body(envelope),
        "done_at": done_at,
    }


def stored_envelope_of(row: sa.RowMapping) -> StoredEnvelope:
    """The delivery and whether it was worked off."""
    return StoredEnvelope(envelope=codec.from_body(Envelope, row["body"]), done_at=row["done_at"])


def stored_envelope_row(stored: StoredEnvelope) -> dict[str, Any]:
    """The columns of a delivery of Slack's and whether it was worked off."""
    return envelope_row(stored.envelope, stored.done_at)


def job_of(row: sa.RowMapping) -> Job:
    """The timer or effect, its body as it is stored."""
    return Job.model_validate(dict(row))


def firing_of(row: sa.RowMapping) -> Firing:
    """The firing."""
    return codec.from_body(Firing, row["body"])


def firing_key_rows(firing: Firing) -> list[dict[str, Any]]:
    """A row for every key that leads to the firing. Long keys are shortened here, so that no two of them become equal."""
    found = sorted({keys.key(each) for each in (firing.dedup_key, *firing.keys)})
    return [{"incident_id": firing.incident_id, "dedup_key": firing.dedup_key, "key": each} for each in found]


def firing_row(firing: Firing) -> dict[str, Any]:
    """The columns of a firing."""
    return {
        "incident_id": firing.incident_id,
        "dedup_key": firing.dedup_key,
        "last_seen_at": firing.last_seen_at,
        "body": codec.to_body(firing),
    }


def subscription_row(following: Following) -> dict[str, Any]:
    """The columns of a subscription."""
    about, name = ("team", following.team) if following.team else ("severity", following.severity or "")
    return {"user_id": following.user, "about": about, "name": name}


def following_of(row: sa.RowMapping) -> Following:
    """The subscription."""
    return Following(user=row["user_id"], **{row["about"]: row["name"]})


def person_row(person: Person) -> dict[str, Any]:
    """The columns of a person: what names are compared by."""
    return {"id": person.id, **keys_of(person), "body": codec.to_body(person)}


def person_of(row: sa.RowMapping) -> Person:
    """The person."""
    return codec.from_body(Person, row["body"])


def group_of(row: sa.RowMapping) -> Group:
    """The user group."""
    return codec.from_body(Group, row["body"])


def group_row(group: Group) -> dict[str, Any]:
    """The columns of a user group."""
    return {"id": group.id, "handle_key": normal(group.handle), "body": codec.to_body(group)}
