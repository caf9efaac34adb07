"""Paging in words: what whoever is called reads, and what everybody reads when nobody answers."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import kit, labels, text
from blocks.incident_card import times
from warroom.incident import notices
from warroom.incident.events import PageReason
from warroom.incident.view import IncidentView


def paged(notice: notices.Paged, view: IncidentView, now: datetime) -> str:
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
            # A runbook that fails escalates by itself; what follows says so.
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


def page_about(notice: notices.Paged, view: IncidentView, now: datetime) -> str:
    """What it is about, for whoever reads only this line on a locked phone."""
    incident = view.incident
    title, severity = text.literal(labels.title(incident), 200), kit.line(labels.severity(view), 80)
    return f"*{severity}* · {title} · declared {text.ago(incident.declared_at, now)}"


def unanswered(notice: notices.Unanswered, view: IncidentView, now: datetime) -> list[str]:
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
