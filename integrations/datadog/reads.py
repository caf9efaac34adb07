"""Metrics and logs of Datadog ("Query timeseries points" v1, "Search logs" v2): read, nothing else. By the plain HTTP client: the
library makes a model of every point.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.http import HttpClient
from warroom.capabilities import LogLine, Series
from warroom.errors import Rejected, Retryable

MOST_SERIES = 3_000
FINE, COARSE = timedelta(hours=4), timedelta(days=1)
"""Longer spans than these Datadog answers in steps of more than one minute, and more than five."""
PAGE = 1_000
"""Lines of one answer; Datadog gives no more."""
LONGEST_LINE = 4_000

Labels = tuple[tuple[str, str], ...]
Points = dict[datetime, float]


async def series(http: HttpClient, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
    """What the query yields, at the steps that Datadog chooses, in parts so short that they are as fine as `step`. Raises
    Retryable or Rejected.
    """
    width = FINE if step < timedelta(minutes=5) else COARSE
    found: dict[Labels, Points] = {}
    while since < until:
        end = min(until, since + width)
        asked = {"from": str(int(since.timestamp())), "to": str(int(end.timestamp())), "query": query}
        answer = await http.get("Asking for a metric", "api", "v1", "query", **asked)
        if not isinstance(answer, dict) or answer.get("status") not in ("ok", None):
            raise Rejected(f"the query was refused: {_reason(answer)}", code="refused", advice="Try it in Datadog.")
        await asyncio.to_thread(_read, answer.get("series") or [], found)
        since = end
    return await asyncio.to_thread(_in_order, found)


def _in_order(found: dict[Labels, Points]) -> list[Series]:
    return [
        Series.model_construct(labels=dict(labels), points=tuple(sorted(points.items())))
        for labels, points in found.items()
    ]


def _reason(answer: Any) -> str:
    return str(answer.get("error") or answer.get("message") or "")[:200] if isinstance(answer, dict) else "no answer"


def _read(series: list[Any], found: dict[Labels, Points]) -> None:
    for each in series:
        tags = each.get("tag_set") or [tag for tag in str(each.get("scope") or "").split(",") if ":" in tag]
        labels: Labels = tuple(sorted((name, value) for name, _, value in (str(tag).partition(":") for tag in tags)))
        points = found.setdefault(labels, {})
        for at, value in each.get("pointlist") or ():
            if isinstance(value, int | float) and math.isfinite(value):
                points[datetime.fromtimestamp(at / 1000, UTC)] = float(value)
    if len(found) > MOST_SERIES:
        advice = "Ask for one series a service: … by {service}."
        raise Rejected(f"the query yields more than {MOST_SERIES:,} series", code="too_many_series", advice=advice)


async def lines(http: HttpClient, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
    """The newest lines that fit, oldest first. Raises Retryable or Rejected."""
    found: list[LogLine] = []
    cursor: str | None = None
    while len(found) < limit:
        body: dict[str, Any] = {
            "filter": {"query": query, "from": since.isoformat(), "to": until.isoformat()},
            "sort": "-timestamp",
            "page": {"limit": min(PAGE, limit - len(found))} | ({"cursor": cursor} if cursor else {}),
        }
        answer = await http.post("Searching the log", "api", "v2", "logs", "events", "search", json=body)
        if not isinstance(answer, dict):
            raise Retryable("Datadog answered something that is not a list of logs")
        page = list(_lines_in(answer))
        found += page
        cursor = ((answer.get("meta") or {}).get("page") or {}).get("after")
        if not cursor or not page:
            break
    return sorted(found, key=lambda line: line.at)


def _lines_in(answer: dict[str, Any]) -> Iterator[LogLine]:
    for each in answer.get("data") or ():
        said = each.get("attributes") or {}
        labels = {name: str(said[name]) for name in ("service", "host", "status") if said.get(name)}
        try:
            at = datetime.fromisoformat(str(said.get("timestamp")))
        except ValueError:
            continue
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        yield LogLine(at=at, text=str(said.get("message") or "")[:LONGEST_LINE], labels=labels)


def page_of(pages: str, query: str, since: datetime, until: datetime) -> str:
    """The page of the metric explorer, or of the log explorer for what is no query of a metric."""
    span = {"start": str(round(since.timestamp() * 1000)), "end": str(round(until.timestamp() * 1000))}
    if is_metric(query):
        return f"{pages}/metric/explorer?{urlencode({'exp_query': query} | span)}"
    times = {"from_ts": span["start"], "to_ts": span["end"], "live": "false"}
    return f"{pages}/logs?{urlencode({'query': query} | times)}"


def is_metric(query: str) -> bool:
    """Whether it asks for a metric: those have a scope in braces."""
    return "{" in query
