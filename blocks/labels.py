"""Words and signs that every picture of an incident shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from blocks import text
from warroom.alerts.model import AlertState
from warroom.incident.model import Incident, Origin, State
from warroom.incident.parts import ActionPriority
from warroom.incident.roles import COMMANDER, COMMUNICATIONS, DEPUTY, LIAISON, SCRIBE
from warroom.incident.view import IncidentView
from warroom.people.model import Why

_SEVERITY_SIGNS = ("🔴", "🟠", "🟡", "🔵")

STATE: dict[State, str] = {
    State.DETECTED: "Not acknowledged",
    State.ACKNOWLEDGED: "Acknowledged",
    State.MITIGATED: "Mitigated",
    State.RESOLVED: "Resolved",
    State.CLOSED: "Closed",
    State.CANCELLED: "Cancelled",
}

STATE_SIGN: dict[State, str] = {
    State.DETECTED: "🚨",
    State.ACKNOWLEDGED: "🧑‍🚒",
    State.MITIGATED: "🩹",
    State.RESOLVED: "✅",
    State.CLOSED: "📁",
    State.CANCELLED: "🚫",
}

ALERT_STATE: dict[AlertState, str] = {
    AlertState.ALERT: "firing",
    AlertState.WARN: "warning",
    AlertState.NO_DATA: "no data",
    AlertState.OK: "recovered",
    AlertState.UNKNOWN: "state unknown",
}

ALERT_SIGN: dict[AlertState, str] = {
    AlertState.ALERT: "🔴",
    AlertState.WARN: "🟡",
    AlertState.NO_DATA: "⚪",
    AlertState.OK: "🟢",
    AlertState.UNKNOWN: "⚪",
}

NOBODY: dict[Why, str] = {
    Why.NOT_FOUND: "nobody here has this name",
    Why.NO_SUCH_EMAIL: "nobody here has this email",
    Why.DEACTIVATED: "the account is deactivated",
    Why.BOT: "it is a bot",
    Why.GUEST: "it is a guest; guests are found only by mention or exact email",
    Why.NO_SUCH_GROUP: "there is no such user group",
    Why.GROUP_DISABLED: "the user group is disabled",
    Why.GROUP_EMPTY: "nobody is in the user group",
    Why.NO_LEVELS: "the team has no escalation policy",
    Why.LOOP: "the team's escalation policy leads back to itself",
    Why.SCHEDULE: "it looks like an on-call schedule; those of the policy are written schedule:NAME",
    Why.NO_SUCH_SCHEDULE: "the policy has no such schedule",
    Why.NOBODY_ON_CALL: "nobody is on call there",
    Why.ON_CALL_UNREACHABLE: "the system that keeps this schedule does not answer",
    Why.EVERYBODY: "it is a channel or everybody in it, not a person",
}
"""Why a name led to nobody."""

RECOVERED = "every alert recovered and stayed so"
"""Why an incident was resolved where no person did it."""

PART_NAMES: dict[str, str] = {
    "summary": "Summary",
    "impact": "Impact",
    "root_cause": "Root cause",
    "went_well": "What went well",
    "improve": "What could be improved",
}
"""The written parts of a post-mortem."""


TIME_NAMES: dict[str, str] = {"impact_began": "Impact began", "impact_ended": "Impact ended"}
"""Parts of a post-mortem that are times."""


def part(key: str) -> str:
    """The name of a written part of a post-mortem; a name that an earlier release stored is shown as it is."""
    return PART_NAMES.get(key) or TIME_NAMES.get(key, key)


def severity_sign(view: IncidentView) -> str:
    """The circle in the severity's colour; grey-white for an incident that is over."""
    if not view.incident.state.open:
        return STATE_SIGN[view.incident.state]
    return _SEVERITY_SIGNS[view.severity_rank] if 0 <= view.severity_rank < len(_SEVERITY_SIGNS) else "⚪"


def severity(view: IncidentView) -> str:
    """ "SEV-1 Critical" as plain text; only the key where the policy has no name for it."""
    key, name = view.incident.severity, view.severity_name
    return key if name in ("", key) else f"{key} {name}"


def headline(view: IncidentView) -> str:
    """The sign, number and title as plain text; a lock before a private one."""
    lock = "🔒 " if view.incident.private else ""
    return f"{lock}{severity_sign(view)} {view.incident.name} {title(view.incident)}"


def title(incident: Incident) -> str:
    """The title as plain text on one line, never empty, never longer than 1,000 characters."""
    return " ".join(incident.title.strip()[:1_000].split()) or "Untitled incident"


PRIORITY = {
    ActionPriority.HIGH: "high priority",
    ActionPriority.MEDIUM: "medium priority",
    ActionPriority.LOW: "low priority",
}
"""Of action items."""


ROLE_DESCRIPTIONS = {
    COMMANDER: "keeps the overview, decides, and sees that updates come",
    DEPUTY: "stands in for the commander and takes over when asked",
    COMMUNICATIONS: "writes the updates for everybody outside of the channel",
    SCRIBE: "keeps the timeline, and corrects anybody's entries",
    LIAISON: "speaks with customers and support, and brings back what they see",
}
"""What whoever has the role does, where the policy says nothing else."""


def role_description(role: str, view: IncidentView) -> str:
    """What whoever has the role does; "" for a role of which nobody said."""
    return view.roles.get(role) or ROLE_DESCRIPTIONS.get(role, "")


def person(user_id: str | None, otherwise: str = "none") -> str:
    """A mention, or `otherwise`."""
    return text.mention(user_id) if user_id else otherwise


def origin(incident: Incident) -> str:
    """What declared it where no person did."""
    return "the command line" if incident.origin is Origin.CLI else "an alert"


def summary(incident: Incident) -> str:
    """What ended it: the words of whoever resolved or cancelled it, or why nobody had to; "" where nothing is known."""
    return incident.summary or (RECOVERED if incident.resolved_automatically else "")


def state_line(incident: Incident) -> str:
    """The state in words as mrkdwn, with who brought it about."""
    match incident.state:
        case State.DETECTED:
            return "*Not acknowledged*"
        case State.ACKNOWLEDGED:
            return f"*Acknowledged*{_by(incident.acknowledged_by)}"
        case State.MITIGATED:
            return "*Mitigated*, monitoring"
        case State.RESOLVED:
            return f"*Resolved*{_by(incident.resolved_by)}"
        case State.CLOSED:
            return "*Closed*"
        case State.CANCELLED:
            return "*Cancelled*"


def _by(user_id: str | None) -> str:
    return f" by {text.mention(user_id)}" if user_id else ""


def concerns(incident: Incident, user: str) -> bool:
    """True for whoever has a part in it."""
    return incident.concerns(user)


def ended_at(incident: Incident) -> datetime | None:
    """When the outage was over: resolved or cancelled; None while it is open."""
    return None if incident.state.open else incident.resolved_at or incident.cancelled_at or incident.closed_at


def lasted(incident: Incident, now: datetime) -> timedelta:
    """How long it lasted, or has lasted so far."""
    return (ended_at(incident) or now) - incident.declared_at


def age(incident: Incident, now: datetime) -> str:
    """How long ago it was declared, kept current by Slack; how long it lasted once it is over."""
    if incident.state.open:
        return text.since(incident.declared_at, now)
    return f"lasted {text.duration(lasted(incident, now))}"


def update_overdue(incident: Incident, now: datetime) -> bool:
    """True when the next update should have been there by `now`."""
    awaited = incident.state.open and incident.state is not State.DETECTED
    return awaited and _overdue_since(incident, now) is not None


def _overdue_since(incident: Incident, now: datetime) -> datetime | None:
    if incident.updates.overdue_since:
        return incident.updates.overdue_since
    due = incident.deadlines.update
    return due if due and due <= now else None


def update_line(incident: Incident, now: datetime, tz: str) -> str:
    """When the next update comes, or how long it is overdue, as mrkdwn; "" where none is awaited."""
    if not incident.state.open or incident.state is State.DETECTED:
        return ""
    updates, due, since = incident.updates, incident.deadlines.update, _overdue_since(incident, now)
    parts = []
    if since is not None:
        missed = f" ({updates.missed} missed)" if updates.missed else ""
        late = now - since
        overdue = (
            f"*Update overdue by {text.duration(late)}*{missed}" if late >= timedelta(minutes=1) else "*Update due now*"
        )
        parts.append(f"⚠️ {overdue}")
    elif due is not None:
        parts.append(f"Next update by {text.at_time(due, now, tz)} ({text.since(due, now)})")
    if updates.snoozed_by and updates.snoozed_until and updates.snoozed_until > now:
        until = text.at_time(updates.snoozed_until, now, tz)
        parts.append(f"snoozed by {text.mention(updates.snoozed_by)} until {until}")
    return " · ".join(parts)


def unacknowledged(incident: Incident, now: datetime) -> str:
    """ "⚠️ Unacknowledged for 40 min" as mrkdwn; "" unless the time to acknowledge has passed."""
    if not incident.overdue or incident.state is not State.DETECTED:
        return ""
    return f"⚠️ *Unacknowledged for {text.duration(now - incident.declared_at)}*"


def names(of: Sequence[str], limit: int = 150) -> str:
    """Plain names one after another; "and N more" beyond `limit` characters."""
    shown: list[str] = []
    for name in of:
        if shown and len(", ".join([*shown, name])) > limit:
            return f"{', '.join(shown)} and {len(of) - len(shown)} more"
        shown.append(name[:limit])
    return ", ".join(shown)
