"""What happened, when, by whom: append-only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from warroom.value import Stored


class EntryKind(StrEnum):
    """The kinds of timeline entry."""

    DECLARED = "declared"
    ROOM_OPENED = "room opened"
    PAGED = "paged"
    OVERDUE = "acknowledgement overdue"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    UPDATE = "update"
    UPDATE_MISSED = "update missed"
    SNOOZED = "snoozed"
    SEVERITY = "severity changed"
    ROLE = "role assigned"
    INVITED = "invited"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    ALERT = "alert"
    RECOVERED = "alert recovered"
    MUTED = "monitor muted"
    NOTE = "note"
    PINNED = "pinned message"
    ACTION = "action item"
    POSTMORTEM = "post-mortem"
    PROBLEM = "problem"


class Entry(Stored):
    """One line of the timeline. `text` is plain; whoever shows it escapes it."""

    incident_id: str
    key: str
    """Unique within the incident: the same cause twice makes one entry."""
    at: datetime
    what: EntryKind
    by: str | None = None
    text: str = ""
    link: str | None = None
