"""Which of the abnormal services it started at. Pure.

What counts for a service, each between 0 and 1:

- **strength**: how unusual the most unusual of its signals is, in the light of how many were looked at;
- **cover**: which part of the excess seen where it was noticed (seconds waited, requests failed) its own excess at the same
  times can account for, weighted with its requests where they are known;
- **alike**: how well the course of its trouble over the window matches the course of the symptom;
- **own**: which part of its excess is not accounted for by what it calls;
- **path**: whether the services between it and where it was noticed suffer too;
- **early**: whether it began no later than the symptom.

On top: a change shortly before its onset, restarts, out of memory, failed health checks, alerts, new log lines, and similar
incidents. The weights are those of a logistic model over the candidates of generated incidents, rounded (tests/bench).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from warroom.changes.model import Change
from warroom.investigation.abnormal import ABNORMAL, Observed, together
from warroom.investigation.explain import (
    accounted,
    explains,
    explanations,
    fits,
    likeness,
    moving_together,
    strength,
    unmeasured,
)
from warroom.investigation.graph import Graph
from warroom.investigation.logs import LogTemplate
from warroom.investigation.model import Fact, Findings
from warroom.investigation.samples import clock_of
from warroom.investigation.services import DOWN, Service, Symptom, services_of, symptom_of
from warroom.investigation.signals import SYMPTOMS

WEIGHTS: Mapping[str, float] = {
    "strength": 5.0,
    "cover": 2.5,
    "alike": 3.0,
    "own": 3.5,
    "path": 1.0,
    "early": 1.0,
    "near": 1.0,
    "explains": 2.0,
    "reach": 1.5,
    "fits": 1.5,
    "consumes": 1.5,
    "neighbour": 5.0,
    "starved": 2.0,
    "silent": 2.0,
    "change": 2.0,
    "facts": 3.5,
    "alerts": 0.7,
    "logs": 1.2,
    "similar": 0.7,
}
CHANGE_BEFORE = timedelta(hours=1)
"""A change may show itself this long after it was made."""
CHANGE_HALF = timedelta(minutes=12)
"""After so long a change counts half."""
CHANGE_LATE = timedelta(minutes=5)
"""An onset may be found so much too early, or two steps where those take longer. A change after it counts less, the later it is."""


@dataclass(frozen=True)
class Candidate:
    """A service, and what speaks for it."""

    service: str
    features: Mapping[str, float]
    seen: tuple[Observed, ...]
    """Its abnormal signals, the most unusual first."""
    surprise: float
    onset: datetime | None
    distance: int | None
    """Calls between where it was noticed and here; None when no way is known."""
    explained_by: str | None
    """What it calls that accounts for most of its trouble."""
    unmeasured: str | None = None
    """What it calls of which nothing was measured: it may have begun there."""
    mapped: bool = True
    """Whether somebody said who calls whom."""
    change: Change | None = None
    facts: tuple[Fact, ...] = ()
    templates: tuple[LogTemplate, ...] = ()

    @property
    def score(self) -> float:
        """Log-odds but for a constant."""
        return sum(WEIGHTS[name] * value for name, value in self.features.items())


@dataclass(frozen=True)
class _Scene:
    """What every service is seen against."""

    findings: Findings
    services: Mapping[str, Service]
    graph: Graph
    mapped: bool
    """Whether somebody said who calls whom."""
    names: set[str]
    """The services of which anything speaks."""
    noticed: Service | None
    symptom: Symptom
    length: int
    """Steps of a profile."""
    below: Mapping[str, int]
    ways: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, list[Fact]]
    explained: Mapping[str, Mapping[str, float]]
    templates: Mapping[str, tuple[LogTemplate, ...]]


def candidates_of(
    findings: Findings, observed: Sequence[Observed], templates: Mapping[str, tuple[LogTemplate, ...]], graph: Graph
) -> tuple[Symptom, list[Candidate]]:
    """Every service of which anything speaks, the likeliest first; and what is wrong where it was noticed."""
    scene = _scene(findings, observed, templates, graph)
    found = [_candidate(scene, name) for name in sorted(scene.names)]
    return scene.symptom, sorted(found, key=lambda each: (-each.score, -each.surprise, each.service))


def _scene(
    findings: Findings, observed: Sequence[Observed], templates: Mapping[str, tuple[LogTemplate, ...]], graph: Graph
) -> _Scene:
    recent = [each for each in findings.facts if findings.at - findings.window * 1.5 <= each.at <= findings.until]
    services = services_of(observed, graph, recent, clock_of(findings))
    mapped = graph.known
    if not graph.known:
        graph = moving_together(services, graph.calls)
    length = len(observed[0].profile) if observed else 0
    noticed = services.get(findings.service)
    below = graph.below(findings.service)
    facts: dict[str, list[Fact]] = defaultdict(list)
    for fact in recent:
        facts[fact.service].append(fact)
    changed = {change.service for change in findings.changes}
    names = {name for name, each in services.items() if each.surprise >= ABNORMAL / 2 or each.down is not None}
    names |= {name for name in facts if name in below or name in services} | {findings.service}
    names |= {name for name, found in templates.items() if found} & (set(services) | set(below) | changed)
    return _Scene(
        findings=findings,
        services=services,
        graph=graph,
        mapped=mapped,
        names=names,
        noticed=noticed,
        symptom=symptom_of(noticed, length),
        length=length,
        below=below,
        ways=graph.paths(findings.service, sorted(services)),
        facts=facts,
        explained=explanations(services, graph, names),
        templates=templates,
    )


def _candidate(scene: _Scene, name: str) -> Candidate:
    """The service, and what speaks for it."""
    findings, symptom = scene.findings, scene.symptom
    service, facts = scene.services.get(name, Service(name)), scene.facts.get(name, [])
    felt = symptom_of(service, scene.length)
    by, share = max(scene.explained.get(name, {}).items(), key=lambda item: (item[1], item[0]), default=(None, 0.0))
    loud = sorted(
        (each for each in service.seen if each.abnormal), key=lambda each: (-each.surprise, each.series.signal)
    )
    onset = _onset(loud, felt.onset or min((fact.at for fact in facts if fact.kind in DOWN), default=None))
    change, began = _change(findings, name, _beginnings(_begun(loud, felt), onset or symptom.onset))
    speaks = _change_speaks(findings, name, onset or symptom.onset)
    return Candidate(
        service=name,
        features=_features(scene, service, facts, share, _early(onset, symptom.onset, findings.step), speaks),
        seen=tuple(loud),
        surprise=service.surprise,
        onset=max(onset, began) if onset and began else onset,
        distance=scene.below.get(name),
        explained_by=by if share >= 0.5 else None,
        unmeasured=unmeasured(name, scene.services, scene.graph, symptom),
        mapped=scene.mapped,
        change=change,
        facts=tuple(sorted(facts, key=lambda fact: (fact.at, fact.kind, fact.text))),
        templates=scene.templates.get(name, ()),
    )


def _features(
    scene: _Scene, service: Service, facts: Sequence[Fact], share: float, early: float, change: float
) -> dict[str, float]:
    """What speaks for it; `share` is which part of its excess one that it calls accounts for, `change` how much a change speaks for it."""
    name, noticed, symptom = service.name, scene.noticed, scene.symptom
    distance = scene.below.get(name)
    part, of_all = explains(name, scene.services, scene.names, scene.graph)
    harm = sum(fact.kind in DOWN for fact in facts)
    down = 0.8 * float(service.down.max()) if service.down is not None else 0.0
    if name == scene.findings.service:
        cover = 1.0
    else:
        cover = accounted(noticed, service, symptom.seen) if noticed and symptom.seen else 0.5
    return {
        "strength": max(strength(service.surprise), down),
        "cover": cover,
        "alike": _alike(symptom, service),
        "own": 1.0 - float(np.clip((share - 0.15) / 0.45, 0.0, 1.0)),
        "path": _path(scene.ways.get(name), scene.services),
        "early": early,
        "explains": part,
        "reach": of_all,
        "fits": fits(noticed, service, symptom),
        "near": (0.0 if scene.graph.known else 0.5) if distance is None else 1.0,
        "consumes": _consumes(service),
        "neighbour": _neighbour(symptom, service, distance),
        "starved": service.starved,
        "silent": float(service.silent),
        "change": change,
        "facts": min(1.0, 0.5 * harm),
        "alerts": float(any(fact.kind == "alert" for fact in facts)),
        "logs": min(1.0, sum(each.weight for each in scene.templates.get(name, ()))),
        "similar": float(any(past.cause == name for past in scene.findings.similar)),
    }


def _alike(symptom: Symptom, service: Service) -> float:
    """How well the course of its symptoms, or a little less of its other signals, matches what was noticed. Less is made of
    either answer where the symptom is faint.
    """
    if not symptom.seen:
        return 0.5
    best = 0.0 if service.down is None else 0.9 * together(symptom.profile, service.down) ** 2
    for each in service.seen:
        if each.surprise >= ABNORMAL / 2 and each.kind != "load":
            worth = 1.0 if each.kind in SYMPTOMS else 0.7
            best = max(best, worth * together(symptom.profile, each.profile) ** 2 * min(1.0, each.surprise / ABNORMAL))
    clear = 0.5 + 0.5 * min(1.0, symptom.surprise / 8)
    return 0.5 + (best - 0.5) * clear


def _begun(loud: Sequence[Observed], felt: Symptom) -> list[Observed]:
    """The signals that are about as unusual as the most unusual one, and what is felt. More load is nobody's beginning."""
    least = 0.5 * max((each.surprise for each in loud), default=0.0)
    begun = [each for each in loud if each.surprise >= least and each.kind != "load"]
    return begun + [each for each in felt.seen if each not in begun]


def _onset(loud: Sequence[Observed], felt: datetime | None) -> datetime | None:
    """When it began there: of the signals that are about as unusual as the most unusual one, the first. Memory may fill long
    before anybody feels it.
    """
    least = 0.5 * max((each.surprise for each in loud), default=0.0)
    begun = [each.onset for each in loud if each.onset and each.surprise >= least and each.kind != "load"]
    return min([*begun, *([felt] if felt else [])], default=None)


def _consumes(service: Service) -> float:
    """Whether it takes more CPU, memory or disk than usual, and not because more is asked of it."""
    if any(each.kind == "load" and each.abnormal and each.deviation > 0 for each in service.seen):
        return 0.0
    return max(
        (strength(each.surprise) for each in service.seen if each.kind == "consumption" and each.abnormal), default=0.0
    )


def _neighbour(symptom: Symptom, service: Service, distance: int | None) -> float:
    """Whether something that is not called takes so much of a machine just when it was noticed: who shares the machine suffers."""
    if distance is not None or not symptom.seen:
        return 0.0
    alike = max(
        (
            together(symptom.profile, each.profile)
            for each in service.seen
            if each.kind == "consumption" and each.abnormal
        ),
        default=0.0,
    )
    return _consumes(service) * likeness(alike)


def _path(way: tuple[str, ...] | None, services: Mapping[str, Service]) -> float:
    """Which part of the services in between suffers too. Those of which nothing is measured do not count."""
    if way is None:
        return 0.0
    between = [services[name] for name in way[1:-1] if name in services]
    if not between:
        return 1.0
    return sum(min(1.0, each.surprise / ABNORMAL) for each in between) / len(between)


def _early(onset: datetime | None, noticed: datetime | None, step: timedelta) -> float:
    """1 when it began no later than the symptom, less the later. Where samples are rare, one that strays moves an onset by much."""
    if onset is None or noticed is None:
        return 0.5
    late = (onset - noticed - step) / max(timedelta(minutes=10), 4 * step)
    return float(np.clip(1.0 - late, 0.0, 1.0))


@dataclass(frozen=True)
class _Beginning:
    """When it may have begun: not before a step before `first`, clearly from `clear` on."""

    first: datetime
    clear: datetime


def _beginnings(begun: Sequence[Observed], onset: datetime | None) -> list[_Beginning]:
    """Each signal has its own: one that strayed by chance some time before does not hide when the others began."""
    found = {_Beginning(each.onset, max(each.onset, each.clear or each.onset)) for each in begun if each.onset}
    return sorted(found | ({_Beginning(onset, onset)} if onset else set()), key=lambda each: (each.first, each.clear))


def _change_speaks(findings: Findings, service: str, onset: datetime | None) -> float:
    """How much a change speaks for the service, 0 to 1: strictly by its onset, so that among many changes none is near enough to
    everything.
    """
    if onset is None:
        return 0.0
    mine = [onset - each.at for each in findings.changes if each.service == service]
    fitting = [max(each, timedelta(0)) for each in mine if -CHANGE_LATE <= each <= CHANGE_BEFORE]
    return max((_halved(each) for each in fitting if _halved(each) > 0.1), default=0.0)


def _halved(before: timedelta) -> float:
    return float(math.exp(-math.log(2) * (before / CHANGE_HALF)))


def _change(
    findings: Findings, service: str, beginnings: Sequence[_Beginning]
) -> tuple[Change | None, datetime | None]:
    """(the change of the service that fits one of the beginnings best, if any does; that beginning). It is what is said of a
    service that is named, and does not speak for it: see `_change_speaks`.
    """
    best: tuple[float, datetime, str] | None = None
    found: tuple[Change | None, datetime | None] = (None, None)
    for change in findings.changes:
        if change.service != service:
            continue
        for each in beginnings:
            weight = _change_weight(change, each, findings.step)
            if weight > 0.1 and (best is None or (weight, change.at, change.id) > best):
                best, found = (weight, change.at, change.id), (change, each.first)
    return found


def early_by(step: timedelta) -> timedelta:
    """How much too early an onset may be found."""
    return max(CHANGE_LATE, 2 * step)


def _change_weight(change: Change, began: _Beginning, step: timedelta) -> float:
    """1 for a change right before, halved every CHANGE_HALF; less than 1 for one after what was taken for the beginning."""
    slack = early_by(step)
    # A sample tells of the step before it, or after it: sources differ.
    before = began.first - step - change.at
    if before > CHANGE_BEFORE:
        return 0.0
    if change.at <= began.first:
        return _halved(max(before, timedelta(0)))
    last = min(began.clear, began.first + 2 * slack) + slack
    return max(0.0, 0.9 - 0.5 * ((change.at - began.first) / (last - began.first))) if change.at <= last else 0.0
