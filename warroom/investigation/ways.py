"""Where an answer leads: whose service it is, and the pages that are known for it. Pure."""

from __future__ import annotations

from warroom.incident.model import Incident
from warroom.policy import Policy
from warroom.value import Value


class Ways(Value):
    """What can be done next. A runbook that Warroom runs itself would be offered here too."""

    team: str | None = None
    """The team that looks after the service."""
    dashboard: str | None = None
    runbook: str | None = None


def ways_of(incident: Incident, policy: Policy) -> Ways:
    """For the cause that was named last, else for where it was noticed."""
    state = incident.investigation
    service = state.cause.service if state.cause else state.answer.service if state.answer else ""
    team = policy.team_for_service(service) if service else None
    return Ways(
        team=team,
        dashboard=policy.dashboard_for(team or incident.team),
        runbook=policy.runbook_for(incident.title),
    )
