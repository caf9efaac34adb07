"""Deadlines that follow from how an incident is, whatever happened to it: they are set anew after every visible change. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom.incident.model import Incident, State
from warroom.policy import Policy


def followed(incident: Incident, policy: Policy, now: datetime) -> Incident:
    """The same incident with these deadlines as they are from now on."""
    return incident.with_deadlines(
        stale=_stale_at(incident, policy, now),
        late=next_late_redraw(incident, now),
        archive=archive_due(incident, policy),
        lead=lead_due(incident, now),
    )


def _stale_at(incident: Incident, policy: Policy, now: datetime) -> datetime | None:
    after: timedelta | None = policy.stale_after(incident.severity)
    return now + after if after and incident.state.open else None


TAKE_BACK_WITHIN = timedelta(hours=1)
"""How long a cancellation can be taken back: so long its channel stays."""


def archive_due(incident: Incident, policy: Policy) -> datetime | None:
    """When its channel is archived or, before that was announced, when that is; None while it is not over, or nobody wants it."""
    after, room = policy.workspace.archive_after, incident.room
    if after is None or room.channel_id is None or room.archived_at or room.kept:
        return None
    if incident.state is State.CLOSED:
        ended = incident.closed_at
    elif incident.state is State.CANCELLED and incident.cancelled_at:
        ended = incident.cancelled_at + max(timedelta(0), TAKE_BACK_WITHIN - after)
    else:
        return None
    return room.archive_at or (ended + after - announced_before(after) if ended else None)


def announced_before(archive_after: timedelta) -> timedelta:
    """How long before it is archived the channel is told: a day, or half of a time that is shorter than two."""
    return min(timedelta(days=1), archive_after / 2)


LEAD_AFTER = timedelta(minutes=5)
"""So long an incident that somebody has may be without a commander before the room is asked."""
LEAD_SLOT = "lead"


def lead_wanted(incident: Incident) -> bool:
    """Whether somebody has it and nobody commands. Before that, whoever acknowledges will."""
    return incident.commander is None and incident.state in (State.ACKNOWLEDGED, State.MITIGATED)


def lead_due(incident: Incident, now: datetime) -> datetime | None:
    """When the room is asked who commands: once in the life of an incident."""
    if incident.lead_asked or not lead_wanted(incident):
        return None
    return incident.deadlines.lead or now + LEAD_AFTER


LATE_REDRAWS = (timedelta(minutes=5), timedelta(hours=1))
"""The shortest and the longest time between two redraws of what says how late something is; between them a tenth of that."""


def next_late_redraw(incident: Incident, now: datetime) -> datetime | None:
    """When what says "overdue by 40 min" is redrawn next: seldom, and ever more seldom. None while nothing is late."""
    since = late_since(incident)
    if since is None:
        return None
    planned = incident.deadlines.late
    if planned is not None and planned > now:
        return planned
    shortest, longest = LATE_REDRAWS
    return now + max(shortest, min(longest, (now - since) / 10))


def late_since(incident: Incident) -> datetime | None:
    """Since when the acknowledgement or an update is awaited in vain; None while neither is overdue."""
    if not incident.state.open:
        return None
    return incident.declared_at if incident.overdue else incident.updates.overdue_since
