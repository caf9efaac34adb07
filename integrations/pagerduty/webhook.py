"""PagerDuty's webhooks, version 3: what happens to our incidents, and alerts from incidents that began there.

Outside sources: developer.pagerduty.com "Webhooks: Overview" and "Verifying signatures".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.pagerduty.following import RemoteEvent, change, happened, note, who
from integrations.pagerduty.paging import is_ours
from integrations.pagerduty.policy import NAME
from integrations.pagerduty.rules import LOOK
from integrations.pagerduty.state import Remote, local_id
from warroom.alerts.model import Alert, Kind
from warroom.alerts.parsing.fields import Fields
from warroom.alerts.parsing.formats import Arrival
from warroom.alerts.parsing.keys import Identity
from warroom.alerts.parsing.reading import FieldNames, Said, Title, alert_of
from warroom.outbox.effects import URGENT, ExternalEffect
from warroom.outbox.incoming import Incoming, RemoteAct
from warroom.webhook import WebhookBody

ACTS = {
    "incident.acknowledged": (RemoteAct.ACKNOWLEDGE, Remote.ACKNOWLEDGED),
    "incident.resolved": (RemoteAct.RESOLVE, Remote.RESOLVED),
    "incident.reopened": (RemoteAct.REOPEN, Remote.TRIGGERED),
    "incident.triggered": (RemoteAct.REMEMBER, ""),
    "incident.unacknowledged": (RemoteAct.REMEMBER, Remote.TRIGGERED),
}
LINES = {
    "incident.escalated": "escalated",
    "incident.reassigned": "reassigned",
    "incident.delegated": "reassigned",
    "incident.unacknowledged": "acknowledgement ran out",
}
ALERTS = {"incident.triggered": "triggered", "incident.reopened": "triggered", "incident.resolved": "resolved"}
"""Events of incidents that began there which are alerts here, and what happened."""
NAMES = FieldNames(
    titles=("title",),
    texts=("description",),
    links=("html_url",),
    severities=("priority_summary",),
    priorities=("priority_summary",),
    times=("occurred_at",),
)


def parse(posted: WebhookBody) -> Incoming:
    """What one event says. Events that mean nothing here are ignored. Raises ValueError, KeyError or TypeError for what is none."""
    event = json.loads(posted.body)["event"]
    kind, data = str(event["event_type"]), event["data"]
    if data.get("type") == "incident_note" and kind == "incident.annotated":
        return _annotated(event, data)
    if data.get("type") != "incident":
        return Incoming()
    ours = local_id(data.get("incident_key"))
    if ours is None:
        return _theirs(posted, event, data)
    found = _event(event, data)
    changes, effects = [], []
    if what := LINES.get(kind):
        names = ", ".join(str(each["summary"]) for each in data.get("assignees") or ())
        text = f"to {names}" if names and what != LINES["incident.unacknowledged"] else ""
        changes.append(note(ours, found, happened(what, str(event["occurred_at"])), what, text, found.name))
    if kind in ACTS:
        if found.act is RemoteAct.REMEMBER:
            changes.append(change(ours, found))
        elif found.user_id:
            effects.append(who(found))
        else:
            # No person did it: perhaps we did. What is remembered tells, once our own act is recorded.
            effects.append(_look(ours))
    return Incoming(changes=tuple(changes), effects=tuple(effects))


def signed_at(body: bytes) -> datetime | None:
    """When it happened ("Webhooks: Overview": occurred_at, which the signature covers)."""
    return datetime.fromisoformat(json.loads(body)["event"]["occurred_at"])


def _event(event: Mapping[str, Any], data: Mapping[str, Any]) -> RemoteEvent:
    act, there = ACTS.get(str(event["event_type"]), (RemoteAct.REMEMBER, data["status"]))
    agent = event.get("agent") or {}
    person = str(agent.get("type", "")).startswith("user")
    return RemoteEvent(
        key=str(event["id"]),
        act=act,
        there=str(there),
        remote_id=str(data["id"]),
        dedup_key=data.get("incident_key"),
        url=str(data.get("html_url") or ""),
        user_id=str(agent["id"]) if person else None,
        name=str(agent.get("summary") or "") if person else "",
    )


def _annotated(event: Mapping[str, Any], data: Mapping[str, Any]) -> Incoming:
    """A note. The event does not say whose incident it is about, so the look that follows finds it under the same key."""
    if is_ours(str(data["content"])):
        return Incoming()
    found = RemoteEvent(key=str(data["id"]), act=RemoteAct.NOTE, there="", remote_id=str(data["incident"]["id"]))
    return Incoming(effects=(who(found),))


def _look(incident_id: str) -> ExternalEffect:
    return ExternalEffect(
        integration=NAME,
        operation=LOOK,
        incident_id=incident_id,
        key=f"{incident_id}:{NAME}:look",
        coalescing=True,
        weight=URGENT,
    )


def _theirs(posted: WebhookBody, event: Mapping[str, Any], data: Mapping[str, Any]) -> Incoming:
    """An incident that began there: an alert, and what people do to it."""
    kind, found = str(event["event_type"]), _event(event, data)
    alerts: tuple[Alert, ...] = ()
    if kind in ALERTS:
        arrival = Arrival(posted.received_at, posted.oldest, NAME)
        alerts = (alert(data, found.key, str(event["occurred_at"]), ALERTS[kind], arrival),)
    does = kind in ACTS and found.act is not RemoteAct.REMEMBER
    return Incoming(alerts=alerts, effects=(who(found),) if does else ())


def alert(item: Mapping[str, Any], key: str, at: str, happened: str, arrival: Arrival) -> Alert:
    """What an incident that began there says here. `key` names what happened to it."""
    service, priority = item.get("service") or {}, item.get("priority") or {}
    urgency = str(item.get("urgency") or "")
    body = {
        "title": item["title"],
        "html_url": item.get("html_url"),
        "service": service.get("summary"),
        "priority_summary": priority.get("summary") or urgency,
        "occurred_at": at,
        "urgency": urgency,
    }
    fields = Fields({name: value for name, value in body.items() if value})
    said = Said(
        item=body,
        text="",
        kind=Kind.GENERIC,
        source=NAME,
        ids=Identity(event=key, own=str(item["id"])),
        event=key,
        title=Title(name=str(item["title"])),
        transition=happened,
    )
    return alert_of(fields, NAMES, said, arrival)
