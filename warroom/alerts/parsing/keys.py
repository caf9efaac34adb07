"""The ids that a body gives, and the names by which a delivery and the thing that fires are known again."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple
from urllib.parse import quote

from warroom.alerts.model import Transition

_LONGEST_PART = 120


class Identity(NamedTuple):
    """Every id that was sent; None for those that were not."""

    event: str | None = None
    """The id of this one delivery."""
    monitor: str | None = None
    cycle: str | None = None
    aggregation: str | None = None
    incident: str | None = None
    signal: str | None = None
    own: str | None = None
    """The sender's own name for the alert ("SHOP-MEM-001", a fingerprint)."""


def delivery_id(item: object, event_id: str | None, transition: Transition) -> str:
    """The name of this delivery: its event's id and what happened, else a digest of all that the body says.

    The digest does not depend on white space or the order of fields.
    """
    if event_id:
        return _key("event", event_id, transition.value)
    content = json.dumps(item, sort_keys=True, separators=(",", ":"))
    return _key("body", hashlib.sha256(content.encode()).hexdigest())


def names_an_event(delivery: str) -> bool:
    """Whether the delivery has the name of an event, by which the same one is known however it comes."""
    return delivery.startswith("1:event:")


def polled_delivery_id(monitor_id: str, group: str, transition: Transition, since: str) -> str:
    """The name of what a monitor said when it was asked: the same state since the same time has one name."""
    return _key("polled", monitor_id, transition.value, since, group)


def dedup_keys(ids: Identity, *, source: str, titles: tuple[str, ...], group: str) -> tuple[str, ...]:
    """Every key the alert may be found by, the best first; never empty.

    The cycle key stands alone, because a host may be named differently in a trigger and its recovery. The aggregation
    key outlives one cycle and is not known to be one per group, so the group is part of it. A title identifies only
    what has nothing better; `titles` are the title as it was sent, then as it is shown.
    """
    keys = (
        ids.incident and _key("incident", ids.incident),
        ids.signal and _key("signal", ids.signal),
        ids.cycle and _key("cycle", ids.cycle),
        ids.monitor and _key("monitor", ids.monitor, group),
        ids.own and _key("id", source, ids.own),
        ids.aggregation and _key("aggreg", ids.aggregation, group),
    )
    found = tuple(key for key in keys if key)
    return found or tuple(dict.fromkeys(_key("title", source, title, group) for title in titles))


def _key(kind: str, *parts: str) -> str:
    """The versioned key. Parts are separated by colons, so a part's own are encoded; only the last keeps them."""
    *first, last = (_short(part) for part in parts)
    return ":".join(("1", kind, *(quote(part, safe=" ,@./") for part in first), last))


def _short(part: str) -> str:
    if len(part) <= _LONGEST_PART:
        return part
    return f"{part[:40]}~{hashlib.sha256(part.encode()).hexdigest()[:32]}"
