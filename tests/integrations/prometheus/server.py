"""A server that answers range queries as Prometheus does, with series that the test gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from sandbox.vendors.system import FakeSystem

Labels = dict[str, str]


@dataclass
class FakePrometheus(FakeSystem):
    """`series` by query: labels and values by time (Unix seconds)."""

    series: dict[str, list[tuple[Labels, dict[float, float]]]] = field(default_factory=dict)
    token: str = ""
    strict: bool = True
    """Refuses more than 11,000 points, as Prometheus does."""

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/v1/query", self._query)
        router.add_get("/api/v1/query_range", self._range)

    def refused(self, request: web.Request) -> web.Response | None:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="Unauthorized")
        return None

    async def _query(self, request: web.Request) -> web.Response:
        result = [{"metric": {}, "value": [0, "1"]}]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": result}})

    async def _range(self, request: web.Request) -> web.Response:
        asked = request.query
        start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
        unknown = set(asked) - {"query", "start", "end", "step", "timeout", "limit"}
        if unknown or asked["query"] not in self.series:
            return _error(400, "bad_data", f'invalid parameter "query": 1:1: parse error: {asked["query"]}')
        if end < start:
            return _error(400, "bad_data", 'invalid parameter "end": end timestamp must not be before start time')
        if (end - start) / step > 11_000:
            return _error(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries.")
        result = []
        for labels, values in self.series[asked["query"]]:
            points = []
            at = start
            while at <= end:
                seen = [when for when in values if at - 300 < when <= at]
                if seen:
                    points.append([at, _text(values[max(seen)])])
                at += step
            if points:
                result.append({"metric": labels, "values": points})
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": result}})


def _text(value: float) -> str:
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), str(value))


def _error(status: int, kind: str, why: str) -> web.Response:
    return web.json_response({"status": "error", "errorType": kind, "error": why}, status=status)
