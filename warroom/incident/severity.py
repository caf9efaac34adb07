"""An incident gets another severity. Pure."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import AlreadyDone, Refused
from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident.decision import Decision
from warroom.incident.events import SeverityChanged
from warroom.incident.model import Incident
from warroom.incident.notices import SeverityChangedNotice
from warroom.outbox.effects import Place
from warroom.policy import Policy
from warroom.refusals import Attempt, NotInState, SeverityUnchanged


def changed(
    incident: Incident, by: str | None, severity: str, now: datetime, policy: Policy, *, why: str = ""
) -> Decision:
    """The severity (a key of the policy), with its own times from now on. Raises AlreadyDone, Refused.

    `why` is the title of the alert that caused it.
    """
    if not incident.state.open:
        closed = NotInState(
            incident=incident.name, state=incident.state, attempt=Attempt.SEVERITY, severity=incident.severity
        )
        raise Refused(closed)
    if incident.severity == severity:
        raise AlreadyDone(SeverityUnchanged(incident=incident.name, severity=severity))
    after = incident.copy_with(severity=severity).with_deadlines(
        update=cadence.other_pace(incident, severity, policy, now)
    )
    if after.deadlines.update is None:
        after = cadence.answered(after)  # it asks for no updates, so none is late
    after = after.with_deadlines(
        page=escalation.next_page_at(after, now, policy),
        ack=escalation.acknowledge_by(after, policy) if incident.deadlines.ack else None,
    )
    event = SeverityChanged(before=incident.severity, after=severity, why=why)
    notice = SeverityChangedNotice(by=by, before=incident.severity, after=severity, why=why)
    decision = Decision(after).withdraw("worse").record(event, now, by=by)
    if after.deadlines.update is None:
        decision = decision.withdraw(cadence.SLOT)
    return decision.say(notice).say(notice, Place.ANNOUNCEMENT)
