"""The Lambda functions under AWS' own runtime client, against a runtime API of the test's, with a real PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.demo.demo_company import MEMORY_ALERT
from bot.runtime.app import running
from sandbox import Sandbox
from storage import open_store
from tests.integrations.datadog.conftest import datadog as datadog
from tests.integrations.datadog.server import API_KEY, APP_KEY, FakeDatadog
from tests.scenarios.conftest import TOKEN, WarRoom, settings_for
from tests.scenarios.conftest import policy as policy
from tests.scenarios.conftest import slack as slack
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import dynamodb as dynamodb
from tests.storage.conftest import postgresql as postgresql
from tests.storage.dynamo.server import DynamoDB
from warroom.policy import Policy

ROOT = Path(__file__).parents[2]
SECRET = {"x-warroom-token": TOKEN, "content-type": "application/json; charset=utf-8"}


class RuntimeApi:
    """What AWS runs beside a function: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    def __init__(self) -> None:
        self.port = 0
        self._events: asyncio.Queue[Any] = asyncio.Queue()
        self._answers: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._count = 0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[RuntimeApi]:
        app = web.Application()
        invocation = "/2018-06-01/runtime/invocation"
        app.router.add_get(f"{invocation}/next", self._next)
        app.router.add_post(f"{invocation}/{{id}}/response", self._answered("response"))
        app.router.add_post(f"{invocation}/{{id}}/error", self._answered("error"))
        app.router.add_post("/2018-06-01/runtime/init/error", self._answered("init error"))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    async def invoke(self, event: Any) -> tuple[str, Any]:
        """("response" or "error", what the function said)."""
        await self._events.put(event)
        return await self._answers.get()

    async def _next(self, _request: web.Request) -> web.Response:
        event = await self._events.get()
        self._count += 1
        headers = {
            "Lambda-Runtime-Aws-Request-Id": f"request-{self._count}",
            "Lambda-Runtime-Deadline-Ms": "4000000000000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:000000000000:function:webhook",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000",
            "Content-Type": "application/json",
        }
        return web.Response(body=json.dumps(event).encode(), headers=headers)

    def _answered(self, kind: str) -> Any:
        async def answered(request: web.Request) -> web.Response:
            await self._answers.put((kind, await request.json()))
            return web.json_response({"status": "OK"}, status=202)

        return answered


@contextlib.asynccontextmanager
async def function(handler: str, **environment: str) -> AsyncIterator[RuntimeApi]:
    """The function as AWS starts it."""
    async with RuntimeApi().listening() as api:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "awslambdaric", handler),
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.port}",
                "AWS_LAMBDA_FUNCTION_NAME": "webhook",
                "DATADOG_WEBHOOK_TOKEN": TOKEN,
                **environment,
            },
            cwd=ROOT,
        )
        try:
            yield api
        finally:
            process.kill()
            await process.wait()


def url_event(body: str, *, method: str = "POST", path: str = "/hooks/datadog", **more: Any) -> dict[str, Any]:
    """As a function URL and API Gateway's payload format 2.0 send it."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"}
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": SECRET,
        "requestContext": {"http": http, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    } | more


def gateway_event(body: str, stage: str = "prod") -> dict[str, Any]:
    """As API Gateway's payload format 1.0 sends it; names of headers as the sender wrote them."""
    return {
        "version": "1.0",
        "httpMethod": "POST",
        "path": "/hooks/datadog",
        "headers": {"X-Warroom-Token": TOKEN, "Content-Type": "application/json"},
        "requestContext": {"stage": stage, "path": f"/{stage}/hooks/datadog", "httpMethod": "POST"},
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }


ALERT = json.dumps(MEMORY_ALERT)


async def test_what_the_function_accepts_the_running_bot_opens_a_room_for(
    postgresql: PostgreSQL, slack: Sandbox, policy: Policy
) -> None:
    url = postgresql.new()
    async with running(settings_for(slack, url), policy, slack.clock) as bot:
        await slack.until_connected()
        await bot.idle()
        async with function("bot.functions.webhook", DATABASE_URL=url) as api:
            kind, answer = await api.invoke(url_event(ALERT))
        assert (kind, answer["statusCode"], json.loads(answer["body"])) == ("response", 202, {"accepted": 1})
        # Nobody tells the bot: it looks once a second.
        await slack.until(lambda: any(each.name.startswith("inc-") and each.pins for each in slack.channels()), 30)
        room = WarRoom(slack, bot)
        assert room.channel_of(await room.incident()).pins


async def test_so_it_is_on_dynamodb(dynamodb: DynamoDB, slack: Sandbox, policy: Policy) -> None:
    url = await asyncio.to_thread(dynamodb.new)
    async with running(settings_for(slack, url), policy, slack.clock) as bot:
        await slack.until_connected()
        await bot.idle()
        async with function("bot.functions.webhook", DATABASE_URL=url, **dynamodb.environment) as api:
            kind, answer = await api.invoke(url_event(ALERT))
        assert (kind, answer["statusCode"], json.loads(answer["body"])) == ("response", 202, {"accepted": 1})
        await slack.until(lambda: any(each.name.startswith("inc-") and each.pins for each in slack.channels()), 30)


def test_a_cold_start_on_dynamodb_does_without_sql() -> None:
    """And without whatever else takes long to import."""
    heavy = ["sqlalchemy", "sqlmodel", "alembic", "asyncpg", "numpy", "matplotlib", "datadog_api_client"]
    said = f"import sys, bot.functions, storage.dynamo; print([each for each in {heavy} if each in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


async def test_every_event_and_every_refusal(postgresql: PostgreSQL) -> None:
    url = postgresql.new()
    async with function("bot.functions.webhook", DATABASE_URL=url) as api:

        async def said(event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            kind, answer = await api.invoke(event)
            assert kind == "response", answer
            assert answer["headers"]["Content-Type"].startswith("application/json")
            return answer["statusCode"], json.loads(answer["body"])

        second = json.dumps(MEMORY_ALERT | {"event_id": "another"})
        packed = base64.b64encode(gzip.compress(second.encode())).decode()
        headers = SECRET | {"content-encoding": "gzip"}
        assert await said(url_event(ALERT)) == (202, {"accepted": 1})
        assert await said(gateway_event(ALERT)) == (202, {"accepted": 1})
        assert await said(url_event(packed, isBase64Encoded=True, headers=headers)) == (202, {"accepted": 1})
        bomb = base64.b64encode(gzip.compress(b"0" * 50_000_000)).decode()
        refused = {
            401: url_event(ALERT, headers={"x-warroom-token": "wrong"}),
            404: url_event(ALERT, path="/hooks/unknown"),
            405: url_event("", method="GET"),
            413: url_event(bomb, isBase64Encoded=True, headers=headers),
            400: url_event("not base64!", isBase64Encoded=True),
        }
        for status, event in refused.items():
            answered, why = await said(event)
            assert answered == status
            assert why["error"]
        assert (await said(url_event("x", isBase64Encoded=True, headers=headers)))[0] == 400
        assert (await said(url_event("{}")))[0] == 400
    store = await open_store(url)
    try:
        # The same alert twice is one; its copy in another packing too.
        assert sorted(each.alert.delivery_id for each, _ in await store.alerts(10)) == sorted(
            {each.alert.delivery_id for each, _ in await store.alerts(10)}
        )
        assert len(await store.alerts(10)) == 2
        assert len(await store.quarantined(10)) == 1
    finally:
        await store.close()


async def test_a_file_is_no_database_of_a_function(tmp_path: Path) -> None:
    async with function("bot.functions.webhook", DATABASE_URL=f"sqlite:///{tmp_path}/warroom.db") as api:
        kind, answer = await api.invoke(url_event(ALERT))
    assert kind == "error"
    assert "Give the address of the database that the bot uses" in answer["errorMessage"]


async def test_a_database_that_is_away_is_503(postgresql: PostgreSQL) -> None:
    async with function("bot.functions.webhook", DATABASE_URL="postgresql://nobody@127.0.0.1:9/none") as api:
        kind, answer = await api.invoke(url_event(ALERT))
    assert (kind, answer["statusCode"], answer["headers"]["Retry-After"]) == ("response", 503, "5")


async def test_the_schedule_asks_what_fires(postgresql: PostgreSQL, datadog: FakeDatadog) -> None:
    datadog.monitor(42, groups={"service:checkout": ("Alert", 4_000_000_000)})
    url = postgresql.new()
    keys = {"DD_API_KEY": API_KEY, "DD_APP_KEY": APP_KEY, "DD_API_URL": datadog.url}
    async with function("bot.functions.sync", DATABASE_URL=url, **keys) as api:
        assert await api.invoke({}) == ("response", {"Datadog": {"firing": 1, "asked": 0}})
        assert await api.invoke({}) == ("response", {"Datadog": {"firing": 1, "asked": 0}})
    store = await open_store(url)
    try:
        (received,) = await store.pending_alerts(10)
        assert (received.source, received.alert.dedup_key) == ("sync", "1:monitor:42:service:checkout")
    finally:
        await store.close()


async def test_a_schedule_without_keys_fails_with_what_to_set(postgresql: PostgreSQL) -> None:
    async with function("bot.functions.sync", DATABASE_URL=postgresql.new()) as api:
        kind, answer = await api.invoke({})
    assert kind == "error"
    assert "set DD_API_KEY and DD_APP_KEY" in answer["errorMessage"]


@pytest.mark.parametrize("name", ["webhook", "sync"])
def test_the_template_names_functions_that_exist(name: str) -> None:
    template = (ROOT / "deploy/aws/template.yaml").read_text()
    assert f"Handler: bot.functions.{name}" in template
    assert f"def {name}(event" in (ROOT / "bot/functions.py").read_text()
