"""What an alert does to an incident. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from warroom.alerts import storms
from warroom.alerts.model import Alert, AlertState, Transition
from warroom.escalation import rules as escalation
from warroom.incident.decision import Decision
from warroom.incident.events import AlertAttached, AlertFired, AlertRecovered, AlertsRecovered
from warroom.incident.model import Incident
from warroom.incident.notices import AllRecovered, Flapping
from warroom.incident.parts import AlertSummary, Link
from warroom.outbox.changes import Firing
from warroom.policy import Policy

FLAPS = 6
"""So many changes between firing and recovered make an alert a flapping one."""

REPEATS = frozenset(
    {Transition.RETRIGGER, Transition.RENOTIFY, Transition.REWARN, Transition.RE_NO_DATA, Transition.UPDATE}
)
"""Transitions that speak again of something known; they never open a second incident."""


POLLED = "sync"
"""The alert source of what was asked for instead of delivered."""
SAME_FIRING = timedelta(minutes=1)
"""So far apart may two alert sources date the same trigger."""


def told_before(firing: Firing, incident: Incident, alert: Alert) -> bool:
    """Whether a polled alert says nothing that the newest firing with its keys does not know."""
    if alert.transition is Transition.RECOVER:
        return firing.state is AlertState.OK
    if firing.state is not AlertState.OK and incident.state.open:
        return firing.state is alert.state
    if alert.occurred_at is None:
        return firing.state is not AlertState.OK
    return alert.occurred_at <= firing.last_fired_at + SAME_FIRING


def happened_at(alert: Alert, received_at: datetime) -> datetime:
    """The sender's time, or that of arrival."""
    return alert.occurred_at or received_at


def first(incident_id: str, alert: Alert, received_at: datetime, source: str = "") -> Firing:
    """The firing that a newly attached alert starts."""
    return Firing(
        incident_id=incident_id,
        dedup_key=alert.dedup_key,
        keys=(*(alert.keys or (alert.dedup_key,)), *siblings(alert)),
        title=alert.title,
        link=alert.link,
        monitor_id=alert.monitor_id,
        state=alert.state,
        first_seen_at=received_at,
        first_fired_at=happened_at(alert, received_at),
        last_seen_at=received_at,
        last_fired_at=happened_at(alert, received_at),
        hosts=where(alert),
        polled=source == POLLED,
    )


MOST_HOSTS = 50
"""Hosts of one alert that are kept."""


def where(alert: Alert) -> tuple[str, ...]:
    """What the alert is about, for people who read a list of such: its hosts, else its group; empty when it says neither."""
    return alert.hosts[:MOST_HOSTS] or ((alert.group,) if alert.group else ())


def siblings(alert: Alert) -> tuple[str, ...]:
    """The key under which everything of the alert's monitor is found, whatever its group. No alert carries it: a
    recovery must find its own group.
    """
    return (f"1:any-group:{alert.monitor_id}",) if alert.monitor_id else ()


def overtaken(firing: Firing, alert: Alert) -> bool:
    """Whether the alert's own time says that it fired before the recovery that came first."""
    at, over = alert.occurred_at, firing.recovered_at
    fires = alert.transition is not Transition.RECOVER
    return fires and firing.state is AlertState.OK and at is not None and over is not None and at < over


def again(firing: Firing, alert: Alert, received_at: datetime) -> Firing:
    """The firing after one more trigger or recovery of it. A recovery older than the newest trigger changes no state."""
    at = happened_at(alert, received_at)
    keys = tuple(dict.fromkeys((*firing.keys, *alert.keys)))
    if alert.transition is Transition.RECOVER:
        if at < firing.last_fired_at:
            return firing.copy_with(keys=keys)
        over = firing.copy_with(keys=keys, recovered_at=max(at, firing.recovered_at or at))
        if firing.state is AlertState.OK:
            return over
        return over.copy_with(state=AlertState.OK, changes=firing.changes + 1, last_seen_at=received_at)
    if overtaken(firing, alert):
        return firing.copy_with(keys=keys, count=firing.count + 1, last_seen_at=received_at)
    state = firing.state if alert.state is AlertState.UNKNOWN else alert.state
    same = firing.polled and firing.state is state and alert.transition not in REPEATS
    return firing.copy_with(
        keys=keys,
        state=state,
        polled=False,
        count=firing.count + (not same),
        changes=firing.changes + (firing.state is AlertState.OK),
        link=alert.link or firing.link,
        hosts=where(alert) or firing.hosts,
        last_seen_at=received_at,
        last_fired_at=max(at, firing.last_fired_at),
    )


def attach(
    incident: Incident,
    alert: Alert,
    before: Firing | None,
    after: Firing,
    now: datetime,
    policy: Policy,
) -> Decision:
    """The incident with one more alert, new or again. Escalation goes on where it was paused because all had recovered."""
    summary = incident.alerts
    was_firing = before is not None and before.state is not AlertState.OK
    is_firing = after.state is not AlertState.OK
    firing = summary.firing + is_firing - was_firing
    summary = summary.copy_with(
        count=summary.count + _told(alert, before, after),
        firing=firing,
        monitors=summary.monitors + (before is None),
        last_title=alert.title,
        last_state=after.state,
        last_link=after.link or summary.last_link,
        monitor_id=alert.monitor_id or summary.monitor_id,
        snapshot=alert.snapshot or summary.snapshot,
        last_seen_at=now,
        recovered_at=None if firing else summary.recovered_at,
    )
    decision = Decision(incident.copy_with(alerts=summary))
    if firing:
        decision = replace(decision, incident=escalation.resumed(decision.incident, now, policy))
    key = f"alert:{alert.delivery_id}"
    if before is None:
        decision = decision.record(AlertAttached(title=alert.title), now, link=alert.link, key=key)
    elif is_firing and not was_firing and not summary.flapping:
        decision = decision.record(AlertFired(title=alert.title), now, link=alert.link, key=key)
    if is_firing and not was_firing:
        decision = decision.with_deadlines(auto_resolve=None).withdraw("recovery")
    if alert.transition is not Transition.RECOVER:
        decision = storms.counted(decision, now)
    return storms.defer_redraw(_flapping(decision, before, after), now)


def _told(alert: Alert, before: Firing | None, after: Firing) -> int:
    """How many more alerts that is: a recovery is none, nor what asking had brought before."""
    if alert.transition is Transition.RECOVER:
        return 0
    return after.count - before.count if before else 1


def _flapping(decision: Decision, before: Firing | None, firing: Firing) -> Decision:
    """Said once; that message is redrawn with every further change, and takes the place of the offer to resolve."""
    incident = decision.incident
    changed = before is None or before.changes != firing.changes
    if firing.changes < FLAPS or not changed or not incident.state.open:
        return decision
    decision = decision.with_changes(alerts=incident.alerts.copy_with(flapping=True)).withdraw("recovery")
    notice = Flapping(title=firing.title, changes=firing.changes, auto_resolve_at=incident.deadlines.auto_resolve)
    return decision.say(notice, slot="flapping", in_place=True)


def recover(incident: Incident, alert: Alert, before: Firing, after: Firing, now: datetime, policy: Policy) -> Decision:
    """The incident after one of its alerts recovered. When it was the last that fired, the room is offered Resolve."""
    summary = incident.alerts
    if after.state is not AlertState.OK or before.state is AlertState.OK:
        return Decision(incident, quiet=True)
    firing = summary.firing - 1
    summary = summary.copy_with(
        firing=firing,
        last_title=alert.title,
        last_state=AlertState.OK,
        last_seen_at=now,
        recovered_at=now if firing == 0 else None,
    )
    decision = Decision(incident.copy_with(alerts=summary))
    if not summary.flapping:
        key = f"alert:{alert.delivery_id}"
        decision = decision.record(AlertRecovered(title=alert.title), now, link=alert.link, key=key)
    decision = storms.grows(decision, now)
    if firing or not incident.state.open:
        return storms.defer_redraw(_flapping(decision, before, after), now)
    wait = incident.alert_group.auto_resolve_after or policy.workspace.auto_resolve_after
    resolve_at = now + wait if wait else None
    decision = replace(decision, incident=escalation.paused(decision.incident, now, policy))
    decision = _flapping(decision.with_deadlines(auto_resolve=resolve_at), before, after)
    if not summary.flapping:
        decision = decision.record(AlertsRecovered(count=summary.monitors), now)
    if decision.incident.alerts.flapping:
        return decision
    return decision.say(AllRecovered(count=summary.monitors, auto_resolve_at=resolve_at), slot="recovery")


def alert_links(alert: Alert) -> tuple[Link, ...]:
    """The links an alert brings."""
    return (Link(title="Alert", url=alert.link, emoji=":bell:"),) if alert.link else ()


def summary_of_one(alert: Alert, received_at: datetime) -> AlertSummary:
    """The summary of an incident that this alert opens."""
    return AlertSummary(
        count=1,
        firing=1,
        monitors=1,
        last_title=alert.title,
        last_state=alert.state,
        last_link=alert.link,
        monitor_id=alert.monitor_id,
        snapshot=alert.snapshot,
        last_seen_at=received_at,
        burst_from=received_at,
        burst=1,
    )
