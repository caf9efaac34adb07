"""The same against the real Prometheus, filled by promtool, where it is installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from integrations.prometheus import Prometheus
from integrations.prometheus.integration import PrometheusSettings
from tests.clock import ManualClock
from tests.integrations.stories import policy_of
from warroom.errors import Rejected

BEGIN = datetime(2026, 11, 21, tzinfo=UTC)
SAMPLES = 48
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four hours of two services, a sample every five minutes, two of them missing."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        assert not os.environ.get("CI"), "CI needs Prometheus: make tools installs it"
        pytest.skip("Prometheus is not installed: apt-get install prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    lines = ["# TYPE latency_seconds gauge"]
    for service, usual in (("api", 0.2), ("payments", 0.05)):
        for each in range(SAMPLES):
            if (service, each) not in (("api", 10), ("api", 11)):
                at = (BEGIN + each * FIVE_MINUTES).timestamp()
                lines.append(f'latency_seconds{{service="{service}"}} {usual + each / 1000:.4f} {at:.0f}')
    (folder / "samples.om").write_text("\n".join([*lines, "# EOF", ""]))
    (folder / "prometheus.yml").write_text("global: {}\n")
    blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "samples.om"), str(folder / "data")]
    subprocess.run(blocks, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["prometheus", f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture
async def source(url: str, clock: ManualClock) -> AsyncIterator[Prometheus]:
    made = Prometheus(PrometheusSettings(prometheus_url=url))
    await made.start(policy_of(), clock)
    await _ready(url)
    yield made
    await made.stop()


async def _ready(url: str) -> None:
    """Returns when it answers. Each try waits for the connection itself; the test's own limit ends it."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.wait_for(asyncio.to_thread(_pause), timeout=5)


def _pause() -> None:
    """A tenth of a second of real time, for a real process."""
    import threading

    threading.Event().wait(0.1)


async def test_what_promtool_stored_is_read_back(source: Prometheus) -> None:
    until = BEGIN + (SAMPLES - 1) * FIVE_MINUTES
    found = await source.series("max by (service) (latency_seconds)", BEGIN, until, FIVE_MINUTES)
    by_service = {each.labels["service"]: dict(each.points) for each in found}
    assert by_service["payments"] == {
        BEGIN + each * FIVE_MINUTES: pytest.approx(0.05 + each / 1000, abs=1e-4) for each in range(SAMPLES)
    }
    # One sample may stand for the five minutes after it; whether both ends of them count differs between releases.
    assert len(by_service["api"]) in (SAMPLES - 1, SAMPLES - 2)


async def test_its_limits_and_mistakes_are_understood(source: Prometheus) -> None:
    found = await source.series(
        "max by (service) (latency_seconds)", BEGIN, BEGIN + timedelta(hours=4), timedelta(seconds=1)
    )
    assert max(len(each.points) for each in found) > 11_000
    with pytest.raises(Rejected, match="parse error"):
        await source.series("sum by (", BEGIN, BEGIN + FIVE_MINUTES, FIVE_MINUTES)
    with pytest.raises(Rejected):
        await source.series("latency_seconds[5m]", BEGIN, BEGIN + FIVE_MINUTES, FIVE_MINUTES)


async def test_a_name_cannot_ask_for_something_else(source: Prometheus) -> None:
    evil = 'x"} or latency_seconds{service=~".*'
    for query in ('latency_seconds{service="{service}"}', 'latency_seconds{service=~"{service}"}'):
        asked = source.filled(query, {"service": evil})
        assert await source.series(asked, BEGIN, BEGIN + timedelta(hours=3), FIVE_MINUTES) == []
        asked = source.filled(query, {"service": "payments"})
        assert len(await source.series(asked, BEGIN, BEGIN + timedelta(hours=3), FIVE_MINUTES)) == 1


async def test_the_check_is_satisfied(source: Prometheus) -> None:
    assert await source.check(policy_of()) == ()
