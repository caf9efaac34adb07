"""Which part of one service's trouble another's accounts for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from warroom.investigation.abnormal import ABNORMAL, Observed, together
from warroom.investigation.graph import Graph
from warroom.investigation.samples import Floats
from warroom.investigation.services import Service, Symptom, symptom_of
from warroom.investigation.signals import SYMPTOMS, is_count

CROSSED = 0.4
"""What trouble of another kind accounts for at most: failures may come of slowness, but need not."""
TOGETHER = 0.8
"""How alike two courses are that are taken to belong together where no graph is known."""
MOST = 60
"""Services that are compared with each other then, the most unusual first."""
RARE = 0.05
"""Requests for one of its caller's: too few to be what all of its caller's trouble comes from."""
DOWN = 0.9
"""What a service that does not answer accounts for at most."""


def accounted(of: Service, by: Service, symptoms: Sequence[Observed] | None = None) -> float:
    """Which part of the excess of one service (or of these `symptoms` of it) the excess of another can account for, 0 to 1: at the
    same times, in the same unit, each request counted.
    """
    best = 0.0
    weight = _weight(by, of)
    wanted = symptoms if symptoms is not None else [each for each in of.seen if each.abnormal and each.kind in SYMPTOMS]
    for mine in wanted:
        part = _share(mine, of)
        if by.down is not None:
            best = max(best, DOWN * part * likeness(together(mine.profile, by.down)))
        total = float(np.nansum(mine.excess))
        for other in by.seen:
            # A signal that often strays says little alone, more where another signal of the same service is unusual.
            certain = min(1.0, max(other.surprise, 0.5 * by.surprise if other.total > 0 else 0.0) / ABNORMAL)
            if certain < 0.5 or other.kind == "load" or other.shape == "silent":
                continue
            alike = together(mine.profile, other.profile)
            if other.series.signal == mine.series.signal and total > 0:
                ratio = 1.0 if is_count(mine.series.signal) else weight
                arrived = np.minimum(np.nan_to_num(mine.excess), wide(np.nan_to_num(other.excess * ratio)))
                best = max(best, float(arrived.sum()) / total * likeness(alike) * certain * part)
            elif other.kind in SYMPTOMS or other.kind == mine.kind:
                best = max(best, CROSSED * alike * min(1.0, other.surprise / (2 * ABNORMAL)) * part)
    return min(1.0, best)


def explanations(services: Mapping[str, Service], graph: Graph, names: set[str]) -> dict[str, dict[str, float]]:
    """By service and what it calls (directly, or through services of which nothing is measured): the part that is accounted for.
    Where calls go round in a circle, the one counts that is more times its usual.
    """
    found: dict[str, dict[str, float]] = {}
    for name in sorted(names & set(services)):
        found[name] = {}
        for callee in callees(name, services, graph):
            share = accounted(services[name], services[callee])
            if share and name in graph.below(callee) and relative(services[callee]) < relative(services[name]):
                share = 0.0
            found[name][callee] = share
    return found


def moving_together(services: Mapping[str, Service], calls: Mapping[str, tuple[str, ...]]) -> Graph:
    """For services of which nobody said what they depend on: those whose trouble has the same course belong together, and the
    one that is more times its usual is taken for what is called, because trouble is diluted on its way up.
    """
    loud = sorted(
        (each for each in services.values() if each.felt >= ABNORMAL), key=lambda each: (-each.felt, each.name)
    )
    courses = {each.name: (symptom_of(each, len(each.seen[0].profile)).profile, relative(each)) for each in loud[:MOST]}
    made = {name: set(callees) for name, callees in calls.items()}
    for caller, (course, much) in courses.items():
        for callee, (other, more) in courses.items():
            if more > much and together(course, other) >= TOGETHER:
                made.setdefault(caller, set()).add(callee)
    return Graph({name: tuple(sorted(made[name])) for name in sorted(made)}, known=False)


def relative(service: Service) -> float:
    """How many times the usual its worst symptom is on top of the usual: where trouble begins it is not diluted yet."""
    found = 0.0
    for each in service.seen:
        if each.abnormal and each.kind in SYMPTOMS and (excess := each.excess[each.excess > 0]).size:
            found = max(found, float(np.median(excess)) / max(abs(each.usual), each.spread, 1e-12))
    return found


def callees(name: str, services: Mapping[str, Service], graph: Graph) -> list[str]:
    """What it calls and has something measured; what has not is looked through."""
    seen, waiting, found = {name}, list(graph.calls.get(name, ())), []
    while waiting:
        callee = waiting.pop()
        if callee in seen:
            continue
        seen.add(callee)
        if callee in services:
            found.append(callee)
        if callee not in services or not (services[callee].measured or services[callee].down is not None):
            waiting.extend(graph.calls.get(callee, ()))
    return sorted(found)


def explains(name: str, services: Mapping[str, Service], names: set[str], graph: Graph) -> tuple[float, float]:
    """(which part of the trouble of all that depend on it, its own included, it accounts for; which part of all the trouble that
    there is). (0.5, 0) where there is none. The second tells a service from another name that one caller has for it.
    """
    service = services.get(name)
    if service is None:
        return 0.0, 0.0
    above = graph.above(name)
    total = everything = accounting = 0.0
    for other in sorted(names & set(services)):
        if services[other].felt < ABNORMAL:
            continue
        strong = strength(services[other].felt)
        everything += strong
        if other in above:
            total += strong
            accounting += strong * (1.0 if other == name else accounted(services[other], service))
    return accounting / total if total else 0.5, accounting / everything if everything else 0.0


def fits(noticed: Service | None, service: Service, symptom: Symptom) -> float:
    """Whether as much of its trouble arrives where it was noticed as would, if each of its requests were waited for there: less
    than a tenth of it arriving speaks against it. 0.5 where nothing can be said.
    """
    if noticed is None or service is noticed or not symptom.seen:
        return 0.5
    shares = []
    weight = _weight(service, noticed)
    kinds = {each.kind for each in symptom.seen}
    for each in service.seen:
        if each.kind not in kinds:
            continue
        same = [other for other in noticed.seen if other.series.signal == each.series.signal]
        if not each.abnormal or each.kind not in SYMPTOMS or each.shape == "silent" or not same:
            continue
        sent = np.nan_to_num(each.excess * (1.0 if is_count(each.series.signal) else weight))
        # What is less than the noise there cannot be seen to arrive.
        noise = 2 * same[0].spread * float((sent > 0).sum())
        if float(sent.sum()) > noise:
            shares.append(float(np.minimum(np.nan_to_num(same[0].excess), sent).sum()) / float(sent.sum()))
    return min(1.0, max(shares) / 0.3) if shares else 0.5


def unmeasured(name: str, services: Mapping[str, Service], graph: Graph, symptom: Symptom) -> str | None:
    """Something that it calls of which nothing was measured while the trouble lasted, so that nobody can say whether it began
    there. What got few of its requests is none, nor what a fact says is down.
    """
    lasted = symptom.profile > 0
    mine = services[name].load if name in services else None
    asked = float(np.nansum(mine)) if mine is not None else 0.0
    for callee in graph.calls.get(name, ()):
        other = services.get(callee)
        if other is None:
            return callee
        idle = other.load is not None and float(np.nansum(other.load)) <= RARE * asked
        seen = any(
            bool((np.isfinite(each.values) & (lasted if lasted.any() else True)).any())
            for each in other.seen
            if each.kind in SYMPTOMS
        )
        if not (seen or idle or other.down is not None):
            return callee
    return None


def strength(surprise: float) -> float:
    """0 at what happens every other window, 1 from e⁻¹² on."""
    return min(1.0, max(0.0, surprise - 1.0) / 11.0)


def likeness(alike: float) -> float:
    """0 below a cosine of 0.3, which any two profiles may have, 1 from 0.8 on."""
    return float(np.clip((alike - 0.3) / 0.5, 0.0, 1.0))


def wide(values: Floats) -> Floats:
    """Each step the largest of itself and its neighbours, where there are steps enough: clocks differ by one."""
    if len(values) < 20:
        return values
    around = np.concatenate([values[:1], values, values[-1:]])
    widest: Floats = np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])
    return widest


def _weight(of: Service, by: Service) -> Floats | float:
    """How many requests one has for one of the other, step by step; 1 where not both are known."""
    if of.load is None or by.load is None:
        return 1.0
    mine, others = np.nan_to_num(of.load), np.nan_to_num(by.load)
    usual = float(np.median(mine)) / max(float(np.median(others)), 1e-9) if np.median(others) > 0 else 1.0
    ratio = np.where(others > 0, mine / np.maximum(others, 1e-9), usual)
    return np.clip(ratio, 0.0, 20.0)


def _share(each: Observed, service: Service) -> float:
    """How much of what is wrong with the service this signal stands for."""
    return min(1.0, each.surprise / max(service.felt, 1e-9)) if service.felt > 0 else 1.0
