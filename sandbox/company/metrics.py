"""The company's metrics as Prometheus would have scraped them, and as its services expose them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sandbox.company.company import Company
from sandbox.company.model import DAY
from sandbox.company.noise import Floats
from sandbox.company.physics import SCRAPE, STEPS, ServiceDay
from sandbox.company.services import SERVICES, Service

NAMESPACE = "prod"
KUBERNETES = ("kube_pod_container_status_restarts_total", "kube_deployment_status_replicas_available", "up")
"""These are not exposed by the services themselves, so they are there when a service is not."""

Labels = tuple[tuple[str, str], ...]
"""Sorted by name; without the metric's name."""


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str
    kind: str
    """counter or gauge."""
    help: str
    read: Callable[[ServiceDay, Service], Floats]
    more: tuple[tuple[str, str], ...] = ()
    """Labels beside service and namespace."""
    node: bool = False
    """Whether it is labelled with the node."""

    def labels(self, service: Service) -> Labels:
        """Of that service's series."""
        node = (("node", service.node),) if self.node else ()
        return tuple(sorted((("service", service.name), ("namespace", NAMESPACE), *self.more, *node)))


METRICS: tuple[Metric, ...] = (
    Metric("requests_total", "counter", "Requests answered.", lambda d, _: d.ok, (("code", "200"),)),
    Metric("requests_total", "counter", "Requests answered.", lambda d, _: d.failed, (("code", "500"),)),
    Metric("latency_seconds_sum", "counter", "Time that requests took.", lambda d, _: d.seconds),
    Metric("latency_seconds_count", "counter", "Requests whose time was measured.", lambda d, _: d.ok + d.failed),
    Metric("container_cpu_usage_seconds_total", "counter", "CPU time of all pods.", lambda d, _: d.cpu, node=True),
    Metric(
        "container_memory_working_set_bytes", "gauge", "Working set of the fullest pod.", lambda d, _: d.memory, node=True
    ),
    Metric(
        "container_spec_memory_limit_bytes", "gauge", "Memory limit of a pod.", lambda d, _: d.memory_limit, node=True
    ),
    Metric("pool_in_use", "gauge", "Places of a pod's pool that are taken.", lambda d, _: d.in_use),
    Metric("pool_size", "gauge", "Places of a pod's pool.", lambda d, s: np.full_like(d.rate, float(s.pool))),
    Metric("queue_depth", "gauge", "Requests or messages that wait.", lambda d, _: d.waiting),
    Metric(
        "certificate_expiry_timestamp_seconds", "gauge", "When the certificate expires.", lambda d, _: d.certificate
    ),
    Metric(
        "kube_pod_container_status_restarts_total", "counter", "Restarts of the pods' containers.", lambda d, _: d.restarts
    ),
    Metric(
        "kube_deployment_status_replicas_available", "gauge", "Pods that are available.", lambda d, _: d.replicas
    ),
    Metric("up", "gauge", "Whether the service could be scraped.", lambda d, _: d.scraped),
)  # fmt: skip
NAMES = tuple(dict.fromkeys(each.name for each in METRICS))

SIGNALS: Mapping[str, str] = {
    "requests": "sum by (service) (rate(requests_total[5m]))",
    "errors": 'sum by (service) (rate(requests_total{code="500"}[5m])) / sum by (service) (rate(requests_total[5m]))',
    "latency": "sum by (service) (rate(latency_seconds_sum[5m])) / sum by (service) (rate(latency_seconds_count[5m]))",
    "cpu": "sum by (service) (rate(container_cpu_usage_seconds_total[5m]))",
    "memory": "max by (service) (container_memory_working_set_bytes / container_spec_memory_limit_bytes)",
    "saturation": "max by (service) (pool_in_use / pool_size)",
    "queue": "max by (service) (queue_depth)",
    "restarts": "sum by (service) (increase(kube_pod_container_status_restarts_total[5m]))",
}
"""One query for all services each, for the policy's `signals`."""


@dataclass(frozen=True)
class Samples:
    """One series: its name, labels, and what was scraped, by seconds since 1970."""

    name: str
    labels: Labels
    times: Floats
    values: Floats


def samples(
    company: Company, metric: Metric, service: Service, since: float, until: float, *, ahead: bool = False
) -> Samples:
    """What was scraped in [since, until], and not later than now; with `ahead` also what would be if nobody did anything."""
    first = max(int(np.ceil(max(since, company.begins) / SCRAPE)), 0)
    last = int(np.floor((until if ahead else min(until, company.now())) / SCRAPE))
    times: list[Floats] = []
    values: list[Floats] = []
    while first <= last:
        number = first // STEPS
        end = min(last, number * STEPS + STEPS - 1)
        day = company.physics.day(number)[service.name]
        part = slice(first - number * STEPS, end - number * STEPS + 1)
        found = metric.read(day, service)[part]
        there = np.arange(first, end + 1, dtype=np.float64) * SCRAPE
        if metric.name not in KUBERNETES:
            seen = day.scraped[part] > 0
            there, found = there[seen], found[seen]
        times.append(there)
        values.append(found)
        first = end + 1
    nothing = np.zeros(0)
    return Samples(
        metric.name, metric.labels(service), np.concatenate(times) if times else nothing,
        np.concatenate(values) if values else nothing,
    )  # fmt: skip


def exposition(company: Company, *, at: float | None = None) -> str:
    """The newest values in Prometheus' text format, for a scrape."""
    moment = company.now() if at is None else at
    lines: list[str] = []
    for name in NAMES:
        if name == "up":
            continue  # Prometheus makes its own
        chosen = [each for each in METRICS if each.name == name]
        lines += [f"# HELP {name} {chosen[0].help}", f"# TYPE {name} {chosen[0].kind}"]
        for metric in chosen:
            for service in SERVICES:
                found = samples(company, metric, service, moment - SCRAPE, moment)
                if len(found.values):
                    lines.append(f"{name}{shown(found.labels)} {float(found.values[-1])!r}")
    return "\n".join(lines) + "\n"


def open_metrics(company: Company, since: float, until: float) -> Iterator[str]:
    """Every sample of that time in OpenMetrics' text format, line by line, for `promtool tsdb create-blocks-from openmetrics`."""
    for name in NAMES:
        chosen = [each for each in METRICS if each.name == name]
        family = name.removesuffix("_total") if chosen[0].kind == "counter" else name
        kind = chosen[0].kind if family != name or chosen[0].kind == "gauge" else "unknown"
        yield f"# TYPE {family} {kind}\n"
        for metric in chosen:
            for service in SERVICES:
                found = samples(company, metric, service, since, until)
                labels = shown(found.labels)
                for at, value in zip(found.times, found.values, strict=True):
                    yield f"{name}{labels} {float(value)!r} {at:.3f}\n"
    yield "# EOF\n"


def shown(labels: Labels) -> str:
    """The labels as a selector."""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""


__all__ = ["DAY", "METRICS", "NAMES", "SIGNALS", "Labels", "Metric", "Samples", "exposition", "open_metrics", "samples"]
