"""What is on the status page, what is to be there, and what is remembered of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from integrations.statuspage.policy import NAME, StatuspagePolicy
from warroom.incident.model import Incident, State
from warroom.policy import Policy
from warroom.text import cut
from warroom.value import Stored

NAME_LIMIT, BODY_LIMIT = 150, 1500
"""Characters. Statuspage takes more; a form carries at most 3,000 to its preview."""


class PageStatus(StrEnum):
    """The states of an incident on the page, as they follow each other ("Incidents": realtime incidents)."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class ComponentStatus(StrEnum):
    """The states of a component ("Components")."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"


WORDS = {
    "": "as it is",
    ComponentStatus.OPERATIONAL: "operational",
    ComponentStatus.DEGRADED: "degraded performance",
    ComponentStatus.PARTIAL: "partial outage",
    ComponentStatus.MAJOR: "major outage",
}
BY_RANK = (ComponentStatus.MAJOR, ComponentStatus.PARTIAL)
PREPARED = {
    PageStatus.INVESTIGATING: "We are investigating a problem{where}. We will post an update as soon as we know more.",
    PageStatus.IDENTIFIED: "We have identified the problem{where} and are working on a fix.",
    PageStatus.MONITORING: "A fix is in place{where}. We are watching the results.",
    PageStatus.RESOLVED: "This incident has been resolved.",
}


class Draft(Stored):
    """What is to be published."""

    name: str
    status: PageStatus
    body: str
    components: dict[str, str] = Field(default_factory=dict)
    """The new state by the component's id."""
    notify: bool = True
    by: str | None = None
    seen: str = ""
    """The id of the newest update that whoever wrote it knew of."""
    ends: bool = False
    """The incident is over here; it is closed there whatever was written there meanwhile."""


class PageIncident(Stored):
    """The incident as it is on the page."""

    id: str
    url: str
    status: str
    latest: str
    """The id of its newest update."""
    body: str


class Published(Stored):
    """It is on the page now; or, in a `conflict`, somebody had changed it there, and nothing was published."""

    page: PageIncident
    by: str | None = None
    conflict: bool = False


class StatuspageState(Stored):
    """What `Incident.external` holds under Statuspage's name."""

    id: str = ""
    url: str = ""
    status: str = ""
    latest: str = ""
    asked_at: datetime | None = None
    """When a person published what is not known to be there yet; None when nothing is on its way."""

    @property
    def open(self) -> bool:
        """Whether it is on the page and not resolved there, as far as is known."""
        return bool(self.id) and self.status != PageStatus.RESOLVED


def state_of(incident: Incident) -> StatuspageState:
    """What is remembered."""
    return incident.external_state(NAME, StatuspageState)


def remembered(page: PageIncident) -> StatuspageState:
    """What is to be remembered of it."""
    return StatuspageState(id=page.id, url=page.url, status=page.status, latest=page.latest)


def prepared(incident: Incident, said: StatuspagePolicy, policy: Policy, text: str = "") -> Draft:
    """The draft that a form begins with: words that say nothing from the inside, and the components of the affected services."""
    match incident.state:
        case State.MITIGATED:
            status = PageStatus.MONITORING
        case State.RESOLVED | State.CLOSED | State.CANCELLED:
            status = PageStatus.RESOLVED
        case _:
            known = state_of(incident).status
            status = PageStatus(known) if known in tuple(PageStatus)[:3] else PageStatus.INVESTIGATING
    mine = [name for name in said.components if name in incident.services]
    return Draft(
        name=cut(f"Problem with {', '.join(mine)}" if mine else "Service problem", NAME_LIMIT),
        status=status,
        body=cut(text or PREPARED[status].format(where=f" with {', '.join(mine)}" if mine else ""), BODY_LIMIT),
        components={said.components[name]: component_state(incident, status, policy) for name in mine},
        seen=state_of(incident).latest,
    )


def component_state(incident: Incident, status: PageStatus, policy: Policy) -> ComponentStatus:
    """The state that an affected component has at that moment."""
    if status is PageStatus.RESOLVED:
        return ComponentStatus.OPERATIONAL
    rank = policy.rank(incident.severity)
    return BY_RANK[rank] if rank < len(BY_RANK) else ComponentStatus.DEGRADED


def ending(said: StatuspagePolicy) -> Draft:
    """The draft that closes it: every component of the policy's works again."""
    works = dict.fromkeys(said.components.values(), ComponentStatus.OPERATIONAL.value)
    body = PREPARED[PageStatus.RESOLVED]
    return Draft(name="", status=PageStatus.RESOLVED, body=body, components=works, ends=True)
