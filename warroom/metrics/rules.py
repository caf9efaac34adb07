"""From the figures of single incidents to a report. Pure."""

from __future__ import annotations

import bisect
import math
import operator
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from warroom.incident.model import State
from warroom.metrics.model import IncidentFigures
from warroom.metrics.report import (
    ActionTotals,
    Bin,
    CadenceFigures,
    Goal,
    InvestigationFigures,
    Measure,
    PersonLoad,
    PostmortemFigures,
    Report,
    Slice,
    Spread,
    TargetResult,
    Times,
)
from warroom.policy import Policy
from warroom.policy.hours import Span

DETECT_WITHIN = timedelta(minutes=5)
ACKNOWLEDGE_WITHIN = timedelta(minutes=10)
RESOLVE_WITHIN = timedelta(hours=1)
"""Of incidents of the highest severity."""
POSTMORTEMS_IN_TIME = 1.0
"""The targets; docs/metrics.md."""

BY_DAY = timedelta(days=14)
BY_WEEK = timedelta(days=92)
"""Up to so long a span is shown by the day, or by the week; longer ones by the month."""

NIGHT = Span(start=time(22), end=time(6))
"""When a page wakes somebody, on that person's own clock."""


def spread(seconds: Sequence[float]) -> Spread:
    """The durations in four numbers."""
    if not seconds:
        return _NOTHING
    if len(seconds) == 1:
        (one,) = seconds
        return Spread(count=1, mean=one, median=one, p90=one)
    ordered = sorted(seconds)
    return Spread(
        count=len(ordered),
        mean=statistics.fmean(ordered),
        median=statistics.median(ordered),
        p90=ordered[math.ceil(0.9 * len(ordered)) - 1],
    )


_NOTHING = Spread()


def times(found: Iterable[IncidentFigures]) -> Times:
    """The four times of these incidents."""
    found = list(found)
    return Times(
        detect=spread(_durations(found, Measure.DETECT)),
        acknowledge=spread(_durations(found, Measure.ACKNOWLEDGE)),
        mitigate=spread(_durations(found, Measure.MITIGATE)),
        resolve=spread(_durations(found, Measure.RESOLVE)),
    )


def _durations(found: Iterable[IncidentFigures], measure: Measure) -> list[float]:
    return [seconds for seconds in map(_OF[measure], found) if seconds is not None]


_OF = {measure: operator.attrgetter(measure.value) for measure in Measure}


def report(
    found: Iterable[IncidentFigures],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    policy: Policy,
    zones: Mapping[str, str],
    team: str | None = None,
) -> Report:
    """The report of these figures, which may hold more than the span and begin as long before it as it lasts.

    `zones` are the time zones of people by their ids; who is not among them lives in the workspace's. `team` is a key of
    the policy.
    """
    chosen = [each for each in found if team is None or each.team == team]
    counted = [each for each in chosen if since <= each.declared_at < until]
    before = [each for each in chosen if since - (until - since) <= each.declared_at < since]
    people = _people(counted, zones, policy.workspace.timezone)
    zone = ZoneInfo(policy.workspace.timezone)
    return Report(
        since=since,
        until=until,
        timezone=policy.workspace.timezone,
        team=team,
        declared=len(counted),
        open=sum(each.state.open for each in counted),
        cancelled=sum(each.state is State.CANCELLED for each in counted),
        reopened=sum(each.reopened > 0 for each in counted),
        private=sum(each.private for each in counted),
        times=times(counted),
        targets=targets(counted, now, policy),
        by_severity=_slices(counted, lambda each: (each.severity,), policy.rank),
        by_team=_slices(counted, lambda each: (each.team or "",)),
        by_service=_slices(counted, lambda each: each.services),
        by_month=_months(counted, since, until, zone),
        bins=_bins(counted, since, until, zone, policy),
        cadence=CadenceFigures(
            kept=sum(each.updates_kept for each in counted), missed=sum(each.updates_missed for each in counted)
        ),
        postmortems=postmortems(counted, now),
        actions=actions(counted, now),
        investigations=InvestigationFigures(
            answered=sum(each.investigated for each in counted),
            named=sum(each.cause_named for each in counted),
            right=sum(each.cause_right is True for each in counted),
            wrong=sum(each.cause_right is False for each in counted),
        ),
        people=people,
        hours=sum(each.seconds for each in people) / 3600,
        declared_before=len(before),
        times_before=times(before),
    )


def targets(counted: Sequence[IncidentFigures], now: datetime, policy: Policy) -> tuple[TargetResult, ...]:
    """What was reached of each target."""
    worst = [each for each in counted if policy.rank(each.severity) == 0]
    kept = postmortems(counted, now).share
    return (
        _target(Goal.DETECT, _durations(counted, Measure.DETECT), DETECT_WITHIN),
        _target(Goal.ACKNOWLEDGE, _durations(counted, Measure.ACKNOWLEDGE), ACKNOWLEDGE_WITHIN),
        _target(Goal.RESOLVE, _durations(worst, Measure.RESOLVE), RESOLVE_WITHIN),
        TargetResult(goal=Goal.POSTMORTEMS, target=POSTMORTEMS_IN_TIME, reached=kept, within=kept),
    )


def _target(goal: Goal, taken: Sequence[float], within: timedelta) -> TargetResult:
    limit = within.total_seconds()
    if not taken:
        return TargetResult(goal=goal, target=limit)
    share = sum(each < limit for each in taken) / len(taken)
    return TargetResult(goal=goal, target=limit, reached=statistics.fmean(taken), within=share)


def postmortems(counted: Iterable[IncidentFigures], now: datetime) -> PostmortemFigures:
    """The required ones, as they stand."""
    in_time = late = overdue = waiting = 0
    for each in counted:
        required, published = each.postmortem_required_by, each.postmortem_published_at
        if required is None:
            continue
        if published is not None:
            in_time += published <= required
            late += published > required
        else:
            overdue += required <= now
            waiting += required > now
    return PostmortemFigures(
        required=in_time + late + overdue + waiting, in_time=in_time, late=late, overdue=overdue, waiting=waiting
    )


def actions(found: Iterable[IncidentFigures], now: datetime) -> ActionTotals:
    """The action items of these incidents, as they stand."""
    items = [item for each in found for item in each.actions]
    left = [item for item in items if item.done_at is None]
    return ActionTotals(
        total=len(items),
        done=len(items) - len(left),
        overdue=sum(item.due_at is not None and item.due_at <= now for item in left),
        open_age=spread([(now - item.created_at).total_seconds() for item in left]),
    )


def _people(found: Iterable[IncidentFigures], zones: Mapping[str, str], otherwise: str) -> tuple[PersonLoad, ...]:
    pages: dict[str, int] = {}
    nights: dict[str, int] = {}
    seconds: dict[str, float] = {}
    known: dict[str, ZoneInfo] = {}
    for each in found:
        for page in each.pages:
            for person in page.people:
                if person not in known:
                    known[person] = ZoneInfo(zones.get(person, otherwise))
                pages[person] = pages.get(person, 0) + 1
                nights[person] = nights.get(person, 0) + NIGHT.holds(page.at.astimezone(known[person]).time())
        for work in each.work:
            seconds[work.person] = seconds.get(work.person, 0.0) + work.seconds
    loads = [
        PersonLoad(
            person=person,
            pages=pages.get(person, 0),
            at_night=nights.get(person, 0),
            seconds=seconds.get(person, 0.0),
        )
        for person in {*pages, *seconds}
    ]
    return tuple(sorted(loads, key=lambda load: (-load.pages, -load.seconds, load.person)))


def _slices(
    counted: Iterable[IncidentFigures],
    names: Callable[[IncidentFigures], Iterable[str]],
    order: Callable[[str], int] | None = None,
) -> tuple[Slice, ...]:
    by_name: dict[str, list[IncidentFigures]] = {}
    for each in counted:
        for name in dict.fromkeys(names(each)):
            by_name.setdefault(name, []).append(each)
    found = [Slice(name=name, incidents=len(some), times=times(some)) for name, some in by_name.items()]
    return tuple(sorted(found, key=lambda each: (order(each.name) if order else -each.incidents, each.name)))


def _months(counted: Iterable[IncidentFigures], since: datetime, until: datetime, zone: ZoneInfo) -> tuple[Slice, ...]:
    there = {each.name: each for each in _slices(counted, lambda each: (_month(each.declared_at, zone),))}
    names = []
    last = (until - timedelta(microseconds=1)).astimezone(zone)
    at = since.astimezone(zone)
    year, month = at.year, at.month
    while (year, month) <= (last.year, last.month):
        names.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(there.get(name) or Slice(name=name, incidents=0, times=Times()) for name in names)


def _month(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m}"


def _bins(
    counted: Iterable[IncidentFigures], since: datetime, until: datetime, zone: ZoneInfo, policy: Policy
) -> tuple[Bin, ...]:
    edges = _edges(since, until, zone)
    filled: list[list[IncidentFigures]] = [[] for _ in edges]
    for each in counted:
        filled[bisect.bisect_right(edges, each.declared_at) - 1].append(each)
    return tuple(_bin(start, some, policy) for start, some in zip(edges, filled, strict=True))


def _edges(since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Where the bins begin, the first at `since`."""
    edges = [since]
    if until - since <= BY_WEEK:
        step = timedelta(days=1 if until - since <= BY_DAY else 7)
        while edges[-1] + step < until:
            edges.append(edges[-1] + step)
        return edges
    first = since.astimezone(zone)
    year, month = first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        start = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        if start >= until:
            return edges
        edges.append(start)


def _bin(start: datetime, some: Sequence[IncidentFigures], policy: Policy) -> Bin:
    severities = sorted({each.severity for each in some}, key=lambda key: (policy.rank(key), key))
    return Bin(
        start=start,
        counts=tuple((key, sum(each.severity == key for each in some)) for key in severities),
        acknowledge=spread(_durations(some, Measure.ACKNOWLEDGE)).median,
        resolve=spread(_durations(some, Measure.RESOLVE)).median,
    )
