"""A storm through the whole bot with Slack's limits on: 10,000 alerts of 50 monitors."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

from tests.bench.place import place
from tests.bench.report import Figure

COUNT = 10_000
LONGEST = 240.0
"""Real seconds it may take before the bench gives up."""


async def measure() -> list[Figure]:
    """Until all are accepted and decided: how long, how many rooms, and the calls that Slack refused."""
    async with place(limits=True) as (slack, bot):
        url = f"http://127.0.0.1:{bot.port}/hooks/datadog"
        begun = time.perf_counter()
        sender = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.sender", url, str(COUNT), stdout=asyncio.subprocess.PIPE
        )
        await sender.communicate()
        while await bot.store.pending_alerts(1) and time.perf_counter() - begun < LONGEST:
            await asyncio.wait({asyncio.create_task(bot.store.next_due())}, timeout=1)
            await asyncio.sleep(0.2)  # a look now and then
        took = time.perf_counter() - begun
        kept = await bot.store.alerts(COUNT + 1)
        refused = Counter(call.method for call in slack.calls if call.outcome == "ratelimited")
        minutes = max(1.0, took / 60)
    decided = sum(1 for _, alert_decision in kept if alert_decision is not None)
    rooms = len(
        {
            alert_decision.incident_id
            for _, alert_decision in kept
            if alert_decision is not None and alert_decision.incident_id
        }
    )
    return [
        Figure(f"{COUNT} alerts of 50 monitors accepted and decided", took, 60, "s"),
        Figure("alerts lost or not decided", COUNT - decided, 0.5, ""),
        Figure("incidents they made", rooms, 50, ""),
        Figure("refused calls per method and minute", max(refused.values(), default=0) / minutes, 1, ""),
    ]
