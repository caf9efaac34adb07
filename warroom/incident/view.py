"""What a card, a list or a document needs to know, gathered from the record and the policy. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from warroom.escalation import rules as escalation
from warroom.incident.model import Incident
from warroom.incident.roles import described
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Firing
from warroom.people.model import Person
from warroom.policy import Policy
from warroom.value import Value


class MenuEntry(Value):
    """One entry of a menu on the card. With a `url` it opens that page, otherwise the integration acts."""

    label: str
    integration: str
    action: str
    """What the integration is given when it is chosen."""
    url: str | None = None
    about_incident: bool = False
    """It is about the incident, not about its alerts, and stands in the card's menu."""

    @property
    def value(self) -> str:
        """The integration and the action, as a button carries them."""
        return f"{self.integration}:{self.action}"


class NextPage(Value):
    """Whom the escalation policy calls next, by itself or by the button."""

    level: int
    """As people count them, from 1."""
    again: bool = False
    """Every level was paged; this one would be paged once more."""
    names: tuple[str, ...] = ()
    """Plain text: the people behind the policy's names where they are known, else those names."""


class IncidentView(Value):
    """An incident with what the policy says of it."""

    incident: Incident
    severity_name: str
    severity_rank: int
    """0 is the most severe."""
    level_count: int
    """Levels of the escalation policy that apply to this severity."""
    levels_paged: int
    """How many of those have been paged."""
    next_page: NextPage | None = None
    """None for an incident without an escalation policy."""
    firings: tuple[Firing, ...] = ()
    timezone: str = "UTC"
    menu: tuple[MenuEntry, ...] = ()
    """What integrations offer, beside the alerts and in the card's menu."""
    roles: dict[str, str] = Field(default_factory=dict)
    """What the policy says of roles, by role."""


class DocumentView(Value):
    """Everything the post-mortem document is built from. `names` maps user ids to names people know."""

    view: IncidentView
    entries: tuple[Entry, ...]
    names: dict[str, str]
    written_at: datetime
    template: str | None = None
    """The policy's template of the document; None for the built-in order."""


def incident_view(
    incident: Incident,
    policy: Policy,
    firings: tuple[Firing, ...] = (),
    *,
    menu: tuple[MenuEntry, ...] = (),
    called: tuple[Person, ...] = (),
) -> IncidentView:
    """The view of an incident under the current policy; a severity the policy no longer knows keeps its key as name.

    `called` are the people behind `escalation.names_to_page`, where somebody looked.
    """
    severity = policy.severities.get(incident.severity)
    applies = [
        i for i, level in enumerate(incident.escalation.levels) if not level.only or incident.severity in level.only
    ]
    return IncidentView(
        incident=incident,
        severity_name=severity.name if severity else incident.severity,
        severity_rank=policy.rank(incident.severity),
        level_count=len(applies),
        levels_paged=sum(1 for i in applies if i < incident.escalation.reached),
        next_page=_next_page(incident, called),
        firings=firings,
        timezone=policy.workspace.timezone,
        menu=menu,
        roles=described(policy),
    )


def _next_page(incident: Incident, called: tuple[Person, ...]) -> NextPage | None:
    coming = escalation.next_level(incident)
    index = escalation.last_level(incident) if coming is None else coming
    if index is None:
        return None
    people = tuple(f"@{person.display_name or person.real_name or person.name}" for person in called)
    return NextPage(
        level=escalation.level_number(incident, index),
        again=coming is None,
        names=people or incident.escalation.levels[index].notify,
    )
