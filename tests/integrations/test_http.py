"""The shared HTTP client against a server that does everything wrong that servers do."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from integrations import http
from integrations.http import Declined, HttpClient, reason_in
from warroom.errors import Rejected, Retryable
from warroom.ports import ACTING, acting

TOKEN = "token-that-nobody-may-see"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NoonClock:
    """Stands."""

    def now(self) -> datetime:
        return NOON


class System:
    """A server on loopback that does what the test says; `asked` is what came."""

    def __init__(self) -> None:
        self.handler: Handler = _ok
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.base = ""
        self.over = asyncio.Event()
        """Set at the end of the test, for handlers that hang until then."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, str(request.rel_url), dict(request.headers), await request.read()))
        return await self.handler(request)

    def answers(self, status: int, text: str | bytes = "", **headers: str) -> None:
        """From now on always that."""
        body = text.encode() if isinstance(text, str) else text
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def handler(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers=named)

        self.handler = handler


async def _ok(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"id": 7})


@pytest.fixture
async def system() -> AsyncIterator[System]:
    made = System()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.base = f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    yield made
    made.over.set()
    await runner.cleanup()


@pytest.fixture
async def client(system: System) -> AsyncIterator[HttpClient]:
    made = HttpClient(
        "Vendor",
        system.base,
        NoonClock(),
        headers={"Authorization": f"Bearer {TOKEN}"},
        advice={401: "Check VENDOR_TOKEN."},
    )
    yield made
    await made.close()


async def test_json_goes_and_json_comes(system: System, client: HttpClient) -> None:
    assert await client.post("Making it", "things", "a/b c", json={"text": "ö"}) == {"id": 7}
    assert await client.get("Reading it", "things", page="2") == {"id": 7}
    (method, url, headers, body), (_, read, _, _) = system.asked
    assert (method, url, read) == ("POST", "/api/things/a%2Fb%20c", "/api/things?page=2")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body == b'{"text": "\\u00f6"}'


@pytest.mark.parametrize("body", [b"", b"  \n"])
async def test_an_empty_answer_is_none(system: System, client: HttpClient, body: bytes) -> None:
    system.answers(204 if not body else 200, body)
    assert await client.post("Doing it", "do") is None


@pytest.mark.parametrize(
    ("status", "text", "headers", "after", "unknown"),
    [
        (429, "", {"Retry_After": "7"}, 7.0, False),
        (429, "", {"Retry_After": "Sat, 21 Nov 2026 12:01:00 GMT"}, 60.0, False),
        (429, "", {"Retry_After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 1.0, False),
        (429, "", {"Retry_After": "999999"}, 900.0, False),
        (429, "", {"Retry_After": "9" * 5_000}, 900.0, False),
        (429, "<html>slow down</html>", {}, 30.0, False),
        (429, "", {"ratelimit_reset": "12"}, 12.0, False),
        (429, "", {"X_RateLimit_Reset": "1795262520"}, 120.0, False),
        (429, "", {"X_RateLimit_Reset": "2026-11-21T12:03Z"}, 180.0, False),
        (420, "", {}, 30.0, False),
        (403, "", {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "1795262520"}, 120.0, False),
        (403, "", {"Retry_After": "60"}, 60.0, False),
        (429, "", {"Retry_After": "soon"}, 30.0, False),
        (503, "<html>away</html>", {"Retry_After": "20"}, 20.0, True),
        (500, "{}", {}, None, True),
        (408, "", {}, None, True),
        (200, "<!doctype html><title>Log in</title>", {"Content_Type": "text/html"}, None, True),
        (201, b"\xff\xfe{", {}, None, True),
        (200, b"[" * 100_000, {}, None, True),
    ],
)
async def test_what_may_pass_is_tried_again(
    system: System,
    client: HttpClient,
    status: int,
    text: str | bytes,
    headers: dict[str, str],
    after: float | None,
    unknown: bool,
) -> None:
    system.answers(status, text, **headers)
    with pytest.raises(Retryable, match="Making it: Vendor") as caught:
        await client.post("Making it", "things", json={})
    assert (caught.value.after, caught.value.outcome_unknown) == (after, unknown)
    assert len(system.asked) == 1, "a write is never repeated here"
    with pytest.raises(Retryable) as caught:
        await client.get("Reading it", "things")
    assert not caught.value.outcome_unknown, "a read changes nothing"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"message": "no such project"}', "no such project"),
        ('{"error": {"message": "Invalid", "errors": ["Bad key"]}}', "Invalid"),
        ('{"errorMessages": [], "errors": {"summary": "is required"}}', "summary: is required"),
        ('{"errors": [{"detail": "field\\n is  missing"}]}', "field is missing"),
        ('["first", "second"]', "first"),
        ("<html>", "Vendor said no (HTTP 401)"),
        ('{"unrelated": 1}', "Vendor said no (HTTP 401)"),
        (f'{{"message": "{TOKEN} is wrong"}}', "[hidden] is wrong"),
        (f'{{"message": "{"x" * 500}"}}', "x" * 199 + "…"),
    ],
)
async def test_a_refusal_says_why_and_what_to_do(system: System, client: HttpClient, text: str, reason: str) -> None:
    system.answers(401, text)
    with pytest.raises(Declined) as caught:
        await client.post("Making it", "things", json={})
    assert str(caught.value) == f"Making it: {reason}"
    assert (caught.value.status, caught.value.code, caught.value.advice) == (401, "401", "Check VENDOR_TOKEN.")
    assert TOKEN not in str(caught.value)


async def test_a_redirect_is_not_followed(system: System, client: HttpClient) -> None:
    system.answers(302, "", Location="http://127.0.0.1:1/elsewhere")
    with pytest.raises(Rejected, match="has moved"):
        await client.get("Reading it", "things")
    assert len(system.asked) == 1


async def test_after_a_sleep_in_which_others_took_over_nothing_is_written(system: System, client: HttpClient) -> None:
    with acting(NOON - ACTING - timedelta(seconds=1), NoonClock()):
        assert await client.get("Reading it", "things", "7") == {"id": 7}
        with pytest.raises(Retryable) as raised:
            await client.post("Making it", "things", json={})
    assert raised.value.outcome_unknown
    await client.post("Making it", "things", json={})
    assert [method for method, *_ in system.asked] == ["GET", "POST"]


async def test_a_server_that_hangs_up_is_read_from_once_more(system: System, client: HttpClient) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    system.handler = hang_up
    with pytest.raises(Retryable, match="broke") as caught:
        await client.post("Making it", "things", json={})
    assert (caught.value.outcome_unknown, len(system.asked)) == (True, 1)
    with pytest.raises(Retryable, match="broke") as caught:
        await client.get("Reading it", "things")
    assert not caught.value.outcome_unknown
    assert len(system.asked) >= 3


async def test_a_server_that_does_not_answer_in_time(
    system: System, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "WHOLE", 0.2)

    async def hang(_request: web.Request) -> web.StreamResponse:
        await system.over.wait()
        return web.Response()

    system.handler = hang
    with pytest.raises(Retryable, match="too long") as caught:
        await client.post("Making it", "things", json={})
    assert (caught.value.outcome_unknown, len(system.asked)) == (True, 1)


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_without_end_is_not_read_to_its_end(
    system: System, client: HttpClient, monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 10_000)
    body = b'"' + b"x" * 1_000_000 + b'"'
    if compressed:
        system.answers(200, gzip.compress(body), Content_Encoding="gzip")
    else:
        system.answers(200, body)
    with pytest.raises(Retryable, match="more than 10000 bytes"):
        await client.get("Reading it", "things")


@pytest.mark.parametrize(
    ("base", "error", "words"),
    [
        ("http://127.0.0.1:1", Retryable, "cannot be reached"),
        ("http://no-such-host.invalid", Retryable, "cannot be reached"),
        ("not an address", Rejected, "not a URL"),
        ("ftp://127.0.0.1", Rejected, "not a URL"),
    ],
)
async def test_an_address_where_nobody_is(base: str, error: type[Exception], words: str) -> None:
    client = HttpClient("Vendor", base, NoonClock())
    with pytest.raises(error, match=words) as caught:
        await client.post("Making it", "things", json={})
    assert getattr(caught.value, "outcome_unknown", False) is False
    await client.close()


async def test_cookies_are_not_kept_and_a_closed_client_opens_again(system: System, client: HttpClient) -> None:
    system.answers(200, "{}", Set_Cookie="session=1")
    await client.get("Reading it", "things")
    await client.close()
    await client.get("Reading it", "things")
    assert all("Cookie" not in headers for _, _, headers, _ in system.asked)


def test_reasons_nested_without_end_are_left() -> None:
    answer: Any = "deep"
    for _ in range(50):
        answer = {"error": answer}
    assert reason_in(answer) == ""
