"""The simulated Prometheus answers as a real one does that holds the same samples."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from sandbox.company import Company
from sandbox.company.metrics import SIGNALS, exposition, open_metrics
from sandbox.vendors.prometheus import PrometheusSystem, number
from tests.sandbox.company.conftest import NOON, Moment
from tests.tools import missing

SINCE, UNTIL = NOON - 3600, NOON + 5400
START_WITHIN = 30.0
"""Real seconds until Prometheus answers."""

QUERIES = [
    *SIGNALS.values(),
    'container_memory_working_set_bytes{service="checkout"}',
    'requests_total{service=~"ch.*|api", code!="200"}',
    '{__name__=~"pool_.*", service="orders"}',
    "sum(rate(requests_total[5m]))",
    "avg by (node) (rate(container_cpu_usage_seconds_total[10m]))",
    "max without (service) (pool_in_use)",
    "count(up == 1)",
    "min by (service) (up) < bool 1",
    "pool_in_use / on (service, namespace) pool_size",
    "container_memory_working_set_bytes > 0.5 * container_spec_memory_limit_bytes",
    "irate(latency_seconds_sum[2m])",
    "increase(requests_total{service=\"checkout\"}[15m])",
    "delta(queue_depth{service=\"queue\"}[10m])",
    "max_over_time(pool_in_use[10m]) - min_over_time(pool_in_use[10m])",
    "avg_over_time(queue_depth[5m]) + sum_over_time(queue_depth[1m]) * 2 ^ 2",
    "count_over_time(up[5m])", "last_over_time(pool_in_use{service='web'}[5m])",
    "certificate_expiry_timestamp_seconds - time()", "clamp_max(clamp_min(pool_in_use, 1), 2)", "ceil(pool_in_use) % 2",
    "1 + 2 * 3", "-pool_size", "vector(1)", "abs(-queue_depth)", 'no_such_metric{service="x"}',
    'sum by (service) (rate(requests_total{code="500"}[5m])) / ignoring (code) sum by (service) (rate(requests_total[5m]))',
]  # fmt: skip

MISTAKES = [
    "sum by (service) (rate(requests_total[5m])", "rate(requests_total)", "rate(requests_total[5x])", "nonsense(up)", "up{",
    "up{service=checkout}", 'up{service=~"("}', "{}", '{service=""}', "", "up up", "sum(1)", "up[5m]", "requests_total[5m] / 2",
    "sum(up) by", "1 > 2", "rate(up[5m], up)", '"text"x', "up{service='a'", "clamp_min(up, up)",
]  # fmt: skip


@pytest.fixture(scope="module")
def company() -> Company:
    """With a leak that kills twice, a dependency that is down for a while, and a rollback."""
    now = Moment()
    made = Company(5, now)
    made.start_trouble("memory_leak", "checkout", strength=4)
    down = made.start_trouble("dependency_down", "fraud")
    now.at += 25 * 60
    made.end_trouble(down.id)
    now.at += 10 * 60
    made.rollback("checkout")
    now.at = UNTIL
    return made


@pytest.fixture(scope="module")
def real(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that holds the company's samples."""
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            missing(f"There is no {program}; on Debian: apt-get install prometheus.")
    folder = tmp_path_factory.mktemp("prometheus")
    with (folder / "samples").open("w") as file:
        file.writelines(open_metrics(company, SINCE - 1800, UNTIL))
    (folder / "prometheus.yml").write_text("global: {}\n")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", folder / "samples", folder / "data"], check=True
    )
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y", "--log.level=warn",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
async def simulated(company: Company) -> AsyncIterator[PrometheusSystem]:
    """Ours."""
    system = PrometheusSystem(company=company)
    runner = await system.start()
    yield system
    await system.stop(runner)


@pytest.fixture
async def session(real: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client, once the real one is ready."""
    async with aiohttp.ClientSession() as opened:
        async with asyncio.timeout(START_WITHIN):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with opened.get(f"{real}/-/ready") as answer:
                        if answer.status == 200:
                            break
                await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(lambda: None))], timeout=0.1)
        yield opened


async def asked(session: aiohttp.ClientSession, url: str, path: str, **query: Any) -> tuple[int, Any]:
    async with session.get(
        f"{url}/api/v1/{path}", params={name: str(value) for name, value in query.items()}
    ) as answer:
        return answer.status, await answer.json()


def by_labels(answer: Any) -> dict[tuple[tuple[str, str], ...], list[Any]]:
    assert answer["status"] == "success", answer
    return {
        tuple(sorted(each["metric"].items())): each.get("values") or [each["value"]]
        for each in answer["data"]["result"]
    }


def assert_same(ours: Any, theirs: Any) -> None:
    assert ours["data"]["resultType"] == theirs["data"]["resultType"]
    mine, other = by_labels(ours), by_labels(theirs)
    assert mine.keys() == other.keys()
    for labels, points in other.items():
        assert [at for at, _ in mine[labels]] == [at for at, _ in points], labels
        for (at, value), (_, wanted) in zip(mine[labels], points, strict=True):
            same = math.isclose(float(value), float(wanted), rel_tol=1e-9, abs_tol=1e-12) or value == wanted
            assert same, f"{labels} at {at}: {value} and not {wanted}"


@pytest.mark.parametrize("query", QUERIES)
async def test_answers_are_those_of_a_real_prometheus(
    session: aiohttp.ClientSession, simulated: PrometheusSystem, real: str, query: str
) -> None:
    span = {"query": query, "start": SINCE + 7, "end": UNTIL - 1, "step": "40"}
    answers = [await asked(session, url, "query_range", **span) for url in (simulated.url, real)]
    assert [status for status, _ in answers] == [200, 200], answers
    assert_same(answers[0][1], answers[1][1])
    if query not in ("1 + 2 * 3",):
        answers = [await asked(session, url, "query", query=query, time=NOON + 1234.5) for url in (simulated.url, real)]
        assert_same(answers[0][1], answers[1][1])


@pytest.mark.parametrize("query", MISTAKES)
async def test_mistakes_are_refused_as_a_real_prometheus_refuses_them(
    session: aiohttp.ClientSession, simulated: PrometheusSystem, real: str, query: str
) -> None:
    span = {"query": query, "start": NOON, "end": NOON + 600, "step": "60"}
    (status, ours), (wanted, theirs) = [
        await asked(session, url, "query_range", **span) for url in (simulated.url, real)
    ]
    assert (status, ours["status"], ours["errorType"]) == (wanted, theirs["status"], theirs["errorType"])
    # Why a regular expression is none, Python says in other words than Go.
    mine, other = [error.partition("error parsing regexp")[0] for error in (ours["error"], theirs["error"])]
    assert mine == other


@pytest.mark.parametrize(
    "span",
    [
        {"start": NOON, "end": NOON - 60, "step": 60}, {"start": NOON, "end": NOON + 60, "step": 0},
        {"start": NOON, "end": NOON + 60, "step": "x"}, {"start": "yesterday", "end": NOON, "step": 60},
        {"start": NOON, "end": NOON + 86400, "step": 1}, {"start": NOON, "end": NOON + 60},
    ],
)  # fmt: skip
async def test_limits_are_those_of_a_real_prometheus(
    session: aiohttp.ClientSession, simulated: PrometheusSystem, real: str, span: dict[str, Any]
) -> None:
    ours, theirs = [await asked(session, url, "query_range", query="up", **span) for url in (simulated.url, real)]
    assert ours == theirs


async def test_labels_and_times_are_those_of_a_real_prometheus(
    session: aiohttp.ClientSession, simulated: PrometheusSystem, real: str
) -> None:
    span = {"start": SINCE, "end": UNTIL}
    for path in ("labels", "label/service/values", "label/__name__/values", "label/nothing/values"):
        ours, theirs = [await asked(session, url, path, **span) for url in (simulated.url, real)]
        assert ours == theirs
    query = {"query": "pool_size", "time": "2026-03-16T12:10:00.5Z"}
    ours, theirs = [await asked(session, url, "query", **query) for url in (simulated.url, real)]
    assert_same(ours[1], theirs[1])
    ours, theirs = [
        await asked(session, url, "query", query="up{service='web'}[1m]", time=NOON) for url in (simulated.url, real)
    ]
    assert_same(ours[1], theirs[1])


async def test_what_a_service_exposes_is_readable_for_promtool(company: Company, real: str) -> None:
    checked = await asyncio.to_thread(
        subprocess.run, ["promtool", "check", "metrics"], input=exposition(company), text=True, capture_output=True
    )
    # promtool's other advice is about names: a summary has quantiles, a counter ends in _total.
    assert "parse" not in checked.stderr, checked.stderr


async def test_forms_tokens_and_readiness(simulated: PrometheusSystem) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{simulated.url}/api/v1/query", data={"query": "vector(1)", "time": NOON}) as answer:
            assert (await answer.json())["data"]["result"] == [{"metric": {}, "value": [NOON, "1"]}]
        async with session.get(f"{simulated.url}/-/ready") as answer:
            assert answer.status == 200
        simulated.token = "obviously-not-a-token"
        assert (await asked_status(session, simulated.url))[0] == 401
        good = {"Authorization": "Bearer obviously-not-a-token"}
        assert (await asked_status(session, simulated.url, good))[0] == 200


async def asked_status(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    async with session.get(f"{url}/api/v1/query?query=up", headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1"), (0.1, "0.1"), (1e-7, "0.0000001"), (1.25e-9, "0.00000000125"), (math.nan, "NaN"), (-math.inf, "-Inf"),
     (math.inf, "+Inf"), (1795226340.5, "1795226340.5"), (-0.25, "-0.25")],
)  # fmt: skip
def test_numbers_have_no_exponent(value: float, said: str) -> None:
    assert number(value) == said
