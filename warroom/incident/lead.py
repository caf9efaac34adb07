"""Nobody commands: the room is asked who does. Pure."""

from __future__ import annotations

from datetime import datetime

from warroom.incident.deadlines import LEAD_AFTER, LEAD_SLOT, lead_wanted
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.notices import LeadWanted


def ask(incident: Incident, now: datetime) -> Decision:
    """The room is asked, once; nothing where somebody commands meanwhile."""
    after = incident.with_deadlines(lead=None)
    if not lead_wanted(incident):
        return Decision(after, quiet=True)
    return Decision(after.copy_with(lead_asked=True), quiet=True).say(
        LeadWanted(since=now - LEAD_AFTER), slot=LEAD_SLOT
    )
