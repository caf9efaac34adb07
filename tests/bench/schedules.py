"""Who is on call in hundreds of schedules at once."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

from tests.bench.report import Figure, percentile
from warroom.oncall.model import Override
from warroom.oncall.rules import on_call
from warroom.policy import check
from warroom.policy.schedule import Schedule

SCHEDULES = 500
MOMENTS = 40
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC"]


async def measure() -> list[Figure]:
    """500 schedules of three layers, with overrides, at moments that were not asked before."""
    schedules, overrides = _schedules(), _overrides()
    took = []
    for moment in range(MOMENTS):
        at = datetime(2026, 3, 1, tzinfo=UTC) + moment * timedelta(hours=31)
        begun = time.perf_counter()
        for schedule in schedules:
            on_call(schedule, overrides, at)
        took.append((time.perf_counter() - begun) * 1000)
    return [Figure(f"who is on call in {SCHEDULES} schedules", percentile(took, 0.5), 50, "ms")]


def _schedules() -> list[Schedule]:
    written = {
        f"team {number}": {
            "timezone": ZONES[number % len(ZONES)],
            "layers": [
                {"people": [f"p{number}-{n}" for n in range(6)], "handoff": "mon 09:00", "from": date(2025, 1, 6)},
                {"people": [f"n{number}", f"m{number}"], "every": "1d", "hours": "22:00-06:00"},
                {"people": [f"w{number}", f"v{number}"], "every": "1mo", "days": ["sat", "sun"]},
            ],
        }
        for number in range(SCHEDULES)
    }
    policy = check({"schedules": written}).policy
    assert policy is not None
    return list(policy.schedules.values())


def _overrides() -> list[Override]:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        Override(
            id=f"o{n}",
            schedule="any",
            start=start + timedelta(days=n),
            end=start + timedelta(days=n, hours=8),
            person=f"U{n}",
            made_at=start,
        )
        for n in range(10)
    ]
