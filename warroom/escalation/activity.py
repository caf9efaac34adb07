"""Whether somebody follows an incident that is acknowledged: when a person was last heard of, and until when that is enough. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warroom.incident.events import Acknowledged
from warroom.incident.model import Incident, Origin, State
from warroom.incident.timeline import Entry
from warroom.policy import Policy

SLOT = "silence"
"""Of the message that pages because of silence."""


def allowed_silence(incident: Incident, policy: Policy) -> timedelta | None:
    """How long nobody need be heard of; None where nobody is paged for it: it is not acknowledged or mitigated already, the
    severity does not ask for it, or every alert has recovered by itself.
    """
    known = policy.severities.get(incident.severity)
    if incident.state is not State.ACKNOWLEDGED or known is None:
        return None
    recovered = incident.origin is Origin.ALERT and incident.alerts.recovered_at is not None
    if recovered and not policy.workspace.page_after_recovery:
        return None
    return known.repage_after


def last_heard(incident: Incident) -> datetime:
    """When a person was last heard of, as far as it is known."""
    return incident.escalation.heard_at or incident.acknowledged_at or incident.declared_at


def noted(
    before: Incident | None, incident: Incident, entries: Iterable[Entry], policy: Policy, now: datetime
) -> Incident:
    """The same incident after these entries: what a person did, here or in another system, ends the silence. The timer stays
    where a rule has set it.
    """
    allowed = allowed_silence(incident, policy)
    state, due = incident.escalation, incident.deadlines.silence
    if allowed is None:
        if due is None and not state.silent:
            return incident
        return incident.copy_with(escalation=state.copy_with(silent=0)).with_deadlines(silence=None)
    if any(entry.by or entry.name or isinstance(entry.event, Acknowledged) for entry in entries):
        return heard(incident, now, allowed)
    if due is None or (before and before.severity != incident.severity and not state.silent):
        return incident.with_deadlines(silence=max(now, last_heard(incident) + allowed))
    return incident


def heard(incident: Incident, at: datetime, allowed: timedelta) -> Incident:
    """The same incident, in which a person was heard of then."""
    state = incident.escalation.copy_with(heard_at=at, silent=0)
    return incident.copy_with(escalation=state).with_deadlines(silence=at + allowed)
