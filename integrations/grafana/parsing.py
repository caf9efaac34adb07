"""Alerts as Grafana sends them: its alerting (one object an alert, with a status) and what was there before (one object a
rule, with a state).

Outside sources: grafana.com "Configure the webhook notifier for Alerting" (fields, `status`, `values`, `truncatedAlerts`),
"Alert rule state and health: no data and error" (DatasourceNoData, DatasourceError, the label rulename), and "Alert
notifications" of version 7 (`state`, `ruleName`, `evalMatches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warroom.alerts.model import Alert, Kind
from warroom.alerts.parsing.fields import Fields, plain_name
from warroom.alerts.parsing.formats import AlertFormat, Arrival
from warroom.alerts.parsing.generic import NAMES as PLAIN
from warroom.alerts.parsing.keys import Identity
from warroom.alerts.parsing.reading import FieldNames, Said, Title, alert_of

SOURCE = "grafana"
STATES = {"alerting": "triggered", "ok": "resolved", "no_data": "no data", "pending": "triggered", "paused": "resolved"}
"""What a rule's state means, for bodies without a status."""
NAMES = FieldNames(
    more_titles=("labels_rulename", "labels_alertname", "rule_name"),
    texts=("annotations_description", "annotations_summary", "annotations_message", "message"),
    links=("panel_url", "dashboard_url", "generator_url", "rule_url"),
    snapshots=("image_url",),
    severities=("labels_severity",),
    # The state of the whole group stands beside each alert's own status, and is not the alert's.
    statuses=("status",),
).then(PLAIN._replace(statuses=()))
_ITS_OWN = frozenset({"fingerprint", "startsat", "ruleid", "evalmatches", "silenceurl", "valuestring"})


def recognises(item: Mapping[str, Any]) -> bool:
    """Whether the object is one of Grafana's: an alert, or a rule of the alerting before."""
    return bool(_ITS_OWN & {plain_name(name) for name in item})


def read(item: Mapping[str, Any], arrival: Arrival) -> Alert:
    """What `item` says. Raises Unusable when it has neither a title nor an id."""
    fields = Fields(item)
    own, name = fields.word("fingerprint", "rule_id"), fields.word("labels_alertname")
    status, state = fields.word("status"), (fields.word("state") or "").casefold()
    over = (status or "").casefold() == "resolved"
    transition = None if status else STATES.get(state)
    if name == "DatasourceNoData" and not over:
        transition = "no data"
    rule = fields.word("labels_rulename", "labels_alertname", "rule_name")
    said = Said(
        item=item,
        text=fields.text(*NAMES.texts, limit=None) or "",
        kind=Kind.GENERIC,
        source=SOURCE,
        ids=Identity(own=own),
        event=None,
        title=Title(name=f"{rule} cannot be evaluated" if name == "DatasourceError" and rule else rule or ""),
        transition=transition,
    )
    return alert_of(fields, NAMES, said, arrival)


FORMAT = AlertFormat(name=SOURCE, recognises=recognises, read=read)
"""The alerts of its webhook."""
