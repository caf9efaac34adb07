"""The plain bodies that people and their programs write, and the envelopes that any sender's body may arrive in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warroom.alerts.model import Alert, Kind
from warroom.alerts.parsing.body import unpacked
from warroom.alerts.parsing.fields import Fields, plain_name
from warroom.alerts.parsing.formats import Arrival
from warroom.alerts.parsing.keys import Identity
from warroom.alerts.parsing.labels import LabelNames
from warroom.alerts.parsing.reading import FieldNames, Said, Title, alert_of
from warroom.alerts.parsing.values import TITLE_LIMIT

NAMES = FieldNames(
    titles=("title",),
    more_titles=("alert_name", "labels_alertname", "annotations_summary", "summary", "rule_name", "name"),
    title_scopes=("scope",),
    texts=(
        *("body", "description", "annotations_description", "message", "text", "alert_message"),
        *("annotations_summary", "annotations_message"),
    ),
    links=("link", "alert_url", "alert_link", "url", "generator_url", "html_url", "panel_url", "dashboard_url"),
    snapshots=("snapshot", "snapshot_url", "image_url"),
    times=("date", "occurred_at", "timestamp", "time", "last_updated", "created_at"),
    began=("starts_at", "active_at"),
    ended=("ends_at",),
    people=("notification_teams", "notify", "people"),
    severities=("severity", "alert_severity", "labels_severity"),
    priorities=("alert_priority", "priority", "labels_priority"),
    transitions=("alert_transition", "transition"),
    statuses=("status", "state", "alert_state", "status_state", "alert_status"),
    types=("alert_type",),
    metrics=("metric", "metric_name"),
    queries=("query",),
    labels=LabelNames(
        scopes=("scope", "group", "alert_group"),
        tags=("tags", "alert_tags", "labels"),
        hosts=("hostname", "host", "hosts", "affected_hosts", "host_name", "labels_instance"),
        services=("service", "service_name", "labels_service", "services", "affected_services"),
        envs=("env", "environment", "labels_env", "labels_environment"),
        teams=("team", "labels_team"),
    ),
)
"""What people call the fields of a body of their own; labels and annotations are those of rules that alert."""

_ENVELOPES = ("data", "payload")
_LISTS = ("alerts", *_ENVELOPES)
_ABOUT_AN_ALERT = (
    *NAMES.titles,
    *NAMES.more_titles,
    *NAMES.texts,
    *("labels", "annotations", "alerts", "event_title", "alert_title", "attributes"),
)


def read(item: Mapping[str, Any], arrival: Arrival) -> Alert:
    """What `item` says. Raises Unusable when it has neither a title nor an id."""
    fields = Fields(item)
    own, event, monitor = (
        fields.word("fingerprint", "alert_id", "id"),
        fields.word("event_id"),
        fields.word("monitor_id"),
    )
    said = Said(
        item=item,
        text=fields.text(*NAMES.texts, limit=None) or "",
        kind=_kind(fields, monitor),
        source=fields.word("source", limit=80) or arrival.source,
        ids=Identity(event=event, monitor=monitor, own=own),
        event=event or own,
        title=Title(fields.word(*NAMES.titles, limit=TITLE_LIMIT) or ""),
    )
    return alert_of(fields, NAMES, said, arrival)


def _kind(fields: Fields, monitor: str | None) -> Kind:
    said = (fields.word("kind") or "").lower()
    if said in tuple(Kind):
        return Kind(said)
    return Kind.MONITOR if monitor else Kind.GENERIC


def listed(data: object) -> object:
    """The list of alerts that a body holds, or the body itself: `{"alerts": […]}`, `{"data": {"alerts": […]}}`.

    An alert of a list has the status of the whole where it has none of its own.
    """
    if not isinstance(data, dict):
        return data
    inside = {plain: value for name, value in data.items() if (plain := plain_name(name)) in _LISTS}
    for name in _LISTS:
        under = unpacked(inside.get(name))
        if isinstance(under, list) and name == "alerts":
            return [_with_status(item, data) for item in under]
        if isinstance(under, list) and under and all(map(_speaks, under)) and _is_envelope(data):
            return under
        if isinstance(under, dict) and name in _ENVELOPES and _is_envelope(data):
            found = listed(under)
            return found if isinstance(found, list) else data
    return data


def unwrapped(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is under `data` or `payload`, where the object around it speaks of no alert itself; else the item.

    What stands around it is kept where the inside does not say it: an id, a time. A CloudEvent's id names the delivery
    and not what fires.
    """
    for name, value in item.items():
        if plain_name(name) not in _ENVELOPES:
            continue
        inside = unpacked(value)
        if isinstance(inside, dict) and _speaks(inside) and _is_envelope(item):
            around = {other: what for other, what in item.items() if other != name}
            if "specversion" in item:
                around = {"event_id": item.get("id"), "time": item.get("time")}
            return {**around, **inside}
    return item


def _is_envelope(item: Mapping[str, Any]) -> bool:
    around = {name: what for name, what in item.items() if plain_name(name) not in _LISTS}
    return not Fields(around).text(*NAMES.titles, *NAMES.more_titles, *NAMES.texts, "event_title", "alert_title")


def _speaks(inside: object) -> bool:
    if not isinstance(inside, Mapping):
        return False
    names = {plain_name(name) for name in inside}
    return any(plain_name(name) in names for name in _ABOUT_AN_ALERT)


def _with_status(item: object, around: Mapping[str, Any]) -> object:
    item = unpacked(item)
    if not isinstance(item, dict) or not isinstance(around.get("status"), str):
        return item
    said = {plain_name(name) for name in item}
    return item if said & {"status", "state", "endsat"} else {"status": around["status"], **item}
