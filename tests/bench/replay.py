"""A year of alerts decided again under a policy."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli.oncall import stored_alerts
from bot.runtime.directory import CachedDirectory
from storage import open_store
from tests.bench.names import Nobody
from tests.bench.report import Figure
from warroom.alerts.model import Alert, AlertState, Transition
from warroom.oncall.directory import OnCallDirectory
from warroom.oncall.read_once import KnownOverrides, ReadOnce
from warroom.oncall.replay import MovedClock
from warroom.oncall.simulation import simulate
from warroom.outbox.changes import Changeset, ReceivedAlert
from warroom.people.model import Person
from warroom.policy import check
from warroom.ports import Message

ALERTS = 100_000
EVERY = timedelta(days=365) / ALERTS
BEGIN = datetime(2025, 11, 1, tzinfo=UTC)


class _NoRooms:
    async def message(self, channel_id: str, ts: str) -> Message | None:
        return None

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        return None


async def measure() -> list[Figure]:
    """100,000 alerts of 500 monitors over a year, in 12,500 incidents that recover, read from the database and replayed."""
    schedule = {"layers": [{"people": [f"p{n}@example.com" for n in range(5)], "from": "2025-01-06"}]}
    levels = [{"after": "0m", "notify": ["schedule:sre"]}, {"after": "15m", "notify": ["schedule:sre+1"]}]
    policy = check(
        {
            "workspace": {"default_team": "sre", "auto_resolve_after": "10m"},
            "teams": {"sre": {"escalation": levels}},
            "schedules": {"sre": schedule},
        }
    ).policy
    assert policy is not None
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        store = await open_store(f"sqlite:///{Path(folder) / 'warroom.db'}")
        people = tuple(Person(id=f"U{n}", name=f"p{n}", email=f"p{n}@example.com") for n in range(5))
        await store.commit(Changeset(now=BEGIN, people=people, directory_complete=True))
        alerts = list(_alerts())
        for start in range(0, ALERTS, 2000):
            await store.commit(Changeset(now=BEGIN, received=tuple(alerts[start : start + 2000])))
        del alerts
        clock = MovedClock(BEGIN)
        directory = OnCallDirectory(ReadOnce(CachedDirectory(store, Nobody())), KnownOverrides([]), policy, clock)
        begun = time.perf_counter()
        found = await simulate(
            policy, directory, clock, _NoRooms(), stored_alerts(store, BEGIN), [], BEGIN + timedelta(days=366)
        )
        took = time.perf_counter() - begun
        await store.close()
    if found.alerts != ALERTS or not found.pages:
        raise ValueError(f"The replay saw {found.alerts} alerts and {len(found.pages)} pages.")
    return [Figure(f"{ALERTS:,} stored alerts under another policy", took, 60, "s")]


def _alerts() -> Iterator[ReceivedAlert]:
    """One monitor after another fires, says so six times more and recovers within the hour."""
    for number in range(ALERTS):
        monitor, turn = number // 8 % 500, number % 8
        recovers = turn == 7
        at = BEGIN + number * EVERY
        yield ReceivedAlert(
            received_at=at,
            alert=Alert(
                delivery_id=f"d{number}",
                dedup_key=f"1:monitor:{monitor}",
                keys=(f"1:monitor:{monitor}",),
                title=f"Latency of service {monitor}",
                text="p99 is above 2 s for the last five minutes. " * 4,
                transition=Transition.RECOVER if recovers else Transition.RENOTIFY if turn else Transition.TRIGGER,
                state=AlertState.OK if recovers else AlertState.ALERT,
                tags=("env:prod", f"service:s{monitor}"),
                service=f"s{monitor}",
                occurred_at=at,
            ),
        )
