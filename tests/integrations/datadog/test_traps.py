"""What datadog-api-client does that nobody would expect; each pinned against a server."""

from __future__ import annotations

import asyncio
import builtins
import logging
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest

from integrations.datadog import client as module
from integrations.datadog.client import DatadogClient, NoLibrary
from integrations.datadog.failures import DatadogDeclined
from tests.integrations.datadog.server import API_KEY, APP_KEY, FakeDatadog
from warroom.errors import Rejected, Retryable

MONITORS = "/api/v1/monitor"
DOWNTIME = {"data": {"type": "downtime", "attributes": {"scope": "*", "monitor_identifier": {"monitor_id": 1}}}}


@pytest.fixture
async def client(datadog: FakeDatadog) -> AsyncIterator[DatadogClient]:
    """A client of the organisation."""
    opened = DatadogClient(API_KEY, APP_KEY, url=datadog.url)
    yield opened
    await opened.close()


async def read(client: DatadogClient) -> Any:
    """Any call."""
    return await client.call("Reading monitors", "list_monitors", page=0, page_size=100)


async def test_the_librarys_own_pagination_would_read_monitors_twice(
    client: DatadogClient, datadog: FakeDatadog
) -> None:
    for number in range(150):
        datadog.monitor(number)
    api = next(each for each in client._apis if hasattr(each, "list_monitors_with_pagination"))
    items = [each async for each in api.list_monitors_with_pagination(page_size=100)]
    assert len(items) == 200, "the trap is gone: the page need not be given any more"
    assert len(await read(client)) == 100


async def test_a_post_is_never_repeated(client: DatadogClient, datadog: FakeDatadog) -> None:
    datadog.fail("POST", "/api/v2/downtime", 503)
    with pytest.raises(Retryable) as caught:
        await client.call("Muting", "create_downtime", body=DOWNTIME)
    assert caught.value.outcome_unknown
    assert datadog.count("POST", "/api/v2/downtime") == 1


async def test_a_late_answer_is_not_taken_for_the_next_one(
    datadog: FakeDatadog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", (60.0, 0.1))
    client = DatadogClient(API_KEY, APP_KEY, url=datadog.url)
    datadog.fail("GET", MONITORS, hang=True)
    with pytest.raises(Retryable, match="too long"):
        await read(client)
    client._client.configuration.request_timeout = (60.0, 60.0)
    assert await read(client) == [], "the stuck connection is not used again"
    await client.close()


@pytest.mark.parametrize(
    ("fault", "outcome_unknown"),
    [
        ({"status": 500}, True),
        ({"status": 503, "body": b"\xff\xfe"}, True),
        ({"status": 200, "body": b""}, True),
        ({"status": 200, "body": b"<html>"}, True),
        ({"status": 200, "body": b'{"not": "a list"}'}, True),
        ({"drop": True}, True),
        ({"status": 429, "headers": {"X-RateLimit-Reset": "7"}}, False),
    ],
)
async def test_whatever_a_call_raises_is_understood(
    client: DatadogClient, datadog: FakeDatadog, fault: dict[str, Any], outcome_unknown: bool
) -> None:
    datadog.fail("GET", MONITORS, **fault)
    with pytest.raises(Retryable) as caught:
        await read(client)
    assert caught.value.outcome_unknown is outcome_unknown
    assert caught.value.after == (7 if fault.get("status") == 429 else None)


async def test_a_server_that_hangs(
    client: DatadogClient, datadog: FakeDatadog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", (60.0, 0.05))
    impatient = DatadogClient(API_KEY, APP_KEY, url=datadog.url)
    datadog.fail("GET", MONITORS, hang=True)
    with pytest.raises(Retryable, match="took too long") as caught:
        await read(impatient)
    assert caught.value.outcome_unknown
    await impatient.close()


async def test_nobody_listens() -> None:
    client = DatadogClient(API_KEY, APP_KEY, url="http://127.0.0.1:1")
    with pytest.raises(Retryable, match="cannot be reached") as caught:
        await read(client)
    assert not caught.value.outcome_unknown, "nothing was sent, so nothing can have happened"
    await client.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
async def test_a_refusal_says_why_and_what_to_do(client: DatadogClient, datadog: FakeDatadog, status: int) -> None:
    datadog.fail("GET", MONITORS, status, body=b'{"errors": ["because"]}')
    with pytest.raises(DatadogDeclined, match="Reading monitors: because") as caught:
        await read(client)
    assert caught.value.status == status


async def test_unstable_operations_are_allowed_without_a_warning(client: DatadogClient, datadog: FakeDatadog) -> None:
    made = datadog.incident(1, "checkout fails")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Using unstable operation")
        answer = await client.call("Reading an incident", "get_incident", made["id"])
    assert answer["data"]["attributes"]["title"] == "checkout fails"


async def test_an_operation_that_became_stable_or_unknown_does_no_harm(
    datadog: FakeDatadog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNSTABLE", (*module.UNSTABLE, "an_operation_that_became_stable"))
    await DatadogClient(API_KEY, APP_KEY, url=datadog.url).close()


async def test_an_operation_that_is_not_allowed_is_refused(client: DatadogClient) -> None:
    with pytest.raises(Rejected, match="does not allow it"):
        await client.call("Deleting", "delete_incident", "11111111-0000-0000-0000-000000000001")


async def test_values_the_library_does_not_know_are_kept(client: DatadogClient, datadog: FakeDatadog) -> None:
    datadog.monitor(1, type="a type of next year", overall_state="Confused")
    del datadog.monitors[0]["query"]
    (found,) = await read(client)
    assert (found["id"], str(found["type"]), str(found["overall_state"])) == (1, "a type of next year", "Confused")


async def test_closing_leaves_no_connection_open(datadog: FakeDatadog) -> None:
    client = DatadogClient(API_KEY, APP_KEY, url=datadog.url)
    await asyncio.gather(*(read(client) for _ in range(5)))
    assert datadog.connections
    await client.close()
    async with asyncio.timeout(60):
        while datadog.connections:
            await asyncio.to_thread(int)  # lets the server notice


@pytest.mark.parametrize("site", ["datadoghq.eu", "us5.datadoghq.com", "my-own.example.com"])
async def test_the_site_is_ours_to_say(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DD_SITE", "ap1.datadoghq.com")
    client = DatadogClient(API_KEY, APP_KEY, site=site)
    assert client._client.configuration.host == f"https://api.{site}"
    pages = {"datadoghq.eu": "https://app.datadoghq.eu"}
    assert client.page == pages.get(site, f"https://{site}")
    await client.close()


async def test_without_the_library_the_text_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("datadog_api_client"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(NoLibrary, match=r"datadog-api-client\[async\]"):
        DatadogClient(API_KEY, APP_KEY)


def test_the_library_is_not_imported_before_it_is_needed() -> None:
    code = "import bot.runtime.app, sys; print('datadog_api_client' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


async def test_no_key_is_ever_in_a_text_or_log(
    client: DatadogClient, datadog: FakeDatadog, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = []
    for status in (200, 400, 403, 429, 500):
        datadog.fail("GET", MONITORS, status, headers={"X-Echo": API_KEY})
        with pytest.raises((Retryable, Rejected)) as caught:
            await read(client)
        texts.append(f"{caught.value} {caught.value!r}")
    seen = "".join((*texts, caplog.text, *capsys.readouterr()))
    assert "made up" in seen
    assert API_KEY not in seen
    assert APP_KEY not in seen
