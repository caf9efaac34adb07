"""What a quiet tick costs with thousands of open incidents, and how late a due timer is."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.demo.demo_company import company_policy
from storage import open_store
from tests.bench.report import Figure, percentile
from warroom.incident.decision import Decision, changeset
from warroom.incident.model import Incident, Origin
from warroom.incident.parts import Deadlines
from warroom.ports import Store

OPEN = 10_000
DUE = 1_000
LEASE = timedelta(seconds=15)


async def measure() -> list[Figure]:
    """A tick with nothing due among 10,000 open incidents, and 1,000 timers due at once."""
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        store = await open_store(f"sqlite:///{Path(folder) / 'warroom.db'}")
        now = datetime.now(UTC)  # a moment to start from, not a measurement
        await _fill(store, now)
        ticks = []
        for _ in range(200):
            begun = time.perf_counter()
            assert await store.claim(now=now, limit=48, lease=LEASE) == []
            ticks.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        claimed = 0
        while batch := await store.claim(now=now + timedelta(hours=30), limit=48, lease=LEASE):
            claimed += len(batch)
            if claimed >= DUE:
                break
        late = time.perf_counter() - begun
        await store.close()
    return [
        Figure(f"tick with nothing due, {OPEN} open, p99", percentile(ticks, 0.99), 5, "ms"),
        Figure(f"claiming {DUE} timers due at once", late, 1, "s"),
    ]


async def _fill(store: Store, now: datetime) -> None:
    policy = company_policy()
    for number in range(1, OPEN + 1):
        incident = Incident(
            id=f"i{number}",
            number=number,
            version=0,
            origin=Origin.COMMAND,
            origin_key=f"bench:{number}",
            title=f"incident {number}",
            severity="SEV-1",
            declared_at=now,
            touched_at=now,
            deadlines=Deadlines(page=now + timedelta(minutes=5), update=now + timedelta(minutes=15)),
        )
        await store.commit(changeset(None, Decision(incident, quiet=True), now=now, policy=policy))
