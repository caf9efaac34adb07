"""The webhook says 202 only for what is stored, and why not otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from handlers import webhooks
from tests.handlers.conftest import HandlerHarness
from warroom.alerts.model import Alert
from warroom.outbox.incoming import Incoming
from warroom.webhook import Webhook, WebhookBody, shared_secret

TOKEN = "hook-secret-for-tests"
PATH = "/hooks/vendor"
BASIC = base64.b64encode(f"vendor:{TOKEN}".encode()).decode()
Hook = TestClient[web.Request, web.Application]


def parse(posted: WebhookBody) -> Incoming:
    """One alert for each line of the body, by its words; a line with a question mark cannot be read."""
    lines = posted.body.decode().split("\n") if posted.body else []
    good = [Alert(delivery_id=line, dedup_key=line, keys=(line,), title=line) for line in lines if "?" not in line]
    refused = tuple(f"cannot read {line}" for line in lines if "?" in line)
    return Incoming(alerts=tuple(good), refused=refused if lines else ("There is no alert in the body.",))


async def hook_of(desk: HandlerHarness, token: str | None) -> AsyncIterator[Hook]:
    app = web.Application()
    hook = Webhook("webhook", PATH, shared_secret(token, "VENDOR_WEBHOOK_TOKEN"), parse)
    app.add_routes(webhooks.routes(desk.world, [hook]))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def hook(desk: HandlerHarness) -> AsyncIterator[Hook]:
    """The route with its secret."""
    async for client in hook_of(desk, TOKEN):
        yield client


@pytest.fixture
async def open_hook(desk: HandlerHarness) -> AsyncIterator[Hook]:
    """The route where no secret was set."""
    async for client in hook_of(desk, None):
        yield client


@pytest.mark.parametrize(
    "headers",
    [{"X-Warroom-Token": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"Basic {BASIC}"}],
)
async def test_what_is_accepted_is_stored(desk: HandlerHarness, hook: Hook, headers: dict[str, str]) -> None:
    answer = await hook.post(PATH, data=b"disk full\nwhat?", headers=headers)
    assert answer.status == 202
    assert (await answer.json())["refused"] == ["cannot read what?"]
    assert [each.alert.title for each in await desk.world.store.pending_alerts(10)] == ["disk full"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Warroom-Token": "wrong"}, {"Authorization": "Basic !"}, {"Authorization": f"Digest {TOKEN}"}],
)
async def test_strangers_store_nothing(desk: HandlerHarness, hook: Hook, headers: dict[str, str]) -> None:
    answer = await hook.post(PATH, data=b"disk full", headers=headers)
    assert answer.status == 401
    assert TOKEN not in await answer.text()
    assert await desk.world.store.pending_alerts(10) == []


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [(b"what?", 400, "cannot read what?"), (b"", 400, "no alert"), (b"x" * 1_100_000, 413, "larger")],
)
async def test_what_cannot_be_taken_is_said(hook: Hook, body: bytes, status: int, why: str) -> None:
    answer = await hook.post(PATH, data=body, headers={"X-Warroom-Token": TOKEN})
    assert answer.status == status
    assert why in (await answer.json())["error"]


async def test_a_body_nested_without_end_is_refused(desk: HandlerHarness) -> None:
    app = web.Application()
    endless = Webhook("webhook", PATH, shared_secret(TOKEN, "T"), lambda posted: json.loads(posted.body))
    app.add_routes(webhooks.routes(desk.world, [endless]))
    async with TestClient(TestServer(app)) as client:
        answer = await client.post(PATH, data=b"[" * 100_000, headers={"X-Warroom-Token": TOKEN})
        assert answer.status == 400


async def test_without_a_secret_nobody_is_recognised(open_hook: Hook) -> None:
    answer = await open_hook.post(PATH, data=b"disk full", headers={"X-Warroom-Token": ""})
    assert answer.status == 503
    assert "VENDOR_WEBHOOK_TOKEN" in await answer.text()


async def test_a_blank_secret_is_no_secret(desk: HandlerHarness) -> None:
    async for blank_hook in hook_of(desk, " "):
        basic = base64.b64encode(b"vendor: ").decode()
        answer = await blank_hook.post(PATH, data=b"disk full", headers={"Authorization": f"Basic {basic}"})
        assert answer.status == 503
        assert "VENDOR_WEBHOOK_TOKEN is blank, which counts as not set" in await answer.text()
    assert await desk.world.store.pending_alerts(10) == []


async def test_while_the_database_is_away_the_sender_tries_again(desk: HandlerHarness, hook: Hook) -> None:
    await desk.world.store.close()
    answer = await hook.post(PATH, data=b"disk full", headers={"X-Warroom-Token": TOKEN})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_what_cannot_be_used_is_kept_whole_and_once(desk: HandlerHarness, hook: Hook) -> None:
    for _ in range(2):
        await hook.post(PATH, data=b"what?", headers={"X-Warroom-Token": TOKEN})
    await hook.post(PATH, data=b"fine\nhow?", headers={"X-Warroom-Token": TOKEN})
    kept = await desk.world.store.quarantined()
    assert [(each.body, each.reason) for each in kept] == [
        (b"fine\nhow?", "cannot read how?"),
        (b"what?", "cannot read what?"),
    ]
