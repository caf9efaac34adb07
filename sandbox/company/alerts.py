"""The company's monitors: when each alerts and recovers, and how that is told to a webhook."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from sandbox.company.company import Company
from sandbox.company.metrics import SIGNALS
from sandbox.company.model import DAY
from sandbox.company.promql_values import by_service
from sandbox.company.services import NAMES
from sandbox.company.troubles import spans

MINUTE = 60.0
RECOVERS_AFTER = 3
"""Minutes without a reason after which an alert recovers."""
AHEAD = 6 * 3600.0
"""Seconds that `Monitors.next_at` looks ahead."""

State = Literal["firing", "recovered"]


@dataclass(frozen=True)
class Monitor:
    """One monitor, on every service."""

    name: str
    title: str
    signal: str
    above: float
    """The threshold; of `latency` as a multiple of what is usual at the service."""
    minutes: int
    """For how long it has to be above."""
    priority: str
    what: str
    """The value in words."""


MONITORS = (
    Monitor("errors", "High error rate on {service}", "errors", 0.05, 2, "P2", "{value:.1%} of requests fail"),
    Monitor("latency", "High latency on {service}", "latency", 3.0, 2, "P2", "requests take {value:.2f} s"),
    Monitor("memory", "High Memory Usage on {service}", "memory", 0.9, 2, "P1", "{value:.0%} of the memory limit"),
    Monitor("pool", "Pool almost full on {service}", "saturation", 0.9, 3, "P3", "{value:.0%} of the pool is taken"),
    Monitor("backlog", "Backlog of {service}", "queue", 300.0, 3, "P3", "{value:.0f} wait"),
    Monitor("down", "{service} is down", "requests", 0.0, 2, "P1", "it answers nobody"),
)
FALSE_ALARM = Monitor("p99", "Slow requests on {service}", "latency", 0.0, 1, "P2", "p99 above 0.05 s")


@dataclass(frozen=True)
class Alert:
    """A monitor alerts, or has recovered."""

    at: float
    monitor: Monitor
    service: str
    state: State
    value: float
    since: float
    """When it began to fire."""

    @property
    def title(self) -> str:
        """Its name."""
        return self.monitor.title.format(service=self.service)

    @property
    def text(self) -> str:
        """What it says."""
        if self.state == "recovered":
            return f"{self.title}: recovered."
        return f"{self.title}: {self.monitor.what.format(value=self.value)}."


@dataclass
class _Watch:
    bad: int = 0
    good: int = 0
    since: float | None = None


@dataclass
class Monitors:
    """All monitors of a company, looked at once a minute from `until` on."""

    company: Company
    until: float
    _watches: dict[tuple[str, str], _Watch] = field(default_factory=dict)
    _usual: dict[str, float] = field(default_factory=dict)

    def look(self, until: float, *, ahead: bool = False) -> list[Alert]:
        """What alerts or recovers from where it was last looked until then, in order."""
        first = np.floor(self.until / MINUTE) * MINUTE + MINUTE
        times = np.arange(first, until + 1e-6, MINUTE)
        if not len(times):
            return []
        self.until = float(times[-1])
        found: list[Alert] = []
        for monitor in MONITORS:
            found += self._looked(monitor, times, ahead)
        found += self._false_alarms(times)
        order = {name: place for place, name in enumerate(NAMES)}
        return sorted(found, key=lambda each: (each.at, order[each.service]))

    def next_at(self) -> float | None:
        """When the next alert fires or recovers if nobody does anything; None where none does for some hours."""
        # Most of the time nothing is wrong: the first hour is looked at before the others.
        for hours in (1, AHEAD / 3600):
            if alerts := copy.deepcopy(self, {id(self.company): self.company}).look(
                self.until + hours * 3600, ahead=True
            ):
                return alerts[0].at
        return None

    def firing(self) -> list[tuple[str, str, float]]:
        """(title, service, since) of each that fires, as of the last look."""
        known = {each.name: each for each in (*MONITORS, FALSE_ALARM)}
        return [
            (known[name].title.format(service=service), service, watch.since)
            for (name, service), watch in self._watches.items() if watch.since is not None
        ]  # fmt: skip

    def _looked(self, monitor: Monitor, times: np.ndarray[Any, np.dtype[np.float64]], ahead: bool) -> list[Alert]:
        read = by_service(self.company, SIGNALS[monitor.signal], float(times[0]), float(times[-1]), MINUTE, ahead=ahead)
        found: list[Alert] = []
        for service in NAMES:
            at, values = read.get(service, (np.zeros(0), np.zeros(0)))
            known = dict(zip(at.tolist(), values.tolist(), strict=True))
            if monitor.name == "down":
                bad = [moment not in known or known[moment] <= 0 for moment in times.tolist()]
            else:
                limit = self._limit(monitor, service)
                bad = [known.get(moment, -1.0) > limit for moment in times.tolist()]
            if any(bad) or (monitor.name, service) in self._watches:
                found += self._counted(monitor, service, times.tolist(), bad, known)
        return found

    def _counted(
        self, monitor: Monitor, service: str, times: list[float], bad: list[bool], known: dict[float, float]
    ) -> list[Alert]:
        watch = self._watches.setdefault((monitor.name, service), _Watch())
        found = []
        for at, is_bad in zip(times, bad, strict=True):
            watch.bad, watch.good = (watch.bad + 1, 0) if is_bad else (0, watch.good + 1)
            value = known.get(at, 0.0)
            if watch.since is None and watch.bad >= monitor.minutes:
                watch.since = at
                found.append(Alert(at, monitor, service, "firing", value, at))
            elif watch.since is not None and watch.good >= RECOVERS_AFTER:
                found.append(Alert(at, monitor, service, "recovered", value, watch.since))
                watch.since = None
        return found

    def _false_alarms(self, times: np.ndarray[Any, np.dtype[np.float64]]) -> list[Alert]:
        """It fires for six minutes of ten, while its threshold is too low."""
        found: list[Alert] = []
        for trouble in self.company.troubles:
            if trouble.kind != "false_alarm" or trouble.at > times[-1]:
                continue
            on = [
                any(
                    span.since <= at and (span.until is None or at < span.until)
                    for span in spans(self.company, trouble)
                )
                and (at - trouble.at) % 600 < 360
                for at in times.tolist()
            ]
            found += self._counted(FALSE_ALARM, trouble.service, times.tolist(), on, {})
        return found

    def _limit(self, monitor: Monitor, service: str) -> float:
        if monitor.signal != "latency":
            return monitor.above
        if not self._usual:
            # The company's first day; nothing is wrong on it.
            day = self.company.physics.day(int(self.company.begins // DAY))
            self._usual = {name: float(np.median(each.latency)) for name, each in day.items()}
        return max(self._usual[service] * monitor.above, 0.02)


def datadog(alert: Alert) -> dict[str, Any]:
    """The body that Datadog posts for it, with the variables of docs/datadog.md."""
    number = int(hashlib.sha256(f"{alert.monitor.name} {alert.service}".encode()).hexdigest()[:8], 16)
    firing = alert.state == "firing"
    return {
        "kind": "monitor", "template": 1, "event_id": _digits(alert), "alert_id": str(number),
        "alert_title": alert.title, "alert_transition": "Triggered" if firing else "Recovered",
        "alert_priority": alert.monitor.priority, "alert_cycle_key": f"{number}-{alert.since:.0f}",
        "alert_scope": f"service:{alert.service}", "text_only_msg": alert.text, "service": alert.service,
        "tags": f"service:{alert.service},env:prod,system:shop", "link": f"https://app.datadoghq.com/monitors/{number}",
    }  # fmt: skip


def alertmanager(alerts: Iterable[Alert]) -> dict[str, Any]:
    """The body that Alertmanager posts for them (webhook, version 4)."""
    items = [_of_alertmanager(each) for each in alerts]
    firing = any(each["status"] == "firing" for each in items)
    return {
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing" if firing else "resolved",
        "receiver": "warroom", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com", "alerts": items,
    }  # fmt: skip


def _of_alertmanager(alert: Alert) -> dict[str, Any]:
    severity = {"P1": "critical", "P2": "warning"}.get(alert.monitor.priority, "info")
    labels = {
        "alertname": alert.title,
        "service": alert.service,
        "severity": severity,
        "namespace": "prod",
        "system": "shop",
    }
    fingerprint = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
    over = alert.state == "recovered"
    return {
        "status": "resolved" if over else "firing", "labels": labels,
        "annotations": {"summary": alert.title, "description": alert.text}, "startsAt": _said(alert.since),
        "endsAt": _said(alert.at) if over else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph", "fingerprint": fingerprint,
    }  # fmt: skip


def _digits(alert: Alert) -> str:
    said = f"{alert.monitor.name} {alert.service} {alert.at} {alert.state}"
    return str(7 * 10**18 + int(hashlib.sha256(said.encode()).hexdigest()[:14], 16) % 10**18)


def _said(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
