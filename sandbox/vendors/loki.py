"""Loki on loopback, reading the company's logs.

Parameters, limits, answers and errors are as in "Loki HTTP API" and in Loki's own sources (pkg/loghttp, pkg/logql/syntax).
Of the language it understands what `sandbox.company.logql` says; anything else is refused as a mistake in the query is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice

from aiohttp import web

from sandbox.company import Company
from sandbox.company.logql import LogQuery, LogQueryError, parse
from sandbox.company.logs import LogLine, lines
from sandbox.company.metrics import NAMESPACE
from sandbox.company.services import NAMES
from sandbox.vendors.system import Body, FakeSystem

MOST_LINES = 5_000
"""max_entries_limit_per_query, as it is delivered."""
LONGEST = 30.5 * 86400
"""max_query_length: 30d1h, in seconds."""
HOUR = 3600
NANO = 1_000_000_000
LEVELS = ("error", "info", "warn")


class BadRequest(Exception):
    """What is wrong with a request, as Loki words it."""


@dataclass
class LokiSystem(FakeSystem):
    """One tenant. Labels: service, namespace, level."""

    company: Company = field(kw_only=True)
    token: str = ""
    """What a proxy in front of it wants as bearer; "" for nobody."""

    _kept: dict[tuple[str, str, int], list[LogLine]] = field(default_factory=dict)
    _recorded: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called, and some by which people find out what there is."""
        router.add_get("/loki/api/v1/query_range", self._query_range)
        router.add_post("/loki/api/v1/query_range", self._query_range)
        router.add_get("/loki/api/v1/labels", self._labels)
        router.add_get("/loki/api/v1/label/{name}/values", self._values)
        router.add_get("/ready", self._ready)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has not the token."""
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="Unauthorized\n")
        return None

    async def _query_range(self, request: web.Request) -> web.Response:
        form = await request.post() if request.method == "POST" else {}
        try:
            given = {**request.query, **{name: str(value) for name, value in form.items()}}
            async with self._one_at_a_time:
                return web.json_response(await asyncio.to_thread(self._found, given))
        except (BadRequest, LogQueryError) as error:
            return web.Response(status=400, text=str(error))

    def _found(self, given: dict[str, str]) -> Body:
        now = self.company.now()
        end = _moment(given["end"]) if "end" in given else now
        start = _moment(given["start"]) if "start" in given else end - 3600
        limit, direction = _limit(given.get("limit", "100")), given.get("direction", "backward").lower()
        if direction not in ("backward", "forward"):
            raise BadRequest(f"invalid direction '{given['direction']}'")
        if end < start:
            raise BadRequest("end timestamp must not be before or equal to start time")
        if end - start > LONGEST:
            raise BadRequest(
                f"the query time range exceeds the limit (query length: {(end - start) / 3600:.0f}h0m0s, limit: 30d1h)"
            )
        if not given.get("query"):
            raise BadRequest("parse error : syntax error: unexpected $end")
        found = self._lines(parse(given["query"]), start, end, limit, direction == "backward")
        streams: dict[tuple[str, str], list[list[str]]] = {}
        for line in found:
            streams.setdefault((line.service, line.level), []).append([str(_nanoseconds(line.at)), line.text])
        result = [
            {"stream": {"level": level, "namespace": NAMESPACE, "service": service}, "values": values}
            for (service, level), values in streams.items()
        ]
        return {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}

    def _lines(self, query: LogQuery, start: float, end: float, limit: int, backward: bool) -> list[LogLine]:
        """Of [start, end). An hour at a time, so that a few of the newest lines do not cost a day."""
        streams = [
            (service, level) for service in NAMES for level in LEVELS
            if all(
                each.fits({"service": service, "namespace": NAMESPACE, "level": level}.get(each.name, ""))
                for each in query.matchers
            )
        ]  # fmt: skip
        found: list[LogLine] = []
        start, end = max(start, self.company.begins), min(end, self.company.now() + 0.001)
        hours = range(int(start // HOUR), int(end // HOUR) + 1)
        for hour in reversed(hours) if backward else hours:
            each = [self._hour(service, level, hour) for service, level in streams]
            fits = [
                line for line in merge(*each, key=lambda line: line.at)
                if start <= line.at < end and all(condition.fits(line.text) for condition in query.filters)
            ]  # fmt: skip
            found += reversed(fits) if backward else fits
            if len(found) >= limit:
                break
        return list(islice(found, limit))

    def _hour(self, service: str, level: str, hour: int) -> list[LogLine]:
        """The lines of one hour; those of hours that are over are kept until something is recorded."""
        company = self.company
        recorded = len(company.acts) + len(company.changes) + len(company.troubles)
        if recorded != self._recorded:
            self._kept.clear()
            self._recorded = recorded
        if (kept := self._kept.get((service, level, hour))) is not None:
            return kept
        found = [
            line for line in lines(company, service, hour * HOUR, (hour + 1) * HOUR, level=level)
            if line.at < (hour + 1) * HOUR
        ]  # fmt: skip
        if (hour + 1) * HOUR <= company.now():
            self._kept[(service, level, hour)] = found
        return found

    async def _labels(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": ["level", "namespace", "service"]})

    async def _values(self, request: web.Request) -> web.Response:
        known = {"level": list(LEVELS), "namespace": [NAMESPACE], "service": sorted(NAMES)}
        return web.json_response({"status": "success", "data": known.get(request.match_info["name"], [])})

    async def _ready(self, request: web.Request) -> web.Response:
        return web.Response(text="ready\n")


def _nanoseconds(at: float) -> int:
    # A float holds microseconds of these years, not nanoseconds.
    return round(at * 1_000_000) * 1000


def _moment(said: str) -> float:
    """Nanoseconds since 1970, or seconds with a fraction or of at most ten digits, or a time as in RFC 3339."""
    try:
        if "." in said or len(said) <= 10:
            return float(said)
        return int(said) / NANO
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(said).timestamp()
    except ValueError:
        raise BadRequest(f'could not parse timestamp "{said}"') from None


def _limit(said: str) -> int:
    try:
        limit = int(said)
    except ValueError:
        raise BadRequest(f'strconv.ParseUint: parsing "{said}": invalid syntax') from None
    if limit <= 0:
        raise BadRequest("limit must be a positive value")
    if limit > MOST_LINES:
        raise BadRequest(
            f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {MOST_LINES})"
        )
    return limit
