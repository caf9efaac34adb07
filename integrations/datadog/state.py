"""What is remembered of an incident: its counterpart in Datadog, and the monitors that were muted from its room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations.datadog.policy import NAME
from integrations.datadog.snapshot import IncidentSnapshot
from warroom.incident.model import Incident
from warroom.value import Stored


class IncidentLink(Stored):
    """The incident in Datadog's Incident Management, and both sides as they were when they were last synced."""

    id: str
    public_id: int
    local: IncidentSnapshot
    remote: IncidentSnapshot
    room_told: bool = False
    """Datadog knows the channel."""
    todos: tuple[tuple[str, str, bool], ...] = ()
    """(our action item, Datadog's to-do, whether it is done there)."""


class Mute(Stored):
    """A monitor that is or will be silent until then."""

    monitor_id: str
    until: datetime
    groups: tuple[str, ...] = ()
    """Only these of its groups; none: all of it."""


class DatadogState(Stored):
    """What `Incident.external` holds under Datadog's name."""

    link: IncidentLink | None = None
    mutes: tuple[Mute, ...] = ()

    def mute_of(self, monitor_id: str) -> Mute | None:
        """The mute of that monitor, over or not."""
        return next((each for each in self.mutes if each.monitor_id == monitor_id), None)


def state_of(incident: Incident) -> DatadogState:
    """What is remembered of the incident."""
    return incident.external_state(NAME, DatadogState)


def with_state(incident: Incident, **changes: Any) -> Incident:
    """The incident with other things remembered."""
    return incident.with_external(NAME, state_of(incident).copy_with(**changes))


def with_mute(incident: Incident, mute: Mute) -> Incident:
    """The incident with that mute instead of an earlier one of the same monitor."""
    others = tuple(each for each in state_of(incident).mutes if each.monitor_id != mute.monitor_id)
    return with_state(incident, mutes=(*others, mute))
