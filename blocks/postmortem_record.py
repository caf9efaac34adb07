"""What the post-mortem reads from the timeline: turning points and gaps, escalations and who answered, updates, who did what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from blocks import labels, text
from blocks import markdown as md
from blocks.timeline import words
from warroom.incident import events
from warroom.incident.events import Event, PageReason
from warroom.incident.roles import COMMANDER
from warroom.incident.timeline import Entry
from warroom.incident.view import DocumentView

GAP = timedelta(minutes=20)
"""While an incident was open, so long without an entry is a gap."""

TURNING_POINTS = (
    events.Declared,
    events.Acknowledged,
    events.Mitigated,
    events.Resolved,
    events.Reopened,
    events.Cancelled,
    events.SeverityChanged,
    events.AlertsRecovered,
)

REASONS: dict[PageReason, str] = {
    PageReason.DECLARED: "declared",
    PageReason.ESCALATION: "nobody had acknowledged",
    PageReason.BUTTON: "somebody escalated",
    PageReason.OVERDUE: "acknowledgement overdue",
    PageReason.NO_UPDATE: "updates missed",
    PageReason.REPEAT: "paged again",
    PageReason.TEAM: "paged by hand",
    PageReason.SILENCE: "nobody wrote or posted an update",
}


def turning_point(event: Event) -> bool:
    """Whether it changed what the incident was: its state, its severity, what fires."""
    return isinstance(event, TURNING_POINTS)


def gaps(document: DocumentView) -> dict[str, timedelta]:
    """By the key of the entry after it: how long nothing was recorded before, where that was long and it was not over."""
    end = labels.ended_at(document.view.incident)
    return {
        later.key: later.at - earlier.at
        for earlier, later in pairwise(document.entries)
        if later.at - earlier.at >= GAP and (end is None or earlier.at < end)
    }


def escalations(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    """A table of everybody who was paged: when, why, and how fast one of them did something."""
    pages = [(entry, entry.event) for entry in document.entries if isinstance(entry.event, events.PeoplePaged)]
    if not pages:
        return
    yield "| When | Why | Paged | Answered |"
    yield "| --- | --- | --- | --- |"
    for entry, event in pages:
        level = f"level {event.level}, " if event.level else ""
        why = md.line(f"{level}{REASONS[event.reason]}" + (f": {event.why}" if event.why else ""), names, 200)
        who = ", ".join(md.line(names.get(person, person), {}, 100) for person in event.paged) or "nobody"
        at = text.moment(entry.at, document.view.timezone)
        yield f"| {at} | {why} | {who} | {_answered(document, entry, event, names)} |"


def _answered(document: DocumentView, page: Entry, event: events.PeoplePaged, names: Mapping[str, str]) -> str:
    """The first of those paged who did anything afterwards; "" where no answer was asked for: it had been acknowledged."""
    for entry in document.entries:
        if entry.at >= page.at and entry.by in event.paged and entry.key != page.key:
            assert entry.by is not None
            return f"{md.line(names.get(entry.by, entry.by), {}, 100)} after {text.duration(entry.at - page.at)}"
    known = any(isinstance(each.event, events.Acknowledged) and each.at < page.at for each in document.entries)
    return "" if event.reason is PageReason.TEAM and known else "nobody"


def updates(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    """How many updates came in time, and which did not."""
    kept, missed, silent_since = 0, 0, None
    lines: list[str] = []
    for entry in document.entries:
        match entry.event:
            case events.UpdateMissed():
                missed += 1
                silent_since = silent_since or entry.at
            case events.UpdatePosted():
                if silent_since is None:
                    kept += 1
                else:
                    lines.append(_late(document, entry, silent_since, names))
                silent_since = None
    if not kept and not missed and not lines:
        return
    yield f"{text.count(kept, 'update')} in time, {missed:,} missed."
    if lines or silent_since:
        yield ""
        yield from lines
        if silent_since:
            yield f"- Missed at {text.moment(silent_since, document.view.timezone)}, and none came after it"


def _late(document: DocumentView, entry: Entry, since: datetime, names: Mapping[str, str]) -> str:
    by = f" by {md.line(names.get(entry.by, entry.by), {}, 100)}" if entry.by else ""
    due = text.moment(since, document.view.timezone)
    return f"- Due {due}, came {text.duration(entry.at - since)} after it was missed{by}"


def roles_and_deeds(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    """A row of the table for everybody with a role, and everybody who did something: what, and how often."""
    incident = document.view.incident
    roles: dict[str, list[str]] = {}
    if incident.commander:
        roles.setdefault(incident.commander, []).append(f"incident {COMMANDER}")
    for role, person in incident.roles:
        roles.setdefault(person, []).append(role)
    did: dict[str, Counter[str]] = {person: Counter() for person in roles}
    for entry in document.entries:
        if entry.by is not None:
            did.setdefault(entry.by, Counter())[words(entry.event).what] += 1
    for person, counted in did.items():
        listed = ", ".join(f"{what} ({often}×)" if often > 1 else what for what, often in counted.items())
        who = md.line(names.get(person, person), {}, 100)
        had = md.line(", ".join(roles.get(person, [])), {}, 200)
        yield f"| {who} | {had} | {md.line(listed, {}, 500)} |"
