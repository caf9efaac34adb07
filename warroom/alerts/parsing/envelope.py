"""Bodies in which Datadog's alert is wrapped: an event of Amazon EventBridge, or an event as Datadog's events API gives it.

Outside sources: docs.aws.amazon.com "EventBridge events structure", docs.datadoghq.com "Events" (search, v2).
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
    inner = outer.get("attributes") if isinstance(outer, Mapping) else None
    if isinstance(outer, Mapping) and isinstance(inner, Mapping):
        return _from_search(item, outer, inner)
    return item


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
