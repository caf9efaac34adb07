"""Alerts in words: how many an incident has, and what its room hears of storms, flapping and recovery."""

from __future__ import annotations

from datetime import datetime, timedelta

from blocks import kit, text
from warroom.alerts.model import AlertState
from warroom.alerts.storms import monitor_of
from warroom.incident import notices
from warroom.incident.view import IncidentView
from warroom.outbox.changes import Firing

TITLE_IN_A_LIST, LINK_IN_A_LIST, HOSTS_IN_A_LIST = 80, 160, 160
"""Characters; ten of them fit into one section."""
HOSTS_NAMED_ALL = 4
"""So many hosts are all named; of more only the first and the last of those that are known."""


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


def flapping(notice: notices.Flapping, view: IncidentView, now: datetime) -> str:
    """An alert fires and recovers again and again."""
    said = f"〰️ {text.literal(notice.title, 200)} is flapping: {text.count(notice.changes, 'change')}. "
    if view.incident.alerts.firing:
        return f"{said}It is firing now; this line keeps count."
    if due := view.incident.deadlines.auto_resolve:
        return f"{said}It has recovered for now, and resolves by itself at {text.at_time(due, now, view.timezone)}."
    return f"{said}It has recovered for now. Resolve?"


def _storm_by_monitor(notice: notices.Storm) -> list[str]:
    lines = [f"{'⛈️ ' if number == 0 else '• '}{_monitor(group)}" for number, group in enumerate(notice.groups)]
    if len(lines) > 1:
        head = f"⛈️ *{text.count(notice.alerts, 'alert')} from {text.count(notice.monitors, 'monitor')}*"
        lines = [head, f"• {_monitor(notice.groups[0])}", *lines[1:]]
    return [*lines, f"and {text.count(notice.more, 'more monitor')}; the card counts them all." if notice.more else ""]


def _monitor(group: notices.StormGroup) -> str:
    short = group.link if group.link and len(group.link) <= LINK_IN_A_LIST else None
    title = text.link(short, kit.cut(text.unmarked(group.title), TITLE_IN_A_LIST))
    number, what = group.firing or group.recovered, "firing" if group.firing else "recovered"
    hosts = len(group.hosts) + group.more
    if not hosts:
        return f"{title}: {number:,} {what}"
    things = text.count(hosts, "group" if any(":" in host for host in group.hosts) else "host")
    also = f", {group.recovered:,} recovered" if group.firing and group.recovered else ""
    return f"{title}: {things} {what}: {_hosts(group)}{also}"


def _hosts(group: notices.StormGroup) -> str:
    shown = [kit.line(host, 40) for host in group.hosts]
    if len(shown) > HOSTS_NAMED_ALL and group.more:
        return f"{shown[0]} … {shown[-1]} and {group.more:,} more."
    return f"{kit.cut(', '.join(shown), HOSTS_IN_A_LIST)}."


def storm(notice: notices.Storm) -> list[str]:
    """What a storm was: by monitor and host, or where that is not known, its newest alerts."""
    if notice.groups:
        return _storm_by_monitor(notice)
    alerts, monitors = text.count(notice.alerts, "alert"), text.count(notice.monitors, "monitor")
    lasted = f" in {text.duration(notice.lasted)}" if notice.lasted >= timedelta(seconds=1) else ""
    lines = [f"⛈️ *{alerts} from {monitors}{lasted}*, newest first:"]
    for each in notice.newest:
        short = each.link if each.link and len(each.link) <= LINK_IN_A_LIST else None
        title = text.link(short, kit.cut(each.title, TITLE_IN_A_LIST))
        often = f" ×{each.count:,}" if each.count > 1 else ""
        lines.append(f"• {title}{often}{' (recovered)' if each.recovered else ''}")
    return [*lines, f"… and {notice.more:,} more; the card counts them all." if notice.more else ""]


def all_recovered(notice: notices.AllRecovered, now: datetime, tz: str) -> str:
    """Nothing fires any more, and whether the incident resolves by itself."""
    alerts = "The alert has" if notice.count == 1 else f"All {notice.count:,} alerts have"
    if notice.auto_resolve_at:
        return f"🟢 {alerts} recovered. It resolves by itself at {text.at_time(notice.auto_resolve_at, now, tz)}."
    return f"🟢 {alerts} recovered. Resolve?"
