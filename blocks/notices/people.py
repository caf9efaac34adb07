"""People are paged, have roles and are invited."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import ids, kit, labels, text
from blocks.incident_card import acknowledge_button, on_it_button, times
from blocks.kit import Block
from blocks.notices.phrases import by_whom, quoted, warning
from warroom.incident import notices
from warroom.incident.events import PageReason
from warroom.incident.model import State
from warroom.incident.notices import PeopleNotice
from warroom.incident.view import IncidentView


def lines(notice: PeopleNotice, view: IncidentView, now: datetime) -> list[str]:
    """What is said, line by line; empty ones are left out."""
    tz = view.timezone
    match notice:
        case notices.Paged():
            return [_paged(notice, view, now), quoted(notice.why), _page_about(notice, view, now)]
        case notices.OnItNotice():
            return [f"👍 {text.mention(notice.by)} is on it."]
        case notices.RoleAssignedNotice():
            by = by_whom(notice.by, ", assigned by") if notice.by != notice.person else ""
            what = labels.role_description(notice.role, view)
            doing = f": {kit.line(what, 150)}" if what else ""
            return [f"👤 {text.mention(notice.person)} is now *{kit.line(notice.role, 60)}*{by}{doing}"]
        case notices.RoleIsYours():
            incident = view.incident
            where = f" {text.channel_link(incident.room.channel_id)}" if incident.room.channel_id else ""
            head = f"*{incident.name}* {text.literal(labels.title(incident), 150)}{where}"
            what = labels.role_description(notice.role, view)
            return [
                f"👤 {text.mention(notice.by)} made you *{kit.line(notice.role, 60)}* of {head}",
                kit.line(what, 600),
                f"Not you? `/incident role #{incident.number} {kit.line(notice.role, 60)} @who`",
            ]
        case notices.Unanswered():
            return _unanswered(notice, view, now)
        case notices.PageWaitsNotice():
            hour = f"at this hour for {kit.line(labels.severity(view), 80)}"
            until = f"paged {text.when(notice.until, tz)}"
            return [
                f"🌙 {text.mentions(notice.people)} is not paged {hour}, but {until}. To page now, press *Escalate* or raise the severity."
            ]
        case notices.HandedOver():
            return _handed_over(notice, view, now)
        case notices.LeadWanted():
            return [
                "🙋 Nobody is incident commander yet. Who can take it? The commander keeps the overview, decides and posts updates."
            ]
        case notices.NobodyFound():
            what = f"Nobody was found for: {', '.join(notice.names)}"
            return [warning(what, "Invite them by mention: /incident invite @name")]
        case notices.CouldNotInvite():
            who, reason = text.mentions(notice.people), kit.line(notice.reason, 600).rstrip(".")
            return [f"⚠️ {who} could not be invited: {reason}. Invite somebody else with /incident invite."]
    assert_never(notice)


def buttons(notice: PeopleNotice, view: IncidentView) -> list[Block | None]:
    """For what to do next."""
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    match notice:
        case notices.Paged() if incident.state is State.DETECTED:
            return [acknowledge_button(incident)]
        case notices.Paged(reason=PageReason.SILENCE) if incident.escalation.silent:
            return [on_it_button(incident), kit.button("Post update", ids.POST_UPDATE, carried)]
        case notices.LeadWanted() if incident.commander is None:
            return [kit.button("Take command", ids.TAKE_COMMAND, carried, style="primary")]
        case _:
            return []


def _handed_over(notice: notices.HandedOver, view: IncidentView, now: datetime) -> list[str]:
    """Who, and where things stand: severity, state, alerts, the last update, what is still to be done."""
    incident = view.incident
    before = notice.before if notice.before and notice.before != notice.by else None
    who = f"🤝 {text.mention(notice.by)} hands over to {text.mention(notice.person)}, who is incident commander now"
    who += f" (before: {text.mention(before)})" if before else ""
    parts = [kit.line(labels.severity(view), 80), labels.STATE[incident.state], text.since(incident.declared_at, now)]
    if incident.alerts.count:
        parts.append(f"{incident.alerts.firing:,} of {text.count(incident.alerts.monitors, 'alert')} firing")
    if incident.deadlines.update:
        parts.append(f"next update due {text.when(incident.deadlines.update, view.timezone)}")
    said = incident.updates.last
    last = f"Last update, {text.ago(incident.updates.last_at, now)}:" if said and incident.updates.last_at else ""
    left = [item for item in incident.actions if item.done_at is None]
    todo = f"Action items: {'; '.join(kit.line(item.text, 80) for item in left[:3])}" if left else ""
    more = f" and {len(left) - 3:,} more" if len(left) > 3 else ""
    return [who, " · ".join(parts), last, kit.quote(said, 600) if last else "No update yet.", todo + more]


def _paged(notice: notices.Paged, view: IncidentView, now: datetime) -> str:
    """Who is paged, and why."""
    who = text.mentions(notice.people) or "Nobody could be found"
    level = f" (level {notice.level})" if notice.level else ""
    by = text.mention(notice.by) if notice.by else ""
    waited = text.duration(now - view.incident.declared_at)
    match notice.reason:
        case PageReason.DECLARED:
            return f"📟 {who}, you are paged{level}."
        case PageReason.ESCALATION:
            return f"📟 {who}, you are paged{level}: nobody has acknowledged for {waited}."
        case PageReason.BUTTON:
            again = " again" if notice.again else ""
            # A runbook that failed escalates without anybody: the line after this one says so.
            return f"📟 {who}, {f'{by} escalated to you' if by else 'you are paged'}{again}{level}."
        case PageReason.OVERDUE:
            return f"⏰ {who} Still unacknowledged after {waited}. Please acknowledge."
        case PageReason.NO_UPDATE:
            missed = text.count(view.incident.updates.missed, "update")
            return f"📟 {who}, you are paged{' again' if notice.again else ''}{level}: {missed} missed."
        case PageReason.REPEAT:
            return f"📟 {who}, you are paged again{level}: nobody has acknowledged for {waited}."
        case PageReason.TEAM:
            return f"📟 {who}, {f'{by} is paging you' if by else 'you are paged'}."
        case PageReason.SILENCE:
            last = view.incident.escalation.heard_at or view.incident.acknowledged_at or view.incident.declared_at
            quiet = f"nobody has posted an update or written here for {text.duration(now - last)}"
            again = " again" if notice.again else ""
            return f"📟 {who}, you are paged{again}{level}: {quiet}. Press *I'm on it*, post an update, or write here."
    assert_never(notice.reason)


def _page_about(notice: notices.Paged, view: IncidentView, now: datetime) -> str:
    """What it is about, for whoever reads only this line on a locked phone."""
    incident = view.incident
    title, severity = text.literal(labels.title(incident), 200), kit.line(labels.severity(view), 80)
    return f"*{severity}* · {title} · declared {text.ago(incident.declared_at, now)}"


def _unanswered(notice: notices.Unanswered, view: IncidentView, now: datetime) -> list[str]:
    """Everybody was paged and nobody has acknowledged."""
    title = text.literal(labels.title(view.incident), 200)
    last = view.level_count
    again = f"; level {last} {times(notice.rounds + 1)}" if notice.rounds else ""
    return [
        (
            f"🚨 *{view.incident.name}* {title}: unacknowledged for {text.duration(now - notice.since)}. "
            f"Everyone on the escalation policy has been paged{again}."
        ),
        f"If you can help, go to {text.channel_link(view.incident.room.channel_id)} and press *Acknowledge*.",
    ]
