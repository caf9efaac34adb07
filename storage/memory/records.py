"""What the store in memory consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.memory.directory import Directory
from storage.memory.incidents import Incidents
from storage.memory.jobs import Jobs
from storage.memory.text import Text
from warroom.alerts.model import Alert
from warroom.outbox.changes import AlertDecision, Audited, Quarantined, ReadCursor, ReceivedAlert


@dataclass(slots=True)
class AcceptedAlert:
    """An alert, and what became of it."""

    seq: int
    received_at: datetime
    source: str
    text: Text
    alert_decision: AlertDecision | None = None

    def value(self) -> ReceivedAlert:
        """As it was accepted."""
        return ReceivedAlert(
            alert=self.text.value(Alert), received_at=self.received_at, source=self.source, seq=self.seq
        )


@dataclass(slots=True)
class Delivery:
    """Something Slack delivered."""

    text: Text
    done_at: datetime | None = None


@dataclass(slots=True)
class Records:
    """Everything there is."""

    incidents: Incidents = field(default_factory=Incidents)
    jobs: Jobs = field(default_factory=Jobs)
    directory: Directory = field(default_factory=Directory)
    alerts: dict[str, AcceptedAlert] = field(default_factory=dict)
    envelopes: dict[str, Delivery] = field(default_factory=dict)
    quarantine: dict[str, Quarantined] = field(default_factory=dict)
    read_cursors: dict[str, ReadCursor] = field(default_factory=dict)
    audit: list[Audited] = field(default_factory=list)
    seq: int = 0
