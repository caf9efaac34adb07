"""What a card, a list or a document needs to know, gathered from the record and the policy. Pure."""

from __future__ import annotations

from datetime import datetime

from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Firing
from warroom.policy import Policy
from warroom.value import Value


class MenuEntry(Value):
    """One entry of the menu beside the card's alerts. With a `url` it opens that page, otherwise the integration acts."""

    label: str
    integration: str
    action: str
    """What the integration is given when it is chosen."""
    url: str | None = None

    @property
    def value(self) -> str:
        """The integration and the action, as a button carries them."""
        return f"{self.integration}:{self.action}"


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
    firings: tuple[Firing, ...] = ()
    timezone: str = "UTC"
    menu: tuple[MenuEntry, ...] = ()
    """What integrations offer in the menu beside the alerts."""


class DocumentView(Value):
    """Everything the post-mortem document is built from. `names` maps user ids to names people know."""

    view: IncidentView
    entries: tuple[Entry, ...]
    names: dict[str, str]
    written_at: datetime


def incident_view(
    incident: Incident, policy: Policy, firings: tuple[Firing, ...] = (), *, menu: tuple[MenuEntry, ...] = ()
) -> IncidentView:
    """The view of an incident under the current policy; a severity the policy no longer knows keeps its key as name."""
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
        firings=firings,
        timezone=policy.workspace.timezone,
        menu=menu,
    )
