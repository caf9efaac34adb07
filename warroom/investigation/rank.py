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
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from warroom.changes.model import Change
from warroom.investigation.abnormal import ABNORMAL, Floats, Observed, together
from warroom.investigation.graph import Graph
from warroom.investigation.logs import Template
from warroom.investigation.model import Fact, Findings
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
    "fits": 1.5,
    "resource": 1.0,
    "change": 2.0,
    "facts": 2.0,
    "alerts": 0.7,
    "logs": 1.2,
    "similar": 0.7,
}
CHANGE_BEFORE = timedelta(hours=1)
"""A change may show itself this long after it was made."""
CHANGE_HALF = timedelta(minutes=12)
"""After so long a change counts half."""


@dataclass(frozen=True)
class Symptom:
    """What is wrong where it was noticed."""

    seen: tuple[Observed, ...]
    surprise: float
    profile: Floats
    onset: datetime | None


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
    change: Change | None = None
    facts: tuple[Fact, ...] = ()
    templates: tuple[Template, ...] = ()

    @property
    def score(self) -> float:
        """Log-odds but for a constant."""
        return sum(WEIGHTS[name] * value for name, value in self.features.items())


@dataclass
class _Service:
    name: str
    seen: list[Observed] = field(default_factory=list)
    load: Floats | None = None

    @property
    def surprise(self) -> float:
        """Of its most unusual signal. That more or fewer requests come is rarely its own doing."""
        return max((each.surprise * (0.4 if each.kind == "load" else 1.0) for each in self.seen), default=0.0)


def services_of(observed: Sequence[Observed]) -> dict[str, _Service]:
    """By service its series; the busiest series of requests is its load."""
    found: dict[str, _Service] = {}
    for each in observed:
        service = found.setdefault(each.series.service, _Service(each.series.service))
        service.seen.append(each)
        if each.kind == "load" and np.isfinite(each.values).any():
            if service.load is None or np.nansum(each.values) > np.nansum(service.load):
                service.load = each.values
    return found


def symptom_of(service: _Service | None, length: int) -> Symptom:
    """What is wrong with a service. Where nothing is unusual, what comes nearest to it: the course of a weak symptom still tells
    which trouble below goes with it.
    """
    nothing = Symptom((), 0.0, np.zeros(length), None)
    if service is None:
        return nothing
    felt = [each for each in service.seen if each.kind in SYMPTOMS] or service.seen
    felt = sorted((each for each in felt if each.total > 0), key=lambda each: (-each.surprise, -each.total))
    if not felt:
        return nothing
    surprise = felt[0].surprise
    loud = [each for each in felt if each.surprise >= max(ABNORMAL, 0.5 * surprise)]
    loud = loud or [each for each in felt if each.total >= 0.5 * max(other.total for other in felt)]
    profile = np.zeros(length)
    for each in loud:
        profile = np.fmax(profile, np.nan_to_num(each.profile))
    return Symptom(tuple(loud), surprise, profile, min((each.onset for each in loud if each.onset), default=None))


def _weight(of: _Service, by: _Service) -> Floats | float:
    """How many requests one has for one of the other, step by step; 1 where not both are known."""
    if of.load is None or by.load is None:
        return 1.0
    mine, others = np.nan_to_num(of.load), np.nan_to_num(by.load)
    usual = float(np.median(mine)) / max(float(np.median(others)), 1e-9) if np.median(others) > 0 else 1.0
    ratio = np.where(others > 0, mine / np.maximum(others, 1e-9), usual)
    return np.clip(ratio, 0.0, 20.0)


def _counted(each: Observed) -> bool:
    """Whether the signal already counts (failures a second) and is not a share or a duration of each request."""
    name = each.series.signal.lower()
    return each.kind == "errors" and not any(word in name for word in ("availab", "success", "ratio", "share", "percent", "rate"))


def accounted(of: _Service, by: _Service, symptoms: Sequence[Observed] | None = None) -> float:
    """Which part of the excess of one service the excess of another can account for, 0 to 1: at the same times, in the same unit,
    each request counted. Trouble of another kind accounts for less.
    """
    best, crossed = 0.0, 0.0
    weight = _weight(by, of)
    for mine in symptoms if symptoms is not None else [each for each in of.seen if each.abnormal and each.kind in SYMPTOMS]:
        total = float(np.nansum(mine.excess))
        for other in by.seen:
            # A signal that often strays says little alone, more where another signal of the same service is unusual.
            certain = min(1.0, max(other.surprise, 0.5 * by.surprise if other.total > 0 else 0.0) / ABNORMAL)
            if certain < 0.5 or other.kind == "load":
                continue
            alike = together(mine.profile, other.profile)
            if other.series.signal == mine.series.signal and other.shape != "silent" and total > 0:
                ratio = 1.0 if _counted(mine) else weight
                part = np.minimum(np.nan_to_num(mine.excess), _wide(np.nan_to_num(other.excess * ratio)))
                share = float(part.sum()) / total
                best = max(best, share * _likeness(alike) * certain * _share(mine, of))
            else:
                crossed = max(crossed, 0.4 * alike * min(1.0, other.surprise / (2 * ABNORMAL)) * _share(mine, of))
    return min(1.0, max(best, crossed))


def _share(each: Observed, service: _Service) -> float:
    """How much of what is wrong with the service this signal stands for."""
    loudest = max((other.surprise for other in service.seen if other.kind in SYMPTOMS), default=each.surprise)
    return min(1.0, each.surprise / max(loudest, 1e-9))


def _likeness(alike: float) -> float:
    return float(np.clip((alike - 0.3) / 0.5, 0.0, 1.0))


def _wide(values: Floats) -> Floats:
    """Each step the largest of itself and its neighbours, where there are steps enough: clocks differ by one."""
    if len(values) < 20:
        return values
    around = np.concatenate([values[:1], values, values[-1:]])
    return np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])


def candidates_of(
    findings: Findings, observed: Sequence[Observed], templates: Mapping[str, tuple[Template, ...]], graph: Graph
) -> tuple[Symptom, list[Candidate]]:
    """Every service of which anything speaks, the likeliest first; and what is wrong where it was noticed."""
    services = services_of(observed)
    length = len(observed[0].profile) if observed else 0
    noticed = services.get(findings.service)
    symptom = symptom_of(noticed, length)
    below = graph.below(findings.service)
    ways = graph.paths(findings.service, sorted(services))
    facts: dict[str, list[Fact]] = defaultdict(list)
    for fact in findings.facts:
        if findings.at - findings.window * 1.5 <= fact.at <= findings.until:
            facts[fact.service].append(fact)
    changed = {change.service for change in findings.changes}
    names = {name for name, each in services.items() if each.surprise >= ABNORMAL / 2}
    names |= {name for name in facts if name in below or name in services} | {findings.service}
    names |= {name for name, found in templates.items() if found} & (set(services) | set(below) | changed)
    explained = _explanations(services, graph, names)
    found = []
    for name in sorted(names):
        service = services.get(name, _Service(name))
        felt = symptom_of(service, length)
        distance = below.get(name)
        by, share = max(explained.get(name, {}).items(), key=lambda item: (item[1], item[0]), default=(None, 0.0))
        onset = felt.onset or min((fact.at for fact in facts[name]), default=None)
        loud = sorted((each for each in service.seen if each.abnormal), key=lambda each: (-each.surprise, each.series.signal))
        change = _change(findings, name, onset or symptom.onset)
        alerts = [fact for fact in facts[name] if fact.kind == "alert"]
        harm = [fact for fact in facts[name] if fact.kind not in ("alert", "image_changed", "event")]
        features = {
            "strength": _strength(service.surprise),
            "cover": 1.0 if name == findings.service else accounted(noticed, service, symptom.seen) if noticed and symptom.seen else 0.5,
            "alike": _alike(symptom, service),
            "own": 1.0 - float(np.clip((share - 0.2) / 0.6, 0.0, 1.0)),
            "path": _path(ways.get(name), services),
            "early": _early(onset, symptom.onset, findings.step),
            "explains": _explains(name, services, names, graph),
            "fits": _fits(noticed, service, symptom),
            "near": (0.0 if graph.known else 0.5) if distance is None else 1.0,
            "resource": float(any(each.kind == "resource" for each in loud)),
            "change": _change_weight(change, onset or symptom.onset),
            "facts": min(1.0, 0.5 * len(harm)) if harm else 0.0,
            "alerts": float(bool(alerts)),
            "logs": min(1.0, sum(each.weight for each in templates.get(name, ()))),
            "similar": float(any(past.cause == name for past in findings.similar)),
        }
        found.append(
            Candidate(
                service=name,
                features=features,
                seen=tuple(loud),
                surprise=service.surprise,
                onset=onset,
                distance=distance,
                explained_by=by if share >= 0.5 else None,
                change=change,
                facts=tuple(sorted(facts[name], key=lambda fact: (fact.at, fact.kind, fact.text))),
                templates=templates.get(name, ()),
            )
        )
    return symptom, sorted(found, key=lambda each: (-each.score, -each.surprise, each.service))


def _explanations(services: Mapping[str, _Service], graph: Graph, names: set[str]) -> dict[str, dict[str, float]]:
    """By service and what it calls (directly, or through services of which nothing is measured): the part that is accounted for.
    Where two call each other, only what one accounts for more than the other.
    """
    found: dict[str, dict[str, float]] = {}
    for name in sorted(names & set(services)):
        found[name] = {}
        for callee in _callees(name, services, graph):
            found[name][callee] = accounted(services[name], services[callee])
    for name, shares in found.items():
        for callee in shares:
            if back := found.get(callee, {}).get(name, 0.0):
                shares[callee] = max(0.0, shares[callee] - back)
    return found


def _callees(name: str, services: Mapping[str, _Service], graph: Graph) -> list[str]:
    """What it calls and has something measured; what has not is looked through."""
    seen, waiting, found = {name}, list(graph.calls.get(name, ())), []
    while waiting:
        callee = waiting.pop()
        if callee in seen:
            continue
        seen.add(callee)
        measured = callee in services and any(each.kind in SYMPTOMS and np.isfinite(each.values).any() for each in services[callee].seen)
        if callee in services:
            found.append(callee)
        if not measured:
            waiting.extend(graph.calls.get(callee, ()))
    return sorted(found)


def _strength(surprise: float) -> float:
    """0 at what happens every other window, 1 from e⁻¹² on."""
    return min(1.0, max(0.0, surprise - 1.0) / 11.0)


def _alike(symptom: Symptom, service: _Service) -> float:
    """How well the course of its symptoms, or a little less of its other signals, matches what was noticed. Less is made of
    either answer where the symptom is faint.
    """
    if not symptom.seen:
        return 0.5
    best = 0.0
    for each in service.seen:
        if each.surprise >= ABNORMAL / 2 and each.kind != "load":
            worth = 1.0 if each.kind in SYMPTOMS else 0.7
            best = max(best, worth * together(symptom.profile, each.profile) ** 2 * min(1.0, each.surprise / ABNORMAL))
    clear = 0.5 + 0.5 * min(1.0, symptom.surprise / 8)
    return 0.5 + (best - 0.5) * clear


def _explains(name: str, services: Mapping[str, _Service], names: set[str], graph: Graph) -> float:
    """Which part of the trouble of all that depend on it, its own included, it accounts for."""
    service = services.get(name)
    if service is None:
        return 0.0
    total = accounting = 0.0
    for other in sorted(graph.above(name)):
        if other not in names or other not in services:
            continue
        felt = max((each.surprise for each in services[other].seen if each.kind in SYMPTOMS), default=0.0)
        if felt >= ABNORMAL:
            total += _strength(felt)
            accounting += _strength(felt) * (1.0 if other == name else accounted(services[other], service))
    return accounting / total if total else 0.5


def _fits(noticed: _Service | None, service: _Service, symptom: Symptom) -> float:
    """Whether as much of its trouble arrives where it was noticed as would, if each of its requests were waited for there: less
    than a tenth of it arriving speaks against it.
    """
    if noticed is None or service is noticed or not symptom.seen:
        return 0.5
    shares = []
    weight = _weight(service, noticed)
    for each in service.seen:
        if not each.abnormal or each.kind not in SYMPTOMS or each.shape == "silent":
            continue
        same = [other for other in noticed.seen if other.series.signal == each.series.signal]
        ratio = 1.0 if _counted(each) else weight
        total = float(np.nansum(each.excess * ratio))
        # What is less than the noise there cannot be seen to arrive.
        noise = 2 * same[0].spread * float((np.nan_to_num(each.excess) > 0).sum()) if same else 0.0
        if same and total > noise:
            arrived = np.nan_to_num(same[0].excess)
            shares.append(float(np.minimum(arrived, np.nan_to_num(each.excess * ratio)).sum()) / total)
    return min(1.0, max(shares) / 0.3) if shares else 0.5


def _path(way: tuple[str, ...] | None, services: Mapping[str, _Service]) -> float:
    """Which part of the services in between suffers too. Those of which nothing is measured do not count."""
    if way is None:
        return 0.0
    between = [services[name] for name in way[1:-1] if name in services]
    if not between:
        return 1.0
    return sum(min(1.0, each.surprise / ABNORMAL) for each in between) / len(between)


def _early(onset: datetime | None, noticed: datetime | None, step: timedelta) -> float:
    """1 when it began no later than the symptom, less the later."""
    if onset is None or noticed is None:
        return 0.5
    late = (onset - noticed - step) / timedelta(minutes=10)
    return float(np.clip(1.0 - late, 0.0, 1.0))


def _change(findings: Findings, service: str, onset: datetime | None) -> Change | None:
    """The change of the service that fits its onset best, if any does."""
    if onset is None:
        return None
    fitting = [each for each in findings.changes if each.service == service and _change_weight(each, onset) > 0.05]
    return max(fitting, key=lambda each: (_change_weight(each, onset), each.id), default=None)


def _change_weight(change: Change | None, onset: datetime | None) -> float:
    """1 for a change right before, halved every CHANGE_HALF. An onset may be found a few minutes early."""
    if change is None or onset is None:
        return 0.0
    before = onset - change.at
    if before > CHANGE_BEFORE or before < -timedelta(minutes=5):
        return 0.0
    return float(math.exp(-math.log(2) * (max(before, timedelta(0)) / CHANGE_HALF)))
