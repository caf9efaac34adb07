"""One alert as a line of a table, for people and scripts."""

from __future__ import annotations

from typing import Any

from warroom.alerts.model import Alert

COLUMNS = (
    *("kind", "event_id", "monitor_id", "title", "transition", "state", "priority", "severity", "group", "hosts"),
    *("service", "env", "team", "tags", "link", "snapshot", "occurred_at", "dedup_key"),
)


def row(alert: Alert) -> dict[str, Any]:
    """The alert's COLUMNS as plain JSON values: what is absent is None, lists are lists, times ISO 8601 in UTC."""
    values = alert.model_dump(mode="json", include=set(COLUMNS))
    return {name: values[name] for name in COLUMNS}
