"""`python -m bot sync`: what fires reaches the record, and every mistake is one sentence."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from storage import open_store
from tests.integrations.datadog.server import API_KEY, APP_KEY, FakeDatadog


class CommandLine:
    """The command line with an environment of its own."""

    def __init__(self, folder: Path, datadog: FakeDatadog) -> None:
        self.database = f"sqlite:///{folder}/warroom.db"
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.database,
            "DD_API_KEY": API_KEY,
            "DD_APP_KEY": APP_KEY,
            "DD_API_URL": datadog.url,
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }

    async def run(self, *args: str, **environment: str) -> tuple[int, str]:
        """(exit code, everything it said)."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *args),
            env=self.environment | environment,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()


@pytest.fixture
def bot(tmp_path: Path, datadog: FakeDatadog) -> CommandLine:
    """In an empty folder."""
    return CommandLine(tmp_path, datadog)


async def test_what_fires_waits_in_the_record_for_the_running_bot(bot: CommandLine, datadog: FakeDatadog) -> None:
    datadog.monitor(42, groups={"service:checkout": ("Alert", 4_000_000_000)})
    code, said = await bot.run("sync")
    assert (code, said.splitlines()[-1]) == (
        0,
        "1 firing in Datadog; asked after 0 that fired here. The running bot works them off.",
    )
    store = await open_store(bot.database)
    (received,) = await store.pending_alerts(10)
    assert (received.source, received.alert.dedup_key) == ("sync", "1:monitor:42:service:checkout")
    (row,) = await store.audit()
    assert (row.by, row.what, row.result) == ("command line", "sync", "done: 1 firing")
    await store.close()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DD_APP_KEY": ""}, "set DD_API_KEY and DD_APP_KEY"),
        ({"DD_APP_KEY": "another-fake-key"}, "Reading monitors: Forbidden"),
        ({"DD_API_URL": "not an address"}, "DD_API_URL"),
        ({"DD_SITE": "https://app.datadoghq.com"}, "DD_SITE"),
    ],
)
async def test_a_mistake_is_one_sentence(bot: CommandLine, environment: dict[str, str], sentence: str) -> None:
    code, said = await bot.run("sync", **environment)
    assert code in (1, 2)
    assert sentence in said
    assert "Traceback" not in said
    assert API_KEY not in said


async def test_check_asks_for_all_that_the_policy_needs(bot: CommandLine, datadog: FakeDatadog) -> None:
    (bot.folder / "warroom.yml").write_text("datadog: {incidents: both}\n")
    datadog.fail("GET", "/api/v2/incidents", 403, body=b'{"errors": ["no incident_read"]}')
    code, said = await bot.run("check")
    assert code == 1
    assert "Datadog: Reading incidents: no incident_read. Give the application key the scopes" in said
    assert "Reading monitors" not in said
    assert datadog.count("GET", "/api/v2/users") == 1
