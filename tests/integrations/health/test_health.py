"""Health checks: only at the addresses of the policy, nothing followed, never a link-local address."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from integrations.health import Health, probe
from integrations.health.probe import may_be_asked, probed
from tests.clock import NIGHT, ManualClock
from tests.integrations.stories import policy_of
from warroom.errors import Rejected
from warroom.integration import NoSettings
from warroom.policy.investigation import ServicePolicy

MINUTE = timedelta(minutes=1)


class Site:
    """Answers by path, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        match request.path:
            case "/healthz":
                return web.Response(text="ok")
            case "/moved":
                return web.Response(status=302, headers={"Location": "/secret"})
            case "/drop":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case _:
                return web.Response(status=503, text="database is away")

    def url(self, path: str) -> str:
        return f"http://localhost:{self.port}{path}"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
async def health(clock: ManualClock) -> Health:
    made = Health(NoSettings())
    await made.start(policy_of(), clock)
    return made


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def test_only_what_does_not_answer_as_it_should_is_told(health: Health, site: Site) -> None:
    services = {
        "fine": ServicePolicy(health=site.url("/healthz")),
        "open": ServicePolicy(health=f"tcp://localhost:{site.port}"),
        "sick": ServicePolicy(health=site.url("/sick")),
        "closed": ServicePolicy(health=f"tcp://localhost:{free_port()}"),
        "unknown": ServicePolicy(),
    }
    found = {each.service: each for each in await health.facts(services, NIGHT - MINUTE, NIGHT)}
    assert found.keys() == {"sick", "closed"}
    assert (found["sick"].kind, found["closed"].kind) == ("health", "unreachable")
    assert "HTTP 503" in found["sick"].text
    assert found["sick"].at == NIGHT


async def test_what_is_so_now_lies_within_what_was_asked_about(health: Health, site: Site) -> None:
    services = {"sick": ServicePolicy(health=site.url("/sick"))}
    (found,) = await health.facts(services, NIGHT - 30 * MINUTE, NIGHT - MINUTE)
    assert found.at == NIGHT - MINUTE


@pytest.mark.parametrize("host", ["a..example", "a" * 70 + ".example"])
async def test_a_name_that_is_none_does_not_keep_the_others_away(health: Health, site: Site, host: str) -> None:
    services = {
        "odd": ServicePolicy(health=f"https://{host}/"),
        "sick": ServicePolicy(health=site.url("/sick")),
    }
    found = {each.service: each.text for each in await health.facts(services, NIGHT - MINUTE, NIGHT)}
    assert found.keys() == {"odd", "sick"}
    assert "leads nowhere" in found["odd"]


async def test_a_redirect_is_an_answer_and_is_not_followed(site: Site) -> None:
    assert await probed(site.url("/moved")) is None
    assert site.asked == ["/moved"]


async def test_a_broken_connection_is_said(site: Site) -> None:
    found = await probed(site.url("/drop"))
    assert found is not None
    assert found.kind == "health"


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0", "::", "224.0.0.1"),  # noqa: S104
        *("::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254", "100.100.100.200"),
    ],
)
def test_what_is_never_asked(address: str) -> None:
    assert not may_be_asked(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.0.2.1", "2001:db8::1", "::1", "fd00::1", "64:ff9b::a01:203"]
)
def test_what_may_be_asked(address: str) -> None:
    assert may_be_asked(address)


async def test_an_address_that_clouds_tell_secrets_at_is_refused_by_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://169.254.169.254/latest/meta-data", "tcp://169.254.169.254:80", "http://[fe80::1]/"):
        found = await probed(address)
        assert found is not None
        assert "never asked" in found.text
    asked: list[str] = []

    async def resolved(host: str, port: int) -> list[str]:
        asked.append(host)
        raise probe._Refused

    monkeypatch.setattr(probe, "_addresses", resolved)
    found = await probed("https://metadata.example.com/")
    assert found is not None
    assert asked == ["metadata.example.com"]


async def test_a_name_that_leads_nowhere_is_said() -> None:
    found = await probed("https://nowhere.invalid/healthz")
    assert found is not None
    assert found.kind == "unreachable"
    assert "leads nowhere" in found.text


async def test_a_name_server_that_is_away_holds_no_thread_that_others_need(monkeypatch: pytest.MonkeyPatch) -> None:
    back = threading.Event()
    threads: set[str] = set()

    def hangs(*_: object, **__: object) -> list[object]:
        threads.add(threading.current_thread().name)
        back.wait(30)
        return []

    monkeypatch.setattr(probe, "LONGEST", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    try:
        found = await asyncio.gather(*(probed(f"tcp://service-{n}.example.com:5432") for n in range(40)))
        assert {each.text.partition(":")[2] for each in found if each} == {"5432 did not answer within 0.1 s"}
        assert await asyncio.to_thread(lambda: "free") == "free"
    finally:
        back.set()
    assert all(name.startswith("health-names") for name in threads)


async def test_what_hangs_does_not_hold_the_others(health: Health, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LONGEST", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        services = {
            "slow": ServicePolicy(health=f"http://localhost:{silent.getsockname()[1]}/"),
            "sick": ServicePolicy(health=site.url("/sick")),
        }
        found = {each.service: each.text for each in await health.facts(services, NIGHT - MINUTE, NIGHT)}
    assert found.keys() == {"slow", "sick"}
    assert "did not answer within" in found["slow"]


async def test_what_was_long_ago_cannot_be_checked(health: Health, site: Site) -> None:
    services = {"sick": ServicePolicy(health=site.url("/sick"))}
    with pytest.raises(Rejected, match="so now"):
        await health.facts(services, NIGHT - 90 * MINUTE, NIGHT - 60 * MINUTE)
    assert site.asked == []
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    assert await health.facts({}, long_ago, long_ago) == []
