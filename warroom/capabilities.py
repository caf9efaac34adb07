"""What an integration may be able to do besides: each protocol is implemented by whoever can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, Field

from warroom.changes.model import Change as Change
from warroom.value import Value


@runtime_checkable
class OnCallSource(Protocol):
    """Knows who is on call. In a policy's `notify` the names that begin with one of the prefixes mean its schedules."""

    on_call_prefixes: tuple[str, ...]
    """Such as "vendor:" of "vendor:P7KXG1"."""

    async def on_call(self, prefix: str, schedule: str, at: datetime) -> Sequence[str]:
        """Emails of whoever is on call then. Raises Retryable or Rejected."""
        ...


class Series(Value):
    """One line of a metric: its labels, and values by time."""

    labels: dict[str, str]
    points: tuple[tuple[datetime, float], ...]


@runtime_checkable
class MetricSource(Protocol):
    """Answers queries of metrics."""

    async def series(self, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
        """What the query yields, in the source's own language. Raises Retryable or Rejected."""
        ...


class LogLine(Value):
    """One line of a log."""

    at: datetime
    text: str
    labels: dict[str, str] = Field(default_factory=dict)


@runtime_checkable
class LogSource(Protocol):
    """Answers queries of logs."""

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        """The newest lines that fit, in the source's own language. Raises Retryable or Rejected."""
        ...


@runtime_checkable
class QueryLanguage(Protocol):
    """Of a MetricSource or LogSource: how names get into its queries, and where people look at them."""

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with each `{name}` of `values` replaced, escaped for where it stands: see `warroom.queries`. Raises Rejected."""
        ...

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        """The address where a person sees what the query yields; "" where there is none."""
        ...


@runtime_checkable
class ChangeSource(Protocol):
    """Knows what was changed, and when."""

    async def changes(self, since: datetime, until: datetime) -> Sequence[Change]:
        """Oldest first. Raises Retryable or Rejected."""
        ...


@runtime_checkable
class StepKind(Protocol):
    """One kind of step of a runbook, such as "vendor.restart"."""

    step: str
    parameters: type[BaseModel]

    def plan(self, parameters: Any) -> Sequence[str]:
        """Every call that would be made, in words. Pure."""
        ...

    async def run(self, parameters: Any, key: str) -> dict[str, Any]:
        """What came of it, for later steps. `key` is the same for every try. Raises Retryable or Rejected."""
        ...

    async def look(self, parameters: Any, key: str) -> dict[str, Any] | None:
        """What came of an earlier try whose answer was lost; None when it did not happen. Raises Retryable or Rejected."""
        ...
