"""The web side: how the process is, and how much it takes from whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.runtime.limits import BODY_LIMIT, Limits, Rate
from bot.runtime.observability import Meters
from bot.runtime.web import Web
from warroom.outbox.changes import AlertDecision, AlertOutcome, Claim, StoreStats

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class StillClock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Site:
    """A server on loopback; `problems` and `meters` are what the process says of itself."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.meters = Meters()
        self.url = ""
        self.port = 0

    async def ready(self) -> list[str]:
        return self.problems

    async def metrics(self) -> bytes:
        return self.meters.text()


@asynccontextmanager
async def serving(
    site: Site,
    hook: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None,
    limits: Limits | None = None,
    headers_within: float = 20.0,
) -> AsyncIterator[aiohttp.ClientSession]:
    hooks = [web.post("/hooks/datadog", hook)] if hook else []
    server = Web("127.0.0.1", 0, site.ready, site.metrics, hooks, limits, headers_within)
    site.port = await server.start()
    site.url = f"http://127.0.0.1:{site.port}"
    try:
        async with aiohttp.ClientSession(site.url) as client:
            yield client
    finally:
        await server.stop()


@pytest.fixture
def site() -> Site:
    return Site()


async def accepted(request: web.Request) -> web.StreamResponse:
    """A hook that knows one secret."""
    return web.Response(status=202 if request.headers.get("X-Warroom-Token") == "right" else 401)


async def test_a_process_that_lives_is_healthy_even_when_it_is_not_ready(site: Site) -> None:
    site.problems = ["database: away"]
    async with serving(site) as client:
        assert (await client.get("/healthz")).status == 200
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {"ok": False, "problems": ["database: away"]}
        site.problems = []
        assert (await client.get("/readyz")).status == 200


async def test_the_metrics_say_what_operators_ask_first(site: Site) -> None:
    meters = site.meters
    claim = Claim(
        key="k",
        fence=1,
        rev=0,
        attempts=1,
        outcome_unknown=False,
        created_at=NIGHT,
        due_at=NIGHT,
        incident_id=None,
        timer="ack",
    )
    meters.work("ack", "done", claim, NIGHT + timedelta(seconds=2))
    meters.work("post", "dead letter", claim.copy_with(timer=None), NIGHT)
    meters.called("chat.postMessage", "limited")
    meters.acked("interactive", 0.02)
    meters.alert_decided(AlertDecision(delivery_id="d", outcome=AlertOutcome.OPENED))
    meters.connected(1)
    known = StoreStats(
        open_incidents=(("SEV-1", 2),), waiting=3, waiting_since=NIGHT, dead_letters=1, undecided=4, quarantined=5
    )
    meters.database(True)
    meters.store_stats(known, NIGHT + timedelta(seconds=9))
    async with serving(site) as client:
        answer = await client.get("/metrics")
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    for line in (
        'warroom_work_total{kind="post",outcome="dead letter"} 1.0',
        'warroom_timer_lateness_seconds_sum{kind="ack"} 2.0',
        'warroom_effect_seconds_count{kind="post"} 1.0',
        'warroom_slack_calls_total{method="chat.postMessage",outcome="limited"} 1.0',
        'warroom_ack_seconds_bucket{kind="interactive",le="0.025"} 1.0',
        'warroom_alerts_total{outcome="opened"} 1.0',
        'warroom_open_incidents{severity="SEV-1"} 2.0',
        "warroom_outbox_waiting 3.0",
        "warroom_outbox_age_seconds 9.0",
        "warroom_outbox_dead_letters 1.0",
        "warroom_alerts_undecided 4.0",
        "warroom_quarantined 5.0",
        "warroom_database_up 1.0",
        "warroom_sockets_connected 1.0",
    ):
        assert line in lines


async def test_while_the_database_is_away_the_metrics_say_so_and_keep_the_rest(site: Site) -> None:
    site.meters.store_stats(StoreStats(waiting=3), NIGHT)
    site.meters.database(False)
    text = site.meters.text().decode()
    assert "warroom_database_up 0.0" in text
    assert "warroom_outbox_waiting 3.0" in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/hooks/datadog", "/nowhere"])
async def test_a_body_that_is_too_large_is_not_read_anywhere(site: Site, path: str) -> None:
    async with serving(site, accepted) as client:
        answer = await client.post(path, data=b"x" * (BODY_LIMIT + 1))
        assert answer.status == 413


@pytest.mark.parametrize("headers", [{"X-Long": "x" * 9000}, {f"X-{n}": "x" for n in range(100)}], ids=["long", "many"])
async def test_headers_that_are_too_much_are_refused(site: Site, headers: dict[str, str]) -> None:
    async with serving(site, accepted) as client:
        assert (await client.get("/healthz", headers=headers)).status == 400
        assert (await client.get("/healthz")).status == 200


async def test_whoever_never_ends_their_headers_is_sent_away(site: Site) -> None:
    async with serving(site, headers_within=0.05):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_whoever_never_ends_their_body_is_sent_away(site: Site) -> None:
    async def reading(request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(status=202)

    async with serving(site, reading, Limits(seconds=0.05)):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"POST /hooks/datadog HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 503")
        writer.close()


async def test_wrong_secrets_are_heard_ten_times_and_the_right_one_always(site: Site) -> None:
    clock = StillClock()
    limits = Limits(strangers=Rate(1 / 6, 10, clock))
    async with serving(site, accepted, limits) as client:
        right, wrong = {"X-Warroom-Token": "right"}, {"X-Warroom-Token": "guess"}
        assert {(await client.post("/hooks/datadog", headers=wrong)).status for _ in range(10)} == {401}
        answer = await client.post("/hooks/datadog", headers=wrong)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "6")
        assert (await client.post("/hooks/datadog", headers=right)).status == 202
        clock.seconds += 6
        assert (await client.post("/hooks/datadog", headers=wrong)).status == 401


async def test_an_address_that_asks_too_often_waits(site: Site) -> None:
    clock = StillClock()
    limits = Limits(others=Rate(20, 3, clock), probes=Rate(20, 3, clock))
    async with serving(site, limits=limits) as client:
        for path, other in (("/metrics", "/readyz"), ("/readyz", "/metrics")):
            assert [(await client.get(path)).status for _ in range(4)] == [200, 200, 200, 429]
            assert (await client.get(other)).status == 200, "each has a limit of its own"
            clock.seconds += 1
            assert (await client.get(path)).status == 200


def test_a_flood_of_addresses_does_not_fill_the_memory() -> None:
    clock = StillClock()
    rate = Rate(1, 2, clock)
    assert {rate.take(f"10.0.{n // 256}.{n % 256}") for n in range(10_000)} == {0.0}
    assert rate.take("192.0.2.1") == 1.0
    clock.seconds += 10
    assert rate.take("192.0.2.1") == 0.0
    assert len(rate._left) == 1
