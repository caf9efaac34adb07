"""The services of the sandbox's company: what each of them calls, holds and needs, and how busy it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

MIB = 1024.0 * 1024.0
REGISTRY = "registry.example.com/shop"

ServiceKind = Literal["service", "database", "cache", "queue", "batch"]


@dataclass(frozen=True)
class Dependency:
    """A call to another service."""

    on: str
    calls: float
    """Calls for each request of the caller."""
    timeout: float = 2.0
    """Seconds that the caller waits for an answer."""
    optional: bool = False
    """The caller gets along without an answer, only more slowly."""
    consumed: bool = False
    """The caller takes work from it and nobody waits for that: its load is that of its own work."""


@dataclass(frozen=True)
class Service:
    """One service at rest."""

    name: str
    depends_on: tuple[Dependency, ...] = ()
    kind: ServiceKind = "service"
    own_seconds: float = 0.01
    """Time that a request takes here, without what it waits for."""
    cpu_seconds: float = 0.004
    """CPU time of one request."""
    pool: int = 4
    """Requests, or connections, that one replica handles side by side."""
    replicas: int = 3
    memory: float = 300 * MIB
    """Working set of one replica at rest, bytes."""
    memory_limit: float = 1024 * MIB
    node: str = "node-1"
    load: float = 0.0
    """Requests per second from outside of the company at the busiest time of a usual day."""
    seasonal: bool = True
    """The load follows the customers' day."""

    @property
    def image(self) -> str:
        """Its image without the tag."""
        return f"{REGISTRY}/{self.name}"


def _to(on: str, calls: float, timeout: float = 2.0, *, optional: bool = False) -> Dependency:
    return Dependency(on, calls, timeout, optional)


SERVICES: tuple[Service, ...] = (
    Service(
        "gateway", (_to("web", 0.6, 5), _to("api", 0.4, 5), _to("auth", 0.3)), own_seconds=0.003,
        pool=16, cpu_seconds=0.002, replicas=4, memory=180 * MIB, memory_limit=512 * MIB, node="node-1", load=300,
    ),
    Service(
        "web", (_to("catalog", 0.7), _to("search", 0.3), _to("cart", 0.2)), own_seconds=0.018,
        pool=12, cpu_seconds=0.009, replicas=4, memory=420 * MIB, node="node-4",
    ),
    Service(
        "api", (_to("checkout", 0.15, 4), _to("cart", 0.5), _to("orders", 0.1), _to("catalog", 0.4)), own_seconds=0.012, pool=8,
        cpu_seconds=0.006, replicas=4, memory=380 * MIB, node="node-4",
    ),
    Service("auth", (_to("db-main", 0.5), _to("cache", 1.0)), own_seconds=0.006, node="node-4", memory=220 * MIB),
    Service(
        "checkout", (_to("payments", 1.0, 3), _to("cart", 1.0), _to("inventory", 1.0), _to("orders", 1.0)),
        own_seconds=0.015, pool=6, cpu_seconds=0.012, memory=400 * MIB, node="node-5",
    ),
    Service(
        "payments", (_to("db-main", 2.0), _to("fraud", 1.0)), own_seconds=0.035, cpu_seconds=0.010,
        memory=350 * MIB, node="node-2",
    ),
    Service("fraud", (_to("cache", 2.0),), own_seconds=0.022, cpu_seconds=0.014, replicas=2, node="node-5"),
    Service("cart", (_to("cache", 2.0),), own_seconds=0.007, memory=240 * MIB, node="node-4"),
    Service(
        "search", own_seconds=0.045, pool=8, cpu_seconds=0.030, replicas=4, memory=900 * MIB, memory_limit=2048 * MIB,
        node="node-3",
    ),
    Service(
        "catalog", (_to("db-catalog", 1.2), _to("cache", 1.0, optional=True)), own_seconds=0.010, pool=6, replicas=4,
        memory=450 * MIB, node="node-2",
    ),
    Service("inventory", (_to("db-catalog", 2.0),), own_seconds=0.012, replicas=2, node="node-5"),
    Service(
        "orders", (_to("db-main", 3.0), _to("queue", 1.0)), own_seconds=0.014, cpu_seconds=0.008,
        memory=360 * MIB, node="node-3",
    ),
    Service(
        "notifications", (Dependency("queue", 1.0, 5.0, consumed=True),), own_seconds=0.060, cpu_seconds=0.010,
        replicas=2, memory=260 * MIB, node="node-3",
    ),
    Service(
        "reports", kind="batch", own_seconds=0.8, pool=8, cpu_seconds=0.12, replicas=1, memory=600 * MIB,
        memory_limit=2048 * MIB, node="node-2", load=1.0, seasonal=False,
    ),
    Service(
        "db-main", kind="database", own_seconds=0.004, pool=20, cpu_seconds=0.002, replicas=1, memory=3000 * MIB,
        memory_limit=8192 * MIB, node="node-6",
    ),
    Service(
        "db-catalog", kind="database", own_seconds=0.003, pool=20, cpu_seconds=0.0015, replicas=1, memory=2400 * MIB,
        memory_limit=8192 * MIB, node="node-7",
    ),
    Service(
        "cache", kind="cache", own_seconds=0.0006, pool=16, cpu_seconds=0.0002, replicas=1, memory=1500 * MIB,
        memory_limit=4096 * MIB, node="node-1",
    ),
    Service(
        "queue", kind="queue", own_seconds=0.002, pool=8, cpu_seconds=0.0006, replicas=1, memory=500 * MIB,
        memory_limit=2048 * MIB, node="node-7",
    ),
)  # fmt: skip
"""Callers stand before what they call, so that load can be followed downwards and answers upwards."""

NAMES = tuple(each.name for each in SERVICES)
BY_NAME = {each.name: each for each in SERVICES}


def graph() -> dict[str, tuple[str, ...]]:
    """By service, what it calls."""
    return {each.name: tuple(to.on for to in each.depends_on) for each in SERVICES}


@cache
def callers(name: str) -> tuple[str, ...]:
    """Who calls it and waits for the answer."""
    return tuple(each.name for each in SERVICES if any(to.on == name and not to.consumed for to in each.depends_on))


def above(names: Sequence[str]) -> frozenset[str]:
    """Everybody who calls one of them, or calls somebody who does, and so on. Without the named ones."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        for caller in callers(waiting.pop()):
            if caller not in found:
                found.add(caller)
                waiting.append(caller)
    return frozenset(found - set(names))


def below(names: Sequence[str]) -> frozenset[str]:
    """Everything that one of them calls, directly or not. Without the named ones."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        for to in BY_NAME[waiting.pop()].depends_on:
            if to.on not in found:
                found.add(to.on)
                waiting.append(to.on)
    return frozenset(found - set(names))


def _busiest() -> dict[str, float]:
    rates = {each.name: each.load for each in SERVICES}
    for each in SERVICES:
        for to in each.depends_on:
            if not to.consumed:
                rates[to.on] += rates[each.name] * to.calls
    return rates | {"notifications": rates["queue"]}


BUSIEST = _busiest()
"""Requests per second that reach each service at the busiest time of a usual day."""
