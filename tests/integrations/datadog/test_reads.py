"""Metrics and logs for investigations: what Datadog answers, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretStr

from integrations.datadog import Datadog
from integrations.datadog.policy import DatadogSettings
from sandbox.vendors.system import Body, FakeSystem
from tests.clock import ManualClock
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUERY = "sum:errors{env:prod} by {service}"
API_KEY, APP_KEY = "obviously-not-an-api-key", "obviously-not-an-app-key"


@dataclass
class FakeReads(FakeSystem):
    """One value a minute for two services; logs in pages of two."""

    logs: list[Body] = field(default_factory=list)

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/v1/query", self._query)
        router.add_post("/api/v2/logs/events/search", self._search)

    def refused(self, request: web.Request) -> web.Response | None:
        told = (request.headers.get("DD-API-KEY"), request.headers.get("DD-APPLICATION-KEY"))
        return None if told == (API_KEY, APP_KEY) else web.json_response({"errors": ["Forbidden"]}, status=403)

    async def _query(self, request: web.Request) -> web.Response:
        asked = request.query
        begin, end = int(asked["from"]), int(asked["to"])
        if asked["query"] != QUERY:
            return web.json_response(
                {"status": "error", "error": "Error parsing query: rule 'scope_expr' didn't match"}
            )
        assert end - begin <= 4 * 3600
        times = range(begin - begin % 60, end, 60)
        points = [[at * 1000, None if at % 600 == 0 else 2.0] for at in times]
        series = [
            {"scope": f"env:prod,service:{name}", "tag_set": tags, "pointlist": points, "interval": 60}
            for name, tags in (("api", ["service:api"]), ("cart", []))
        ]
        return web.json_response({"status": "ok", "series": series, "query": asked["query"]})

    async def _search(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["sort"] == "-timestamp"
        assert body["page"]["limit"] <= 1000
        begin = int(body["page"].get("cursor", "0"))
        page = self.logs[begin : begin + 2]
        meta = {"page": {"after": str(begin + 2)}} if begin + 2 < len(self.logs) else {}
        return web.json_response({"data": page, "meta": meta})


@pytest.fixture
async def server() -> AsyncIterator[FakeReads]:
    made = FakeReads()
    runner = await made.start()
    yield made
    await made.stop(runner)


@pytest.fixture
async def source(server: FakeReads, clock: ManualClock) -> AsyncIterator[Datadog]:
    keys = {"dd_api_key": SecretStr(API_KEY), "dd_app_key": SecretStr(APP_KEY)}
    made = Datadog(DatadogSettings(dd_api_url=server.url, **keys))
    await made.start(policy_of(), clock)
    yield made
    await made.stop()


async def test_a_day_is_asked_for_in_parts_as_fine_as_the_step(source: Datadog, server: FakeReads) -> None:
    found = {
        each.labels["service"]: each.points
        for each in await source.series(QUERY, NOON - timedelta(hours=24), NOON, MINUTE)
    }
    assert server.count("GET", "/api/v1/query") == 6
    assert found.keys() == {"api", "cart"}
    assert len(found["api"]) == 24 * 54, "without the minutes that have no value"
    assert [at for at, _ in found["api"]] == sorted({at for at, _ in found["api"]})


async def test_a_wrong_query_is_refused_in_its_own_words(source: Datadog) -> None:
    with pytest.raises(Rejected, match="Error parsing query"):
        await source.series("sum:errors{", NOON - MINUTE, NOON, MINUTE)


async def test_the_scope_that_the_key_lacks_is_named(source: Datadog, server: FakeReads) -> None:
    server.fail("GET", "/api/v1/query", 403, body=b'{"errors": ["Forbidden"]}')
    with pytest.raises(Rejected) as refused:
        await source.series(QUERY, NOON - MINUTE, NOON, MINUTE)
    assert "timeseries_query" in refused.value.advice
    server.fail("GET", "/api/v1/query", 429, headers={"X-RateLimit-Reset": "9"})
    with pytest.raises(Retryable):
        await source.series(QUERY, NOON - MINUTE, NOON, MINUTE)


async def test_logs_come_page_by_page_up_to_the_limit(source: Datadog, server: FakeReads) -> None:
    server.logs = [
        {
            "id": str(each),
            "attributes": {"timestamp": (NOON - each * MINUTE).isoformat(), "message": f"m{each}", "service": "api"},
        }
        for each in range(5)
    ]
    found = await source.lines("service:api", NOON - timedelta(hours=1), NOON, 100)
    assert [each.text for each in found] == ["m4", "m3", "m2", "m1", "m0"]
    assert found[0].labels == {"service": "api"}
    assert len(await source.lines("service:api", NOON - timedelta(hours=1), NOON, 2)) == 2


def test_names_are_written_as_each_of_its_languages_wants_them() -> None:
    source = Datadog(DatadogSettings())
    assert source.filled("service:{service} status:error", {"service": "a b"}) == 'service:"a b" status:error'
    assert source.filled("avg:errors{service:{service}}", {"service": "a-b"}) == "avg:errors{service:a-b}"
    with pytest.raises(Rejected):
        source.filled("avg:errors{service:{service}}", {"service": "a,env:dev"})


async def test_people_find_it_on_its_pages(source: Datadog) -> None:
    assert source.page_of(QUERY, NOON, NOON).startswith("https://app.datadoghq.com/metric/explorer?exp_query=")
    assert source.page_of("service:api", NOON, NOON).startswith("https://app.datadoghq.com/logs?query=service")
