"""Alerts recover, flap and come in storms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from blocks import ids, kit, text
from blocks.incident_card import resolve_button
from blocks.kit import Block
from warroom.incident import notices
from warroom.incident.notices import AlertNotice
from warroom.incident.view import IncidentView

TITLE_IN_A_LIST, LINK_IN_A_LIST, HOSTS_IN_A_LIST = 80, 160, 160
"""Characters; ten of them fit into one section."""
HOSTS_NAMED_ALL = 4
"""So many hosts are all named; of more only the first and the last of those that are known."""


def lines(notice: AlertNotice, view: IncidentView, now: datetime) -> list[str]:
    """What is said, line by line; empty ones are left out."""
    tz = view.timezone
    match notice:
        case notices.WorseAlert():
            alert, severity = text.link(notice.link, kit.cut(notice.title, 150)), kit.line(notice.severity, 80)
            own = kit.line(view.incident.severity, 80)
            return [f"⬆️ {alert} would be *{severity}* by itself; this incident is {own}."]
        case notices.AllRecovered():
            return [_all_recovered(notice, now, tz)]
        case notices.Flapping():
            return [_flapping(notice, view, now)]
        case notices.Storm():
            return _storm(notice)
        case notices.Muted():
            by, only = text.mention(notice.by), kit.line("; ".join(notice.groups), 300)
            rest = f" for {only}" if only else ""
            others = ". Its other groups still call" if only else ""
            return [
                f"🔕 Monitor {kit.line(notice.monitor_id, 30)} is muted{rest} until {text.at_time(notice.until, now, tz)}, by {by}{others}"
            ]
    assert_never(notice)


def buttons(notice: AlertNotice, view: IncidentView) -> list[Block | None]:
    """For what to do next."""
    incident = view.incident
    match notice:
        case notices.Flapping() if incident.state.open and not incident.alerts.firing:
            return [resolve_button(incident)]
        case notices.AllRecovered():
            return [resolve_button(incident)]
        case notices.WorseAlert():
            label, seen = f"Raise to {notice.severity}", ids.carry(incident.id, notice.severity)
            return [kit.button(label, ids.RAISE, seen)]
        case _:
            return []


def _flapping(notice: notices.Flapping, view: IncidentView, now: datetime) -> str:
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


def _storm(notice: notices.Storm) -> list[str]:
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


def _all_recovered(notice: notices.AllRecovered, now: datetime, tz: str) -> str:
    """Nothing fires any more, and whether the incident resolves by itself."""
    alerts = "The alert has" if notice.count == 1 else f"All {notice.count:,} alerts have"
    if notice.auto_resolve_at:
        return f"🟢 {alerts} recovered. It resolves by itself at {text.at_time(notice.auto_resolve_at, now, tz)}."
    return f"🟢 {alerts} recovered. Resolve?"
