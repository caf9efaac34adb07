"""Alerts as Prometheus's Alertmanager sends them (webhook, version 4), gives and takes them (API, version 2), and what
speaks its language: Grafana's alerting.

Outside sources: prometheus.io "Alertmanager: webhook receiver" and its API's OpenAPI file; grafana.com "Webhook
notifier".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warroom.alerts.model import Alert, Kind
from warroom.alerts.parsing.fields import Fields, plain_name
from warroom.alerts.parsing.formats import AlertFormat, Arrival
from warroom.alerts.parsing.generic import NAMES as PLAIN
from warroom.alerts.parsing.keys import Identity
from warroom.alerts.parsing.reading import FieldNames, Said, alert_of
from warroom.alerts.parsing.values import occurred

SOURCE = "alertmanager"

NAMES = FieldNames(
    more_titles=("labels_alertname",),
    texts=("annotations_description", "annotations_message", "annotations_summary"),
    links=("generator_url", "panel_url", "dashboard_url"),
    severities=("labels_severity",),
).then(PLAIN)

_ITS_OWN = frozenset({"fingerprint", "startsat", "endsat", "generatorurl", "activeat"})
_NOT_ITS_OWN = frozenset(
    {*("alertid", "monitorid", "alerttransition", "alertcyclekey", "kind", "title", "alerttitle"), "id"}
)


def recognises(item: Mapping[str, Any]) -> bool:
    """Whether the object is one of Alertmanager's: labels, and one of the fields that only it has."""
    names = {plain_name(name): value for name, value in item.items()}
    return (
        isinstance(names.get("labels"), Mapping) and bool(_ITS_OWN & names.keys()) and not _NOT_ITS_OWN & names.keys()
    )


def read(item: Mapping[str, Any], arrival: Arrival) -> Alert:
    """What `item` says. Raises Unusable when it has neither a title nor an id."""
    fields = Fields(item)
    text = fields.text(*NAMES.texts, limit=None) or ""
    fingerprint, event = fields.word("fingerprint"), fields.word("event_id")
    said = Said(
        item=item,
        text=text,
        kind=Kind.GENERIC,
        # Where these alerts come to another integration's address, those without a fingerprint have its name in their keys.
        source=fields.word("source", limit=80) or (SOURCE if fingerprint else arrival.source),
        ids=Identity(event=event, own=fingerprint),
        event=event,
        transition="resolved" if _is_over(fields, arrival) else None,
    )
    return alert_of(fields, NAMES, said, arrival)


def _is_over(fields: Fields, arrival: Arrival) -> bool:
    """Whether it ended: an alert that is handed to Alertmanager has no status, only a time at which it ends."""
    if fields.word(*NAMES.statuses):
        return False
    ended = occurred(fields.word("ends_at"), arrival.received_at, arrival.oldest)
    return ended is not None and ended <= arrival.received_at


FORMAT = AlertFormat(name=SOURCE, recognises=recognises, read=read)
"""The alerts of its webhook, its API and its kin."""
