"""What can be seen of the company, read without HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.company.company import Company
from sandbox.company.logs import LogLine, lines
from sandbox.company.metrics import SIGNALS
from sandbox.company.model import Change
from sandbox.company.noise import Floats
from sandbox.company.promql_values import by_service


@dataclass(frozen=True)
class Line:
    """One signal of one service. Times are seconds since 1970."""

    service: str
    signal: str
    query: str
    times: Floats
    values: Floats


def series(
    company: Company, since: float, until: float, step: float = 60.0, signals: Mapping[str, str] = SIGNALS
) -> Iterator[Line]:
    """Every signal of every service in [since, until], as Prometheus would answer the queries. Missing samples are absent."""
    for signal, query in signals.items():
        for service, (times, values) in by_service(company, query, since, until, step).items():
            yield Line(service, signal, query, times, values)


def changes(company: Company, since: float, until: float) -> list[Change]:
    """What was changed of what runs in [since, until], oldest first. Who changes a monitor tells nobody."""
    return [each for each in company.changes if since <= each.at <= until and each.kind != "monitor"]


def logs(company: Company, service: str, since: float, until: float, *, containing: str = "error") -> list[LogLine]:
    """The service's lines in [since, until] that contain that text, oldest first. No line of another level contains "error"."""
    level = "error" if containing == "error" else None
    return [each for each in lines(company, service, since, until, level=level) if containing in each.text]
