"""Steps that read metrics and logs, from whichever integration has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, TypeVar

from pydantic import ConfigDict, Field, model_validator

from warroom.capabilities import (
    Finished,
    LogSource,
    MetricSource,
    Pending,
    Placed,
    Series,
    StepCall,
    StepKind,
    StepOutcome,
)
from warroom.durations import Delay, Duration, format_duration
from warroom.errors import Rejected
from warroom.policy.kinds import Text
from warroom.policy.mistake import Wrong
from warroom.value import Value

WINDOW = timedelta(minutes=5)
STEP = timedelta(seconds=15)
LOOK_EVERY = timedelta(seconds=15)


S = TypeVar("S")


def source_named(sources: Mapping[str, S], said: str | None, what: str) -> S:
    """The source of that name; the only one that is set up where none is named. Raises Rejected."""
    ready = {name: each for name, each in sources.items() if not _missing(each)}
    if said is not None:
        if said in ready:
            return ready[said]
        problem = f"{said} is not set up" if said in sources else f"there is no source of {what} called {said}"
        raise Rejected(problem, code="no_source", advice=f"Those there are: {', '.join(ready) or 'none'}.")
    if len(ready) == 1:
        return next(iter(ready.values()))
    problem = f"no source of {what} is set up" if not ready else f"there are several sources of {what}"
    advice = "Set one up." if not ready else f"Name one as source: {', '.join(ready)}."
    raise Rejected(problem, code="no_source", advice=advice)


def _missing(source: object) -> str:
    asked = getattr(source, "missing", None)
    return str(asked()) if callable(asked) else ""


class Of(StrEnum):
    """How several series become one."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    MEAN = "mean"


class _Query(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, ser_json_timedelta="float")

    query: Annotated[Text, Placed.QUERY] = Field(description="In the source's own language.", max_length=4_000)
    source: Text | None = Field(
        default=None, description="The integration, as the policy calls it. May be left out where there is only one."
    )
    of: Of | None = Field(
        default=None, description="How several series become one: sum, max, min or mean. Needed only then."
    )


def reduced(series: Sequence[Series], of: Of | None) -> list[tuple[datetime, float]]:
    """One line of points, without those that are no numbers. Raises Rejected where there are several lines and nothing says how
    they become one.
    """
    lines = [[(at, value) for at, value in each.points if not math.isnan(value)] for each in series]
    lines = [line for line in lines if line]
    if not lines:
        return []
    if len(lines) == 1:
        return sorted(lines[0])
    if of is None:
        advice = "Add `of: sum` (or max, min, mean), or aggregate in the query."
        raise Rejected(f"the query yields {len(lines)} series", code="many_series", advice=advice)
    by_time: dict[datetime, list[float]] = {}
    for line in lines:
        for at, value in line:
            by_time.setdefault(at, []).append(value)
    return sorted((at, _OF[of](values)) for at, values in by_time.items())


_OF: dict[Of, Callable[[Sequence[float]], float]] = {
    Of.SUM: math.fsum,
    Of.MAX: max,
    Of.MIN: min,
    Of.MEAN: lambda values: math.fsum(values) / len(values),
}


def shown(value: float) -> str:
    """A number for people."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


class ReadParameters(_Query):
    """What `metrics.read` takes."""

    over: Duration = Field(default=WINDOW, description="How far back the newest value may lie.")


class MetricsRead(StepKind[ReadParameters]):
    """One value of a metric."""

    step = "metrics.read"
    about = "Reads the newest value of a metric."
    parameters = ReadParameters
    outputs: ClassVar = {
        "value": "the newest value",
        "at": "when that was",
        "least": "the least value of the time",
        "most": "the most",
    }
    changes = False
    example = """{id: before, do: metrics.read, with: {query: 'container_memory_working_set_bytes{service="{service}"}', of: max}}"""

    def __init__(self, sources: Mapping[str, MetricSource]) -> None:
        self._sources = sources

    def plan(self, parameters: ReadParameters) -> Sequence[str]:
        return [f"Read {parameters.query}{_from(parameters.source)}"]

    async def run(self, parameters: ReadParameters, call: StepCall) -> StepOutcome:
        source = source_named(self._sources, parameters.source, "metrics")
        series = await source.series(parameters.query, call.now - parameters.over, call.now, STEP)
        points = reduced(series, parameters.of)
        if not points:
            raise Rejected(
                f"there is no value of the last {format_duration(parameters.over)}",
                code="no_data",
                advice="Check the query.",
            )
        at, value = points[-1]
        values = [each for _, each in points]
        outputs = {"value": value, "at": at.isoformat(), "least": min(values), "most": max(values)}
        return Finished(outputs=outputs, said=f"{shown(value)} at {at:%H:%M:%S} UTC")


class ExpectParameters(_Query):
    """What `metrics.expect` takes."""

    above: float | None = Field(default=None, description="The value has to be more than this.")
    below: float | None = Field(default=None, description="The value has to be less than this.")
    for_: Delay = Field(default=timedelta(0), alias="for", description="So long without a break.")

    @model_validator(mode="after")
    def _says_what(self) -> ExpectParameters:
        if self.above is None and self.below is None:
            raise Wrong("does not say what is expected", "add above or below")
        return self

    def met(self, value: float) -> bool:
        """Whether the value is as expected."""
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)


class MetricsExpect(StepKind[ExpectParameters]):
    """A metric that becomes what it should be, and stays so."""

    step = "metrics.expect"
    about = "Waits until a metric is above or below a value, for some time without a break. It proves that the service recovered."
    parameters = ExpectParameters
    outputs: ClassVar = {"value": "the newest value"}
    changes = False
    verifies = True
    within = timedelta(minutes=10)
    example = (
        """{id: recovered, do: metrics.expect, with: {query: 'rate(errors_total{service="{service}"}[1m])', below: 0.5, for: 3m}, """
        "within: 10m}"
    )

    def __init__(self, sources: Mapping[str, MetricSource]) -> None:
        self._sources = sources

    def plan(self, parameters: ExpectParameters) -> Sequence[str]:
        return [f"Wait until {parameters.query} is {_wanted(parameters)}{_from(parameters.source)}"]

    async def run(self, parameters: ExpectParameters, call: StepCall) -> StepOutcome:
        source = source_named(self._sources, parameters.source, "metrics")
        looked = _time(call.memory.get("looked"))
        since = looked or call.now - STEP * 4
        points = reduced(await source.series(parameters.query, since, call.now, STEP), parameters.of)
        good = _time(call.memory.get("good"))
        fresh = [(at, value) for at, value in points if looked is None or at > looked]
        if looked is None:
            fresh = fresh[-1:]  # what was before is not asked about
        for at, value in fresh:
            good = (good or at) if parameters.met(value) else None
        newest = points[-1] if points else None
        memory = {
            "looked": (newest[0] if newest else since).isoformat(),
            "good": good.isoformat() if good else None,
        }
        if newest is None:
            return Pending(said="There is no value", after=LOOK_EVERY, memory=memory)
        value = newest[1]
        if good is not None and newest[0] - good >= parameters.for_:
            lasting = f" for {format_duration(parameters.for_)}" if parameters.for_ else ""
            return Finished(
                outputs={"value": value}, said=f"{shown(value)} is {_wanted(parameters, short=True)}{lasting}"
            )
        if good is None:
            return Pending(
                said=f"{shown(value)} is not {_wanted(parameters, short=True)}", after=LOOK_EVERY, memory=memory
            )
        so_far = format_duration(newest[0] - good)
        said = (
            f"{shown(value)} is {_wanted(parameters, short=True)} since {so_far} of {format_duration(parameters.for_)}"
        )
        return Pending(said=said, after=LOOK_EVERY, memory=memory)


def _time(said: object) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def _wanted(parameters: ExpectParameters, *, short: bool = False) -> str:
    parts = []
    if parameters.above is not None:
        parts.append(f"above {_number(parameters.above)}")
    if parameters.below is not None:
        parts.append(f"below {_number(parameters.below)}")
    lasting = f" for {format_duration(parameters.for_)}" if parameters.for_ and not short else ""
    return " and ".join(parts) + lasting


def _number(value: object) -> str:
    return shown(value) if isinstance(value, int | float) else str(value)


def _from(source: str | None) -> str:
    return f" from {source}" if source else ""


class SearchParameters(Value):
    """What `logs.search` takes."""

    query: Annotated[Text, Placed.QUERY] = Field(description="In the source's own language.", max_length=4_000)
    source: Text | None = Field(
        default=None, description="The integration, as the policy calls it. May be left out where there is only one."
    )
    since: Duration = Field(default=timedelta(minutes=15), description="How far back.")
    limit: int = Field(default=20, ge=1, le=100, description="So many lines at most, the newest.")
    at_least: int | None = Field(default=None, ge=0, description="It fails where there are fewer.")
    at_most: int | None = Field(default=None, ge=0, description="It fails where there are more.")


class LogsSearch(StepKind[SearchParameters]):
    """Lines of logs."""

    step = "logs.search"
    about = "Searches logs."
    parameters = SearchParameters
    outputs: ClassVar = {
        "count": "how many lines, at most `limit`",
        "lines": "the lines, newest first",
        "newest": "the newest line",
    }
    changes = False
    example = """{id: errors, do: logs.search, with: {query: '{service="{service}"} |= "OutOfMemory"', since: 30m}}"""

    def __init__(self, sources: Mapping[str, LogSource]) -> None:
        self._sources = sources

    def plan(self, parameters: SearchParameters) -> Sequence[str]:
        return [
            f"Search the logs of the last {format_duration(parameters.since)}: {parameters.query}{_from(parameters.source)}"
        ]

    async def run(self, parameters: SearchParameters, call: StepCall) -> StepOutcome:
        source = source_named(self._sources, parameters.source, "logs")
        lines = list(await source.lines(parameters.query, call.now - parameters.since, call.now, parameters.limit))
        lines.sort(key=lambda line: line.at, reverse=True)
        count = len(lines)
        if parameters.at_least is not None and count < parameters.at_least:
            raise Rejected(f"{count} lines were found, and {parameters.at_least} were expected", code="too_few")
        if parameters.at_most is not None and count > parameters.at_most:
            raise Rejected(f"{count} lines were found, and {parameters.at_most} are the most", code="too_many")
        texts = [line.text[:500] for line in lines]
        outputs = {"count": count, "lines": texts, "newest": texts[0] if texts else ""}
        return Finished(outputs=outputs, said=f"{count} lines" if count != 1 else "1 line")
