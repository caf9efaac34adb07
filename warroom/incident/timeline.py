"""The timeline: what happened, when, by whom. Append-only."""

from __future__ import annotations

from datetime import datetime

from warroom.incident.events import Event
from warroom.value import Stored


class Entry(Stored):
    """One line of the timeline. The words are in `blocks.timeline`."""

    incident_id: str
    key: str
    """Unique within the incident: the same cause twice makes one entry."""
    at: datetime
    event: Event
    by: str | None = None
    """Who did it (a Slack user id); None when nobody did, or nobody known here."""
    link: str | None = None
    """Where it can be read."""
    source: str = ""
    """The other system in which it was done, as people call it."""
    name: str = ""
    """How that system calls whoever did it, where that is nobody known here."""
