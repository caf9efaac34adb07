"""From when to when an incident hurt: as people corrected it, else as the record knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from warroom.incident.model import Incident
from warroom.outbox.changes import Firing


class ImpactSpan(NamedTuple):
    """When it began, and when it ended; None while it has not."""

    began: datetime
    ended: datetime | None


def impact_span(incident: Incident, firings: Iterable[Firing]) -> ImpactSpan:
    """The corrected times; else from the first alert or the declaration, whichever came first, until the damage stopped."""
    written = incident.postmortem
    fired = min((each.first_fired_at or each.first_seen_at for each in firings), default=incident.declared_at)
    began = moment(written.impact_began) if written else None
    ended = moment(written.impact_ended) if written else None
    over = incident.mitigated_at or incident.resolved_at or incident.cancelled_at
    return ImpactSpan(began or min(fired, incident.declared_at), ended or over)


def moment(written: str) -> datetime | None:
    """The time that is kept in a post-mortem, aware; None where none is."""
    return datetime.fromisoformat(written) if written else None
