"""Alerts in words: how many an incident has, and what its room hears of storms, flapping and recovery."""

from __future__ import annotations

from blocks import text
from warroom.alerts.model import AlertState
from warroom.alerts.storms import monitor_of
from warroom.incident.view import IncidentView
from warroom.outbox.changes import Firing


def alert_numbers(view: IncidentView) -> str:
    """ "40 firing (1 monitor, 40 hosts), 42 in all"; "" without alerts. Monitors and hosts are counted in the view's firings."""
    alerts = view.incident.alerts
    if not alerts.count:
        return ""
    on = [each for each in view.firings if each.state is not AlertState.OK] if alerts.firing else list(view.firings)
    number = f"{alerts.firing:,} firing" if alerts.firing else _recovered(alerts.monitors)
    flapping = ", flapping" if alerts.flapping else ""
    most = alerts.firing or alerts.monitors
    in_all = f", {alerts.count:,} in all" if alerts.count > most else ""
    return f"{number}{_spread(on, most)}{in_all}{flapping}"


def _recovered(things: int) -> str:
    return "recovered" if things == 1 else f"all {things:,} recovered"


def _spread(firings: list[Firing], most: int) -> str:
    """ " (1 monitor, 40 hosts)"; "" for one thing, and where not all of them are at hand to be counted."""
    if most < 2 or len(firings) < most:
        return ""
    parts = [text.count(len({monitor_of(each) for each in firings}), "monitor")]
    if hosts := {host for each in firings for host in each.hosts}:
        grouped = any(":" in host for host in hosts)
        parts.append(text.count(len(hosts), "group" if grouped else "host"))
    return f" ({', '.join(parts)})"
