"""Where an answer leads: whose service it is, and the pages that are known for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from warroom.incident.model import Incident
from warroom.policy import Policy
from warroom.runbooks.situation import Offer
from warroom.value import Value


class Ways(Value):
    """What can be done next."""

    team: str | None = None
    """The team that looks after the service."""
    dashboard: str | None = None
    runbook: str | None = None
    """A page with what to do."""
    offers: tuple[Offer, ...] = ()
    """Runbooks that fit, and why; what fits best first."""


def ways_of(incident: Incident, policy: Policy, offers: Sequence[Offer] = ()) -> Ways:
    """For the cause that was named last, else for where it was noticed. `offers` are what may be run; those without a reason are left
    out.
    """
    state = incident.investigation
    service = state.cause.service if state.cause else state.answer.service if state.answer else ""
    team = policy.team_for_service(service) if service else None
    return Ways(
        team=team,
        dashboard=policy.dashboard_for(team or incident.team),
        runbook=policy.runbook_for(incident.title),
        offers=tuple(each for each in offers if each.why),
    )
