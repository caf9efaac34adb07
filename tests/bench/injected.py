"""Troubles injected at random services of recorded normal operation: causes, strengths and defects that no recording has.

A trouble adds seconds or failures to the requests of one service. What its callers suffer follows from how many of their requests
wait for it, up the graph. `defects` makes what is collected worse, to see whether the confidence falls with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from tests.bench.petshop import Columns, columns, findings, graph
from warroom.investigation.model import Findings

SAMPLES = 5
DEFECTS = ("weak", "source missing", "guilty unmeasured", "graph wrong", "no graph", "noise", "cells missing")
SHARES = {"average": 0.0, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
Graph = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Injected:
    """One made incident: what can be seen of it, and the service that truly caused it; "" for noise alone."""

    kind: str
    defect: str
    findings: Findings
    cause: str


@dataclass
class _Suffering:
    """What the requests of one service suffer on average, and which part of them is touched."""

    seconds: float = 0.0
    touched: float = 0.0
    failing: float = 0.0


@dataclass
class _Level:
    """Two normal days at one level of traffic."""

    normal: Columns
    edges: Graph
    moments: list[int]
    callers: dict[str, list[str]] = field(default_factory=dict)

    def usual(self, service: str, signal: str) -> float:
        """The median, 0 where it was not measured."""
        found = self.normal.get((service, signal))
        return median(found.values()) if found else 0.0

    def strays(self, service: str, signal: str) -> float:
        """How far nine of ten values lie from each other."""
        found = sorted(self.normal.get((service, signal), {}).values())
        if len(found) < 20:
            return 0.0
        parts = quantiles(found, n=20)
        return parts[-1] - parts[0]


def levels(folder: Path) -> list[_Level]:
    """Each level of traffic below the directory."""
    found = []
    for path in sorted(each.parent for each in folder.rglob("normal.csv")):
        level = _Level(columns(path / "normal.csv"), graph(path / "graph.csv"), [])
        level.moments = sorted({moment for column in level.normal.values() for moment in column})
        for caller, callees in level.edges.items():
            for callee in callees:
                level.callers.setdefault(callee, []).append(caller)
        found.append(level)
    return found


def cases(folder: Path, seed: int, count: int, defects: tuple[str, ...] = ("",)) -> Iterator[Injected]:
    """So many incidents, the defects in turn."""
    known = levels(folder)
    made = tried = 0
    while made < count:
        draw = random.Random(f"{seed}:{tried}")
        tried += 1
        found = _case(draw.choice(known), draw, defects[made % len(defects)])
        if found is not None:
            made += 1
            yield found


def _case(level: _Level, draw: random.Random, defect: str) -> Injected | None:
    roots = [
        name
        for name in sorted(level.callers)
        if level.usual(name, "requests") >= 3 and len(level.normal.get((name, "latency_average"), {})) > 280
    ]
    root = draw.choice(roots)
    kind = draw.choice(("latency", "latency", "failures", "both"))
    suffering = _spread(level, root, kind, draw, weak=defect == "weak")
    noticed = _noticed(level, suffering, kind, draw, weak=defect == "weak")
    if noticed is None:
        return None
    place = draw.randrange(len(level.moments) // 2 + 10, len(level.moments) - SAMPLES)
    during = level.moments[place : place + SAMPLES]
    past = {key: {m: v for m, v in column.items() if m < during[0]} for key, column in level.normal.items()}
    seen = {key: {m: v for m, v in column.items() if m in during} for key, column in level.normal.items()}
    _suffer(seen, suffering, during, draw)
    edges = level.edges
    if defect == "graph wrong":
        edges = _wrong(edges, draw)
    elif defect == "no graph":
        edges = {}
    elif defect == "noise":
        _stray(seen, during, draw, spared=set(suffering))
    elif defect == "source missing":
        gone = "latency" if kind == "latency" else "availability"
        past, seen = ({k: v for k, v in side.items() if not k[1].startswith(gone)} for side in (past, seen))
    elif defect == "guilty unmeasured":
        if root == noticed:
            return None
        past, seen = ({k: v for k, v in side.items() if k[0] != root} for side in (past, seen))
    elif defect == "cells missing":
        past, seen = (
            {k: {m: v for m, v in column.items() if draw.random() > 0.5} for k, column in side.items()}
            for side in (past, seen)
        )
    seen = {key: column for key, column in seen.items() if column}
    at = datetime.fromtimestamp(during[0] + draw.uniform(-420, 480), UTC)
    made = findings(past, seen, edges, noticed, at)
    until = min(made.until, at + made.window / 3) if draw.random() < 0.5 else made.until
    return Injected(kind, defect, made.model_copy(update={"until": max(until, at)}), root)


def _spread(level: _Level, root: str, kind: str, draw: random.Random, *, weak: bool) -> dict[str, _Suffering]:
    """By service, callers of callers included, what its requests suffer."""
    usual = max(level.usual(root, "latency_average"), 0.005)
    factor = draw.uniform(0.2, 0.8) if weak else draw.uniform(1.0, 12.0)
    failing = draw.uniform(0.003, 0.02) if weak else draw.uniform(0.03, 0.6)
    touched = 1.0 if draw.random() < 0.6 else draw.uniform(0.1, 0.9)
    found = {
        root: _Suffering(
            seconds=usual * factor * touched if kind != "failures" else 0.0,
            touched=touched,
            failing=failing if kind != "latency" else 0.0,
        )
    }
    # Longest ways first, so that whoever is called by two sufferers has both before it passes them on.
    order, depth = [root], {root: 0}
    for name in order:
        for caller in level.callers.get(name, ()):
            if caller not in depth:
                depth[caller] = depth[name] + 1
                order.append(caller)
    for name in order:
        callers = [caller for caller in level.callers.get(name, ()) if depth[caller] > depth[name]]
        asked = sum(level.usual(caller, "requests") for caller in callers)
        for caller in callers:
            if draw.random() < 0.07:
                continue  # It does not wait for the answer.
            ratio = min(3.0, level.usual(name, "requests") / asked) if asked else draw.uniform(0.2, 1.0)
            mine = found.setdefault(caller, _Suffering())
            theirs = found.get(name, _Suffering())
            mine.seconds += theirs.seconds * ratio * draw.uniform(0.7, 1.1)
            mine.touched = min(1.0, mine.touched + min(1.0, ratio) * theirs.touched)
            mine.failing = min(0.95, mine.failing + theirs.failing * min(1.0, ratio) * draw.uniform(0.3, 1.0))
    return found


def _noticed(
    level: _Level, suffering: Mapping[str, _Suffering], kind: str, draw: random.Random, *, weak: bool
) -> str | None:
    """One of those where it shows, most often the one that nobody calls."""
    shown = []
    for name, each in suffering.items():
        latency = each.seconds > max(
            0.5 * level.strays(name, "latency_average"), 0.1 * level.usual(name, "latency_average")
        )
        failures = 100 * each.failing > max(0.5, 0.5 * level.strays(name, "availability"))
        if (latency and kind != "failures") or (failures and kind != "latency") or (weak and each.touched > 0.05):
            shown.append(name)
    if not shown:
        return None
    front = [name for name in shown if not level.callers.get(name)]
    return draw.choice(front) if front and draw.random() < 0.6 else draw.choice(sorted(shown))


def _suffer(seen: Columns, suffering: Mapping[str, _Suffering], during: list[int], draw: random.Random) -> None:
    course = [draw.uniform(0.2, 1.0), *(draw.lognormvariate(0, 0.15) for _ in during[1:])]
    for (name, signal), column in sorted(seen.items()):
        each = suffering.get(name)
        if each is None:
            continue
        for moment, part in zip(during, course, strict=True):
            if moment not in column:
                continue
            if signal == "availability":
                requests = int(seen.get((name, "requests"), {}).get(moment, 20))
                bad = sum(draw.random() < each.failing * min(1.0, part) for _ in range(min(requests, 2000)))
                column[moment] *= 1 - bad / max(1, min(requests, 2000))
            elif signal.startswith("latency_") and each.touched > 0:
                share = SHARES[signal.partition("_")[2]]
                if signal == "latency_average":
                    column[moment] += each.seconds * part * draw.lognormvariate(0, 0.1)
                elif each.touched >= 1 - share:
                    column[moment] += each.seconds / each.touched * part * draw.lognormvariate(0, 0.15)


def _stray(seen: Columns, during: list[int], draw: random.Random, spared: set[str]) -> None:
    """Three services that have nothing to do with it are slow in some of the samples."""
    others = sorted({name for name, signal in seen if signal == "latency_average" and name not in spared})
    for name in draw.sample(others, min(3, len(others))):
        factor, some = draw.uniform(1.5, 6.0), draw.sample(during, draw.randint(1, 3))
        for signal in SHARES:
            column = seen.get((name, f"latency_{signal}"), {})
            for moment in some:
                if moment in column:
                    column[moment] *= factor


def _wrong(edges: Graph, draw: random.Random) -> Graph:
    """A third of the arrows is not there, and some lead elsewhere."""
    names = sorted(edges)
    made: dict[str, tuple[str, ...]] = {}
    for caller in names:
        kept = [callee for callee in edges[caller] if draw.random() > 0.33]
        if kept and draw.random() < 0.3:
            kept.append(draw.choice(names))
        made[caller] = tuple(dict.fromkeys(kept))
    return made


def healthy(folder: Path, seed: int, count: int) -> Iterator[Findings]:
    """So many windows of normal operation, asked about at any service that is measured."""
    known = levels(folder)
    for number in range(count):
        draw = random.Random(f"healthy {seed}:{number}")
        level = draw.choice(known)
        names = sorted({name for name, signal in level.normal if signal == "latency_average"} & set(level.edges))
        front = [name for name in names if not level.callers.get(name)]
        place = draw.randrange(len(level.moments) // 2 + 10, len(level.moments) - 2 * SAMPLES)
        during = level.moments[place : place + draw.randint(3, 2 * SAMPLES)]
        past = {key: {m: v for m, v in column.items() if m < during[0]} for key, column in level.normal.items()}
        seen = {key: {m: v for m, v in column.items() if m in during} for key, column in level.normal.items()}
        at = datetime.fromtimestamp(during[0] + draw.uniform(-420, 480), UTC)
        noticed = draw.choice(front) if draw.random() < 0.5 else draw.choice(names)
        made = findings(past, {k: c for k, c in seen.items() if c}, level.edges, noticed, at)
        yield made.model_copy(update={"until": max(made.until, at)})
