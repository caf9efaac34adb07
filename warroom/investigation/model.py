"""What an investigation looks at, and what it answers. Times are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from warroom.capabilities import LogLine
from warroom.changes.model import Change
from warroom.value import Stored, Value

Bad = Literal["up", "down", "both"]
"""The direction in which a signal is bad."""

FactKind = Literal["restart", "out_of_memory", "image_changed", "pending", "event", "health", "unreachable", "alert"]


class ObservedSeries(Value):
    """One signal of one service, from the baseline's beginning to the window's end. Missing samples are absent."""

    service: str
    signal: str
    bad: Bad = "up"
    points: tuple[tuple[datetime, float], ...]
    source: str = ""
    """The system it was read from, as people call it."""
    query: str = ""
    """To be repeated by hand, in the source's own language."""
    url: str = ""


class ObservedLogs(Value):
    """Lines of one service's log, in the baseline and in the window."""

    service: str
    lines: tuple[LogLine, ...]
    source: str = ""
    query: str = ""
    url: str = ""


class Fact(Value):
    """Something that happened to a service at one moment: a restart, a failed health check, an alert."""

    service: str
    kind: FactKind
    at: datetime
    text: str
    source: str = ""
    url: str = ""


class PastIncident(Value):
    """An incident that resembles this one. `cause` is the service that people said it was, if they said so."""

    number: int
    title: str
    url: str = ""
    cause: str | None = None
    fixed_by: str = ""


NOT_SAID = "the policy does not say how"
"""Why nobody looked at something."""


class NotLookedAt(Stored):
    """A source that gave no answer, or none in time."""

    source: str
    why: str


class Findings(Value):
    """Everything that was collected. The window is [at - window, until]; the baseline lies before it."""

    service: str
    """Where it was noticed."""
    at: datetime
    """When it was noticed: the first alert, else the declaration. The true beginning may be some minutes earlier or later."""
    until: datetime
    window: timedelta = timedelta(minutes=30)
    baseline: timedelta = timedelta(days=1)
    step: timedelta = timedelta(minutes=1)
    depends_on: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By service, what it calls. Empty where nobody knows."""
    series: tuple[ObservedSeries, ...] = ()
    logs: tuple[ObservedLogs, ...] = ()
    changes: tuple[Change, ...] = ()
    facts: tuple[Fact, ...] = ()
    similar: tuple[PastIncident, ...] = ()
    not_looked_at: tuple[NotLookedAt, ...] = ()


def time_of_day(at: datetime) -> str:
    """As evidence names a time: "12:03 UTC"."""
    return f"{at.astimezone(UTC):%H:%M} UTC"


class Evidence(Stored):
    """One thing that speaks for a cause, or against it, and how to see it again."""

    kind: Literal["series", "log", "change", "fact", "graph", "similar"]
    text: str
    query: str = ""
    since: datetime | None = None
    until: datetime | None = None
    url: str = ""
    times: tuple[datetime, ...] = ()
    """The times that `text` names, each as `time_of_day` says it: they can be shown in a reader's own zone."""


class Cause(Stored):
    """A service that may have caused it."""

    service: str
    signal: str
    score: float
    confidence: float
    """0 to 1: of the causes said with 0.8 about 8 in 10 are right."""
    onset: datetime | None = None
    change: Change | None = None
    evidence: tuple[Evidence, ...] = ()
    against: tuple[Evidence, ...] = ()


class RuledOut(Stored):
    """A service that was looked at and is not the cause, with why."""

    service: str
    why: str


class Answer(Stored):
    """What an investigation says. Up to three causes, the most likely first."""

    service: str
    at: datetime
    verdict: Literal["cause", "inconclusive"]
    causes: tuple[Cause, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    not_looked_at: tuple[NotLookedAt, ...] = ()
    similar: tuple[PastIncident, ...] = ()
    next_steps: tuple[str, ...] = ()
    took_seconds: float = 0.0
