"""What a body names: the monitor, the event, the cycle, or an id of the sender's own."""

from __future__ import annotations

import re
from typing import NamedTuple

from warroom.alerts.model import Kind
from warroom.alerts.parsing.fields import Fields
from warroom.alerts.parsing.links import FromLink

# Datadog's event ids are 64-bit numbers; the ids that people write by hand are not.
_EVENT_ID = re.compile(r"\d{15,20}")
_MONITOR_ID = re.compile(r"\d{1,20}")
# Datadog leaves "ID" behind where a template misspells a variable.
_REMNANT = "ID"


class Identity(NamedTuple):
    """Every id that was sent; None for those that were not."""

    event: str | None
    monitor: str | None
    cycle: str | None
    aggregation: str | None
    incident: str | None
    signal: str | None
    own: str | None
    """The sender's own name for the alert ("DATADOG-MEM-001", Alertmanager's fingerprint)."""


def identified(fields: Fields, from_link: FromLink) -> Identity:
    """The ids; `fished` fills in what only a link says."""
    plain = _id(fields, "id")
    alert = _id(fields, "alert_id")
    is_event = plain is not None and _EVENT_ID.fullmatch(plain) is not None
    is_monitor = alert is not None and _MONITOR_ID.fullmatch(alert) is not None
    return Identity(
        event=_id(fields, "event_id") or (plain if is_event else None) or from_link.event_id,
        monitor=_id(fields, "monitor_id") or (alert if is_monitor else None) or from_link.monitor_id,
        cycle=_id(fields, "alert_cycle_key", "cycle_key"),
        aggregation=_id(fields, "aggreg_key", "aggregation_key", "event_aggreg_key"),
        incident=_id(fields, "incident_uuid", "incident_public_id", "incident_id"),
        signal=_id(fields, "security_signal_id", "signal_id"),
        own=_id(fields, "fingerprint") or (None if is_monitor else alert) or (None if is_event else plain),
    )


def kind_of(fields: Fields, identity: Identity) -> Kind:
    """What the body says it is; where it does not say, what its ids speak for."""
    said = (fields.word("kind") or "").lower()
    if said in tuple(Kind):
        return Kind(said)
    if identity.incident:
        return Kind.INCIDENT
    if identity.signal:
        return Kind.SECURITY
    is_monitor = identity.monitor or identity.cycle or identity.event or fields.word("event_type", "alert_transition")
    return Kind.MONITOR if is_monitor else Kind.GENERIC


def _id(fields: Fields, *names: str) -> str | None:
    found = fields.word(*names)
    return None if found == _REMNANT else found
