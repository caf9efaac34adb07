"""Reading metrics from a server that answers as Prometheus does."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from integrations import http
from integrations.prometheus import Prometheus, queries
from integrations.prometheus.integration import PrometheusSettings
from tests.clock import ManualClock
from tests.integrations.prometheus.server import FakePrometheus
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUERY = "sum by (service) (errors)"


@pytest.fixture
async def server() -> AsyncIterator[FakePrometheus]:
    made = FakePrometheus(token="of-a-proxy")
    runner = await made.start()
    yield made
    await made.stop(runner)


@pytest.fixture
async def source(server: FakePrometheus, clock: ManualClock) -> AsyncIterator[Prometheus]:
    made = Prometheus(PrometheusSettings(prometheus_url=f"{server.url}/", prometheus_token=SecretStr(server.token)))
    await made.start(policy_of(prometheus={"page": "https://metrics.example.com"}), clock)
    yield made
    await made.stop()


def minutes(count: int, value: float = 1.0) -> dict[float, float]:
    return {(NOON - (count - 1 - each) * MINUTE).timestamp(): value for each in range(count)}


async def test_series_come_with_their_labels_and_without_what_is_no_number(
    source: Prometheus, server: FakePrometheus
) -> None:
    values = minutes(3, 0.25)
    values[(NOON - MINUTE).timestamp()] = math.nan
    server.series[QUERY] = [({"service": "api"}, values), ({"service": "cart"}, minutes(2, math.inf))]
    found = {
        each.labels["service"]: each.points for each in await source.series(QUERY, NOON - 2 * MINUTE, NOON, MINUTE)
    }
    assert found["api"] == ((NOON - 2 * MINUTE, 0.25), (NOON, 0.25))
    assert found["cart"] == ()


async def test_samples_stand_at_multiples_of_the_step(source: Prometheus, server: FakePrometheus) -> None:
    server.series[QUERY] = [({"service": "api"}, minutes(30))]
    await source.series(QUERY, NOON - timedelta(minutes=7, seconds=13), NOON, timedelta(minutes=5))
    (asked,) = [query for _, path, query in server.asked if path == "/api/v1/query_range"]
    assert float(asked["start"]) % 300 == 0
    assert asked["step"] == "300"


async def test_a_long_span_is_asked_for_in_parts_and_no_sample_is_missing(
    source: Prometheus, server: FakePrometheus
) -> None:
    values = {NOON.timestamp() - each: float(each) for each in range(25_000)}
    server.series[QUERY] = [({"service": "api"}, {at: values[at] for at in sorted(values)[::200]})]
    step = timedelta(seconds=1)
    (found,) = await source.series(QUERY, NOON - timedelta(seconds=24_999), NOON, step)
    assert server.count("GET", "/api/v1/query_range") == 3
    times = [at for at, _ in found.points]
    assert times == sorted(set(times))
    assert len(times) == 25_000


async def test_an_answer_that_is_too_large_is_asked_for_in_halves(
    source: Prometheus, server: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 3_000)
    server.series[QUERY] = [({"service": "api"}, minutes(240))]
    (found,) = await source.series(QUERY, NOON - timedelta(minutes=239), NOON, MINUTE)
    assert len(found.points) == 240
    assert len({at for at, _ in found.points}) == 240
    assert server.count("GET", "/api/v1/query_range") > 2


async def test_what_stays_too_large_is_refused_with_what_to_do(
    source: Prometheus, server: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 100)
    server.series[QUERY] = [({"service": "api"}, minutes(60))]
    with pytest.raises(Rejected, match="too much") as refused:
        await source.series(QUERY, NOON - timedelta(minutes=59), NOON, MINUTE)
    assert "sum by" in refused.value.advice


async def test_thousands_of_series_are_refused(
    source: Prometheus, server: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_SERIES", 10)
    server.series[QUERY] = [({"service": f"s{each}"}, minutes(1)) for each in range(11)]
    with pytest.raises(Rejected, match="more than 10 series"):
        await source.series(QUERY, NOON - MINUTE, NOON, MINUTE)


async def test_a_wrong_query_is_refused_in_the_words_of_the_system(source: Prometheus) -> None:
    with pytest.raises(Rejected, match="parse error"):
        await source.series("sum by (", NOON - MINUTE, NOON, MINUTE)


ODD = (
    b'{"metric":{"service":"a"},"values":[[1,"many"]]}', b'{"metric":{"service":"a"},"values":[[1,null]]}',
    b'{"metric":{"service":"a"},"values":[["x","1"]]}', b'{"metric":{"service":"a"},"values":[[1e15,"1"]]}',
    b'{"metric":{"service":"a"},"values":[7]}', b'{"metric":"a"}', b'"x"', b"3",
)  # fmt: skip
"""Series that are none."""


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            503,
            b'{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}',
            Retryable,
        ),
        (200, b"<html>", Retryable),
        (200, b'{"status":"success","data":{"resultType":"vector","result":[]}}', Rejected),
        (200, b'["other"]', Retryable),
        (200, b'{"status":"success","data":["x"]}', Rejected),
        *(
            (200, b'{"status":"success","data":{"resultType":"matrix","result":[' + each + b"]}}", Rejected)
            for each in ODD
        ),
        (401, b"Unauthorized", Rejected),
    ],
)
async def test_every_trouble_is_one_of_two(
    source: Prometheus, server: FakePrometheus, status: int, body: bytes, error: type[Exception]
) -> None:
    server.fail("GET", "/api/v1/query_range", status, body=body)
    with pytest.raises(error):
        await source.series(QUERY, NOON - MINUTE, NOON, MINUTE)


async def test_the_check_asks_with_the_token(source: Prometheus, server: FakePrometheus) -> None:
    assert await source.check(policy_of()) == ()
    server.token = "another"
    with pytest.raises(Rejected) as refused:
        await source.check(policy_of())
    assert "PROMETHEUS_TOKEN" in refused.value.advice


async def test_people_find_the_query_on_its_page(source: Prometheus) -> None:
    page = source.page_of('up{job="api"}', NOON - timedelta(hours=1), NOON)
    assert page.startswith("https://metrics.example.com/graph?g0.expr=up%7Bjob%3D%22api%22%7D&g0.tab=0")
    assert "g0.range_input=60m" in page


async def test_without_an_address_nothing_is_asked(clock: ManualClock) -> None:
    made = Prometheus(PrometheusSettings())
    assert made.missing() == "set PROMETHEUS_URL"
    await made.start(policy_of(), clock)
    with pytest.raises(Rejected, match="not set up"):
        await made.series("up", NOON - MINUTE, NOON, MINUTE)
