"""Whatever bytes arrive at the port: an answer that is no failure of ours, and the server lives."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runtime.limits import ANSWERED_WITHIN, Limits
from bot.runtime.observability import Meters
from bot.runtime.web import Web
from handlers.webhooks import routes
from storage import Database
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.alerts.parsing import parse
from warroom.outbox.incoming import Incoming
from warroom.policy import Policy
from warroom.ports import World
from warroom.webhook import Webhook, shared_secret

TOKEN = b"hook-secret-for-tests"
LINES = st.sampled_from(
    [
        b"X-Warroom-Token: " + TOKEN,
        b"Authorization: Basic ====",
        b"Authorization: Basic \xff",
        b"Content-Type: application/json; charset=nonsense",
        b"Content-Type: \xff/\xfe",
        b"Content-Encoding: gzip",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"no colon",
    ]
)
FIRST = st.sampled_from(
    [
        b"POST /hooks/datadog HTTP/1.1",
        b"GET /hooks/datadog HTTP/1.1",
        b"GET /metrics HTTP/1.1",
        b"PUT /\xff HTTP/1.0",
        b"POST /hooks/datadog HTTP/9.9",
        b"GET http://[ HTTP/1.1",
        b"\x16\x03\x01",
    ]
)
BODIES = st.sampled_from(
    [b"{}", b'{"title": "x"}', b"[" * 5000, b'{"alerts": [1, null]}', b"\xff\xfe", b"5\r\nhello\r\n0\r\n\r\n"]
)


def request(first: bytes, lines: list[bytes], body: bytes, *, honest: bool) -> bytes:
    """The bytes on the wire; an honest one says how long its body is."""
    lines = [b"Host: x", *lines, *([b"Content-Length: %d" % len(body)] if honest else [])]
    return b"\r\n".join([first, *lines, b"", b""]) + body


RAW = st.binary(max_size=300) | st.builds(
    request, FIRST, st.lists(LINES, max_size=4), BODIES | st.binary(max_size=60), honest=st.booleans()
)


SOON = 0.05
"""Seconds after which whoever says no more is hung up on."""


async def started(store: Database, limits: Limits) -> tuple[Web, int]:
    world = World(store, StoredPeople(store), Policy(), ManualClock(), OneMessage(), lambda: None)

    async def ready() -> list[str]:
        return []

    async def metrics() -> bytes:
        return Meters().text()

    def read(body: bytes, content_type: str, at: datetime) -> Incoming:
        found = parse(body, content_type, at)
        return Incoming(alerts=found.alerts, refused=found.refused)

    hook = Webhook("webhook", "/hooks/datadog", shared_secret(TOKEN.decode(), "TOKEN"), read)
    server = Web("127.0.0.1", 0, ready, metrics, routes(world, [hook]), limits, SOON)
    return server, await server.start()


async def status_of(port: int, raw: bytes) -> int | None:
    """The status of the answer, None when the connection was closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        async with asyncio.timeout(60):
            first = await reader.readline()
    except ConnectionError:
        return None
    finally:
        writer.close()
    return int(first.split()[1]) if first.startswith(b"HTTP/1.") else None


def test_any_bytes_are_answered_or_hung_up_on() -> None:
    with asyncio.Runner() as runner:
        opened, limits = AsyncExitStack(), Limits(seconds=SOON)
        store = runner.run(opened.enter_async_context(fresh_store()))
        server, port = runner.run(started(store, limits))

        seen: set[int | None] = set()

        @settings(max_examples=80)
        @given(RAW)
        def send(raw: bytes) -> None:
            status = runner.run(status_of(port, raw))
            # 503: what was announced did not come in time.
            assert status is None or status < 500 or status == 503
            seen.add(status)

        send()
        assert 400 in seen, "the server was asked and did answer"
        limits.seconds = ANSWERED_WITHIN  # this one is about to be stored, which may take a while on a busy machine
        good = request(b"POST /hooks/datadog HTTP/1.1", [b"X-Warroom-Token: " + TOKEN], b'{"title": "x"}', honest=True)
        # A machine that is busy may need longer than SOON even for what was sent at once; then it is asked again.
        assert 202 in (runner.run(status_of(port, good)) for _ in range(50))
        assert runner.run(status_of(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")) in (200, 429)
        runner.run(server.stop())
        runner.run(opened.aclose())
