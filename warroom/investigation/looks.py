"""What is looked at in an investigation, one `Look` for each question to each source, and what each of them finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from warroom.capabilities import LogSource, MetricSource, QueryLanguage, Series
from warroom.changes.model import Change
from warroom.errors import Rejected
from warroom.incident.model import Incident
from warroom.investigation.model import Fact, NotLookedAt, ObservedLogs, ObservedSeries, PastIncident
from warroom.investigation.sources import FactSource
from warroom.people.model import normal
from warroom.policy import Policy
from warroom.policy.investigation import Logs, Signal
from warroom.similar.usecases import similar
from warroom.stores import Store

MOST_LOGS = 12
"""Services whose logs are read: the one where it was noticed and those nearest to it."""
MOST_LINES = 1_500
"""Of one service's log, in the window and in the baseline each."""
BEFORE = timedelta(hours=3)
"""How long before the window a change may lie."""
MOST_CHANGES = 500
MOST_INCIDENTS, MOST_FIRINGS = 50, 100
"""Other incidents of the time, and what fired in each."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. The window is [at - window, until]; the baseline lies before it."""

    service: str
    """Where it was noticed, as the policy or the alert calls it; "" where nobody said."""
    at: datetime
    until: datetime
    incident: Incident | None = None

    def window_from(self, policy: Policy) -> datetime:
        """When the window begins."""
        return self.at - policy.investigate.window

    def baseline_from(self, policy: Policy) -> datetime:
        """When the baseline begins."""
        return self.window_from(policy) - policy.investigate.baseline


@dataclass(frozen=True, slots=True)
class Sources:
    """Who can be asked, by the name that the policy has for them; `titles` are the names that people have."""

    metrics: Mapping[str, MetricSource] = field(default_factory=dict)
    logs: Mapping[str, LogSource] = field(default_factory=dict)
    facts: Mapping[str, FactSource] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def title(self, name: str) -> str:
        """How people call it."""
        return self.titles.get(name, name)


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found. `remarks` is what it could not see although the source answered."""

    series: tuple[ObservedSeries, ...] = ()
    logs: tuple[ObservedLogs, ...] = ()
    changes: tuple[Change, ...] = ()
    facts: tuple[Fact, ...] = ()
    similar: tuple[PastIncident, ...] = ()
    remarks: tuple[NotLookedAt, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One question to one source. `source` says in words what is looked at."""

    source: str
    run: Callable[[], Awaitable[Found | Callable[[], Found]]]
    """What it found; where reading the answer takes processor time, a function that reads it, to be called beside the event loop.
    Both raise whatever the source raises.
    """


def looks(request: Request, policy: Policy, sources: Sources, store: Store | None) -> list[Look]:
    """Everything that is looked at. `store` is our own record, None where there is none."""
    planned = [
        signal_look(name, signal, request, policy, sources) for name, signal in policy.investigate.signals.items()
    ]
    if policy.investigate.logs:
        planned += [
            _log(service, policy.investigate.logs, request, policy, sources)
            for service in nearest(known_service(request.service, policy), graph(policy), MOST_LOGS)
        ]
    planned += [_facts(name, source, request, policy, sources) for name, source in sources.facts.items()]
    if store is not None:
        planned += [
            change_look(store, request, policy),
            _alert_look(store, request, policy),
            _past_look(store, request),
        ]
    return planned


def fact_looks(request: Request, policy: Policy, sources: Sources, store: Store | None) -> list[Look]:
    """What happened to services, by everybody who knows: restarts, health checks, alerts."""
    found = [_facts(name, source, request, policy, sources) for name, source in sources.facts.items()]
    return found + ([_alert_look(store, request, policy)] if store is not None else [])


def known_service(said: str, policy: Policy) -> str:
    """The service as the policy spells it, else as it was said."""
    return policy.service_named(said) or said


def graph(policy: Policy) -> dict[str, tuple[str, ...]]:
    """By service, what it calls, in the policy's own spelling."""
    return {
        name: tuple(dict.fromkeys(known_service(called, policy) for called in service.depends_on))
        for name, service in policy.services.items()
    }


def nearest(service: str, calls: Mapping[str, tuple[str, ...]], most: int) -> list[str]:
    """The service and those that it calls or is called by, the nearest first; what it calls before what calls it."""
    callers: dict[str, list[str]] = {}
    for name, called in calls.items():
        for each in called:
            callers.setdefault(each, []).append(name)
    found = [service] if service else []
    for each in found:
        if len(found) >= most:
            break
        found += [name for name in (*calls.get(each, ()), *callers.get(each, ())) if name not in found]
    if not found:
        found = list(calls)
    return list(dict.fromkeys(found))[:most]


def signal_look(name: str, signal: Signal, request: Request, policy: Policy, sources: Sources) -> Look:
    """One signal of all services."""
    title = f"{name} ({sources.title(signal.source)})"

    async def run() -> Callable[[], Found]:
        source = sources.metrics.get(signal.source)
        if source is None:
            raise Rejected("it is not set up", code="not_set_up")
        since = request.baseline_from(policy)
        found = await source.series(signal.query, since, request.until, policy.investigate.step)
        page = _page(source, signal.query, request.window_from(policy), request.until)
        # A day of a thousand series are more than a million points to combine.
        return lambda: read(found, page)

    def read(found: Sequence[Series], page: str) -> Found:
        by_service, unlabelled = by_label(found, signal.label)
        if not by_service:
            have = ", ".join(sorted({label for each in found for label in each.labels})) or "no labels"
            why = f"no series has the label {signal.label}; they have {have}" if found else "it yields nothing"
            raise Rejected(why, code="no_series", advice=f"Check investigate.signals.{name}.")
        observed = tuple(
            ObservedSeries.model_construct(
                service=known_service(service, policy),
                signal=name,
                bad=signal.bad,
                points=combined(several, signal.bad),
                source=sources.title(signal.source),
                query=signal.query,
                url=page,
            )
            for service, several in by_service.items()
        )
        remarks = (NotLookedAt(source=title, why=f"{unlabelled} series without {signal.label}"),) if unlabelled else ()
        return Found(series=observed, remarks=remarks)

    return Look(title, run)


def by_label(found: Iterable[Series], label: str) -> tuple[dict[str, list[Series]], int]:
    """(the series by the value of that label, how many have none)."""
    by_service: dict[str, list[Series]] = {}
    without = 0
    for each in found:
        if service := each.labels.get(label):
            by_service.setdefault(service, []).append(each)
        else:
            without += 1
    return by_service, without


def combined(several: Sequence[Series], bad: str) -> tuple[tuple[datetime, float], ...]:
    """One line of points for several series of one service: the worst of each moment; for what is bad both ways their mean."""
    if len(several) == 1:
        return several[0].points
    at: dict[datetime, list[float]] = {}
    for each in several:
        for when, value in each.points:
            at.setdefault(when, []).append(value)
    worst: Callable[[list[float]], float] = {"up": max, "down": min}.get(bad, lambda values: sum(values) / len(values))
    return tuple((when, worst(values)) for when, values in sorted(at.items()))


def _log(service: str, logs: Logs, request: Request, policy: Policy, sources: Sources) -> Look:
    title = sources.title(logs.source)

    async def run() -> Found:
        source = sources.logs.get(logs.source)
        if source is None:
            raise Rejected("it is not set up", code="not_set_up")
        if not isinstance(source, QueryLanguage):
            raise Rejected("its queries cannot be filled in", code="no_language")
        query = source.filled(logs.query, {"service": service})
        begins = request.window_from(policy)
        normal_lines = await source.lines(query, request.baseline_from(policy), begins, MOST_LINES)
        lines = await source.lines(query, begins, request.until, MOST_LINES)
        page = _page(source, query, begins, request.until)
        both = (*normal_lines, *lines)
        return Found(logs=(ObservedLogs(service=service, lines=both, source=title, query=query, url=page),))

    return Look(f"log of {service} ({title})", run)


def _page(source: object, query: str, since: datetime, until: datetime) -> str:
    return source.page_of(query, since, until) if isinstance(source, QueryLanguage) else ""


def _facts(name: str, source: FactSource, request: Request, policy: Policy, sources: Sources) -> Look:
    async def run() -> Found:
        found = await source.facts(policy.services, request.window_from(policy), request.until)
        return Found(facts=tuple(each.copy_with(service=known_service(each.service, policy)) for each in found))

    return Look(sources.title(name), run)


RECORD_CHANGES, RECORD_ALERTS, RECORD_SIMILAR = "changes", "alerts", "past incidents"
"""What is looked at in our own record, in words."""


def change_look(store: Store, request: Request, policy: Policy) -> Look:
    """What was changed, as every integration that knows of changes has told our own record."""

    async def run() -> Found:
        found = await store.service_changes(request.window_from(policy) - BEFORE, request.until, (), MOST_CHANGES)
        return Found(changes=tuple(each.copy_with(service=known_service(each.service, policy)) for each in found))

    return Look(RECORD_CHANGES, run)


def _alert_look(store: Store, request: Request, policy: Policy) -> Look:
    """Alerts of the time. No private incident is looked at but this one."""

    async def run() -> Found:
        return Found(facts=tuple(await _alerts(store, request, policy)))

    return Look(RECORD_ALERTS, run)


def _past_look(store: Store, request: Request) -> Look:
    """Incidents like this one, none of them private."""

    async def run() -> Found:
        incident = request.incident
        return Found(similar=await _past(store, incident) if incident else ())

    return Look(RECORD_SIMILAR, run)


async def _alerts(store: Store, request: Request, policy: Policy) -> list[Fact]:
    """What fired in the window, of the services of its incidents."""
    begins, mine = request.window_from(policy), request.incident
    others = await store.incidents(open_only=False, limit=MOST_INCIDENTS)
    wanted = {each.id: each for each in others if begins <= each.declared_at <= request.until and not each.private}
    if mine is not None:
        wanted[mine.id] = mine
    facts = []
    for incident in wanted.values():
        services = dict.fromkeys(known_service(each, policy) for each in incident.services)
        for firing in await store.firings(incident.id, MOST_FIRINGS) if services else ():
            at = firing.first_fired_at or firing.first_seen_at
            if begins <= at <= request.until:
                facts += [
                    Fact(service=each, kind="alert", at=at, text=firing.title, url=firing.link or "")
                    for each in services
                ]
    return facts


async def _past(store: Store, incident: Incident) -> tuple[PastIncident, ...]:
    found = []
    for each in await similar(store, incident):
        other = await store.incident_numbered(each.number)
        cause = other.investigation.confirmed if other else None
        found.append(PastIncident(number=each.number, title=each.title, cause=cause, fixed_by=each.summary))
    return tuple(found)


def spelled_as_seen(service: str, series: Iterable[ObservedSeries]) -> str:
    """The service as the series spell it, where they have it under another spelling."""
    names = {each.service for each in series}
    if service in names:
        return service
    return {normal(each): each for each in sorted(names)}.get(normal(service), service)
