"""Bodies in which Datadog's alert is wrapped: an event of Amazon EventBridge, or an object as Datadog's API gives it.

Outside sources: docs.aws.amazon.com "EventBridge events structure"; docs.datadoghq.com API reference, "Events" (search,
v2), "Incidents" (v2), "Monitors" (v1), "Security Monitoring" (signals, v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PARTNER = "aws.partner/datadog.com"
_WHAT_HAPPENED = ("monitor", "transition", "states")


def unwrapped(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is inside, under the names that other bodies use; the item itself where it is no envelope."""
    detail, outer = item.get("detail"), item.get("attributes")
    if isinstance(detail, Mapping) and "detail-type" in item:
        return _from_bus(item, detail)
    if "overall_state" in item and "query" in item:
        return _monitor(item)
    if not isinstance(outer, Mapping):
        return item
    if item.get("type") == "incidents":
        return _incident(item, outer)
    if item.get("type") == "signal":
        return _signal(item, outer)
    inner = outer.get("attributes")
    return _from_search(item, outer, inner) if isinstance(inner, Mapping) else item


def _from_bus(item: Mapping[str, Any], detail: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = detail.get("meta")
    inside = {name: meta[name] for name in _WHAT_HAPPENED if name in meta} if isinstance(meta, Mapping) else {}
    source = item.get("source")
    ours = isinstance(source, str) and source.startswith(_PARTNER)
    named = {} if ours or source is None else {"source": source}
    return {"event_id": item.get("id"), "timestamp": item.get("time"), **named, **inside, **detail}


def _from_search(item: Mapping[str, Any], outer: Mapping[str, Any], inner: Mapping[str, Any]) -> Mapping[str, Any]:
    event = inner.get("evt")
    number = event.get("id") if isinstance(event, Mapping) else None
    said = {name: value for name, value in outer.items() if name != "attributes"}
    return {**said, "event_id": number or item.get("id"), **inner}


def _incident(item: Mapping[str, Any], inside: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ("title", "severity", "public_id", "created", "declared")
    return {
        "kind": "incident",
        "incident_uuid": item.get("id"),
        **{f"incident_{name}": inside.get(name) for name in names},
        "incident_status": inside.get("state"),
        "incident_fields": inside.get("fields"),
        "test": inside.get("is_test"),
    }


def _monitor(item: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ("query", "tags", "message", "priority")
    return {
        "kind": "monitor",
        "monitor_id": item.get("id"),
        "monitor_name": item.get("name"),
        "status": item.get("overall_state"),
        "date": item.get("overall_state_modified"),
        **{name: item.get(name) for name in names},
    }


def _signal(item: Mapping[str, Any], inside: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ("title", "message", "tags", "timestamp", "severity")
    attributes = inside.get("custom") or inside.get("attributes")
    return {
        "kind": "security",
        "security_signal_id": item.get("id"),
        **{name: inside.get(name) for name in names},
        "security_signal_attributes": attributes,
        **{name: attributes.get(name) for name in names[:1] if isinstance(attributes, Mapping) and name in attributes},
    }
