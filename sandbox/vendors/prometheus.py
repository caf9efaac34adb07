"""Prometheus on loopback, reading the company's metrics.

Parameters, limits, answers and errors are as in the documentation ("HTTP API", "Management API") and in Prometheus 2.42,
with which a test compares them. Of the language it understands what `sandbox.company.promql` says; anything else is refused
as a mistake in the query is.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from aiohttp import web

from sandbox.company import Company
from sandbox.company.metrics import METRICS, Labels
from sandbox.company.promql import Matcher, Node, QueryError, Selector, is_matrix, parse, seconds
from sandbox.company.promql_values import NAME, Row, evaluate_tree, selected
from sandbox.vendors.system import FakeSystem

MOST_POINTS = 11_000
"""Points of one series that an answer may have."""
SERIES_WITHIN = 12 * 3600.0
"""Seconds of samples that the addresses about labels look at when no time is given."""


class BadRequest(Exception):
    """What is wrong with a request, as Prometheus words it; `kind` is its errorType."""

    def __init__(self, text: str, kind: str = "bad_data", status: int = 400) -> None:
        super().__init__(text)
        self.kind, self.status = kind, status


@dataclass
class PrometheusSystem(FakeSystem):
    """One server."""

    company: Company = field(kw_only=True)
    token: str = ""
    """What a proxy in front of it wants as bearer; "" for nobody."""

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called, and some by which people find out what there is."""
        for path, do in (
            ("/api/v1/query", self._query),
            ("/api/v1/query_range", self._query_range),
            ("/api/v1/labels", self._labels),
            ("/api/v1/series", self._series),
        ):
            router.add_get(path, do)
            router.add_post(path, do)
        router.add_get("/api/v1/label/{name}/values", self._label_values)
        router.add_get("/api/v1/status/buildinfo", self._build)
        router.add_get("/-/ready", self._ready)
        router.add_get("/-/healthy", self._healthy)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has not the token."""
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="Unauthorized\n")
        return None

    async def _query(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._at_once)

    async def _query_range(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._over_time)

    async def _answered(self, request: web.Request, do: Any) -> web.Response:
        try:
            given = await _given(request)
            return web.json_response({"status": "success", "data": await asyncio.to_thread(do, given)})
        except BadRequest as error:
            body = {"status": "error", "errorType": error.kind, "error": str(error)}
            return web.json_response(body, status=error.status)

    def _at_once(self, given: dict[str, str]) -> Any:
        at = _moment(given["time"], "time") if "time" in given else self.company.now()
        tree = _tree(given, matrix=True)
        if isinstance(tree, Selector) and is_matrix(tree):
            return {"resultType": "matrix", "result": self._samples(tree, at)}
        result = self._values(tree, np.array([at]))
        if not isinstance(result, list):
            return {"resultType": "scalar", "result": [_time(at), number(float(result[0]))]}
        rows = [
            {"metric": dict(r.labels), "value": [_time(at), number(float(r.values[0]))]} for r in result if r.there[0]
        ]
        return {"resultType": "vector", "result": rows}

    def _samples(self, tree: Selector, at: float) -> list[Any]:
        assert tree.range is not None
        return [
            {
                "metric": dict(sorted(((NAME, each.name), *each.labels))),
                "values": [
                    [_time(moment), number(value)]
                    for moment, value in zip(each.times.tolist(), each.values.tolist(), strict=True)
                ],
            }
            for each in selected(self.company, tree, at - tree.range, at)
        ]

    def _over_time(self, given: dict[str, str]) -> Any:
        start, end = _moment(given.get("start", ""), "start"), _moment(given.get("end", ""), "end")
        if end < start:
            raise BadRequest('invalid parameter "end": end timestamp must not be before start time')
        step = _step(given.get("step", ""))
        if step <= 0:
            raise BadRequest(
                'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
                "Try a positive integer"
            )
        if (end - start) / step > MOST_POINTS:
            raise BadRequest(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
            )
        tree = _tree(given, matrix=False)
        times = start + np.arange(int((end - start) / step + 1e-9) + 1) * step
        result = self._values(tree, times)
        rows = result if isinstance(result, list) else [Row((), result, np.ones(len(times), dtype=np.bool_))]
        shown = [{"metric": dict(row.labels), "values": _points(row, times)} for row in sorted(rows, key=_order)]
        return {"resultType": "matrix", "result": shown}

    def _values(self, tree: Node, times: Any) -> Any:
        try:
            return evaluate_tree(self.company, tree, times)
        except QueryError as error:
            raise BadRequest(str(error), "execution", 422) from None

    async def _labels(self, request: web.Request) -> web.Response:
        return await self._answered(
            request, lambda given: sorted({name for labels in self._known(given) for name, _ in labels})
        )

    async def _label_values(self, request: web.Request) -> web.Response:
        wanted = request.match_info["name"]
        return await self._answered(
            request, lambda given: sorted({v for labels in self._known(given) for name, v in labels if name == wanted})
        )

    async def _series(self, request: web.Request) -> web.Response:
        def found(given: dict[str, str]) -> Any:
            if "match[]" not in given:
                raise BadRequest("no match[] parameter provided")
            return [dict(labels) for labels in self._known(given)]

        return await self._answered(request, found)

    def _known(self, given: dict[str, str]) -> list[Labels]:
        """The series that have samples in that time, as (label, value)s."""
        until = _moment(given["end"], "end") if "end" in given else self.company.now()
        since = _moment(given["start"], "start") if "start" in given else until - SERIES_WITHIN
        tree = _tree({"query": given["match[]"]}, matrix=False) if "match[]" in given else None
        if tree is not None and not isinstance(tree, Selector):
            raise BadRequest('invalid parameter "match[]": a series selector is wanted')
        if tree is None:
            names = "|".join(dict.fromkeys(each.name for each in METRICS))
            tree = Selector((Matcher(NAME, "=~", names),))
        return [tuple(sorted(((NAME, e.name), *e.labels))) for e in selected(self.company, tree, since, until)]

    async def _build(self, request: web.Request) -> web.Response:
        data = {"version": "2.42.0", "revision": "sandbox", "branch": "HEAD", "goVersion": "go1.19"}
        return web.json_response({"status": "success", "data": data})

    async def _ready(self, request: web.Request) -> web.Response:
        return web.Response(text="Prometheus Server is Ready.\n")

    async def _healthy(self, request: web.Request) -> web.Response:
        return web.Response(text="Prometheus Server is Healthy.\n")


def number(value: float) -> str:
    """A sample's value as Go writes it without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e17:
        return str(int(value))
    said = repr(value)
    if "e" not in said:
        return said
    digits = max(0, -int(said.partition("e")[2])) + len(said.partition("e")[0].replace(".", "").lstrip("-"))
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _order(row: Row) -> Labels:
    return tuple(sorted(row.labels))


def _points(row: Row, times: Any) -> list[Any]:
    return [
        [_time(at), number(value)]
        for at, value, there in zip(times.tolist(), row.values.tolist(), row.there.tolist(), strict=True)
        if there
    ]


def _time(at: float) -> float | int:
    rounded = round(at, 3)
    return int(rounded) if rounded == int(rounded) else rounded


async def _given(request: web.Request) -> dict[str, str]:
    """Parameters of the address and of the form; those of the form come first, as in Prometheus."""
    form = await request.post() if request.method == "POST" else {}
    return {**request.query, **{name: str(value) for name, value in form.items()}}


def _tree(given: dict[str, str], *, matrix: bool) -> Node:
    try:
        tree = parse(given.get("query", ""))
    except QueryError as error:
        raise BadRequest(str(error)) from None
    if is_matrix(tree) and not matrix:
        raise BadRequest('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
    return tree


def _moment(said: str, name: str) -> float:
    """Seconds since 1970, or a time as in RFC 3339."""
    try:
        found = float(said)
        if math.isfinite(found):
            return found
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadRequest(f'invalid parameter "{name}": cannot parse "{said}" to a valid timestamp')
    return at.timestamp()


def _step(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        pass
    try:
        return seconds(said)
    except QueryError:
        raise BadRequest(f'invalid parameter "step": cannot parse "{said}" to a valid duration') from None
