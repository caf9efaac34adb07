"""What of an incident stands both here and in Datadog's Incident Management, in Datadog's words. Pure."""

from __future__ import annotations

from integrations.datadog.policy import section
from warroom.incident.model import Incident, State
from warroom.policy import Policy
from warroom.policy.severity import number_of
from warroom.value import Stored

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
ATTRIBUTES = ("severity", "state", "commander")
"""What of a snapshot is kept equal in both directions beside its fields. A title is only followed from Datadog: rooms cannot
be renamed here."""


class IncidentSnapshot(Stored):
    """An incident as one side has it. `commander` is an email."""

    title: str
    severity: str
    state: str
    commander: str | None = None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(Datadog's name of a field, its values), of the fields that are kept equal."""

    def value(self, name: str) -> str | tuple[str, ...] | None:
        """What stands in `severity`, `state`, `commander`, or in the field of that name; () where nothing does."""
        if name in ATTRIBUTES:
            return getattr(self, name)  # type: ignore[no-any-return]  # the three above
        return dict(self.fields).get(name, ())

    def with_values(self, **values: object) -> IncidentSnapshot:
        """With other values under those names."""
        fields = {name: value for name, value in values.items() if name not in ATTRIBUTES}
        plain = {name: value for name, value in values.items() if name in ATTRIBUTES}
        return self.copy_with(**plain, fields=tuple((dict(self.fields) | fields).items()))


def snapshot(incident: Incident, policy: Policy, commander: str | None) -> IncidentSnapshot:
    """The incident as it is here; `commander` is an email."""
    written = dict(incident.fields)
    mapped = {
        remote: (written[local],) if written.get(local) else () for remote, local in section(policy).fields.items()
    }
    own = {SERVICES: incident.services, TEAMS: (incident.team,) if incident.team else ()}
    return IncidentSnapshot(
        title=incident.title,
        severity=remote_severity(incident.severity, policy),
        state=STATES[incident.state],
        commander=commander.lower() if commander else None,
        fields=tuple((own | mapped).items()),
    )


def names(policy: Policy) -> tuple[str, ...]:
    """Everything that is kept equal in both directions, as `IncidentSnapshot.value` calls it."""
    return (*ATTRIBUTES, SERVICES, TEAMS, *section(policy).fields)


def remote_severity(severity: str, policy: Policy) -> str:
    """Datadog's severity: as the policy says, else by the number in its name, else by its rank."""
    written = section(policy).severities.get(severity)
    number = number_of(severity)
    rank = int(number) if number and int(number) <= LEAST else min(policy.rank(severity) + 1, LEAST)
    return written or f"SEV-{rank}"


def local_severity(remote: str, policy: Policy) -> str | None:
    """The policy's key that means Datadog's severity; None for UNKNOWN and what the policy has nothing for."""
    known = [key for key in policy.severities if remote_severity(key, policy) == remote]
    return known[0] if known else policy.severity_named(remote)


def marked_title(incident: Incident) -> str:
    """The title under which an incident is created in Datadog: its end says whose it is."""
    return f"{incident.title} {mark(incident)}"


def mark(incident: Incident) -> str:
    """The end of such a title."""
    return f"[{incident.name}]"


ORIGIN = "datadog:"
"""The origin key of an incident that was created in Datadog begins so; its id there follows."""
