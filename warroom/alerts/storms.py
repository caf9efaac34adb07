"""Alert storms: recognised while they last, and told in the room by one message, which is redrawn as they grow. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from warroom.alerts.model import AlertState
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.notices import NAMED, Storm, StormGroup
from warroom.outbox.changes import Firing

ENOUGH = 30
"""So many alerts of one incident within WINDOW are a storm."""
WINDOW = timedelta(minutes=5)
TOLD_AFTER = timedelta(minutes=2)
"""So long after a storm is recognised the room is told: by then there is something to count."""
BUSY = 5
"""So many alerts in a burst are shown one by one; for more the card is redrawn every REDRAW."""
REDRAW = timedelta(seconds=3)
GROWS_EVERY = timedelta(minutes=5)
"""So long after something changed the message is redrawn."""
LISTED = 10
"""Monitors in the list."""
SLOT = "storm"
LOOKED_AT = 1000
"""Firings that are read for the list."""


def counted(decision: Decision, now: datetime) -> Decision:
    """With one more alert counted, and the telling planned when they are enough."""
    summary = decision.incident.alerts
    decision = grows(decision, now)
    start, count = summary.burst_from, summary.burst + 1
    if start is None or (now - start > WINDOW and not summary.stormy):
        start, count = now, 1
    stormy = summary.stormy or count >= ENOUGH
    decision = decision.with_changes(alerts=summary.copy_with(burst_from=start, burst=count, stormy=stormy))
    return decision.with_deadlines(storm=now + TOLD_AFTER) if stormy and not summary.stormy else decision


def grows(decision: Decision, now: datetime) -> Decision:
    """With the message of the storm to be redrawn, where there is one: something fired or recovered."""
    incident = decision.incident
    if not incident.alerts.stormy or incident.deadlines.storm or not incident.state.open:
        return decision
    return decision.with_deadlines(storm=now + GROWS_EVERY)


def defer_redraw(decision: Decision, now: datetime) -> Decision:
    """Without a redraw of its own when alerts come fast: the next one shows them all."""
    incident = decision.incident
    if incident.alerts.burst <= BUSY or not incident.state.open or decision.effects:
        return decision
    return replace(decision.with_deadlines(redraw=incident.deadlines.redraw or now + REDRAW), quiet=True)


def announce(incident: Incident, firings: Sequence[Firing], now: datetime) -> Decision:
    """The room hears of the storm, or its message is redrawn; `firings` newest first. Nothing is said where it is over."""
    decision = Decision(incident.with_deadlines(storm=None), quiet=True)
    start = incident.alerts.burst_from
    if start is None or not incident.state.open:
        return decision
    wet = [firing for firing in firings if firing.last_seen_at >= start]
    groups = grouped(wet)
    last = max((each.last_seen_at for each in wet), default=now)
    notice = Storm(
        alerts=incident.alerts.burst,
        monitors=len(groups),
        lasted=max(last - start, timedelta(0)),
        groups=groups[:LISTED],
        more=len(groups[LISTED:]),
    )
    return decision.say(notice, slot=SLOT, in_place=True)


def grouped(firings: Iterable[Firing]) -> tuple[StormGroup, ...]:
    """By monitor, where most fires first."""
    monitors: dict[str, list[Firing]] = {}
    for firing in firings:
        monitors.setdefault(monitor_of(firing), []).append(firing)
    groups = map(_group, monitors.values())
    return tuple(sorted(groups, key=lambda group: (-group.firing, -group.recovered, group.title)))


def monitor_of(firing: Firing) -> str:
    """What stands for its monitor; a source that names none is taken at the titles of its alerts."""
    return firing.monitor_id or f"title:{firing.title}"


def _group(firings: list[Firing]) -> StormGroup:
    on = [each for each in firings if each.state is not AlertState.OK]
    hosts = sorted({host for each in on or firings for host in each.hosts})
    # Some monitors name the host in the title; the one that most have speaks for all.
    [(title, _)] = Counter(each.title for each in firings).most_common(1)
    return StormGroup(
        title=title,
        link=firings[0].link,
        firing=len(on),
        recovered=len(firings) - len(on),
        hosts=tuple(hosts[:NAMED]),
        more=len(hosts[NAMED:]),
    )
