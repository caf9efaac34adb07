"""The company as its cluster sees it: pods that run, wait or were killed."""

from __future__ import annotations

from sandbox.company.model import DAY, Event, Records, Workload
from sandbox.company.physics import SCRAPE, Physics, ServiceDay
from sandbox.company.services import Service
from sandbox.company.troubles import crashes, fillings, spans

FAILING = 0.5
"""Share of failing requests from which on a health check fails too."""
PROBED = 300.0
"""Seconds between two events about a probe that goes on failing."""


def workload(company: Records, physics: Physics, service: Service, at: float) -> Workload:
    """The service as the cluster runs it at that time."""
    day, here = _at(physics, service, at)
    down, wanted = bool(day.down[here] >= 1), company.replicas(service.name, at)
    return Workload(
        service=service.name,
        image=company.image(service.name, at),
        replicas=wanted,
        memory_limit=company.memory_limit(service.name, at),
        memory=float(day.memory[here]),
        restarts=int(day.restarts[here]),
        rolled_out_at=company.rolled_out_at(service.name, at),
        ready=not down and wanted > 0,
        waiting="CrashLoopBackOff" if down and wanted > 0 else "",
    )


def unhealthy(physics: Physics, service: Service, at: float) -> str:
    """Why its health check fails at that time; "" where it does not."""
    day, here = _at(physics, service, at)
    if day.down[here] >= 1:
        return "connection refused"
    if day.refused[here] >= 1:
        return "certificate has expired"
    return "most requests fail" if day.errors[here] > FAILING else ""


def certificate_ends(physics: Physics, service: Service, at: float) -> float:
    """When the certificate that it has at that time expires."""
    day, here = _at(physics, service, at)
    return float(day.certificate[here])


def _at(physics: Physics, service: Service, at: float) -> tuple[ServiceDay, int]:
    number = int(at // DAY)
    day = physics.day(number)[service.name]
    return day, min(int((at - number * DAY) // SCRAPE), len(day.down) - 1)


def events(company: Records, since: float, until: float) -> list[Event]:
    """What the cluster noticed in [since, until], oldest first."""
    found: list[Event] = []
    for trouble in company.troubles:
        name = trouble.service
        if trouble.kind == "memory_leak":
            killed = [at for stretch in fillings(company, trouble, until) for at in stretch.killed(until)]
            found += [
                Event(at, name, "OOMKilled", f"Container {name} was killed: it used more memory than its limit.")
                for at in killed
            ]
            found += [Event(at + 3, name, "Started", f"Started container {name}", warning=False) for at in killed]
        elif trouble.kind == "dependency_down":
            text = f"Back-off restarting failed container {name} in its pod"
            found += [Event(at, name, "BackOff", text) for at in crashes(company, trouble, until)]
        elif trouble.kind == "expired_certificate":
            for span in spans(company, trouble):
                at, end = span.since + 5, until if span.until is None else min(span.until, until)
                while at < end:
                    text = "Readiness probe failed: x509: certificate has expired or is not yet valid"
                    found.append(Event(at, name, "Unhealthy", text))
                    at += PROBED
    for act in company.acts:
        if act.kind == "scale":
            found.append(Event(act.at, act.service, "ScalingReplicaSet", f"Scaled to {act.number:g}", warning=False))
    return sorted((each for each in found if since <= each.at <= until), key=lambda each: each.at)
