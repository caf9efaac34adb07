"""The week in review: what happened, what is late, what keeps coming back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from warroom.incident.model import Incident
from warroom.incident.parts import ActionPriority, Link, action_number
from warroom.incident.view import IncidentView, incident_view
from warroom.metrics.model import IncidentFigures
from warroom.metrics.report import Report
from warroom.metrics.rules import report
from warroom.metrics.usecases import zones_of
from warroom.policy import Policy
from warroom.stores import Store
from warroom.value import Value

WEEK = timedelta(days=7)
LOOKED_BACK = timedelta(days=365)
"""How far back promises are looked for that were not kept."""
NAMED = 15
"""Incidents, late action items and post-mortems that are named at most."""


class PatternKind(StrEnum):
    """What several incidents of a week had in common."""

    MONITOR = "monitor"
    SERVICE = "service"
    HOUR = "hour"
    """Of the day, in the workspace's time zone."""


AT_LEAST = {PatternKind.MONITOR: 2, PatternKind.SERVICE: 3, PatternKind.HOUR: 3}
"""So many incidents make a pattern."""


class Pattern(Value):
    """Several incidents of the week had that in common."""

    kind: PatternKind
    name: str
    incidents: tuple[int, ...]
    """Their numbers."""


class LateAction(Value):
    """An action item that was due and is not done."""

    incident: int
    number: int
    """By which it is called within its incident."""
    text: str
    owner: str | None
    due_at: datetime
    priority: ActionPriority | None = None
    channel_id: str | None = None
    """Of its incident."""
    tickets: tuple[Link, ...] = ()


class MissingPostmortem(Value):
    """A required post-mortem that is not published."""

    incident: int
    title: str
    required_by: datetime
    channel_id: str | None = None


class Review(Value):
    """A week, or another span, for people to talk about."""

    report: Report
    incidents: tuple[IncidentView, ...] = ()
    """Oldest first; at most NAMED."""
    patterns: tuple[Pattern, ...] = ()
    late_actions: tuple[LateAction, ...] = ()
    missing_postmortems: tuple[MissingPostmortem, ...] = ()


async def review_of(
    store: Store, policy: Policy, *, since: datetime, until: datetime, user: str | None = None
) -> Review:
    """The review of that span: for `user` with the private incidents that they may know of, for None, which is everybody,
    without any. Raises StoreUnavailable.
    """
    known = await store.figures(min(since - (until - since), until - LOOKED_BACK), until)
    seen = [each for each in known if (each.shown_to(user) if user else not each.private)]
    inside = [each for each in seen if since <= each.declared_at < until]
    late = [each for each in seen if _late(each, until)]
    numbers = dict.fromkeys([each.number for each in inside[:NAMED]] + [each.number for each in late[-NAMED:]])
    loaded = {number: await store.incident_numbered(number) for number in numbers}
    incidents = [loaded[each.number] for each in inside[:NAMED]]
    zones = await zones_of(store, seen)
    return Review(
        report=report(seen, since=since, until=until, now=until, policy=policy, zones=zones),
        incidents=tuple(incident_view(incident, policy) for incident in incidents if incident),
        patterns=patterns(inside, ZoneInfo(policy.workspace.timezone)),
        late_actions=tuple(_late_actions((loaded[each.number] for each in late[-NAMED:]), until))[:NAMED],
        missing_postmortems=tuple(_missing((loaded[each.number] for each in late[-NAMED:]), until))[:NAMED],
    )


def patterns(inside: Iterable[IncidentFigures], zone: ZoneInfo) -> tuple[Pattern, ...]:
    """What the incidents have in common, most incidents first."""
    inside = list(inside)
    found = [
        *_common(inside, PatternKind.MONITOR, lambda each: each.monitors),
        *_common(inside, PatternKind.SERVICE, lambda each: each.services),
        *_common(inside, PatternKind.HOUR, lambda each: (f"{each.declared_at.astimezone(zone):%H}:00",)),
    ]
    return tuple(sorted(found, key=lambda pattern: (-len(pattern.incidents), pattern.kind, pattern.name)))


def _common(
    inside: Iterable[IncidentFigures], kind: PatternKind, names: Callable[[IncidentFigures], Iterable[str]]
) -> Iterable[Pattern]:
    by_name: dict[str, list[int]] = {}
    for each in inside:
        for name in names(each):
            by_name.setdefault(name, []).append(each.number)
    for name, numbers in by_name.items():
        if len(numbers) >= AT_LEAST[kind]:
            yield Pattern(kind=kind, name=name, incidents=tuple(numbers))


def _late(figures: IncidentFigures, now: datetime) -> bool:
    required = figures.postmortem_required_by
    items = any(item.done_at is None and item.due_at is not None and item.due_at <= now for item in figures.actions)
    return items or (required is not None and required <= now and figures.postmortem_published_at is None)


def _late_actions(incidents: Iterable[Incident | None], now: datetime) -> Iterable[LateAction]:
    for incident in incidents:
        for item in incident.actions if incident else ():
            if incident and item.done_at is None and item.due_at is not None and item.due_at <= now:
                yield LateAction(
                    incident=incident.number,
                    number=action_number(item),
                    text=item.text,
                    owner=item.owner,
                    due_at=item.due_at,
                    priority=item.priority,
                    channel_id=incident.room.channel_id,
                    tickets=item.tickets,
                )


def _missing(incidents: Iterable[Incident | None], now: datetime) -> Iterable[MissingPostmortem]:
    for incident in incidents:
        required = incident.postmortem_required_by if incident else None
        if incident and required and required <= now and not (incident.postmortem and incident.postmortem.published_at):
            channel = incident.room.channel_id
            yield MissingPostmortem(
                incident=incident.number, title=incident.title, required_by=required, channel_id=channel
            )
