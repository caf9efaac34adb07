"""An alert joins an incident and is worse than all before it. Pure.

While nobody has the incident and nobody chose its severity, it becomes as severe as the alert, so that its reminders and
its escalation policy are right. Once somebody has, the severity is theirs: each step up is one notice with a button.
"""

from __future__ import annotations

from datetime import datetime

from warroom.alerts.model import Alert
from warroom.alerts.rules import AttachOrDeclare, OpenIncident, RuleAction
from warroom.incident.decision import Decision
from warroom.incident.lifecycle import change_severity
from warroom.incident.model import Incident, Origin, State
from warroom.incident.notices import WorseAlert
from warroom.policy import Policy

SLOT = "worse"


def severity_in(action: RuleAction) -> str | None:
    """The severity that an incident opened by the alert would have; None for alerts that only attach, or are dropped."""
    return action.severity if isinstance(action, OpenIncident | AttachOrDeclare) else None


def raise_for_alert(decision: Decision, alert: Alert, severity: str | None, now: datetime, policy: Policy) -> Decision:
    """With what follows where `severity`, which the alert has by itself, is worse than every one before it."""
    incident = decision.incident
    known = incident.alerts.worst or incident.severity
    if severity is None or not incident.state.open or not policy.more_severe(severity, known):
        return decision
    after = decision.with_changes(alerts=incident.alerts.copy_with(worst=severity))
    if not policy.more_severe(severity, incident.severity):
        return after
    if _nobodys(incident):
        return after.and_then(change_severity(after.incident, None, severity, now, policy, why=alert.title))
    return after.say(WorseAlert(severity=severity, title=alert.title, link=alert.link), slot=SLOT)


def _nobodys(incident: Incident) -> bool:
    """Whether only alerts have said how severe it is, and nobody has it."""
    by_alert = incident.origin is Origin.ALERT and incident.severity == incident.alerts.worst
    return by_alert and incident.state is State.DETECTED
