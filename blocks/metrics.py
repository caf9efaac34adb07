"""A report as a message: what matters first, a line for each figure, a phone's width."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from blocks import kit, text
from blocks.kit import Block, Card
from warroom.metrics.report import Goal, Measure, PersonLoad, Report, Slice, Spread, TargetResult

SHOWN = 6
"""Teams, services and people named at most."""

MEASURES = {
    Measure.DETECT: "Detect",
    Measure.ACKNOWLEDGE: "Acknowledge",
    Measure.MITIGATE: "Mitigate",
    Measure.RESOLVE: "Resolve",
}
GOALS = {
    Goal.DETECT: "detect",
    Goal.ACKNOWLEDGE: "acknowledge",
    Goal.RESOLVE: "resolve the most severe",
    Goal.POSTMORTEMS: "post-mortems in time",
}


def metrics_card(report: Report, *, chart: bool = False) -> Card:
    """The report for one person; `chart` says that one is on its way."""
    head = headline(report)
    if not report.declared:
        line = f"{head}: none. Ask for a longer span, for example: metrics 90d"
        return kit.card(line, [kit.section(line)])
    footer = ["Only you see this."]
    if report.private:
        footer.append(
            f"{text.count(report.private, 'private incident')} that you may see {_are(report.private)} counted."
        )
    if chart:
        footer.append("The chart comes as a direct message.")
    return kit.card(
        f"{head}: {report.declared}",
        [
            kit.section(f"*{head}*\n{counts(report)}"),
            kit.section("\n".join(["*Targets*", *map(target_line, report.targets)])),
            kit.section("\n".join(["*Times*", *time_lines(report)])),
            _slices("By severity", report.by_severity),
            _slices("By team", report.by_team if len(report.by_team) > 1 else ()),
            _slices("By service", report.by_service),
            kit.section("\n".join(["*Updates, post-mortems, action items*", *promise_lines(report)])),
            _people(report),
            kit.context(" ".join(footer)),
        ],
    )


def headline(report: Report) -> str:
    """Which incidents it is about."""
    whose = f" of {kit.line(report.team, 80)}" if report.team else ""
    return f"Incidents{whose} in {span(report)}"


def span(report: Report) -> str:
    """The span in words: "the last 30 days"."""
    length = report.until - report.since
    return (
        f"the last {text.count(length.days, 'day') if length == timedelta(days=length.days) else text.duration(length)}"
    )


def counts(report: Report) -> str:
    """How many, and what became of them."""
    parts = [f"*{report.declared:,}* declared ({report.declared_before:,} in the same time before)"]
    parts += [
        f"{number:,} {words}"
        for number, words in (
            (report.open, "open"),
            (report.cancelled, "cancelled"),
            (report.reopened, "reopened"),
        )
        if number
    ]
    return " · ".join(parts)


def target_line(result: TargetResult) -> str:
    """The target, what was reached, and whether that is enough."""
    sign = {True: "✅", False: "❌", None: "➖"}[result.met]
    name = GOALS[result.goal]
    if result.goal is Goal.POSTMORTEMS:
        return f"{sign} {name}: {share(result.reached)} (target {share(result.target)})"
    if result.reached is None:
        return f"{sign} {name}: nothing measured (target under {seconds(result.target)})"
    within = f", {share(result.within)} of them within it" if result.within is not None else ""
    return f"{sign} {name}: {seconds(result.reached)} on average (target under {seconds(result.target)}{within})"


def time_lines(report: Report) -> list[str]:
    """A line for each time, with its trend."""
    lines = []
    for measure, name in MEASURES.items():
        found: Spread = getattr(report.times, measure.value)
        if found.median is None or found.mean is None or found.p90 is None:
            continue
        before: Spread = getattr(report.times_before, measure.value)
        lines.append(
            f"{name}: median {seconds(found.median)}, mean {seconds(found.mean)}, "
            f"9 of 10 within {seconds(found.p90)}{_trend(found.median, before.median)}"
        )
    return lines or ["Nothing was acknowledged or resolved yet."]


def _trend(now: float, before: float | None) -> str:
    if before is None:
        return ""
    if abs(now - before) < max(30.0, 0.05 * before):
        return " (median as before)"
    return f" (median {'▼' if now < before else '▲'} from {seconds(before)})"


def promise_lines(report: Report) -> list[str]:
    """Updates, post-mortems and action items."""
    cadence, written, items = report.cadence, report.postmortems, report.actions
    due = cadence.kept + cadence.missed
    lines = [f"Updates in time: {share(cadence.share)} of {due:,} due" if due else "Updates: none was due"]
    if written.required:
        late = [
            f"{number:,} {words}"
            for number, words in (
                (written.late, "late"),
                (written.overdue, "overdue"),
                (written.waiting, "not due yet"),
            )
            if number
        ]
        judged = written.required - written.waiting
        kept = [f"{written.in_time:,} of {judged:,} in time"] if judged else []
        lines.append(f"Required post-mortems: {', '.join([*kept, *late])}")
    else:
        lines.append("Post-mortems: none was required")
    if items.total:
        age = f", open ones {seconds(items.open_age.median)} old (median)" if items.open_age.median is not None else ""
        overdue = f", {items.overdue:,} overdue" if items.overdue else ""
        lines.append(f"Action items: {items.done:,} of {items.total:,} done{overdue}{age}")
    else:
        lines.append("Action items: none")
    return [*lines, *_investigations(report)]


def _investigations(report: Report) -> list[str]:
    found = report.investigations
    if not found.answered:
        return []
    answered = found.right + found.wrong
    right = f", right in {found.right:,} of {answered:,} that people judged" if answered else ", none judged yet"
    return [f"Investigations: {found.answered:,}, a cause named in {found.named:,}{right if found.named else ''}"]


def _slices(title: str, slices: Sequence[Slice]) -> Block | None:
    lines = [slice_line(each) for each in slices[:SHOWN]]
    more = f"and {len(slices) - SHOWN:,} more" if len(slices) > SHOWN else ""
    return kit.section("\n".join([f"*{title}*", *lines, *filter(None, [more])])) if lines else None


def slice_line(found: Slice) -> str:
    """One severity, team or service: how many incidents, and its medians."""
    parts = [f"{kit.line(found.name or 'no team', 80)}: {found.incidents:,}"]
    if found.times.acknowledge.median is not None:
        parts.append(f"acknowledged in {seconds(found.times.acknowledge.median)}")
    if found.times.resolve.median is not None:
        parts.append(f"resolved in {seconds(found.times.resolve.median)}")
    return ", ".join(parts)


def _people(report: Report) -> Block | None:
    lines = [person_line(load) for load in report.people[:SHOWN]]
    if not lines:
        return None
    head = f"*People* (together {report.hours:,.1f} h at work on incidents)"
    return kit.section("\n".join([head, *lines]))


def person_line(load: PersonLoad) -> str:
    """One person's pages, nights and hours."""
    night = f", {load.at_night:,} at night" if load.at_night else ""
    return f"{text.mention(load.person)}: {text.count(load.pages, 'page')}{night}, {load.seconds / 3600:,.1f} h"


def seconds(found: float) -> str:
    """A duration in words."""
    return text.duration(timedelta(seconds=found))


def share(found: float | None) -> str:
    """Per cent, rounded down, so that 100 % means all."""
    return "nothing measured" if found is None else f"{int(found * 100 + 1e-9)} %"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
