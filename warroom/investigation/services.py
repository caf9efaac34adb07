"""The services, each with what was measured of it, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from warroom.investigation.abnormal import ABNORMAL, Observed
from warroom.investigation.graph import Graph
from warroom.investigation.model import Fact, FactKind
from warroom.investigation.samples import Floats, SampleClock
from warroom.investigation.signals import SYMPTOMS

DOWN: tuple[FactKind, ...] = ("unreachable", "health", "pending", "restart", "out_of_memory")
"""What says that a service does not answer, or did not for a while."""
STARVED = 0.5
"""A service is starved when it gets this much less of what its callers ask than usual."""


@dataclass
class Service:
    """One service."""

    name: str
    seen: list[Observed] = field(default_factory=list)
    load: Floats | None = None
    """Requests, step by step over the window and its margin."""
    load_usual: float = float("nan")
    down: Floats | None = None
    """Step by step 0 or 1: it did not answer, as far as its silence, its callers or somebody who asked it say."""
    refused: bool = True
    """Whether those who call it fail more than usual, or nobody is known to call it."""
    silent: bool = False
    """It is not there to be measured any more."""
    starved: float = 0.0
    """0 to 1: which part of its usual share of its callers' requests it does not get any more."""

    @property
    def surprise(self) -> float:
        """Of its most unusual signal. That more or fewer requests come is rarely its own doing."""
        return max((each.surprise * (0.4 if each.kind == "load" else 1.0) for each in self.seen), default=0.0)

    @property
    def felt(self) -> float:
        """Surprise of its most unusual symptom."""
        return max((each.surprise for each in self.seen if each.kind in SYMPTOMS), default=0.0)

    @property
    def measured(self) -> bool:
        """Whether any symptom of it was measured in the window."""
        return any(each.kind in SYMPTOMS and bool(np.isfinite(each.values).any()) for each in self.seen)


@dataclass(frozen=True)
class Symptom:
    """What is wrong with a service: its most unusual symptoms, and their common course."""

    seen: tuple[Observed, ...]
    surprise: float
    profile: Floats
    onset: datetime | None


def services_of(
    observed: Sequence[Observed], graph: Graph, facts: Iterable[Fact], clock: SampleClock
) -> dict[str, Service]:
    """By name. A service of which nothing is measured is there when a fact says that it is down."""
    found: dict[str, Service] = {}
    for each in observed:
        service = found.setdefault(each.series.service, Service(each.series.service))
        service.seen.append(each)
        busier = service.load is None or np.nansum(each.values) > np.nansum(service.load)
        if each.kind == "load" and np.isfinite(each.values).any() and busier:
            service.load, service.load_usual = each.values, each.usual
    length = clock.count - clock.margin
    for fact in facts:
        if fact.kind in DOWN:
            service = found.setdefault(fact.service, Service(fact.service))
            _mark(service, length, int((fact.at - clock.start).total_seconds() // clock.step) - clock.margin)
    callers = graph.turned().calls
    for service in found.values():
        service.refused = _refused(service.name, callers, found)
        idle = service.load is not None and bool(np.isfinite(service.load[-2:]).any())
        for each in service.seen:
            # Without requests there is no latency either: that is not silence.
            if (
                each.shape == "silent"
                and each.kind != "load"
                and each.onset is not None
                and not idle
                and service.refused
            ):
                _mark(service, length, int((each.onset - clock.start).total_seconds() // clock.step) - clock.margin)
                service.silent = True
    _starve(found, graph, length, clock)
    return found


def _mark(service: Service, length: int, begin: int) -> None:
    down = service.down if service.down is not None else np.zeros(length)
    down[max(0, begin) :] = 1.0
    service.down = down


def _refused(name: str, callers: Mapping[str, tuple[str, ...]], services: Mapping[str, Service]) -> bool:
    failures = [
        each
        for caller in callers.get(name, ())
        if caller in services
        for each in services[caller].seen
        if each.kind == "errors"
    ]
    return not failures or any(each.abnormal for each in failures)


def _starve(services: Mapping[str, Service], graph: Graph, length: int, clock: SampleClock) -> None:
    """Marks those that get much less of their callers' requests than usual, while their siblings get theirs: it is they who do
    not answer, or are not asked because of what their callers know of them.
    """
    callers = graph.turned().calls
    share: dict[tuple[str, str], Floats] = {}
    for name, service in services.items():
        if service.load is None or not service.load_usual > 0:
            continue
        got = np.nan_to_num(service.load / service.load_usual, nan=0.0)
        for caller in callers.get(name, ()):
            above = services.get(caller)
            if above is not None and above.load is not None and above.load_usual > 0:
                asked = np.nan_to_num(above.load / above.load_usual, nan=0.0)
                share[caller, name] = np.where(asked > 0.2, 1 - got / np.maximum(asked, 0.2), 0.0)
    for name, service in sorted(services.items()):
        mine = [share[caller, name] for caller in callers.get(name, ()) if (caller, name) in share]
        if not mine:
            continue
        siblings = [
            share[caller, other]
            for caller in callers.get(name, ())
            for other in graph.calls.get(caller, ())
            if other != name and (caller, other) in share
        ]
        lost = np.min(np.stack(mine), axis=0)
        if siblings:
            lost = lost - np.clip(np.median(np.stack(siblings), axis=0), 0.0, 1.0)
        drops = [
            each for each in service.seen if each.kind == "load" and each.surprise >= ABNORMAL and each.deviation < 0
        ]
        if not drops or not service.refused or drops[0].onset is None:
            continue
        begin = max(0, int((drops[0].onset - clock.start).total_seconds() // clock.step) - clock.margin)
        steps = np.flatnonzero(lost >= STARVED)
        if (steps := steps[steps >= begin]).size:
            service.starved = float(np.clip(lost[steps].mean(), 0.0, 1.0))
            down = service.down if service.down is not None else np.zeros(length)
            down[steps] = np.maximum(down[steps], service.starved)
            service.down = down


def symptom_of(service: Service | None, length: int) -> Symptom:
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
