"""The week in review as a message for the broadcast channel, or for one person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from blocks import kit, labels, lists, metrics, text
from blocks.action_items import ticket_links
from blocks.kit import Block, Card
from warroom.incident.parts import ActionPriority
from warroom.incident.view import IncidentView
from warroom.metrics.report import Goal, Report
from warroom.metrics.review import LateAction, MissingPostmortem, Pattern, PatternKind, Review

PATTERNS = {
    PatternKind.MONITOR: "the same monitor",
    PatternKind.SERVICE: "the service",
    PatternKind.HOUR: "the same hour of the day,",
}


def review_card(review: Review) -> Card:
    """The review; one line for a span without incidents in which nothing is late."""
    report = review.report
    head = f"Incidents from {days(report)}"
    if not review.incidents and not review.late_actions and not review.missing_postmortems:
        line = f"✅ {head}: none."
        return kit.card(line, [kit.section(line)])
    return kit.card(
        f"{head}: {report.declared}",
        [
            kit.section(f"*{head}*\n{metrics.counts(report)}"),
            *_many(_incident(view) for view in review.incidents),
            _more(report.declared - len(review.incidents)),
            _section("Patterns", [_pattern(each, review) for each in review.patterns]),
            _section("Updates, post-mortems, action items", _promises(review)),
            _section("Action items that are late", [_action(each, report.timezone) for each in review.late_actions]),
            _section("Post-mortems that are missing", [_missing(each, report) for each in review.missing_postmortems]),
        ],
    )


def days(report: Report) -> str:
    """The span by its first and last day: "9 to 15 November"."""
    zone = ZoneInfo(report.timezone)
    first = report.since.astimezone(zone)
    # The end itself belongs to the next span.
    last = (report.until - timedelta(microseconds=1)).astimezone(zone)
    began = f"{first.day}" if (first.year, first.month) == (last.year, last.month) else f"{first.day} {first:%B}"
    return f"{began} to {last.day} {last:%B}"


def _incident(view: IncidentView) -> str:
    incident = view.incident
    ended = labels.ended_at(incident)
    how = f"lasted {text.duration(ended - incident.declared_at)}" if ended else labels.STATE[incident.state]
    fixed = f": {kit.line(incident.summary, 120)}" if incident.summary.strip() and not incident.state.open else ""
    return f"{lists.incident_line(view)} · {how}{fixed}"


def _many(lines: Iterable[str]) -> list[Block]:
    shown = list(lines)
    return [kit.section("\n".join(shown[start : start + 5])) for start in range(0, len(shown), 5)]


def _more(count: int) -> Block | None:
    return kit.context(f"and {count:,} more: /incident metrics 7d") if count > 0 else None


def _section(title: str, lines: list[str]) -> Block | None:
    return kit.section("\n".join([f"*{title}*", *lines])) if lines else None


def _pattern(pattern: Pattern, review: Review) -> str:
    which = ", ".join(f"INC-{number}" for number in pattern.incidents[:8])
    name = kit.line(pattern.name, 80)
    if pattern.kind is PatternKind.MONITOR:
        titles = [
            view.incident.alerts.last_title for view in review.incidents if view.incident.number in pattern.incidents
        ]
        name = f"({kit.line(titles[0], 80)})" if titles and titles[0] else name
    return f"🔁 {len(pattern.incidents)} times {PATTERNS[pattern.kind]} {name}: {which}"


def _promises(review: Review) -> list[str]:
    report = review.report
    if not report.declared:
        return []
    missed = [each for each in report.targets if each.met is False and each.goal is not Goal.POSTMORTEMS]
    night = sum(load.at_night for load in report.people)
    pages = sum(load.pages for load in report.people)
    paged = [f"Pages: {pages:,}, {night:,} at night"] if pages else []
    return [*metrics.promise_lines(report), *map(metrics.target_line, missed), *paged]


def _action(each: LateAction, zone: str) -> str:
    owner, due = labels.person(each.owner, "no owner"), text.when(each.due_at, zone)
    parts = [kit.line(each.text, 120), owner]
    parts += [f"🔺 {labels.PRIORITY[each.priority]}"] if each.priority is ActionPriority.HIGH else []
    parts += [f"due {due}", *ticket_links(each.tickets)]
    return f"⚠️ {_which(each.incident, each.channel_id)} {' · '.join(parts)}"


def _missing(each: MissingPostmortem, report: Report) -> str:
    due = text.when(each.required_by, report.timezone)
    return f"⚠️ {_which(each.incident, each.channel_id)} {kit.line(each.title, 120)} · due {due}"


def _which(number: int, channel_id: str | None) -> str:
    return f"INC-{number}{f' {text.channel_link(channel_id)}' if channel_id else ''}"
