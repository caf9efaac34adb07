"""Alert storms: recognised while they last, and announced once in the room, as one list. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from warroom.alerts.model import AlertState
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.notices import Shower, Storm
from warroom.outbox.changes import Firing

ENOUGH = 30
"""So many alerts of one incident within WINDOW are a storm."""
WINDOW = timedelta(minutes=5)
TOLD_AFTER = timedelta(minutes=2)
"""So long after a storm is recognised the room is told: by then there is something to count."""
BUSY = 5
"""So many alerts in a burst are shown one by one; for more the card is redrawn every REDRAW."""
REDRAW = timedelta(seconds=3)
LISTED = 10
LOOKED_AT = 1000
"""Firings that are read for the list."""


def counted(decision: Decision, now: datetime) -> Decision:
    """With one more alert counted, and the telling planned when they are enough."""
    summary = decision.incident.alerts
    if summary.stormy and decision.incident.deadlines.storm is None:
        return decision
    start, count = summary.burst_from, summary.burst + 1
    if start is None or (now - start > WINDOW and not summary.stormy):
        start, count = now, 1
    stormy = summary.stormy or count >= ENOUGH
    decision = decision.with_changes(alerts=summary.copy_with(burst_from=start, burst=count, stormy=stormy))
    return decision.with_deadlines(storm=now + TOLD_AFTER) if stormy and not summary.stormy else decision


def defer_redraw(decision: Decision, now: datetime) -> Decision:
    """Without a redraw of its own when alerts come fast: the next one shows them all."""
    incident = decision.incident
    if incident.alerts.burst <= BUSY or not incident.state.open or decision.effects:
        return decision
    return replace(decision.with_deadlines(redraw=incident.deadlines.redraw or now + REDRAW), quiet=True)


def announce(incident: Incident, firings: Sequence[Firing], now: datetime) -> Decision:
    """The room is told of the storm; `firings` newest first. Nothing is said where it is over."""
    decision = Decision(incident.with_deadlines(storm=None), quiet=True)
    start = incident.alerts.burst_from
    if start is None or not incident.state.open:
        return decision
    wet = [firing for firing in firings if firing.last_seen_at >= start]
    newest = tuple(
        Shower(title=each.title, link=each.link, count=each.count, recovered=each.state is AlertState.OK)
        for each in wet[:LISTED]
    )
    last = max((each.last_seen_at for each in wet), default=now)
    notice = Storm(
        alerts=incident.alerts.burst,
        monitors=len({each.monitor_id or each.dedup_key for each in wet}),
        lasted=max(last - start, timedelta(0)),
        newest=newest,
        more=len(wet) - len(newest),
    )
    return decision.say(notice, key="storm")
