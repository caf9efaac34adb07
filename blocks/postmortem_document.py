"""The post-mortem as Markdown, and its first draft: built from the record alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from blocks import labels, text
from blocks import markdown as md
from blocks.postmortem_record import escalations, gaps, roles_and_deeds, turning_point, updates
from blocks.timeline import severity_change, words
from warroom.incident.events import AlertAttached, AlertFired, AlertRecovered, SeverityChanged
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.incident.view import DocumentView, IncidentView
from warroom.policy.document import UNFILLED, rendered
from warroom.postmortem.span import impact_span
from warroom.text import cut

DRAFT_LIMIT = 2_900
"""A drafted part has to fit into a form's field (Slack: plain_saidinput takes 3000 characters)."""
UNWRITTEN = "*Still to be written.*"


def draft(view: IncidentView, entries: Sequence[Entry], now: datetime) -> tuple[str, str]:
    """(summary, impact) in plain text as far as the record can tell, each short enough for a form's field.

    The impact is what a person said it was, and empty until one did.
    """
    incident = view.incident
    last = {label: at for label, at in _milestones(incident, entries) if label != "Declared"}
    steps = [f"{label.lower()} after {text.duration(at - incident.declared_at)}" for label, at in last.items()]
    started = text.moment(incident.declared_at, view.timezone)
    summary = f"{labels.title(incident)} ({labels.severity(view)}) started {started}"
    summary += f" and was {_enumerated(steps)}." if steps else "."
    ended = f"What fixed it: {incident.summary.strip()}" if incident.summary.strip() else labels.summary(incident)
    alerts = _alert_sentence(incident) if incident.alerts.count else ""
    parts = [summary, incident.description.strip(), alerts, ended]
    return cut("\n".join(filter(None, parts)), DRAFT_LIMIT), cut(incident.impact.strip(), DRAFT_LIMIT)


def markdown(document: DocumentView) -> str:
    """The whole post-mortem as Markdown (CommonMark with GFM's tables and task lists), ending in a line feed.

    Where the policy has a template for it, in the order and with the words of that; when that cannot be filled in, the
    document says so on top.
    """
    sections = _sections(document)
    whole = "\n\n".join(filter(None, sections.values())) + "\n"
    if document.template is None:
        return whole
    try:
        return rendered(document.template, {**sections, **_about(document)})
    except UNFILLED as error:
        why = md.line(str(error), {}, 300)
        return f"> The template of the policy could not be filled in: {why}. Run: python -m bot check\n\n{whole}"


def _about(document: DocumentView) -> dict[str, str]:
    """Single values that a template can say, as Markdown."""
    view, incident = document.view, document.view.incident
    return {
        "name": incident.name,
        "number": str(incident.number),
        "severity_name": md.line(labels.severity(view), document.names),
        "state": incident.state.value,
        "team": md.line(incident.team or "", document.names),
        "services": md.line(", ".join(incident.services), document.names),
    }


def _sections(document: DocumentView) -> dict[str, str]:
    """Every section by its name in templates, with its heading, in order; "" for one that has nothing to say."""
    view = document.view
    names = dict(document.names)
    if view.incident.room.channel_id and view.incident.room.channel_name:
        names[view.incident.room.channel_id] = view.incident.room.channel_name
    written = view.incident.postmortem
    published = bool(written and written.published_at)
    summary, impact = draft(view, document.entries, document.written_at)
    # A part that a person emptied stays empty: only what nobody has written yet speaks from the record.
    written = written.renewed(summary, impact) if written else None
    parts = {part: getattr(written, part) if written else "" for part in labels.PART_NAMES}
    parts |= {} if written else {"summary": summary, "impact": impact}
    return {
        "title": f"# Post-mortem {view.incident.name}: {md.line(labels.title(view.incident), names)}",
        "about": "\n".join(_head(document, names)),
        "summary": _part("summary", parts["summary"], names, published),
        "impact": _impact(document, parts["impact"], names),
        "times": _section("Times", [*_times(document)]),
        "severity": _section("Severity", [*_severities(document, names)]),
        "people": _section("People", [*_people(document, names)]),
        "alerts": _section("Alerts", [*_alerts(view, names)]),
        "escalation": _section("Escalation", [*escalations(document, names)]),
        "updates": _section("Updates", [*updates(document, names)]),
        "timeline": _section("Timeline", [*_timeline(document, names)]),
        **{name: _part(name, parts[name], names, published) for name in ("root_cause", "went_well", "improve")},
        "action_items": _section("Action items", [*_actions(view, names)] or ["None yet."]),
        "similar": _section("Similar incidents", [*_similar(view, names)]),
        "links": _section("Links", [f"- {md.link(each.url, each.title, names)}" for each in view.incident.links]),
    }


def _enumerated(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _milestones(incident: Incident, entries: Sequence[Entry]) -> list[tuple[str, datetime]]:
    """Every step of its life in order, from the timeline: after a reopening the incident itself knows only the last of each."""
    steps = [("Declared", incident.declared_at)]
    told = [(_STEPS[entry.event.kind], entry.at) for entry in entries if entry.event.kind in _STEPS]
    known = {label for label, _ in told}
    for label, at in (
        ("Acknowledged", incident.acknowledged_at),
        ("Mitigated", incident.mitigated_at),
        ("Resolved", incident.resolved_at),
        ("Cancelled", incident.cancelled_at),
    ):
        if at and label not in known:
            told.append((label, at))
    return steps + sorted(told, key=lambda step: step[1])


_STEPS = {
    "acknowledged": "Acknowledged",
    "mitigated": "Mitigated",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "cancelled": "Cancelled",
}
"""Kinds of events that are steps in the life of an incident."""


def _lasted(incident: Incident, now: datetime) -> str:
    ended = incident.resolved_at or incident.cancelled_at
    if ended is None:
        return f"Not over yet: {text.duration(now - incident.declared_at)} so far."
    return f"It lasted {text.duration(ended - incident.declared_at)}."


def _alert_sentence(incident: Incident) -> str:
    alerts = incident.alerts
    numbers = "1 alert" if alerts.count == 1 else f"{alerts.count:,} alerts"
    monitors = f" from {alerts.monitors:,} monitors" if alerts.monitors > 1 else ""
    firing = f"{alerts.firing:,} still firing" if alerts.firing else "all recovered"
    return f"{numbers}{monitors}, {firing}." + (f" The last: {alerts.last_title}." if alerts.last_title else "")


def _section(title: str, lines: list[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _part(part: str, text: str, names: Mapping[str, str], published: bool) -> str:
    """A written part. One that nobody wrote is left out once the document is published."""
    if not text.strip():
        return "" if published else _section(labels.part(part), [UNWRITTEN])
    return _section(labels.part(part), [md.prose(text, names)])


def _impact(document: DocumentView, written: str, names: Mapping[str, str]) -> str:
    """What a person wrote about the impact, and below it what the record knows: duration, services, the template's fields."""
    incident = document.view.incident
    zone, span = document.view.timezone, impact_span(incident, document.view.firings)
    facts = [f"- **Began:** {text.moment(span.began, zone)}"]
    facts += [f"- **Ended:** {text.moment(span.ended, zone)}"] if span.ended else []
    facts.append(f"- **Duration:** {text.duration((span.ended or document.written_at) - span.began)}")
    if incident.services:
        facts.append(f"- **Affected:** {md.line(', '.join(incident.services), names)}")
    facts += [f"- **{md.line(name, {}, 80)}:** {md.line(value, names)}" for name, value in incident.fields]
    said = md.prose(written, names) if written.strip() else UNWRITTEN
    return _section(labels.part("impact"), [said, "", *facts])


def _name(user_id: str | None, names: Mapping[str, str], otherwise: str = "nobody") -> str:
    return md.line(names.get(user_id, user_id), {}, 100) if user_id else otherwise


def _head(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    view, incident = document.view, document.view.incident
    written = incident.postmortem
    if written and written.published_at:
        by = f" by {_name(written.published_by, names)}" if written.published_by else ""
        status = f"Published {text.moment(written.published_at, view.timezone)}{by}"
    else:
        status = f"Draft as of {text.moment(document.written_at, view.timezone)}"
    revision = f", revision {written.revision}" if written else ""
    yield f"- **Status:** {status}{revision}"
    yield f"- **Incident:** {md.line(labels.severity(view), names)}, {incident.state}"
    about = (("Team", incident.team or ""), ("Affected", ", ".join(incident.services)))
    for label, value in about:
        if value:
            yield f"- **{label}:** {md.line(value, names)}"
    if incident.room.channel_name:
        yield f"- **Channel:** {md.line('#' + incident.room.channel_name, names)}"
    if incident.private:
        yield "- **Private:** share only with those it concerns"


def _times(document: DocumentView) -> Iterator[str]:
    """Milestones with the time to each, counted from declaration; the first alert may lie before it."""
    view, incident = document.view, document.view.incident
    steps = _milestones(incident, document.entries)
    first = min((firing.first_seen_at for firing in view.firings), default=None)
    if first and first < incident.declared_at:
        steps.insert(0, ("First alert", first))
    yield "| What | When | After |"
    yield "| --- | --- | --- |"
    for label, at in steps:
        after = text.duration(at - incident.declared_at) if at > incident.declared_at else ""
        if label == "First alert":
            after = f"{text.duration(incident.declared_at - at)} before it was declared"
        yield f"| {label} | {text.moment(at, view.timezone)} | {after} |"
    yield ""
    yield _lasted(incident, document.written_at)


def _severities(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    view = document.view
    changes = [(entry, entry.event) for entry in document.entries if isinstance(entry.event, SeverityChanged)]
    yield f"- {md.line(labels.severity(view), names)}" + (" at the end" if changes else " throughout")
    for entry, event in changes:
        by = f" by {_name(entry.by, names)}" if entry.by else ""
        yield f"- {text.moment(entry.at, view.timezone)}: {md.line(severity_change(event), names)}{by}"


def _people(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    incident = document.view.incident
    yield f"- **Incident commander:** {_name(incident.commander, names, 'none')}"
    for role, person in incident.roles:
        yield f"- **{md.line(role.capitalize(), {}, 60)}:** {_name(person, names)}"
    yield f"- **Declared by:** {_name(incident.declared_by, names, labels.origin(incident))}"
    for label, person_id in (
        ("Acknowledged by", incident.acknowledged_by),
        ("Resolved by", incident.resolved_by),
    ):
        if person_id:
            yield f"- **{label}:** {_name(person_id, names)}"
    there = dict.fromkeys((*incident.participants.invited, *(entry.by for entry in document.entries if entry.by)))
    if there:
        yield f"- **Responders:** {', '.join(_name(person, names) for person in there)}"
    if deeds := [*roles_and_deeds(document, names)]:
        yield ""
        yield "| Who | Role | Did |"
        yield "| --- | --- | --- |"
        yield from deeds


def _alerts(view: IncidentView, names: Mapping[str, str]) -> Iterator[str]:
    if not view.incident.alerts.count:
        return
    yield md.line(_alert_sentence(view.incident), names)
    if view.firings:
        yield ""
    for firing in sorted(view.firings, key=lambda each: (each.first_seen_at, each.dedup_key)):
        seen = f"first {text.moment(firing.first_seen_at, view.timezone)}, last {text.moment(firing.last_seen_at, view.timezone)}"
        title = md.link(firing.link, firing.title or "Untitled alert", names)
        yield f"- {title}: {firing.count:,}×, {seen}, {labels.ALERT_STATE[firing.state]}"


def _timeline(document: DocumentView, names: Mapping[str, str]) -> Iterator[str]:
    """A line for each entry; the same alert several times in a row is one line."""
    zone = ZoneInfo(document.view.timezone)
    if not document.entries:
        yield "Nothing was recorded."
        return
    yield f"Times are {document.entries[0].at.astimezone(zone):%Z}. ◆ marks a turning point."
    yield ""
    silent = gaps(document)
    for _, run in groupby(document.entries, _sameness):
        entries = list(run)
        first, last = entries[0], entries[-1]
        if (gap := silent.get(first.key)) is not None:
            yield f"- *Nothing was recorded for {text.duration(gap)}.*"
        what, more = words(first.event)
        who = _name(first.by, names) if first.by else md.line(first.name, {}, 60)
        by = f" by {who}" if who else ""
        where = f" in {md.line(first.source, {}, 60)}" if first.source else ""
        said = f": {md.line(more, names, 2_000)}" if more.strip() else ""
        often = f" ({len(entries):,} times until {last.at.astimezone(zone):%H:%M:%S})" if len(entries) > 1 else ""
        source = md.link(first.link, "source", names) if first.link else ""
        cited = f" ({source})" if source.startswith("[") else ""
        when = f"{first.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        turn = "◆ " if turning_point(first.event) else ""
        yield f"- {when} {turn}**{md.line(what.capitalize(), {}, 60)}**{by}{where}{said}{often}{cited}"


def _sameness(entry: Entry) -> tuple[str, ...]:
    match entry.event:
        case AlertAttached(title=title) | AlertFired(title=title):
            return ("alert", title)
        case AlertRecovered(title=title):
            return ("alert recovered", title)
        case _:
            return (entry.key,)


def _similar(view: IncidentView, names: Mapping[str, str]) -> Iterator[str]:
    for each in view.incident.similar:
        ended = f": {md.line(each.summary, names, 500)}" if each.summary.strip() else ""
        monitor = ", same monitor" if each.same_monitor else ""
        began = text.moment(each.declared_at, view.timezone)
        yield f"- INC-{each.number} {md.line(each.title, names, 200)} ({began}{monitor}){ended}"


def _actions(view: IncidentView, names: Mapping[str, str]) -> Iterator[str]:
    for item in view.incident.actions:
        due = f", due {text.moment(item.due_at, view.timezone)}" if item.due_at else ""
        done = f", done {text.moment(item.done_at, view.timezone)}" if item.done_at else ""
        owner = _name(item.owner, names, "no owner")
        priority = f", {labels.PRIORITY[item.priority]}" if item.priority else ""
        tickets = "".join(f" {md.link(each.url, each.title, names)}" for each in item.tickets)
        said = md.line(item.text, names, 1_000)
        yield f"- [{'x' if item.done_at else ' '}] {said} ({owner}{priority}{due}{done}){tickets}"
