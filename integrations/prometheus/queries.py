"""Range queries ("HTTP API", query_range): their limits, and what is in their answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.http import ODD, HttpClient, TooLarge
from warroom.capabilities import Series
from warroom.errors import Rejected, Retryable

MOST_POINTS = 10_000
"""Of one series in one answer; Prometheus refuses more than 11,000."""
MOST_SERIES = 3_000
"""Of one query: more are no services."""
SHORTEST = timedelta(minutes=10)
"""A span that is not halved any more when its answer is too large."""
EVALUATION = "8s"
"""How long Prometheus may work on one question."""

Labels = tuple[tuple[str, str], ...]
Points = list[tuple[datetime, float]]


async def series(http: HttpClient, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
    """What the query yields, at multiples of the step, without what is no number. Long spans are asked for in parts.

    Raises Retryable or Rejected.
    """
    step = max(step, timedelta(seconds=1))
    grid = step.total_seconds()
    start = math.floor(since.timestamp() / grid) * grid
    found: dict[Labels, Points] = {}
    times: dict[float, datetime] = {}
    left = _spans(start, until.timestamp(), grid)
    while left:
        begins, ends = left.pop(0)
        try:
            answer = await http.get(
                "Asking a query",
                *("api", "v1", "query_range"),
                query=query,
                start=f"{begins:.3f}",
                end=f"{ends:.3f}",
                step=f"{grid:g}",
                timeout=EVALUATION,
            )
        except TooLarge as error:
            points = int((ends - begins) // grid) + 1
            if points < 2 or ends - begins < SHORTEST.total_seconds():
                why = "the query yields too much"
                raise Rejected(
                    why, code="too_large", advice="Ask for one series a service: sum by (service) (…)."
                ) from error
            middle = begins + (points // 2) * grid
            left[:0] = [(begins, middle - grid), (middle, ends)]
            continue
        try:
            await asyncio.to_thread(_read, data_in(answer, "matrix"), found, times)
        except ODD as error:
            why = "its answer holds something that is no sample"
            raise Rejected(why, code="odd_answer", advice="Look at what the query yields.") from error
    return [Series.model_construct(labels=dict(labels), points=tuple(points)) for labels, points in found.items()]


def _spans(start: float, end: float, grid: float) -> list[tuple[float, float]]:
    """The span in parts of at most MOST_POINTS steps, both ends included."""
    spans, width = [], (MOST_POINTS - 1) * grid
    while start <= end:
        spans.append((start, min(end, start + width)))
        start += width + grid
    return spans


def data_in(answer: Any, kind: str) -> list[Any]:
    """The result of that kind. Raises Rejected for another one, Retryable where the answer is none of Prometheus'."""
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise Retryable("Prometheus answered something that is not its API")
    data = answer.get("data")
    data = data if isinstance(data, dict) else {}
    if data.get("resultType") != kind or not isinstance(data.get("result"), list):
        raise Rejected(f"the query yields a {data.get('resultType')} and no {kind}", code="wrong_type")
    result: list[Any] = data["result"]
    return result


def _read(result: list[Any], found: dict[Labels, Points], times: dict[float, datetime]) -> None:
    """Adds to `found` what is in one answer. `times` keeps each time once: all series share the grid."""
    for each in result:
        labels: Labels = tuple(sorted((str(name), str(value)) for name, value in (each.get("metric") or {}).items()))
        points = found.setdefault(labels, [])
        for at, text in each.get("values") or ():  # native histograms have `histograms` instead
            value = float(text)
            if math.isfinite(value):
                when = times.get(at)
                if when is None:
                    when = times[at] = datetime.fromtimestamp(at, UTC)
                points.append((when, value))
    if len(found) > MOST_SERIES:
        raise Rejected(
            f"the query yields more than {MOST_SERIES:,} series",
            code="too_many_series",
            advice="Ask for one series a service: sum by (service) (…).",
        )
