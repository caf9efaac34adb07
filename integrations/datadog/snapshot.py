"""How an incident of ours looks in Datadog's words, and when Datadog should hear of it. Pure."""

from __future__ import annotations

from warroom.incident.model import FOLLOWING, Face, Incident, State
from warroom.outbox.effects import MirrorIncident
from warroom.policy import Policy
from warroom.policy.datadog import Mirroring
from warroom.policy.severity import number_of

STATES = {
    State.DETECTED: "active",
    State.ACKNOWLEDGED: "active",
    State.MITIGATED: "stable",
    State.RESOLVED: "resolved",
    State.CLOSED: "resolved",
    State.CANCELLED: "resolved",
}
"""Datadog knows no cancelling; "completed" is its word for what comes after resolved."""
SERVICES, TEAMS = "services", "teams"
"""Datadog's names of the fields that every organisation has for what an incident affects and who has it."""
LEAST = 5
"""The number of Datadog's least severity."""


def mirror(incident: Incident) -> MirrorIncident:
    """The effect that brings both together."""
    return MirrorIncident(incident_id=incident.id, key=f"{incident.id}:datadog", priority=60)


def wanted(before: Incident | None, after: Incident, policy: Policy) -> bool:
    """Whether Datadog should hear of the change. Never of private incidents; not before there is a room to point at."""
    if policy.datadog.incidents is Mirroring.OFF or after.private or after.room.channel_id is None:
        return False
    return before is None or before.room.channel_id is None or _told(before) != _told(after)


def _told(incident: Incident) -> tuple[object, ...]:
    sides = incident.severity, STATES[incident.state], incident.commander, incident.actions
    return *sides, incident.services, incident.team, incident.fields


def face(incident: Incident, policy: Policy, commander: str | None) -> Face:
    """The incident in Datadog's words; `commander` is an email."""
    ours = dict(incident.fields)
    named = {theirs: (ours[name],) if ours.get(name) else () for theirs, name in policy.datadog.fields.items()}
    own = {SERVICES: incident.services, TEAMS: (incident.team,) if incident.team else ()}
    return Face(
        title=incident.title,
        severity=their_severity(incident.severity, policy),
        state=STATES[incident.state],
        commander=commander.lower() if commander else None,
        fields=tuple((own | named).items()),
    )


def names(policy: Policy) -> tuple[str, ...]:
    """Everything that follows in both directions, as `Face.said` calls it."""
    return (*FOLLOWING, SERVICES, TEAMS, *policy.datadog.fields)


def their_severity(severity: str, policy: Policy) -> str:
    """As the policy says, else by the number in its name, else by its rank."""
    said = policy.datadog.severities.get(severity)
    number = number_of(severity)
    rank = int(number) if number and int(number) <= LEAST else min(policy.rank(severity) + 1, LEAST)
    return said or f"SEV-{rank}"


def our_severity(theirs: str, policy: Policy) -> str | None:
    """The key that means Datadog's severity; None for UNKNOWN and what the policy has nothing for."""
    known = [key for key in policy.severities if their_severity(key, policy) == theirs]
    return known[0] if known else policy.severity_named(theirs)


def marked(incident: Incident) -> str:
    """The title under which an incident is created in Datadog: its end says whose it is."""
    return f"{incident.title} {mark(incident)}"


def mark(incident: Incident) -> str:
    """The end of such a title."""
    return f"[{incident.name}]"


ORIGIN = "datadog:"
"""The origin key of a room that an incident of Datadog's opened begins so; its id follows."""
