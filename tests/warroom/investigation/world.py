"""Small worlds to investigate: services that call each other, what is measured of them, and what goes wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from warroom.capabilities import LogLine
from warroom.changes.model import Change
from warroom.investigation.model import Bad, Fact, Findings, ObservedLogs, ObservedSeries

AT = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHOP: dict[str, tuple[str, ...]] = {
    "web": ("checkout", "search"),
    "checkout": ("payments", "stock"),
    "payments": ("db",),
    "search": ("index",),
}
"""The path of money is deep, the path of searching stays well."""

Value = Callable[[int, random.Random], float | None]
"""By minutes from AT, what is measured then; None for nothing."""


def series(
    service: str,
    signal: str,
    value: Value,
    *,
    bad: Bad = "up",
    step: int = 1,
    before: int = 24 * 60 + 30,
    after: int = 5,
    seed: int = 1,
) -> ObservedSeries:
    """One series, a sample every `step` minutes."""
    draw = random.Random(f"{service} {signal} {seed}")  # noqa: S311  # repeatable, not secret
    points = []
    for minute in range(-before, after + 1, step):
        if (measured := value(minute, draw)) is not None:
            points.append((AT + minute * MINUTE, measured))
    return ObservedSeries(service=service, signal=signal, bad=bad, points=tuple(points), query=f"{signal}({service})")


def noise(level: float, part: float = 0.05) -> Value:
    """A level that wobbles."""
    return lambda _, draw: max(0.0, draw.gauss(level, part * level))


def step_up(level: float, to: float, since: int = -4, until: int = 10_000, part: float = 0.05) -> Value:
    """A level that wobbles, and another from a minute on."""
    return lambda minute, draw: max(0.0, draw.gauss(1.0, part)) * (to if since <= minute < until else level)


def daily(low: float, high: float, part: float = 0.03) -> Value:
    """A course that is highest at two in the afternoon, which is AT, and lowest at night."""

    def value(minute: int, draw: random.Random) -> float:
        share = (1 + math.cos(minute / 1440 * 2 * math.pi)) / 2
        return (low + (high - low) * share) * max(0.0, draw.gauss(1, part))

    return value


OWN = {"web": 0.05, "checkout": 0.04, "search": 0.05, "payments": 0.05, "stock": 0.03, "db": 0.05, "index": 0.03}
"""Seconds that each takes itself for a request. Each request asks everything below once."""


def takes(service: str, slow: Mapping[str, float]) -> float:
    """Seconds until it answers: its own, and those of what it asks. `slow` multiplies a service's own."""
    return OWN[service] * slow.get(service, 1) + sum(takes(callee, slow) for callee in SHOP.get(service, ()))


def shop(
    slow: Mapping[str, float],
    *,
    since: int = -4,
    at: datetime = AT,
    noticed: str = "web",
    graph: Mapping[str, tuple[str, ...]] | None = None,
    step: int = 1,
    seed: int = 1,
    window: int = 30,
    before: int = 24 * 60 + 30,
    **more: object,
) -> Findings:
    """The shop; `slow` says by service how many times longer it takes itself from `since` minutes after AT on."""
    made = []
    for name in OWN:
        latency = step_up(takes(name, {}), takes(name, slow), since)
        made.append(series(name, "latency", latency, step=step, seed=seed, before=before))
        made.append(series(name, "requests", noise(100), bad="both", step=step, seed=seed, before=before))
    return Findings(
        service=noticed,
        at=at,
        until=AT + 5 * MINUTE,
        window=timedelta(minutes=window),
        step=step * MINUTE,
        depends_on=dict(SHOP if graph is None else graph),
        series=tuple(made),
        **more,
    )


PAYMENTS_SLOW = {"payments": 6.0}
DB_SLOW = {"db": 9.0}


def failing(*names: str, since: int = -4, level: float = 0.2) -> tuple[ObservedSeries, ...]:
    """Share of failed requests: nearly none, and much more in these services from a minute on."""
    return tuple(
        series(name, "errors", step_up(0.002, level if name in names else 0.002, since, part=0.3)) for name in OWN
    )


def change(service: str, minutes: float, **more: str) -> Change:
    """A deployment so many minutes from AT."""
    return Change(id=f"{service}-{minutes}", at=AT + minutes * MINUTE, service=service, version="2.4.1", **more)


def fact(service: str, kind: str, minutes: float, text: str = "") -> Fact:
    """Something that happened so many minutes from AT."""
    return Fact(service=service, kind=kind, at=AT + minutes * MINUTE, text=text or f"{kind} of {service}")


def log(service: str, *lines: tuple[float, str]) -> ObservedLogs:
    """Lines by minutes from AT."""
    return ObservedLogs(
        service=service,
        lines=tuple(LogLine(at=AT + minutes * MINUTE, text=text) for minutes, text in lines),
        query=f'{{service="{service}"}}',
    )
