"""One incident in numbers, from its state, its timeline and what fired in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from warroom.incident.events import AcknowledgementOverdue, PeoplePaged, Reopened, UpdateMissed, UpdatePosted
from warroom.incident.model import Incident
from warroom.incident.timeline import MERGED, Entry
from warroom.metrics.model import ActionItemFigures, IncidentFigures, PageFigures, WorkFigures
from warroom.outbox.changes import Firing

WORKED = timedelta(minutes=30)
"""How long somebody counts as at work after each thing they did. What they do without leaving a trace is not seen."""


def measured(incident: Incident, entries: Sequence[Entry], firings: Sequence[Firing]) -> IncidentFigures:
    """Its figures. `entries` are in order of time."""
    # What another incident brought is in the figures of neither: it is no work on this one, and that one is cancelled.
    entries = [entry for entry in entries if not entry.key.startswith(MERGED)]
    kept, missed = _cadence(entries)
    written = incident.postmortem
    return IncidentFigures(
        number=incident.number,
        severity=incident.severity,
        state=incident.state,
        team=incident.team,
        services=incident.services,
        monitors=tuple(sorted({each.monitor_id for each in firings if each.monitor_id})),
        private=incident.private,
        audience=_audience(incident) if incident.private else (),
        declared_at=incident.declared_at,
        first_alert_at=_first_alert(incident, firings),
        acknowledged_at=incident.acknowledged_at,
        # Whoever resolves at once has stopped the damage by that.
        mitigated_at=incident.mitigated_at or incident.resolved_at,
        resolved_at=incident.resolved_at,
        reopened=sum(isinstance(entry.event, Reopened) for entry in entries),
        updates_kept=kept,
        updates_missed=missed,
        pages=_pages(entries),
        work=_work(incident, entries),
        postmortem_required_by=incident.postmortem_required_by,
        postmortem_published_at=written.published_at if written else None,
        investigated=incident.investigation.answer is not None,
        cause_named=incident.investigation.cause is not None,
        cause_right=incident.investigation.right,
        actions=tuple(
            ActionItemFigures(created_at=item.created_at, due_at=item.due_at, done_at=item.done_at, owner=item.owner)
            for item in incident.actions
        ),
    )


def _audience(incident: Incident) -> tuple[str, ...]:
    people = incident.participants
    named = (incident.declared_by, incident.commander, *(person for _, person in incident.roles))
    known = {person for person in (*named, *people.invitees, *people.invited) if person}
    return tuple(sorted(person for person in known if incident.shown_to(person)))


def _first_alert(incident: Incident, firings: Iterable[Firing]) -> datetime | None:
    first = min((each.first_fired_at or each.first_seen_at for each in firings), default=None)
    return first if first is not None and first <= incident.declared_at else None


def _cadence(entries: Iterable[Entry]) -> tuple[int, int]:
    """(updates that came before they were due, updates that were due and did not come).

    An update after one or more missed ones ends the silence: it is neither.
    """
    kept = missed = 0
    silent = False
    for entry in entries:
        match entry.event:
            case UpdateMissed():
                missed += 1
                silent = True
            case UpdatePosted(next_due_at=due):
                kept += due is not None and not silent
                silent = False
    return kept, missed


def _pages(entries: Iterable[Entry]) -> tuple[PageFigures, ...]:
    return tuple(
        PageFigures(at=entry.at, people=entry.event.paged)
        for entry in entries
        if isinstance(entry.event, PeoplePaged | AcknowledgementOverdue) and entry.event.paged
    )


def _work(incident: Incident, entries: Iterable[Entry]) -> tuple[WorkFigures, ...]:
    end = incident.resolved_at or incident.cancelled_at
    seconds: dict[str, float] = {}
    until: dict[str, datetime] = {}
    for entry in entries:
        if entry.by is None or (end is not None and entry.at > end):
            continue
        stop = entry.at + WORKED if end is None else min(entry.at + WORKED, end)
        start = max(entry.at, until.get(entry.by, entry.at))
        seconds[entry.by] = seconds.get(entry.by, 0.0) + max(0.0, (stop - start).total_seconds())
        until[entry.by] = max(stop, until.get(entry.by, stop))
    return tuple(WorkFigures(person=person, seconds=seconds[person]) for person in sorted(seconds))
