"""The life of an incident: which state may follow which, what each step means, and a new severity. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom.errors import AlreadyDone, Refused
from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident import archiving, events
from warroom.incident.deadlines import TAKE_BACK_WITHIN
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, State
from warroom.incident.notices import OFFER_SLOT, MergedAway, SeverityChangedNotice, StateChanged
from warroom.investigation import lifecycle as investigations
from warroom.outbox.effects import Place, SharePicture
from warroom.policy import Policy
from warroom.refusals import (
    AlreadyAcknowledged,
    AlreadyInState,
    Attempt,
    CancelReasonMissing,
    NotInState,
    SeverityUnchanged,
)

STEPS: dict[State, frozenset[State]] = {
    State.DETECTED: frozenset({State.ACKNOWLEDGED, State.MITIGATED, State.RESOLVED, State.CANCELLED}),
    State.ACKNOWLEDGED: frozenset({State.MITIGATED, State.RESOLVED, State.CANCELLED}),
    State.MITIGATED: frozenset({State.ACKNOWLEDGED, State.RESOLVED, State.CANCELLED}),
    State.RESOLVED: frozenset({State.ACKNOWLEDGED, State.CLOSED}),
    State.CLOSED: frozenset({State.ACKNOWLEDGED}),
    State.CANCELLED: frozenset(),
}
"""From each state, the states that may follow. Mitigated, resolved or closed to acknowledged is a reopening. A cancellation can be
taken back for TAKE_BACK_WITHIN: then the incident is in the state that it had."""

MERGED_SLOT = "merged"
"""The line in its channel that says where a merged incident goes on."""

CLOSE_AFTER = timedelta(hours=24)
"""After so long a resolved incident without a required post-mortem closes by itself."""


def _step(incident: Incident, to: State, attempt: Attempt, *, by: str | None = None) -> None:
    """Raises AlreadyDone when it is there (`by` brought it there), Refused when it cannot go there."""
    if incident.state is to:
        raise AlreadyDone(AlreadyInState(incident=incident.name, state=to, attempt=attempt, by=by))
    if to not in STEPS[incident.state]:
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=attempt))


def acknowledge(incident: Incident, by: str | None, now: datetime, policy: Policy) -> Decision:
    """`by` has it: paging stops, they command if nobody does, and the first update is due an interval from now. None when that
    is nobody known here, as another system says.

    Raises AlreadyDone or Refused.
    """
    if incident.state in (State.ACKNOWLEDGED, State.MITIGATED, State.RESOLVED):
        held = AlreadyAcknowledged(
            incident=incident.name, state=incident.state, by=incident.acknowledged_by, asked_by=by
        )
        raise AlreadyDone(held)
    if incident.state is State.CLOSED:
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.ACKNOWLEDGE))
    _step(incident, State.ACKNOWLEDGED, Attempt.ACKNOWLEDGE)
    after = _owned(incident, by, now, policy).copy_with(state=State.ACKNOWLEDGED)
    notice = StateChanged(
        state=State.ACKNOWLEDGED,
        by=by,
        leads=by is not None and incident.commander is None,
        stopped=_being_paged(incident),
    )
    return _told(Decision(after).record(events.Acknowledged(), now, by=by), notice, ("page",))


def identify(incident: Incident, by: str | None, now: datetime, policy: Policy) -> Decision | None:
    """It is known now who acknowledged in another system: that person has it. None when nobody is known, somebody had it before,
    or it is not acknowledged.
    """
    if by is None or incident.state is not State.ACKNOWLEDGED or incident.acknowledged_by or incident.commander:
        return None
    return Decision(_owned(incident, by, now, policy)).record(
        events.RoleAssigned(role="commander", person=by), now, by=by
    )


def _owned(incident: Incident, by: str | None, now: datetime, policy: Policy) -> Incident:
    """Somebody has it: no more paging, and there is a commander, of whom updates are awaited from now on."""
    after = incident.with_invitees(by) if by else incident
    after = escalation.stopped(after).copy_with(
        acknowledged_at=incident.acknowledged_at or now,
        acknowledged_by=incident.acknowledged_by or by,
        commander=incident.commander or by,
    )
    if incident.state is State.DETECTED:
        return cadence.first_update(cadence.answered(after), policy, now)
    return after


def _being_paged(incident: Incident) -> bool:
    """Whether more people would have been paged."""
    return incident.deadlines.page is not None or incident.escalation.paused_at is not None


def mitigate(incident: Incident, by: str | None, now: datetime, policy: Policy) -> Decision:
    """The damage stopped. Whoever says so has it, if nobody had; None when that is nobody known here.

    Raises AlreadyDone or Refused.
    """
    _step(incident, State.MITIGATED, Attempt.MITIGATE)
    after = _owned(incident, by, now, policy).copy_with(state=State.MITIGATED, mitigated_at=now)
    notice = StateChanged(
        state=State.MITIGATED, by=by, after=now - incident.declared_at, stopped=_being_paged(incident)
    )
    out_of_date = ("page",) if incident.state is State.DETECTED else ()
    return _told(Decision(after).record(events.Mitigated(), now, by=by), notice, out_of_date)


def resolve(
    incident: Incident, by: str | None, now: datetime, policy: Policy, summary: str = "", *, automatic: bool = False
) -> Decision:
    """It is over. Reminders stop; a required post-mortem is asked for. `by` None means that no person known here did it;
    `automatic` that every alert had recovered for long enough.

    Raises AlreadyDone or Refused.
    """
    if incident.state is State.CLOSED:
        closed = AlreadyInState(incident=incident.name, state=incident.state, attempt=Attempt.RESOLVE)
        raise AlreadyDone(closed)
    _step(incident, State.RESOLVED, Attempt.RESOLVE, by=incident.resolved_by)
    within = policy.severities[incident.severity].postmortem_within if incident.severity in policy.severities else None
    after = (
        _stop_reminders(incident)
        .copy_with(
            state=State.RESOLVED,
            resolved_at=now,
            resolved_by=by,
            summary=summary or incident.summary,
            resolved_automatically=automatic,
            postmortem_required_by=now + within if within else None,
        )
        .with_deadlines(postmortem=now + within if within else None, close=None if within else now + CLOSE_AFTER)
    )
    notice = StateChanged(
        state=State.RESOLVED,
        by=by,
        text=summary,
        automatic=automatic,
        after=now - incident.declared_at,
        postmortem_by=after.postmortem_required_by,
    )
    decision = Decision(after).record(events.Resolved(summary=summary, automatic=automatic), now, by=by)
    name = f"v{incident.version}"
    picture = SharePicture(incident_id=incident.id, key=f"{incident.id}:picture:{name}", name=name)
    return investigations.question(_told(decision, notice).with_effects(picture))


def reopen(incident: Incident, by: str | None, now: datetime, policy: Policy) -> Decision:
    """It was not over, or the mitigation did not hold. `by` has it again; None when that is nobody known here.

    A published post-mortem is a draft again: what happens now belongs in it, and it is published once more at the end.
    Raises AlreadyDone or Refused.
    """
    if incident.state in (State.DETECTED, State.ACKNOWLEDGED):
        running = AlreadyInState(incident=incident.name, state=incident.state, attempt=Attempt.REOPEN)
        raise AlreadyDone(running)
    if incident.state is State.CANCELLED:
        return _take_back_cancel(incident, by, now, policy)
    _step(incident, State.ACKNOWLEDGED, Attempt.REOPEN)
    written = incident.postmortem
    after = (
        cadence.answered(_owned(incident, by, now, policy))
        .copy_with(
            state=State.ACKNOWLEDGED,
            resolved_at=None,
            resolved_by=None,
            resolved_automatically=False,
            left_open=(),
            mitigated_at=None,
            closed_at=None,
            postmortem_required_by=None,
            postmortem=written.copy_with(published_at=None, published_by=None) if written else None,
        )
        .with_deadlines(postmortem=None, close=None, update=cadence.next_update(incident.severity, policy, now))
    )
    notice = StateChanged(state=State.ACKNOWLEDGED, by=by, reopened=True)
    return archiving.wanted_again(_told(Decision(after).record(events.Reopened(), now, by=by), notice))


def reopen_from_elsewhere(incident: Incident, by: str | None, now: datetime, policy: Policy) -> Decision:
    """Another system says that it is not over. What is closed here, only people here reopen.

    Raises AlreadyDone or Refused.
    """
    if incident.state is State.CLOSED:
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.REOPEN))
    return reopen(incident, by, now, policy)


def cancel(incident: Incident, by: str, now: datetime, why: str) -> Decision:
    """A false alarm. Raises AlreadyDone, or Refused without a reason or when it is over."""
    if not why.strip():
        raise Refused(CancelReasonMissing(incident=incident.name))
    _step(incident, State.CANCELLED, Attempt.CANCEL)
    after = (
        _stop_reminders(incident)
        .copy_with(
            state=State.CANCELLED,
            cancelled_at=now,
            cancelled_from=incident.state,
            summary=why,
            overdue=incident.overdue,
        )
        .with_deadlines(undo=now + TAKE_BACK_WITHIN)
    )
    notice = StateChanged(state=State.CANCELLED, by=by, text=why)
    return _told(Decision(after).record(events.Cancelled(why=why), now, by=by), notice)


def cancel_merged(incident: Incident, into: Incident, by: str, now: datetime) -> Decision:
    """It goes on in another incident: cancelled for that reason, and its room says where. Raises AlreadyDone, Refused."""
    _step(incident, State.CANCELLED, Attempt.MERGE)
    why = f"merged into {into.name}"
    after = (
        _stop_reminders(incident)
        .copy_with(state=State.CANCELLED, cancelled_at=now, cancelled_from=incident.state, summary=why)
        .with_deadlines(undo=now + TAKE_BACK_WITHIN)
    )
    decision = Decision(after).record(events.Cancelled(why=why), now, by=by)
    for slot in REMINDERS:
        decision = decision.withdraw(slot)
    notice = MergedAway(by=by, number=into.number, title=into.title, channel_id=into.room.channel_id)
    return decision.say(notice, slot=MERGED_SLOT).say(notice, Place.ANNOUNCEMENT)


def reopen_unmerged(incident: Incident, other: Incident, by: str, now: datetime, policy: Policy) -> Decision:
    """It was merged into `other`, and is an incident of its own again, in the state that it had.

    Raises Refused when the hour is over.
    """
    decision = _take_back_cancel(incident, by, now, policy, unmerged=other.number)
    if incident.room.slot(MERGED_SLOT) is None:
        return decision
    # The line about the merge stays, without its button.
    gone = MergedAway(by=by, number=other.number, title=other.title, channel_id=other.room.channel_id, undone=True)
    return decision.say(gone, slot=MERGED_SLOT, in_place=True)


def _take_back_cancel(incident: Incident, by: str | None, now: datetime, policy: Policy, unmerged: int = 0) -> Decision:
    """The cancellation did not happen: the state before it, with paging and reminders as they would be now.

    Raises Refused when the hour is over.
    """
    before = incident.cancelled_from
    if (
        before is None
        or incident.cancelled_at is None
        or incident.merged
        or now - incident.cancelled_at > TAKE_BACK_WITHIN
    ):
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.REOPEN))
    after = incident.copy_with(state=before, cancelled_at=None, cancelled_from=None, summary="")
    waiting = before is State.DETECTED
    after = after.with_deadlines(
        undo=None,
        page=escalation.next_page_at(after, now, policy),
        ack=escalation.acknowledge_by(after, policy) if waiting and not after.overdue else None,
        update=None if waiting else cadence.next_update(incident.severity, policy, now),
    )
    notice = StateChanged(state=before, by=by, reopened=True, unmerged=unmerged)
    return archiving.wanted_again(_told(Decision(after).record(events.Reopened(), now, by=by), notice))


def close(incident: Incident, by: str | None, now: datetime) -> Decision:
    """The end: the post-mortem is published, or was not required. Raises AlreadyDone or Refused."""
    _step(incident, State.CLOSED, Attempt.CLOSE)
    after = incident.copy_with(state=State.CLOSED, closed_at=now).with_deadlines(close=None, postmortem=None)
    return Decision(after).record(events.Closed(), now, by=by)


def _stop_reminders(incident: Incident) -> Incident:
    """Nobody is paged or reminded of an incident that is over."""
    over = cadence.answered(escalation.stopped(incident))
    return over.with_deadlines(update=None, stale=None, auto_resolve=None, late=None)


REMINDERS = ("page", "reminder", "recovery", "stale", "worse", OFFER_SLOT)
"""Slots of messages that are out of date when the incident is over, or open again."""


def _told(decision: Decision, notice: StateChanged, out_of_date: tuple[str, ...] = REMINDERS) -> Decision:
    """Everybody hears it: in the room and under the announcement; messages that are out of date go away."""
    for slot in out_of_date:
        decision = decision.withdraw(slot)
    return decision.say(notice).say(notice, Place.ANNOUNCEMENT)


def change_severity(
    incident: Incident, by: str | None, severity: str, now: datetime, policy: Policy, *, why: str = ""
) -> Decision:
    """The severity (a key of the policy), with its own times from now on. Raises AlreadyDone, Refused.

    `why` is in the words of `by`, or the title of the alert that caused it.
    """
    if not incident.state.open:
        closed = NotInState(
            incident=incident.name, state=incident.state, attempt=Attempt.SEVERITY, severity=incident.severity
        )
        raise Refused(closed)
    if incident.severity == severity:
        raise AlreadyDone(SeverityUnchanged(incident=incident.name, severity=severity))
    waiting = bool(incident.escalation.waiting)
    after = escalation.released(incident, now).copy_with(severity=severity)
    after = after.with_deadlines(update=cadence.other_pace(incident, severity, policy, now))
    if after.deadlines.update is None:
        after = cadence.answered(after)  # it asks for no updates, so none is late
    after = after.with_deadlines(
        # Whoever waits for the morning is paged at once, unless the new severity lets them sleep too.
        page=after.deadlines.page if waiting else escalation.next_page_at(after, now, policy),
        ack=escalation.acknowledge_by(after, policy) if incident.deadlines.ack else None,
    )
    event = events.SeverityChanged(before=incident.severity, after=severity, why=why)
    notice = SeverityChangedNotice(by=by, before=incident.severity, after=severity, why=why)
    decision = Decision(after).withdraw("worse").record(event, now, by=by)
    decision = investigations.automatic(decision, now, policy)
    if after.deadlines.update is None:
        decision = decision.withdraw(cadence.SLOT)
    return decision.say(notice).say(notice, Place.ANNOUNCEMENT)
