"""What the world answered when an effect was performed."""

from __future__ import annotations

from datetime import datetime

from warroom.incident.model import DatadogLink, Face
from warroom.monitors import GroupState
from warroom.value import Value


class ChannelCreated(Value):
    """The channel exists. `name` is as Slack normalised it."""

    channel_id: str
    name: str


class CardShown(Value):
    """The card was posted."""

    ts: str


class Announced(Value):
    """The announcement was posted."""

    channel_id: str
    ts: str


class Posted(Value):
    """A notice was posted in a slot."""

    slot: str
    ts: str


class PeopleAdded(Value):
    """Who is in the room now, and who could not be invited, with the reason in the words of the integration."""

    people: tuple[str, ...]
    failed: tuple[tuple[str, str], ...] = ()


class MonitorsRead(Value):
    """A page of what fires in Datadog, and whether there are more pages."""

    page: int
    groups: tuple[GroupState, ...]
    more: bool


class MonitorRead(Value):
    """One monitor as a whole and with all its groups; `overall` None when Datadog knows no such monitor."""

    monitor_id: str
    asked_at: datetime
    overall: GroupState | None
    groups: tuple[GroupState, ...] = ()


class MonitorMuted(Value):
    """The monitor is silent until then."""

    monitor_id: str
    groups: tuple[str, ...] = ()
    """Only these of its groups; none: all of it."""
    until: datetime
    by: str


class Mirrored(Value):
    """Both sides after they met. `pushed` names what Datadog was told; `changed_by` is the email of who changed it last there."""

    link: DatadogLink
    page: str
    pushed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Fields that Datadog did not take, each with its reason."""
    changed_by: str | None = None


class TheirIncident(Value):
    """An incident that is open in Datadog."""

    id: str
    public_id: int
    face: Face
    created: datetime
    page: str
    private: bool = False
    """Only some people of the organisation may see it."""


class IncidentsRead(Value):
    """The newest incidents that are open in Datadog."""

    found: tuple[TheirIncident, ...]


IncidentResult = ChannelCreated | CardShown | Announced | Posted | PeopleAdded | MonitorMuted | Mirrored
EffectResult = IncidentResult | MonitorsRead | MonitorRead | IncidentsRead
