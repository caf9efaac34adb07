"""What is asked of Datadog and what it answers: one payload for each operation, and one result for those about an incident."""

from __future__ import annotations

from datetime import datetime

from integrations.datadog.policy import NAME
from integrations.datadog.state import IncidentLink
from warroom.incident.model import Incident
from warroom.outbox.effects import URGENT, ExternalEffect
from warroom.value import Stored, Value

READ_MONITORS = "read_monitors"
READ_MONITOR = "read_monitor"
MUTE_MONITOR = "mute_monitor"
SYNC_INCIDENT = "sync_incident"
READ_INCIDENTS = "read_incidents"

OPERATIONS = {
    READ_MONITORS: "Datadog's monitors could not be read",
    READ_MONITOR: "A monitor could not be read",
    MUTE_MONITOR: "The monitor could not be muted",
    SYNC_INCIDENT: "The incident in Datadog could not be kept up to date",
    READ_INCIDENTS: "Datadog's incidents could not be read",
}
"""Every operation, and what a room is told when one failed for good."""

LATER = 80
"""Priority of what is asked in the background: whatever people wait for goes first."""


class MonitorPage(Stored):
    """Which page of the monitors is read."""

    page: int = 0


class OneMonitor(Stored):
    """Which monitor is read."""

    monitor_id: str


class MuteRequest(Stored):
    """What is to be muted, and for how long."""

    monitor_id: str
    groups: tuple[str, ...] = ()
    """Only these groups, where Datadog can say so; none: the whole monitor."""
    until: datetime
    by: str


class MuteResult(Value):
    """The monitor, or only these of its groups, is silent until then."""

    monitor_id: str
    groups: tuple[str, ...] = ()
    until: datetime
    by: str


class SyncResult(Value):
    """Both sides after a sync. `pushed` names what Datadog was told."""

    link: IncidentLink
    page: str
    commander: str | None = None
    """Our commander whose email stands in `link.local`."""
    pushed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Fields that Datadog did not take, each with its reason."""
    changed_by: str | None = None
    """The email of who changed it last there."""
    people: dict[str, str] = {}  # noqa: RUF012  # pydantic copies defaults
    """By email: our id of whoever is named in the remote snapshot or in `changed_by`."""


def read_monitors(page: int = 0) -> ExternalEffect:
    """Ask which monitors fire, one page of them."""
    return ExternalEffect(
        integration=NAME,
        operation=READ_MONITORS,
        key=f"monitors:{page}",
        payload=MonitorPage(page=page).model_dump(mode="json"),
        coalescing=True,
        priority=LATER,
    )


def read_monitor(monitor_id: str) -> ExternalEffect:
    """Ask how a monitor is that fires as far as we know."""
    return ExternalEffect(
        integration=NAME,
        operation=READ_MONITOR,
        key=f"monitor:{monitor_id}",
        payload=OneMonitor(monitor_id=monitor_id).model_dump(mode="json"),
        coalescing=True,
        priority=LATER,
    )


def read_incidents() -> ExternalEffect:
    """Ask which incidents are open in Datadog."""
    return ExternalEffect(
        integration=NAME, operation=READ_INCIDENTS, key="datadog:incidents", coalescing=True, priority=LATER
    )


def sync_incident(incident: Incident) -> ExternalEffect:
    """Make the incident and its counterpart in Datadog equal, from the state at delivery."""
    return ExternalEffect(
        integration=NAME,
        operation=SYNC_INCIDENT,
        incident_id=incident.id,
        key=f"{incident.id}:datadog",
        coalescing=True,
        priority=60,
    )


def mute_monitor(incident: Incident, request: MuteRequest) -> ExternalEffect:
    """Mute a monitor, once for this version of the incident."""
    return ExternalEffect(
        integration=NAME,
        operation=MUTE_MONITOR,
        incident_id=incident.id,
        key=f"{incident.id}:mute:{request.monitor_id}:{incident.version}",
        payload=request.model_dump(mode="json"),
        weight=URGENT,
    )
