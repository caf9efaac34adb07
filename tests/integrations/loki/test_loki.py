"""Reading logs from a server that answers as Loki does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretStr

from integrations.loki import Loki
from integrations.loki.integration import LokiSettings
from sandbox.vendors.system import Body, FakeSystem
from tests.clock import ManualClock
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUERY = '{service="checkout"} |= "error"'


@dataclass
class FakeLoki(FakeSystem):
    """Streams by query; as strict as Loki about what it is asked."""

    streams: dict[str, list[Body]] = field(default_factory=dict)

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/loki/api/v1/labels", self._labels)
        router.add_get("/loki/api/v1/query_range", self._range)

    def refused(self, request: web.Request) -> web.Response | None:
        told = (request.headers.get("Authorization"), request.headers.get("X-Scope-OrgID"))
        return None if told == ("Bearer of-a-proxy", "shop") else web.Response(status=401, text="no org id\n")

    async def _labels(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": ["service"]})

    async def _range(self, request: web.Request) -> web.Response:
        asked = request.query
        start, end, limit = int(asked["start"]), int(asked["end"]), int(asked["limit"])
        if asked["query"] not in self.streams:
            return web.Response(status=400, text="parse error at line 1, col 9: syntax error: unexpected }\n")
        if limit > 5000:
            why = f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > 5000)"
            return web.Response(status=400, text=why)
        assert asked["direction"] == "backward"
        result = []
        for stream in self.streams[asked["query"]]:
            values = [each for each in stream["values"] if start <= int(each[0]) < end]
            values = sorted(values, key=lambda each: int(each[0]), reverse=True)[:limit]
            result.append({"stream": stream["stream"], "values": values})
        return web.json_response(
            {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}
        )


@pytest.fixture
async def server() -> AsyncIterator[FakeLoki]:
    made = FakeLoki()
    runner = await made.start()
    yield made
    await made.stop(runner)


@pytest.fixture
async def source(server: FakeLoki, clock: ManualClock) -> AsyncIterator[Loki]:
    settings = LokiSettings(loki_url=server.url, loki_token=SecretStr("of-a-proxy"), loki_tenant="shop")
    made = Loki(settings)
    await made.start(policy_of(loki={"page": "https://grafana.example.com"}), clock)
    yield made
    await made.stop()


def at(seconds: float) -> str:
    return str(int((NOON + timedelta(seconds=seconds)).timestamp()) * 1_000_000_000 + 123_456_789)


async def test_the_newest_lines_come_in_order_with_all_their_labels(source: Loki, server: FakeLoki) -> None:
    server.streams[QUERY] = [
        {"stream": {"service": "checkout", "pod": "a"}, "values": [[at(1), "one"], [at(3), "three", {"trace": "t1"}]]},
        {"stream": {"service": "checkout", "pod": "b"}, "values": [[at(2), "two"], [at(99), "too late"]]},
    ]
    found = await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)
    assert [each.text for each in found] == ["one", "two", "three"]
    assert found[0].at == NOON + timedelta(seconds=1, microseconds=123_456)
    assert found[2].labels == {"service": "checkout", "pod": "a", "trace": "t1"}
    assert [each.text for each in await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 2)] == ["two", "three"]


async def test_no_more_is_asked_for_than_it_gives(source: Loki, server: FakeLoki) -> None:
    server.streams[QUERY] = []
    assert await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 50_000) == []


async def test_a_wrong_query_is_refused_in_its_own_words(source: Loki) -> None:
    with pytest.raises(Rejected, match="parse error at line 1"):
        await source.lines('{service="}', NOON, NOON + timedelta(minutes=1), 10)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"context deadline exceeded", Retryable),
        (429, b"too many outstanding requests", Retryable),
        (200, b'{"status":"success","data":{"resultType":"matrix","result":[]}}', Rejected),
        (200, b"[]", Retryable),
    ],
)
async def test_every_trouble_is_one_of_two(
    source: Loki, server: FakeLoki, status: int, body: bytes, error: type[Exception]
) -> None:
    server.fail("GET", "/loki/api/v1/query_range", status, body=body)
    with pytest.raises(error):
        await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)


async def test_the_check_finds_it(source: Loki, server: FakeLoki) -> None:
    assert await source.check(policy_of()) == ()
    server.fail("GET", "/loki/api/v1/labels", 200, body=b"<html>")
    with pytest.raises((Rejected, Retryable)):
        await source.check(policy_of())


async def test_people_find_the_lines_where_the_policy_says(source: Loki, clock: ManualClock) -> None:
    page = source.page_of(QUERY, NOON, NOON + timedelta(hours=1))
    assert page.startswith("https://grafana.example.com/explore?schemaVersion=1&panes=")
    plain = Loki(LokiSettings(loki_url="http://loki"))
    await plain.start(policy_of(), clock)
    assert plain.page_of(QUERY, NOON, NOON) == ""


@pytest.mark.parametrize("odd", ["[7]", '[["x", "line"]]', "7", '[["99999999999999999999999999", "line"]]'])
async def test_what_is_no_line_is_refused_in_a_sentence(source: Loki, server: FakeLoki, odd: str) -> None:
    body = '{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":ODD}]}}'.replace(
        "ODD", odd
    )
    server.fail("GET", "/loki/api/v1/query_range", 200, body=body.encode())
    with pytest.raises(Rejected, match="no line"):
        await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)
