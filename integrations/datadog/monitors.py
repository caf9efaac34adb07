"""What Datadog says of a monitor when it is asked, and how that becomes the alert that the webhook would have brought. Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from integrations.datadog.parsing import read
from integrations.datadog.policy import DatadogPolicy
from warroom.alerts.model import Alert, AlertState
from warroom.alerts.parsing import Arrival
from warroom.alerts.parsing.keys import polled_delivery_id
from warroom.value import Value

TRANSITION = {
    AlertState.ALERT: "Triggered",
    AlertState.WARN: "Warn",
    AlertState.NO_DATA: "No Data",
    AlertState.OK: "Recovered",
}


class GroupState(Value):
    """One group of a monitor. `since` is when Datadog says the state began, None when it does not."""

    monitor_id: str
    name: str
    group: str = ""
    """As Datadog spells it ("host:a,env:b"); "" for a monitor without groups."""
    state: AlertState
    since: datetime | None = None
    priority: int | None = None
    tags: tuple[str, ...] = ()
    query: str = ""
    muted: bool = False
    page: str = ""
    """The monitor's page in Datadog."""


def fires(group: GroupState, policy: DatadogPolicy, now: datetime) -> bool:
    """Whether it fires in the policy's sense: what is muted does not, nor what has been firing for longer than anybody cares."""
    if group.muted or group.state not in policy.states or group.state not in TRANSITION:
        return False
    if policy.triggered_within is None:
        return group.state is not AlertState.OK
    if group.since is None:
        # A monitor that never had data is in that state since nobody knows when.
        return group.state in (AlertState.ALERT, AlertState.WARN)
    return group.state is not AlertState.OK and now - group.since <= policy.triggered_within


def alert_of(group: GroupState, now: datetime) -> Alert:
    """The alert with the keys that the webhook's has; the same state since the same time has the same `delivery_id`."""
    transition = TRANSITION[group.state]
    page = group.page
    if page and group.group:
        page = f"{page}?group={quote(group.group, safe='')}"
    alert = read(
        {
            "kind": "monitor",
            "alert_id": group.monitor_id,
            "alert_title": group.name or f"Monitor {group.monitor_id}",
            "alert_transition": transition,
            "alert_priority": f"P{group.priority}" if group.priority else "",
            "alert_scope": group.group,
            "alert_query": group.query,
            "tags": list(group.tags),
            "link": page,
            "date": int(group.since.timestamp() * 1000) if group.since else "",
        },
        Arrival(now),
    )
    since = group.since.isoformat() if group.since else ""
    name = polled_delivery_id(group.monitor_id, alert.group or "", alert.transition, since)
    return alert.copy_with(delivery_id=name)
