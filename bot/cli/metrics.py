"""`python -m bot metrics`: the record in numbers, for people, programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from blocks import charts, metrics
from bot.cli.terminal import do, fail, out, policy_of, save_chart, say, settings_or_exit
from bot.clock import SystemClock
from bot.settings import Settings
from warroom.durations import parse_duration
from warroom.metrics.report import Report, Slice, Spread
from warroom.metrics.usecases import LONGEST_SPAN, public_report, report_for
from warroom.people.model import Person
from warroom.policy import Policy


def show_metrics(
    span: Annotated[str, typer.Argument(metavar="SPAN", help="How far back: 30d, 12w, 1y.")] = "30d",
    team: Annotated[str | None, typer.Option(help="Only incidents of this team.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object; times in seconds.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row for each figure; times in seconds.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Without private incidents, to be passed on.")] = False,
    chart: Annotated[Path | None, typer.Option("--chart", help="Draw the chart into this PNG file too.")] = None,
) -> None:
    """Show incidents in numbers: times against their targets, updates kept, post-mortems, action items, pages. Private incidents count."""
    if as_json and as_csv:
        fail("Choose one of --json and --csv.", 2)
    settings = settings_or_exit()
    policy = policy_of(settings)
    length = _span(span)
    key = policy.team_named(team) if team else None
    if team and key is None:
        fail(f"There is no team “{team}”. Teams are: {', '.join(policy.teams) or 'none'}.", 2)
    report, people = do(_report_offline(settings, policy, length, key, public=public))
    if chart is not None:
        save_chart(chart, lambda: charts.metrics_chart(report, tuple(policy.severities)))
    if as_json:
        say(report.model_dump_json(indent=2))
    elif as_csv:
        say(_csv(report).rstrip("\n"))
    else:
        for line in lines(report, people):
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _span(said: str) -> timedelta:
    long = re.fullmatch(r"(\d{1,4})([wy])", said.strip().casefold())
    try:
        found = timedelta(days=int(long[1]) * {"w": 7, "y": 365}[long[2]]) if long else parse_duration(said)
    except ValueError as error:
        fail(f"The span {error}.", 2)
    if not timedelta(0) < found <= LONGEST_SPAN:
        fail("The span must be longer than nothing and at most ten years.", 2)
    return found


async def _report_offline(
    settings: Settings, policy: Policy, span: timedelta, team: str | None, *, public: bool
) -> tuple[Report, dict[str, str]]:
    """(the report, names of its people by id). Raises StoreUnavailable."""
    from bot.cli.offline import opened_store

    now = SystemClock().now()
    async with opened_store(settings) as store:
        if public:
            report = await public_report(store, policy, since=now - span, until=now, team=team)
        else:
            report = await report_for(store, policy, None, since=now - span, until=now, team=team)
        known = await store.people_by_id([load.person for load in report.people])
    return report, {person.id: _name(person) for person in known}


def _name(person: Person) -> str:
    return person.display_name or person.real_name or person.name or person.id


def lines(report: Report, names: dict[str, str]) -> Iterator[str]:
    """The report as plain text."""
    yield metrics.headline(report)
    yield "  " + metrics.counts(report).replace("*", "")
    if not report.declared:
        return
    yield "Targets"
    yield from (f"  {metrics.target_line(each)}" for each in report.targets)
    yield "Times"
    yield from (f"  {line}" for line in metrics.time_lines(report))
    for title, slices in (
        ("By severity", report.by_severity),
        ("By team", report.by_team),
        ("By service", report.by_service),
        ("By month", report.by_month),
    ):
        if slices:
            yield title
            yield from (f"  {metrics.slice_line(each)}" for each in slices)
    yield "Promises kept"
    yield from (f"  {line}" for line in metrics.promise_lines(report))
    if report.people:
        yield f"People (together {report.hours:,.1f} h)"
    for load in report.people:
        name = names.get(load.person, load.person)
        yield f"  {name}: {load.pages} pages, {load.at_night} at night, {load.seconds / 3600:.1f} h"


def _csv(report: Report) -> str:
    target = io.StringIO()
    table = csv.writer(target, lineterminator="\n")
    table.writerow(("section", "name", "figure", "value"))
    table.writerows(_rows(report))
    return target.getvalue()


def _rows(report: Report) -> Iterator[tuple[str, str, str, object]]:
    for figure in ("declared", "open", "cancelled", "reopened", "declared_before", "hours"):
        yield "all", "", figure, getattr(report, figure)
    yield from _times("all", Slice(name="", incidents=report.declared, times=report.times))
    for section in ("severity", "team", "service", "month"):
        for each in getattr(report, f"by_{section}"):
            yield section, _cell(each.name), "incidents", each.incidents
            yield from _times(section, each)
    for result in report.targets:
        for figure in ("target", "reached", "within"):
            yield "target", result.goal.value, figure, getattr(result, figure)
    for section, values in (
        ("updates", report.cadence.model_dump()),
        ("post-mortems", report.postmortems.model_dump()),
        ("action items", report.actions.model_dump(exclude={"open_age"})),
        ("investigations", report.investigations.model_dump()),
    ):
        for figure, value in values.items():
            yield section, "", figure, value
    yield from _spread("action items", "", "open_age", report.actions.open_age)
    for load in report.people:
        for figure in ("pages", "at_night", "seconds"):
            yield "person", load.person, figure, getattr(load, figure)


def _times(section: str, each: Slice) -> Iterator[tuple[str, str, str, object]]:
    for measure in type(each.times).model_fields:
        yield from _spread(section, _cell(each.name), measure, getattr(each.times, measure))


def _spread(section: str, name: str, measure: str, found: Spread) -> Iterator[tuple[str, str, str, object]]:
    for figure, value in found.model_dump().items():
        yield section, name, f"{measure}_{figure}", value


def _cell(text: str) -> str:
    """A spreadsheet takes a cell that begins like this for a formula; services are named by whoever sends alerts."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
