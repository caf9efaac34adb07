"""Every kind of step that there is in a process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from warroom.capabilities import LogSource, MetricSource, StepBase
from warroom.runbooks.library import Kinds, kinds_of
from warroom.runbooks.steps import basic, incident, sources


def all_kinds(
    metrics: Mapping[str, MetricSource], logs: Mapping[str, LogSource], further: Iterable[StepBase[Any]] = ()
) -> Kinds:
    """Our own, with the integrations that have metrics and logs by name, and those that integrations bring."""
    own: list[StepBase[Any]] = [
        basic.AskStep(),
        basic.ApproveStep(),
        basic.SayStep(),
        basic.WaitStep(),
        incident.UpdateStep(),
        incident.SeverityStep(),
        incident.EscalateStep(),
        incident.ResolveStep(),
        incident.PageStep(),
        sources.MetricsRead(metrics),
        sources.MetricsExpect(metrics),
        sources.LogsSearch(logs),
    ]
    return kinds_of(own, further)
